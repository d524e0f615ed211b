"""Models: what is asked, what is answered, the client, the cache and the settings."""
