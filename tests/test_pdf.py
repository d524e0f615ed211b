"""PDF: whatever way a report is set, its tables are read as they stand on the page."""

from dataclasses import replace
from random import Random

import pypdfium2
import pytest
from nianbao.eval.documents.document import Document, Paragraph
from nianbao.eval.documents.report import make_report
from nianbao.eval.documents.webpage import Page, write_html
from nianbao.pipeline.errors import InputError
from nianbao.pipeline.extract import extract
from nianbao.pipeline.source.decode import decode
from nianbao.pipeline.source.pdf.document import MAX_PAGES
from nianbao.pipeline.source.pdf.grid import Line, find_grids
from nianbao.schemas.extraction import Extraction

from .conftest import some
from .tools.paper import Look, file_of, print_pdf


def a_report(seed: str, zeros: str = "mixed") -> tuple[Document, Extraction]:
    """A made-up report, and what is read of it as a web page."""
    made = make_report(Random(seed), zeros)
    document = made.document.printing(lambda cell: made.filling.printed[cell.path])
    html = write_html(document, Page("plain", chrome=False), made.filling.year, made.filling.agency)
    return document, extract(html)


BUSY, AS_PAGE = a_report("pdf/5")
LOOKS = {
    "upright": Look(),
    "without page numbers": Look(numbered=False),
    "turned by a quarter": Look(rotate=90),
    "upside down": Look(rotate=180),
    "turned back": Look(rotate=270),
    "drawn a quarter turned": Look(turned=True),
    "drawn a quarter turned, and displayed upright": Look(turned=True, rotate=90),
    "character by character": Look(letters=True),
    "over pages": Look(rows=9),
    "over pages, heads repeated": Look(rows=9, heads=True),
    "in two columns": Look(columns=2, rows=40),
    "with unseen text": Look(unseen="规章 5 5 5"),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_report_is_read_as_from_its_page(look: Look) -> None:
    """However it is set, the record is that of the web page, and vouched for."""
    found = extract(print_pdf(BUSY, look))
    assert AS_PAGE.status == "verified"
    assert found.status == "verified"
    tables = {"disclosure", "requests", "review_litigation"}
    assert found.report is not None
    assert AS_PAGE.report is not None
    assert found.report.model_dump(include=tables) == AS_PAGE.report.model_dump(include=tables)
    assert (found.report.agency, found.report.year) == (AS_PAGE.report.agency, AS_PAGE.report.year)


@pytest.mark.parametrize("look", [Look(), Look(rotate=90), Look(turned=True), Look(rows=9), Look(letters=True)])
def test_evidence_leads_to_the_page(look: Look) -> None:
    """A cell's offsets lead to its text, its page and box to where that is drawn, by the library's own account."""
    data = print_pdf(BUSY, look)
    source, found = decode(data, "a"), extract(data)
    assert (found.source.kind, found.source.pages) == ("pdf", len(pypdfium2.PdfDocument(data)))
    assert found.source.extractor == f"pypdfium2 {pypdfium2.version.PYPDFIUM_INFO}"
    read = [e for e in found.evidence.values() if e.start is not None and e.text.strip()]
    assert len(read) > 100
    document = pypdfium2.PdfDocument(data)
    for evidence in read:
        assert evidence.start is not None
        assert evidence.end is not None
        assert evidence.page is not None
        assert evidence.box is not None
        assert source.text[evidence.start : evidence.end] == evidence.text
        if look.rotate == 0:
            page = document[evidence.page - 1]
            left, top, right, bottom = evidence.box
            high = page.get_height()
            text = page.get_textpage().get_text_bounded(left - 0.1, high - bottom - 0.1, right + 0.1, high - top + 0.1)
            assert "".join(text.split()) == evidence.text


@pytest.mark.parametrize("rows", range(5, 10))
def test_blanks_below_heads_of_the_page_before(rows: int) -> None:
    """A blank at the top of a page is a cell of its own, also below a head that takes several rows, wherever the page breaks."""
    document, as_page = a_report("pdf/1", "")
    assert extract(print_pdf(document, Look(rows=rows))).coverage == as_page.coverage


def test_a_blank_stands_in_its_cell() -> None:
    """The place of a blank is its cell's box."""
    document, _ = a_report("pdf/1", "")
    found = extract(print_pdf(document))
    boxes = [e.box for e in found.evidence.values() if e.basis == "blank"]
    assert len(boxes) > 20
    assert all(box is not None and box[2] - box[0] > 10 and box[3] - box[1] == 14 for box in boxes)
    assert len(set(boxes)) == len(boxes)


def test_numbers_whose_font_says_nothing_are_not_guessed() -> None:
    """Where a font does not say which digits it draws, the tables are in doubt, and why is said."""
    found = extract(print_pdf(BUSY, Look(unknown="numbers")))
    assert found.status == "unresolved"
    assert {f.code for f in found.findings} >= {"characters_unknown"}
    assert found.coverage.vouched == 0


def test_several_reports_in_a_file() -> None:
    """They are told apart: none of the cells is vouched for as one report's."""
    other, _ = a_report("pdf/6")
    both = replace(BUSY, blocks=(*BUSY.blocks, *other.blocks))
    found = extract(print_pdf(both, Look(numbered=False)))
    assert found.status == "unresolved"
    assert "several_reports" in {f.code for f in found.findings}


def test_text_of_a_page() -> None:
    """Lines that fill the page are one paragraph; what stands at the foot of pages follows the text."""
    long = "为" * 100
    blocks = (Paragraph(long), *(Paragraph(f"第{n}行。") for n in range(60)))
    text = decode(print_pdf(Document("年报", blocks)), "a").text
    assert [line.strip() for line in text.split("\n")] == [
        "年报",
        long,
        *(f"第{n}行。" for n in range(60)),
        "- 1 -",
        "年报",
        "- 2 -",
        "",
    ]


@pytest.mark.parametrize(
    ("across", "down", "cells"),
    [
        ([(0, 0, 20), (10, 0, 20)], [(0, 0, 10), (10, 0, 10), (20, 0, 10)], [(0, 0, 1, 1), (0, 1, 1, 1)]),
        # In pieces, and doubled.
        (
            [(0, 0, 9), (0.8, 10, 20), (10, 0, 20), (10.5, 0, 20)],
            [(0, 0, 10), (10, 0, 4), (10, 5, 10), (20, 0, 10)],
            [(0, 0, 1, 1), (0, 1, 1, 1)],
        ),
        # A cell over two columns, and one over two rows.
        (
            [(0, 0, 30), (10, 10, 30), (20, 0, 30)],
            [(0, 0, 20), (10, 0, 20), (20, 10, 20), (30, 0, 20)],
            [(0, 0, 2, 1), (0, 1, 1, 2), (1, 1, 1, 1), (1, 2, 1, 1)],
        ),
        # Without its outer sides.
        (
            [(0, 0, 30), (10, 0, 30), (20, 0, 30)],
            [(15, 0, 20)],
            [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)],
        ),
        # Open at the break of a page.
        ([(0, 0, 30)], [(0, 0, 10), (10, 0, 10), (20, 0, 10), (30, 0, 10)], [(0, 0, 1, 1), (0, 1, 1, 1), (0, 2, 1, 1)]),
        ([(0, 0, 20), (10, 0, 20)], [(0, 0, 10), (20, 0, 10)], []),  # a frame
        ([(0, 0, 20), (30, 0, 20)], [], []),  # lines under text
    ],
)
def test_lines_and_their_cells(across: list[Line], down: list[Line], cells: list[tuple[int, ...]]) -> None:
    """Row, column, rows and columns of each cell that lines draw."""
    grids = find_grids([Line(*line) for line in across], [Line(*line) for line in down])
    assert [place[:4] for grid in grids for place in grid.places] == cells


