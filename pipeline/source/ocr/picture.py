"""A picture of a page, made straight: its ink and its ruling lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..pdf.grid import Box, Line

DPI = 200
SCALE = DPI / 72
"""Pixels to a point."""
_SHORTEST_RULE = 8.0
_LARGEST_LETTER = 40.0
_THICK = 4.0
"""Of ruling lines and of characters, in points; a line is as thick that is left with some tilt."""
_NEAR = 0.8
"""A ruling line ends no further from where it meets others, in points."""
_MOST_BRANCHES = 0.05
"""So much of what may be a ruling line, at most, has ink right beside it."""
_ONE_LINE = 1.7
_LEAST, _MOST = 0.9, 1.7
"""What is no higher, in the height of most bands, is one line, as digits are three quarters as high as Chinese; so much of what is
higher, at least and at most, is its first line."""
_MOST_TILT = 5.0
_SPECK = 1.5
"""Ink no larger either way, in points, is dirt by itself."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as it is when straight, at `DPI`. grey: height × width, 0 is black; ink: the same, whether something is drawn there.

    tilt: by how many degrees, clockwise, the page stood askew.
    """

    grey: Any
    ink: Any
    tilt: float

    @property
    def width(self) -> float:
        """In points."""
        return float(self.grey.shape[1] / SCALE)

    @property
    def height(self) -> float:
        """In points."""
        return float(self.grey.shape[0] / SCALE)

    def cut(self, box: Box) -> tuple[Any, Any]:
        """A box in points → its part of `grey` and of `ink`."""
        left, top, right, bottom = (max(0, round(side * SCALE)) for side in box)
        return self.grey[top:bottom, left:right], self.ink[top:bottom, left:right]


def straighten(grey: Any) -> Picture:
    """A picture at `DPI` (height × width, 0 is black) → the same, straight."""
    import cv2

    tilt = _tilt(_ink(grey))
    if tilt:
        height, width = grey.shape
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, 1.0)
        grey = cv2.warpAffine(grey, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return Picture(grey, _ink(grey), tilt)


def _ink(grey: Any) -> Any:
    """Whether something is drawn at each place: by Otsu's threshold, once the paper is white everywhere."""
    import cv2
    import numpy as np

    paper = cv2.blur(cv2.dilate(grey, np.ones((25, 25), np.uint8)), (51, 51))
    return cv2.threshold(cv2.divide(grey, paper, scale=255), 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]


