"""A picture of a page → its sheet: in the cells that its ruling lines prove all ink is read, elsewhere what looks like text."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from ..marks import UNKNOWN
from ..pdf.grid import Box, find_grids
from ..pdf.page import Glyph, Sheet
from .engine import find_lines, read_line
from .picture import SCALE, Picture, bands_of, lines_of, rules_of, straighten

_BORDER = 0.5
"""So far from a cell's sides, in points, what is drawn may be what is left of their lines."""
_MARGIN = 0.45
"""White around a line, in its height."""
_GAP = 1.0
"""White that is wider, in a line's height, is more than what parts two characters."""

_DIGITS = str.maketrans("Oo〇]lI", "000111")
_FIGURE = re.compile("[-—0-9.Oo〇\\]lI]+")
"""What is a figure once the letters are digits that digits are taken for."""
_PAGE_NUMBER = re.compile("[-—–－一_~]{1,2}[0-9]{1,4}[-—–－一_~]{1,2}")


def recognise(grey: Any) -> Sheet:
    """A picture at `DPI` (height × width, 0 is black) → what a reader sees there."""
    picture = straighten(grey)
    across, down, picture = rules_of(picture)
    sheet = Sheet(picture.width, picture.height, across=across, down=down)
    sheet.is_image, sheet.is_recognised, sheet.tilt = True, True, picture.tilt
    grids = find_grids(across, down)
    sides = [place.box for grid in grids for place in grid.places]
    cells = [(side, bands_of(picture.cut(_inside(side))[1])) for side in sides]
    height = _height([band[3] - band[1] for _, bands in cells for band in bands])
    for side, bands in cells:
        left, top, _, _ = _inside(side)
        for a, b, c, d in lines_of(picture.cut(_inside(side))[1], bands, height):
            high = max(0.0, (height - (d - b)) / 2)
            sheet.glyphs += _whole_line(picture, (left + a, top + b - high, left + c, top + d + high))
    for line in find_lines(picture.grey):
        left, top, right, bottom = (edge / SCALE for edge in line)
        x, y = (left + right) / 2, (top + bottom) / 2
        if not any(a <= x <= c and b <= y <= d for a, b, c, d in (grid.box for grid in grids)):
            sheet.glyphs += _with_dashes(list(_line(picture, (left, top, right, bottom))))
    return sheet


def _with_dashes(line: Sequence[Glyph]) -> Sequence[Glyph]:
    """A line → the same, with dashes for what looks like them on both sides of a page's number: 一1一 → —1—."""
    if not _PAGE_NUMBER.fullmatch("".join(glyph.text for glyph in line)):
        return line
    return [glyph if glyph.text.isdigit() else glyph._replace(text="—") for glyph in line]


def _height(heights: Sequence[float]) -> float:
    """How high lines are: half of what is as high as bands are together is in bands that are as high; 0 where there are none."""
    rest = sum(heights) / 2
    for height in sorted(heights, reverse=True):
        rest -= height
        if rest <= 0:
            return height
    return 0.0


def _inside(side: Box) -> Box:
    return side[0] + _BORDER, side[1] + _BORDER, side[2] - _BORDER, side[3] - _BORDER


def _whole_line(picture: Picture, box: Box) -> Iterator[Glyph]:
    """The characters of a line of a cell; ink that says nothing is a character that is not known."""
    found = list(_line(picture, box))
    if _FIGURE.fullmatch("".join(glyph.text for glyph in found)):
        found = [glyph._replace(text=glyph.text.translate(_DIGITS)) for glyph in found]
    yield from found or [_glyph(UNKNOWN, box, box[0], box[2])]


def _line(picture: Picture, box: Box) -> Iterator[Glyph]:
    """The characters of one line, without gaps between them but where there is one on the page."""
    grey, ink = picture.cut(box)
    if not ink.any():
        return
    height, width = box[3] - box[1], box[2] - box[0]
    found = read_line(grey, round(_MARGIN * height * SCALE))
    white = list(_gaps(ink, height))
    borders = [_border(one.at * width, two.at * width, white) for one, two in pairwise(found)]
    starts, ends = [0.0, *(start for _, start in borders)], [*(end for end, _ in borders), width]
    for character, start, end in zip(found, starts, ends, strict=bool(found)):
        yield _glyph(character.text, box, box[0] + start, box[0] + end)


def _gaps(ink: Any, height: float) -> Iterator[tuple[float, float]]:
    """Where a line's ink leaves more white than between two characters, in points from its left."""
    columns = [-1, *ink.any(axis=0).nonzero()[0].tolist()]
    for one, two in pairwise(columns):
        if two - one > _GAP * height * SCALE:
            yield (one + 1) / SCALE, two / SCALE


def _border(one: float, two: float, white: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The middles of two characters → where the first ends and the second begins: one place, but where white is between them."""
    for start, end in white:
        if one < (start + end) / 2 < two:
            return start, end
    return (one + two) / 2, (one + two) / 2


def _glyph(text: str, line: Box, start: float, end: float) -> Glyph:
    return Glyph(text, (start, line[1], end, line[3]), (start, line[3]), line[3] - line[1])
