"""A document as a DOCX file: WordprocessingML with merged cells, written without a library so that it is the same everywhere."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from xml.sax.saxutils import escape

from .document import Cell, Document, Paragraph, Table
from .printed import FONTS

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MIME = "application/vnd.openxmlformats-officedocument.wordprocessingml"


@dataclass(frozen=True, slots=True)
class Sheet:
    """How a file is set; font: of its print. numbered: page numbers at the foot. runs: whether labels are broken into runs. repeated: whether
    the heads of a table stand again on its next page. points: size of the tables' type, in half points."""

    landscape: bool
    numbered: bool
    runs: bool
    repeated: bool
    points: int
    font: str = FONTS[0]


def sheet_for(rng: Random, fonts: Sequence[str] = FONTS) -> Sheet:
    """A sheet by lot."""
    return Sheet(
        landscape=rng.random() < 0.35,
        numbered=rng.random() < 0.7,
        runs=rng.random() < 0.3,
        repeated=rng.random() < 0.25,
        points=rng.choice((15, 18, 21)),
        font=rng.choice(fonts),
    )


def write_docx(document: Document, sheet: Sheet) -> bytes:
    """document → the bytes of a DOCX file, the same for the same document and sheet."""
    related = [("header", document.running), ("footer", "page" if sheet.numbered else "")]
    parts = {
        "[Content_Types].xml": _types(),
        "_rels/.rels": _relations([("rId1", "officeDocument", "word/document.xml")]),
        "word/_rels/document.xml.rels": _relations(
            [(f"r{kind}", kind, f"{kind}1.xml") for kind, text in related if text]
        ),
        "word/document.xml": _root("document", f"<w:body>{_body(document, sheet)}{_section(document, sheet)}</w:body>"),
        "word/header1.xml": _root("hdr", _paragraph_xml(document.running, "center", 18, sheet.font)),
        "word/footer1.xml": _root("ftr", _PAGE_NUMBER),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    return buffer.getvalue()


_PAGE_NUMBER = (
    '<w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:t xml:space="preserve">— </w:t></w:r>'
    '<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple><w:r><w:t xml:space="preserve"> —</w:t></w:r></w:p>'
)


def _types() -> str:
    overrides = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{_MIME}.{kind}+xml"/>'
        for name, kind in (("document", "document.main"), ("header1", "header"), ("footer1", "footer"))
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def _relations(targets: list[tuple[str, str, str]]) -> str:
    inside = "".join(
        f'<Relationship Id="{id_}" Type="{_R}/{kind}" Target="{target}"/>' for id_, kind, target in targets
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>'


def _root(name: str, inside: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><w:{name} xmlns:w="{_W}" xmlns:r="{_R}">{inside}</w:{name}>'


def _section(document: Document, sheet: Sheet) -> str:
    kinds = [("header", document.running), ("footer", "page" if sheet.numbered else "")]
    names = "".join(f'<w:{kind}Reference w:type="default" r:id="r{kind}"/>' for kind, text in kinds if text)
    size = (
        '<w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/>'
        if sheet.landscape
        else '<w:pgSz w:w="11906" w:h="16838"/>'
    )
    margins = '<w:pgMar w:top="1440" w:right="1134" w:bottom="1440" w:left="1134" w:header="851" w:footer="851" w:gutter="0"/>'
    return f"<w:sectPr>{names}{size}{margins}</w:sectPr>"


def _body(document: Document, sheet: Sheet) -> str:
    shown: list[str] = []
    for block in document.blocks:
        if isinstance(block, Table):
            shown += [_table(block, sheet), "<w:p/>"]
        else:
            shown.append(_paragraph(block, sheet))
    return "".join(shown)


def _paragraph(block: Paragraph, sheet: Sheet) -> str:
    align = {"title": "center", "sign": "right"}.get(block.style, "left")
    return _paragraph_xml(block.text, align, {"title": 44, "heading": 32, "note": 21}.get(block.style, 28), sheet.font)


def _paragraph_xml(text: str, align: str, size: int, font: str, runs: bool = False) -> str:
    pieces = list(text) if runs else [text]
    fonts = " ".join(f'w:{kind}="{font}"' for kind in ("eastAsia", "ascii", "hAnsi"))
    style = f'<w:rPr><w:rFonts {fonts}/><w:sz w:val="{size}"/></w:rPr>'
    shown = "".join(f'<w:r>{style}<w:t xml:space="preserve">{escape(piece)}</w:t></w:r>' for piece in pieces if piece)
    return f'<w:p><w:pPr><w:jc w:val="{align}"/></w:pPr>{shown}</w:p>'


# --- Tables -----------------------------------------------------------------------------------------------------------


def _table(table: Table, sheet: Sheet) -> str:
    whole = 14500 if sheet.landscape else 9600
    widths = [whole * w // sum(table.widths) for w in table.widths]
    edges = "".join(
        f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    rows = "".join(
        f"<w:tr>{'<w:trPr><w:tblHeader/></w:trPr>' if sheet.repeated and y < table.heads else ''}{row}</w:tr>"
        for y, row in enumerate(_rows(table, widths, sheet))
    )
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{whole}" w:type="dxa"/><w:tblBorders>{edges}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{columns}</w:tblGrid>{rows}</w:tbl>'
    )


def _rows(table: Table, widths: list[int], sheet: Sheet) -> list[str]:
    """The cells of each row; a cell that spans rows stands again, empty, in those below."""
    rows: list[dict[int, str]] = [{} for _ in table.rows]
    for y, x, cell in table.placed():
        for down in range(cell.rows):
            merge = "" if cell.rows == 1 else f'<w:vMerge w:val="{"continue" if down else "restart"}"/>'
            width = sum(widths[x : x + cell.columns])
            rows[y + down][x] = _cell(cell, "" if down else cell.text, width, merge, sheet)
    return ["".join(row[x] for x in sorted(row)) for row in rows]


def _cell(cell: Cell, text: str, width: int, merge: str, sheet: Sheet) -> str:
    span = f'<w:gridSpan w:val="{cell.columns}"/>' if cell.columns > 1 else ""
    align = "left" if cell.kind == "label" else "center"
    inside = _paragraph_xml(text, align, sheet.points, sheet.font, sheet.runs and cell.kind != "value")
    margin = '<w:vAlign w:val="center"/>'
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{span}{merge}{margin}</w:tcPr>{inside}</w:tc>'