def _tilt(ink: Any) -> float:
    """By how many degrees, clockwise, lines of text and ruling lines run askew: how they stand out most from what is between them."""
    import cv2
    import numpy as np

    height, width = ink.shape
    small = cv2.resize(ink, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    middle = (small.shape[1] / 2, small.shape[0] / 2)

    def standing_out(tilt: float) -> float:
        turn = cv2.getRotationMatrix2D(middle, tilt, 1.0)
        rows = cv2.warpAffine(small, turn, small.shape[::-1]).sum(axis=1, dtype=np.float64)
        return float((np.diff(rows) ** 2).sum())

    best, step = 0.0, _MOST_TILT / 8
    while step >= 0.03:
        reach = 8 if step == _MOST_TILT / 8 else 2
        best = max((best + k * step for k in range(-reach, reach + 1)), key=standing_out)
        step /= 2
    return 0.0 if abs(best) < 0.03 else best


def rules_of(picture: Picture) -> tuple[list[Line], list[Line], Picture]:
    """A picture → the ruling lines that run across and down, in points, and the picture without them.

    Strokes of characters run as straight, but no further than a character, end where no line is, or have more ink beside them.
    """
    long = [_Straight.of(ink, ink, _LARGEST_LETTER).drawn() for ink in (picture.ink, picture.ink.T)]
    rest = picture.ink * ~(long[0] | long[1].T)
    across, down = _Straight.of(picture.ink, rest), _Straight.of(picture.ink.T, rest.T)
    while True:
        kept = across.ending_on(down), down.ending_on(across)
        if (len(kept[0].lines), len(kept[1].lines)) == (len(across.lines), len(down.lines)):
            break
        across, down = kept
    gone = across.drawn() | down.drawn().T
    grey, ink = picture.grey.copy(), picture.ink.copy()
    grey[gone], ink[gone] = 255, 0
    return across.lines, down.lines, replace(picture, grey=grey, ink=ink)


@dataclass(frozen=True, slots=True)
class _Straight:
    """Ink that runs straight from left to right, and the lines that it draws."""

    ink: Any
    lines: list[Line]

    @classmethod
    def of(cls, ink: Any, rest: Any, shortest: float = _SHORTEST_RULE) -> "_Straight":
        """rest: the ink without what is a rule for certain."""
        import cv2
        import numpy as np

        kernel = np.ones((1, round(shortest * SCALE)), np.uint8)
        straight = cv2.morphologyEx(np.ascontiguousarray(ink), cv2.MORPH_OPEN, kernel)
        return cls(straight, [Line((b[1] + b[3]) / 2, b[0], b[2]) for b in _parts(straight) if _is_rule(b, rest)])

    def ending_on(self, other: "_Straight") -> "_Straight":
        """The same with those lines alone that are longer than any stroke, or have lines of the other direction at both ends."""
        import cv2
        import numpy as np

        reach = np.ones((2 * round(_NEAR * SCALE) + 1,) * 2, np.uint8)
        met = cv2.dilate(other.drawn().T.astype(np.uint8), reach)

        def is_met(at: float, end: float) -> bool:
            row, column = min(round(at * SCALE), met.shape[0] - 1), min(round(end * SCALE), met.shape[1] - 1)
            return bool(met[row, column])

        lines = [
            line
            for line in self.lines
            if line.end - line.start > _LARGEST_LETTER or (is_met(line.at, line.start) and is_met(line.at, line.end))
        ]
        return replace(self, lines=lines)

    def drawn(self) -> Any:
        """The ink of the lines, and the grey around it."""
        import cv2
        import numpy as np

        near = np.zeros_like(self.ink)
        for line in self.lines:
            at, start, end = (round(edge * SCALE) for edge in line)
            cv2.line(near, (start, at), (end, at), 255, round(_THICK * SCALE))
        return (cv2.dilate(self.ink, np.ones((3, 3), np.uint8)) & near) > 0


def _is_rule(box: Box, ink: Any) -> bool:
    """Whether straight ink is thin, and either longer than a character or without strokes that branch off."""
    left, top, right, bottom = (round(edge * SCALE) for edge in box)
    inner = slice(left + round(_NEAR * SCALE), right - round(_NEAR * SCALE))
    above, below = ink[max(0, top - 5) : max(0, top - 1), inner], ink[bottom + 1 : bottom + 5, inner]
    branches = (above[-1:].any(axis=0) | below[:1].any(axis=0)).sum()
    is_apart = branches <= _MOST_BRANCHES * (right - left) and not (above.any() and below.any())
    return box[3] - box[1] <= _THICK and (box[2] - box[0] > _LARGEST_LETTER or bool(is_apart))


def _parts(ink: Any) -> Iterator[Box]:
    """The boxes of ink that hangs together, in points."""
    import cv2

    if not ink.any():  # OpenCV crashes where there is no place at all
        return
    _, _, found, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    for left, top, width, height, _ in found[1:].tolist():
        yield left / SCALE, top / SCALE, (left + width) / SCALE, (top + height) / SCALE


def bands_of(ink: Any) -> list[Box]:
    """The ink of a cell → what of it hangs together from left to right, as lines of text do but for what stands apart in a character.

    From top to bottom, in points from the cell's corner; dirt is none.
    """
    import cv2
    import numpy as np

    smeared = cv2.dilate(ink, np.ones((1, round(_LARGEST_LETTER / 2 * SCALE)), np.uint8))
    bands = sorted((band[1], band[3]) for band in _parts(smeared))
    return _around_ink(ink, bands)


def lines_of(ink: Any, bands: Sequence[Box], height: float) -> list[Box]:
    """The ink and the bands of a cell → its lines. height: of a line, for most bands of the page."""
    lines: list[tuple[float, float]] = []
    for _, top, _, bottom in bands:
        while bottom - top > _ONE_LINE * height:
            cut = _least_inked(ink, top + _LEAST * height, min(top + _MOST * height, bottom))
            lines.append((top, cut))
            top = cut
        if lines and bottom - lines[-1][0] <= _ONE_LINE * height:
            top = lines.pop()[0]
        lines.append((top, bottom))
    return _around_ink(ink, lines)


def _least_inked(ink: Any, top: float, bottom: float) -> float:
    """Between two heights the one where the least is drawn."""
    rows = ink[round(top * SCALE) : round(bottom * SCALE) + 1].sum(axis=1, dtype="int64")
    return top + float(rows.argmin()) / SCALE


def _around_ink(ink: Any, ranges: Sequence[tuple[float, float]]) -> list[Box]:
    """Ranges of height → the box around the ink in each, without dirt."""
    parts = [box for box in _parts(ink) if max(box[2] - box[0], box[3] - box[1]) > _SPECK]
    found = [[b for b in parts if top <= (b[1] + b[3]) / 2 <= bottom] for top, bottom in ranges]
    return [around(own) for own in found if own]


def around(boxes: Sequence[Box]) -> Box:
    return (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
