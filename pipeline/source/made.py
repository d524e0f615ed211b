"""What the program makes of a document that is no text: its text, and where that stands in the document."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...schemas.extraction import Box, Kind


@dataclass(frozen=True, slots=True)
class Places:
    """Of each character of a text its page, counted from 0, and its box; of the mark that ends a cell, the cell's."""

    pages: Sequence[int]
    boxes: Sequence[float]

    def of(self, start: int, end: int) -> "tuple[int, Box]":
        """A half-open stretch of the text → the page, counted from 1, where it begins, and the box around it there."""
        page = self.pages[start]
        there = [i for i in range(start, max(end, start + 1)) if self.pages[i] == page]
        lefts, tops, rights, bottoms = ([self.boxes[4 * i + side] for i in there] for side in range(4))
        found = (min(lefts), min(tops), max(rights), max(bottoms))
        left, top, right, bottom = (round(side, 1) for side in found)
        return page + 1, (left, top, right, bottom)


NOWHERE = Places(array("H"), array("f"))


@dataclass(frozen=True, slots=True)
class Made:
    """marked: the text with the marks of merged cells. extractor: the library that read the document, with its version.

    pages: how many, None where there are none. has_images: whether the document shows images, in which tables may stand.
    recognised: the pages, counted from 0, that were read from a picture.
    """

    kind: "Kind"
    marked: str
    extractor: str
    pages: int | None = None
    places: Places = NOWHERE
    has_images: bool = False
    recognised: frozenset[int] = frozenset()

    def is_recognised(self, start: int) -> bool:
        """Whether the character at a place of the text was read from a picture."""
        return bool(self.recognised) and self.places.pages[start] in self.recognised