GARBAGE = "<" + "00" * 32 + ">"
HOSTILE = {
    "encrypted": (
        file_of([""], trailer=f"/Encrypt<</Filter/Standard/V 1/R 2/O{GARBAGE}/U{GARBAGE}/P -4>>/ID[<00><00>]"),
        "a.pdf: an encrypted PDF file; open it with its password, and print it as PDF",
    ),
    "broken": (
        b"%PDF-1.4\n" + b"\xff" * 5000,
        "a.pdf: a broken PDF file; fetch it again, or open it and print it as PDF",
    ),
    "long": (
        file_of([""] * (MAX_PAGES + 1)),
        f"a.pdf: {MAX_PAGES + 1} pages, more than the limit of {MAX_PAGES}; split it into single reports",
    ),
    "without text": (file_of([""]), "a.pdf: 1 pages without text; give another file, or a text that an OCR made"),
    "unknown": (
        print_pdf(BUSY, Look(unknown="all")),
        "a.pdf: fonts that do not say which characters they draw; give another file, or a text that an OCR made",
    ),
}


@pytest.mark.parametrize(("data", "said"), HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_read(data: bytes, said: str) -> None:
    with pytest.raises(InputError) as raised:
        extract(data, name="a.pdf")
    assert str(raised.value) == said


def test_scripts_and_links_are_not_followed() -> None:
    """A file that runs a script, launches a program or opens a page when it is opened is read as any other."""
    whole = print_pdf(BUSY)
    for action in ("/S/JavaScript/JS(app.alert(1))", "/S/Launch/F(/bin/true)", "/S/URI/URI(http://127.0.0.1:9/)"):
        data = whole.replace(b"/Type/Catalog", f"/Type/Catalog/OpenAction<<{action}>>".encode())
        assert extract(data).status == "verified"


def read_or_refused(data: bytes) -> Extraction | None:
    """What is read of a file; None where it is refused, in one line."""
    try:
        return extract(data, name="a.pdf")
    except InputError as error:
        if "\n" in str(error):
            raise
        return None


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8, 0.95])
def test_truncated(share: float) -> None:
    """What is cut off is missed, or the file is called broken; it is never vouched for as a whole."""
    data = print_pdf(BUSY, Look(rows=9))
    found = read_or_refused(data[: int(share * len(data))])
    assert found is None or found.status == "unresolved"


def test_damaged_anywhere() -> None:
    """Whatever bytes of a file are exchanged, it is read or refused in one line."""
    data, rng = print_pdf(BUSY), Random(1)
    for _ in range(40 // some(4)):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 3, 30))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        read_or_refused(bytes(damaged))
