"""A page of a PDF, by pypdfium2 → what a reader sees there: glyphs with their places, and ruling lines."""

import ctypes
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..marks import UNKNOWN
from .grid import Box, Line

_THIN = 3.0
"""A filled box no higher, or no wider, is a line."""
_STRAIGHT = 1.0
_MOST_SEGMENTS = 200
_DEEPEST = 8
_WHITE = 250
_LINE_END_HYPHEN = 2
"""What pdfium gives for a hyphen at the end of a line."""
_UNSEEN_MODES, _FILLED_MODES = (3, 7), (0, 4)
"""Text that is neither filled nor stroked; text that is filled and not stroked."""


class Glyph(NamedTuple):
    """A character as drawn: its box, where it begins on its base line, and how large it is."""

    text: str
    box: Box
    origin: tuple[float, float]
    em: float

    @property
    def base(self) -> float:
        return self.origin[1]

    @property
    def middle(self) -> tuple[float, float]:
        return (self.box[0] + self.box[2]) / 2, self.base - 0.3 * self.em


@dataclass(slots=True)
class Sheet:
    """A page, turned so that most of its text runs from left to right.

    turned: by how many quarters clockwise it was turned from how it is displayed. glyphs: of a font that does not say which
    characters it draws, each is U+FFFD; what is there and not drawn is none. slanted: those that run another way than the others.
    is_image: whether images cover most of it. is_recognised: whether it was read as a picture; tilt: by how many degrees, clockwise,
    that stood askew.
    """

    width: float
    height: float
    turned: int = 0
    glyphs: list[Glyph] = field(default_factory=list)
    slanted: list[Glyph] = field(default_factory=list)
    across: list[Line] = field(default_factory=list)
    down: list[Line] = field(default_factory=list)
    is_image: bool = False
    is_recognised: bool = False
    tilt: float = 0.0

    def displayed(self, box: Box) -> Box:
        """A box of the sheet → the same on the page as it is displayed."""
        width, height = self.width, self.height
        for _ in range((4 - self.turned) % 4):
            box = (height - box[3], box[0], height - box[1], box[2])
            width, height = height, width
        return _tilted(box, math.radians(self.tilt), width / 2, height / 2) if self.tilt else box


