"""Made-up reports as documents: spans tile their tables, every cell is printed once, files are the same each time."""

import io
import zipfile
from collections import Counter
from html.parser import HTMLParser
from random import Random
from xml.etree import ElementTree

import pytest
from nianbao.eval.documents.document import Table
from nianbao.eval.documents.filling import ZEROS
from nianbao.eval.documents.report import REPORT, MadeReport, make_report
from nianbao.eval.documents.webpage import STYLES, page_for, write_html
from nianbao.eval.documents.wordfile import sheet_for, write_docx
from nianbao.eval.gold import read_gold

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def made(seed: int) -> MadeReport:
    return make_report(Random(f"documents/{seed}"), ZEROS[seed % len(ZEROS)])


def grid(table: Table) -> Counter[tuple[int, int]]:
    """How many cells cover each place of a table."""
    return Counter(
        (y + down, x + right)
        for y, x, cell in table.placed()
        for down in range(cell.rows)
        for right in range(cell.columns)
    )


@pytest.mark.parametrize("seed", range(60))
def test_spans_tile_the_table(seed: int) -> None:
    """Every place of the grid is covered by exactly one cell, and the grid is as wide as the widths say."""
    for table in made(seed).document.tables:
        places = [(y, x) for y in range(len(table.rows)) for x in range(len(table.widths))]
        assert grid(table) == Counter(places)


@pytest.mark.parametrize("seed", range(60))
def test_every_cell_is_printed_once(seed: int) -> None:
    """The cells of the tables are those of the filling, each once, with the printed text; gold says the same number."""
    report = made(seed)
    shown = {c.path: c.text for t in report.document.tables for _, _, c in t.placed() if c.path}
    paths = [c.path for t in report.document.tables for _, _, c in t.placed() if c.path]
    assert Counter(paths) == Counter(dict.fromkeys(report.filling.figures, 1))
    assert shown == dict(report.filling.printed)
    gold = read_gold(report.gold, "gold", REPORT).cells
    for path, figure in report.filling.figures.items():
        value = gold[path]["figure"] if isinstance(gold[path], dict) else gold[path]
        assert (None if value is None else float(value)) == (None if figure is None else float(figure))
        digits = "".join(c for c in shown[path].partition("（")[0].partition("(")[0] if c.isdigit() or c == ".")
        assert digits == ("" if figure is None else str(figure).lstrip("-"))


class Cells(HTMLParser):
    """The texts of the innermost cells of a page, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.closed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in ("td", "th"):
            self.open.append("")

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[-1] += data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.closed.append(self.open.pop())


@pytest.mark.parametrize("style", STYLES)
def test_a_web_page_says_what_the_document_says(style: str) -> None:
    """In every style the cells of the page, read by a parser that knows nothing of styles, are those of the document."""
    for seed in range(6):
        report = made(seed)
        page = page_for(Random(seed), style)
        parser = Cells()
        parser.feed(write_html(report.document, page, report.filling.year, report.filling.agency))
        cells = [c.text.replace("\u3000", "").strip() for t in report.document.tables for row in t.rows for c in row]
        said = ["".join(c.split()) for c in parser.closed if c]
        wanted = ["".join(c.split()) for c in cells if c]
        first = next(i for i in range(len(said)) if said[i : i + 5] == wanted[:5])
        assert said[first : first + len(wanted)] == wanted


@pytest.mark.parametrize("seed", range(8))
def test_a_docx_file_holds_the_grid(seed: int) -> None:
    """Read by an XML parser: each row's spans add up to the grid; merged cells begin once; it is the same each time."""
    report, sheet = made(seed), sheet_for(Random(seed))
    data = write_docx(report.document, sheet)
    assert data == write_docx(report.document, sheet)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        body = ElementTree.fromstring(archive.read("word/document.xml"))
    tables = list(body.iter(f"{W}tbl"))
    assert len(tables) == len(report.document.tables)
    for table, drawn in zip(report.document.tables, tables, strict=True):
        texts = []
        for row in drawn.iter(f"{W}tr"):
            cells = list(row.iter(f"{W}tc"))
            spans = [cell.find(f".//{W}gridSpan") for cell in cells]
            assert sum(1 if s is None else int(s.attrib[f"{W}val"]) for s in spans) == len(table.widths)
            texts += [
                "".join(t.text or "" for t in cell.iter(f"{W}t"))
                for cell in cells
                if (merge := cell.find(f".//{W}vMerge")) is None or merge.attrib[f"{W}val"] == "restart"
            ]
        assert texts == [cell.text for row in table.rows for cell in row]
