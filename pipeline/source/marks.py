"""What the text of a page holds in the place of what it cannot show."""

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""Stands for a character that is drawn with a font that does not say which it is."""

COVERED = "\x1f"
"""Stands in a cell that the one above spans, where the document says so; twice in one that its neighbour on the left spans."""