def _tilted(box: Box, by: float, x: float, y: float) -> Box:
    """A box turned clockwise around a place, by radians → the box around it."""
    cos, sin = math.cos(by), math.sin(by)
    corners = [(a - x, b - y) for a in box[::2] for b in box[1::2]]
    return _bounds([(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in corners])


def read_page(page: Any) -> Sheet:
    """A page as pypdfium2 opens it → what is drawn there."""
    left, bottom, right, top = page.get_bbox()
    view = _View(left, bottom, right, top, page.get_rotation() // 90 % 4)
    paper = _Paper(view)
    paper.take_objects(page)
    text = page.get_textpage()
    try:
        found = list(_glyphs(text, paper))
    finally:
        text.close()
    return _sheet(paper, found)


class _View(NamedTuple):
    """What is displayed of a page: its box as the page has it, and by how many quarters it is turned clockwise."""

    left: float
    bottom: float
    right: float
    top: float
    turned: int

    @property
    def size(self) -> tuple[float, float]:
        size = self.right - self.left, self.top - self.bottom
        return size if self.turned % 2 == 0 else size[::-1]

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A point as the page has it → as it is displayed, from the top left corner."""
        match self.turned:
            case 0:
                return x - self.left, self.top - y
            case 1:
                return y - self.bottom, x - self.left
            case 2:
                return self.right - x, y - self.bottom
            case _:
                return self.top - y, self.right - x

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        (a, b), (c, d) = self.point(left, bottom), self.point(right, top)
        return min(a, c), min(b, d), max(a, c), max(b, d)


_Matrix = tuple[float, float, float, float, float, float]


def _times(one: _Matrix, other: _Matrix) -> _Matrix:
    """First one, then the other."""
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


class _Paper:
    """The lines, the dark grounds and the images of a page as it is displayed."""

    def __init__(self, view: _View) -> None:
        self.view = view
        self.across: list[Line] = []
        self.down: list[Line] = []
        self.grounds: list[Box] = []
        self.covered = 0.0

    def take_objects(self, page: Any) -> None:
        import pypdfium2.raw as pdfium

        count = pdfium.FPDFPage_CountObjects(page)
        for i in range(count):
            self._take(pdfium, pdfium.FPDFPage_GetObject(page, i), (1, 0, 0, 1, 0, 0), 0)

    def _take(self, pdfium: Any, drawn: Any, around: _Matrix, depth: int) -> None:
        kind = pdfium.FPDFPageObj_GetType(drawn)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            return
        own = pdfium.FS_MATRIX()
        pdfium.FPDFPageObj_GetMatrix(drawn, own)
        matrix = _times((own.a, own.b, own.c, own.d, own.e, own.f), around)
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            self._take_path(pdfium, drawn, matrix)
        elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            corners = [self._point(x, y, matrix) for x in (0, 1) for y in (0, 1)]
            box = _bounds(corners)
            self.grounds.append(box)
            self.covered += (box[2] - box[0]) * (box[3] - box[1])
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            for i in range(pdfium.FPDFFormObj_CountObjects(drawn)):
                self._take(pdfium, pdfium.FPDFFormObj_GetObject(drawn, i), matrix, depth + 1)

    def _point(self, x: float, y: float, matrix: _Matrix) -> tuple[float, float]:
        a, b, c, d, e, f = matrix
        return self.view.point(a * x + c * y + e, b * x + d * y + f)

    def _take_path(self, pdfium: Any, path: Any, matrix: _Matrix) -> None:
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDFPath_GetDrawMode(path, fill, stroke)
        for points in self._outlines(pdfium, path, matrix):
            box = _bounds(points)
            width, height = box[2] - box[0], box[3] - box[1]
            if min(width, height) <= _THIN:
                self._rule(box)
            elif stroke.value:
                for (x, y), (u, v) in itertools.pairwise(points):
                    if abs(x - u) <= _STRAIGHT or abs(y - v) <= _STRAIGHT:
                        self._rule(_bounds([(x, y), (u, v)]))
            elif fill.value and not _is_white(pdfium, path):
                self.grounds.append(box)

    def _rule(self, box: Box) -> None:
        left, top, right, bottom = box
        if right - left > bottom - top:
            self.across.append(Line((top + bottom) / 2, left, right))
        elif bottom > top:
            self.down.append(Line((left + right) / 2, top, bottom))

    def _outlines(self, pdfium: Any, path: Any, matrix: _Matrix) -> Iterator[list[tuple[float, float]]]:
        """The corners of each of a path's outlines; none of one that has curves."""
        count = pdfium.FPDFPath_CountSegments(path)
        if not 0 < count <= _MOST_SEGMENTS:
            return
        x, y = ctypes.c_float(), ctypes.c_float()
        points: list[tuple[float, float]] = []
        for i in range(count):
            segment = pdfium.FPDFPath_GetPathSegment(path, i)
            kind = pdfium.FPDFPathSegment_GetType(segment)
            if kind == pdfium.FPDF_SEGMENT_BEZIERTO:
                return
            if kind == pdfium.FPDF_SEGMENT_MOVETO and points:
                yield points
                points = []
            pdfium.FPDFPathSegment_GetPoint(segment, x, y)
            points.append(self._point(x.value, y.value, matrix))
            if pdfium.FPDFPathSegment_GetClose(segment):
                points.append(points[0])
        if len(points) > 1:
            yield points

    def is_on_ground(self, box: Box) -> bool:
        """Whether something dark, or an image, is drawn where a glyph stands."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return any(a <= x <= c and b <= y <= d for a, b, c, d in self.grounds)


def _bounds(points: list[tuple[float, float]]) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _is_white(pdfium: Any, drawn: Any) -> bool:
    """Whether an object is filled with white, or with nothing."""
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not pdfium.FPDFPageObj_GetFillColor(drawn, red, green, blue, alpha):
        return False
    return alpha.value == 0 or min(red.value, green.value, blue.value) >= _WHITE


class _Drawn(NamedTuple):
    """A character: its glyph, None where it is not seen; by how many quarters clockwise it runs, None for aslant; its font, 0 none."""

    glyph: Glyph | None
    way: int | None = 0
    font: int = 0
    is_unknown: bool = False


def _glyphs(text: Any, paper: _Paper) -> Iterator[_Drawn]:
    """The characters of a page."""
    import pypdfium2.raw as pdfium

    view, (width, height) = paper.view, paper.view.size
    x, y = ctypes.c_double(), ctypes.c_double()
    loose = pdfium.FS_RECTF()
    looks: dict[int, tuple[bool, bool, int]] = {}
    for i in range(pdfium.FPDFText_CountChars(text)):
        if pdfium.FPDFText_IsGenerated(text, i):
            continue
        pdfium.FPDFText_GetLooseCharBox(text, i, loose)
        box = view.box(loose.left, loose.bottom, loose.right, loose.top)
        middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if not (0 <= middle[0] <= width and 0 <= middle[1] <= height):
            continue
        drawn = pdfium.FPDFText_GetTextObject(text, i)
        key = _address(drawn)
        if key not in looks:
            looks[key] = _look(pdfium, drawn)
        is_unseen, is_white, font = looks[key]
        if is_unseen or (is_white and not paper.is_on_ground(box)):
            yield _Drawn(None)
            continue
        code = pdfium.FPDFText_GetUnicode(text, i)
        is_unknown = pdfium.FPDFText_HasUnicodeMapError(text, i) == 1 or _is_unknown(code)
        pdfium.FPDFText_GetCharOrigin(text, i, x, y)
        way = _way(pdfium.FPDFText_GetCharAngle(text, i), view.turned)
        shown = UNKNOWN if is_unknown else "-" if code == _LINE_END_HYPHEN else chr(code)
        em = max(box[2] - box[0], box[3] - box[1])
        yield _Drawn(Glyph(shown, box, view.point(x.value, y.value), em), way, font, is_unknown)


def _address(pointer: Any) -> int:
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0


def _look(pdfium: Any, drawn: Any) -> tuple[bool, bool, int]:
    """Of a stretch of text: whether it is not drawn, whether it is drawn in white, and its font."""
    mode = pdfium.FPDFTextObj_GetTextRenderMode(drawn)
    return (
        mode in _UNSEEN_MODES,
        mode in _FILLED_MODES and _is_white(pdfium, drawn),
        _address(pdfium.FPDFTextObj_GetFont(drawn)),
    )


def _is_unknown(code: int) -> bool:
    """Whether a code is no character: a control, a private one, or half of one."""
    is_control = code < 0x20 and code not in (_LINE_END_HYPHEN, *map(ord, "\t\n\r"))
    return is_control or 0xD800 <= code <= 0xF8FF or code == ord(UNKNOWN) or code > 0x10FFFF


def _way(angle: float, turned: int) -> int | None:
    """By how many quarters clockwise text runs as displayed, whose clockwise angle on the page is given in radians; None for aslant."""
    quarters = angle / (math.pi / 2)
    nearest = round(quarters)
    return None if abs(quarters - nearest) > 0.1 else (turned + nearest) % 4


def _sheet(paper: _Paper, drawn: list[_Drawn]) -> Sheet:
    """The page, turned so that most of its text runs from left to right."""
    width, height = paper.view.size
    ways = [d.way for d in drawn if d.way is not None]
    way = max(range(4), key=ways.count) if ways else 0
    sheet = Sheet(width, height, across=paper.across, down=paper.down)
    sheet.is_image = paper.covered > 0.5 * width * height
    unknown = {d.font for d in drawn if d.is_unknown}
    for d in drawn:
        if d.glyph is not None:
            # What a font says of some characters is a guess, where it says nothing of others.
            glyph = d.glyph._replace(text=UNKNOWN) if d.font in unknown else d.glyph
            (sheet.glyphs if d.way == way else sheet.slanted).append(glyph)
    for _ in range((4 - way) % 4):
        _turn(sheet)
    return sheet


def _turn(sheet: Sheet) -> None:
    """Turn a sheet by a quarter clockwise."""
    high = sheet.height

    def turned(glyph: Glyph) -> Glyph:
        (left, top, right, bottom), (x, y) = glyph.box, glyph.origin
        return glyph._replace(box=(high - bottom, left, high - top, right), origin=(high - y, x))

    sheet.glyphs = [turned(glyph) for glyph in sheet.glyphs]
    sheet.slanted = [turned(glyph) for glyph in sheet.slanted]
    across = [Line(line.at, high - line.end, high - line.start) for line in sheet.down]
    sheet.down = [Line(high - line.at, line.start, line.end) for line in sheet.across]
    sheet.across = across
    sheet.width, sheet.height = high, sheet.width
    sheet.turned = (sheet.turned + 1) % 4
