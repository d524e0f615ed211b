"""How wide text is as it is shown."""

from unicodedata import east_asian_width


def shown_width(text: str, wide: str = "WF") -> int:
    """The width of text, in columns of a half character. wide: the kinds of characters that take two.

    "规章 0" → 6
    """
    return sum(2 if east_asian_width(c) in wide else 1 for c in text)
