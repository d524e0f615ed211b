"""Documents as PDF files, written without a library: each way to set one that a reader must know, and nothing by chance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nianbao.eval.documents.document import Cell, Document, Paragraph, Table

WIDTH, HEIGHT, MARGIN = 595, 842, 40
_ROW = 14
_SIZE = 7
_FONTS = (
    "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[5 0 R]>>",
    "<</Type/Font/Subtype/Type0/BaseFont/AAAAAA+Own/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
)
"""One whose characters are known, and one that does not say which it draws."""
_INNER = (
    "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>"
    "/DW 1000/W[1 95 500]/FontDescriptor 7 0 R>>",
    "<</Type/Font/Subtype/CIDFontType2/BaseFont/AAAAAA+Own/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
    "/DW 1000/FontDescriptor 7 0 R>>",
    "<</Type/FontDescriptor/FontName/STSong-Light/Flags 4/FontBBox[0 -120 1000 880]/ItalicAngle 0/Ascent 880/Descent -120"
    "/CapHeight 880/StemV 80>>",
)


@dataclass(frozen=True, slots=True)
class Look:
    """How a document is set. rotate: the page's own turn, in degrees. turned: whether the text is drawn a quarter turned.

    letters: every character by itself. heads: whether a table's heads stand again on its next page. rows: of a table on a page.
    columns: of text and tables. unseen: text that is drawn without being seen over every page. numbered: page numbers at the
    foot, a line at the head. unknown: what is drawn with a font that does not say which characters it draws. ruled: whether
    tables have lines.
    """

    rotate: int = 0
    turned: bool = False
    letters: bool = False
    heads: bool = False
    rows: int = 30
    columns: int = 1
    unseen: str = ""
    numbered: bool = True
    unknown: Literal["", "numbers", "all"] = ""
    ruled: bool = True


@dataclass(slots=True)
class _Page:
    look: Look
    operators: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, text: str, how: str = "", size: float = _SIZE) -> None:
        """Text that begins at a place, down from the top; how: further operators."""
        for at, piece in _letters(x, text, size) if self.look.letters else [(x, text)]:
            code = piece.encode("utf-16-be").hex()
            is_unknown = self.look.unknown == "all" or (self.look.unknown == "numbers" and text.isdigit())
            self.operators.append(f"BT {how} /F{1 + is_unknown} {size} Tf {self._matrix(at, y)} Tm <{code}> Tj ET")

    def _matrix(self, x: float, y: float) -> str:
        return f"0 1 -1 0 {y} {x}" if self.look.turned else f"1 0 0 1 {x} {HEIGHT - y}"

    def line(self, x: float, y: float, u: float, v: float) -> None:
        if self.look.turned:
            self.operators.append(f"{y} {x} m {v} {u} l S")
        else:
            self.operators.append(f"{x} {HEIGHT - y} m {u} {HEIGHT - v} l S")


def _letters(x: float, text: str, size: float) -> Iterator[tuple[float, str]]:
    for character in text:
        yield x, character
        x += size * (0.5 if ord(character) < 128 else 1)


def print_pdf(document: Document, look: Look = Look()) -> bytes:
    """document → the bytes of a PDF file."""
    pages = list(_pages(document, look))
    for number, page in enumerate(pages, 1):
        if look.numbered:
            page.text(MARGIN, 20, document.title)
            page.text(WIDTH / 2, HEIGHT - 20, f"- {number} -")
        if look.unseen:
            page.text(MARGIN, 60, look.unseen, "3 Tr")
            page.text(MARGIN, 70, look.unseen, "0 Tr 1 g")
            page.operators.append("0 g")
    return file_of([" ".join(page.operators) for page in pages], look.rotate)


def file_of(contents: Sequence[str], rotate: int = 0, more: str = "", trailer: str = "") -> bytes:
    """What is drawn on each page → the bytes of a PDF file; more: of the catalogue."""
    first = 8
    kids = " ".join(f"{first + 2 * i} 0 R" for i in range(len(contents)))
    objects = [f"<</Type/Catalog/Pages 2 0 R{more}>>", f"<</Type/Pages/Count {len(contents)}/Kids[{kids}]>>"]
    objects += [*_FONTS, *_INNER]
    for i, content in enumerate(contents):
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Rotate {rotate}"
            f"/Resources<</Font<</F1 3 0 R/F2 4 0 R>>>>/Contents {first + 2 * i + 1} 0 R>>"
        )
        objects.append(f"<</Length {len(content)}>>\nstream\n{content}\nendstream")
    body, places = "%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{text}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}".encode("latin-1")


def _pages(document: Document, look: Look) -> Iterator[_Page]:
    """The pages, each filled from the top, column by column."""
    width = (WIDTH - 2 * MARGIN - 20 * (look.columns - 1)) / look.columns
    if look.turned:
        width = HEIGHT - 2 * MARGIN
    bottom = (WIDTH if look.turned else HEIGHT) - MARGIN
    page, column, y = _Page(look), 0, float(MARGIN)

    def turn() -> Iterator[_Page]:
        nonlocal page, column, y
        column, y = column + 1, float(MARGIN)
        if column == look.columns:
            yield page
            page, column = _Page(look), 0

    for block in document.blocks:
        if isinstance(block, Paragraph):
            for line in _broken(block.text, width):
                if y + _ROW > bottom:
                    yield from turn()
                page.text(MARGIN + column * (width + 20), y + 10, line)
                y += _ROW
            continue
        rows = list(range(len(block.rows)))
        if look.rows < block.heads + 2:
            raise ValueError(f"no more than {look.rows} rows a page leave no room below {block.heads} rows of heads")
        while rows:
            room = min(look.rows, int((bottom - y) // _ROW) - 1)
            if room < block.heads + 2:
                yield from turn()
                continue
            again = list(range(block.heads)) if look.heads and rows[0] else []
            here, rows = [*again, *rows[: room - len(again)]], rows[room - len(again) :]
            _draw(page, block, here, MARGIN + column * (width + 20), y, width)
            y += _ROW * len(here)
            if rows:
                yield from turn()
        y += _ROW
    yield page


def _broken(text: str, width: float, size: float = _SIZE) -> Iterator[str]:
    line, used = "", 0.0
    for character in text:
        wide = size * (0.5 if ord(character) < 128 else 1)
        if used + wide > width:
            yield line
            line, used = "", 0.0
        line, used = line + character, used + wide
    yield line


def _draw(page: _Page, table: Table, rows: Sequence[int], left: float, top: float, width: float) -> None:
    """Some rows of a table, one below the other; a cell that began on the page before goes on without its text."""
    total = sum(table.widths)
    xs = [left + width * sum(table.widths[:i]) / total for i in range(len(table.widths) + 1)]
    for y, x, cell in table.placed():
        own = [i for i, row in enumerate(rows) if y <= row < y + cell.rows]
        if own:
            a, b = top + own[0] * _ROW, top + (own[-1] + 1) * _ROW
            _cell(page, cell if rows[own[0]] == y else None, xs[x], a, xs[x + cell.columns], b)


def _cell(page: _Page, cell: Cell | None, left: float, top: float, right: float, bottom: float) -> None:
    if page.look.ruled:
        page.line(left, top, right, top)
        page.line(left, bottom, right, bottom)
        page.line(left, top, left, bottom)
        page.line(right, top, right, bottom)
    if cell is not None:
        size = next(s for s in (_SIZE, 5, 4, 3, 2) if len(list(_broken(cell.text, right - left - 2, s))) * s < _ROW)
        for i, line in enumerate(_broken(cell.text, right - left - 2, size)):
            page.text(left + 1, top + size * (i + 0.9), line, size=size)
