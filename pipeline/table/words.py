"""Wording made comparable: labels as printed and labels as declared, without spaces, punctuation and numbers."""

import re
from functools import cache

from ..source.decode import fold

_WORD = re.compile(r"\w+")
_YEAR = re.compile(r"(?:19|20)\d\d年?(?:度(?=\D))?")


def plain(text: str) -> str:
    """Folded text without white space and punctuation; what is left compares equal for the same words."""
    return "".join(_WORD.findall(text))


def plain_places(text: str) -> tuple[str, tuple[int, ...]]:
    """Folded wording → the same made plain, without its years, and where in the text each of its characters stands."""
    places = [i for m in _WORD.finditer(text) for i in range(*m.span())]
    plain_text = "".join(text[i] for i in places)
    years = [m.span() for m in _YEAR.finditer(plain_text)]
    kept = [i for i in range(len(places)) if not any(a <= i < b for a, b in years)] if years else range(len(places))
    return "".join(plain_text[i] for i in kept), tuple(places[i] for i in kept)


@cache
def plain_label(label: str) -> str:
    """A declared label, made plain."""
    return plain(fold(label))
