"""What the tables of a text are made of: words and values."""
