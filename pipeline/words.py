"""Wording made comparable: labels as printed and labels as declared, without spaces, punctuation and numbers."""

import re
from functools import cache

from .decode import fold

_WORD = re.compile(r"\w+")


def plain(text: str) -> str:
    """Folded text without white space and punctuation; what is left compares equal for the same words."""
    return "".join(_WORD.findall(text))


@cache
def plain_label(label: str) -> str:
    """A declared label, made plain."""
    return plain(fold(label))
