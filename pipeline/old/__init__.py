"""The reading by rules that is being replaced."""
