"""HTML source: read as the page that a person sees, with offsets into the source."""

import pytest

from nianbao import Extraction, extract

from .made_up import Line, report
from .test_laws import cells_of
from .test_layouts import BUSY

SPLIT = {**BUSY, "disclosure.licensing.decisions": "1<b>7</b>3"}


def in_row(line: Line) -> str:
    cells = "".join(f'<td width="5%"><p><span>{cell}</span><o:p></o:p></p></td>\n' for cell in line)
    return f"<table border=1><tbody><tr>\n{cells}</tr></tbody></table>"


def page(body: str) -> str:
    lines = (f"<p>{line}</p>" if not line.startswith("<") else line for line in body.split("\n") if line.strip())
    head = "<html><head><style>td { width: 3 }</style><script>var a = '<td>9</td>';</script></head>"
    return f"{head}<body><!-- <td>8</td> --><div>首页 &gt; 公开</div>{''.join(lines)}</body></html>"


@pytest.fixture
def found() -> tuple[str, Extraction]:
    text = page(report("2021", SPLIT, write=in_row))
    return text, extract(text)


def test_the_record_is_that_of_the_text(found: tuple[str, Extraction]) -> None:
    assert found[1].status == "verified"
    assert cells_of(found[1]) == cells_of(extract(report("2021", BUSY)))
    assert found[1].report is not None
    assert (found[1].report.agency, found[1].report.narrative.overview) == ("某县民政局", "工作有序推进。")


def test_evidence_is_the_source(found: tuple[str, Extraction]) -> None:
    """Offsets are those of the source; a number that markup parts is given with the markup inside it."""
    text, extraction = found
    for evidence in extraction.evidence.values():
        assert evidence.start is not None
        assert text[evidence.start : evidence.end] == evidence.text
    assert extraction.evidence["disclosure.licensing.decisions"].text == "1<b>7</b>3"


@pytest.mark.parametrize(
    "cell",
    [
        '<span style="display: none">1</span>173',
        "<span style='mso-hide:all'>1</span>173",
        "<b hidden>1</b>173",
        "<del>137</del><ins>173</ins>",
        '<input type="text" value="173">',
        '<input value=173><input type="hidden" value="9">',
        '<span title="none hidden">173</span>',
    ],
)
def test_what_the_page_shows(cell: str) -> None:
    """What is hidden or deleted is not read; what stands in a field to fill in is."""
    extraction = extract(page(report(cells={"disclosure.licensing.decisions": cell}, write=in_row)))
    assert (extraction.status, cells_of(extraction)["disclosure.licensing.decisions"]) == ("verified", 173)


@pytest.mark.parametrize("blank", ["&nbsp;", "&#160;", "", "<br>", "　", "<span></span>"])
def test_blank_cells(blank: str) -> None:
    path = "requests.granted.research"
    extraction = extract(page(report(cells={path: blank}, write=in_row)))
    assert (extraction.status, path in cells_of(extraction)) == ("verified", False)


def test_one_table_with_merged_cells() -> None:
    """Cells that span rows and columns, headers in th, upper-case tags, no closing tags."""

    def merged(line: Line) -> str:
        cells = "".join(f"<TH COLSPAN=2>{c}" if i == 0 else f"<TD>{c}" for i, c in enumerate(line))
        return f"<TABLE><TR>{cells}</TABLE>"

    extraction = extract(page(report(cells=BUSY, write=merged)))
    assert (extraction.status, cells_of(extraction)) == ("verified", cells_of(extract(report(cells=BUSY))))


def test_markdown_with_tables_in_html() -> None:
    """As OCR and converters write it: outside of the tables a line is a line, and the prose is verbatim."""

    def in_table(line: Line) -> str:
        return "<table><tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr></table>"

    body = report(cells=BUSY, write=in_table).split("\n")
    text = "\n".join(f"## {line}" if line.startswith(("二、", "三、", "四、")) else line for line in body)
    found, plain = extract(text), extract(report(cells=BUSY))
    assert (found.status, cells_of(found)) == ("verified", cells_of(plain))
    assert found.report
    assert plain.report
    assert (found.report.title, found.report.agency, found.report.year) == (
        plain.report.title,
        plain.report.agency,
        plain.report.year,
    )
    assert found.report.narrative == plain.report.narrative


def test_tags_in_a_text_do_not_make_it_a_page() -> None:
    """A text that mentions a tag or two is read as the text it is."""
    found = extract(report().replace("工作有序推进。", "见 <p>附件</p>。"))
    assert found.report is not None
    assert found.report.narrative.overview == "见 <p>附件</p>。"


@pytest.mark.parametrize(
    ("printed", "counts"),
    [
        ("<span>2</span><span>6</span>", True),
        ("<span>2</span> <span>6</span>", False),
        ("2 &nbsp;6", False),
        ("&#50;6", True),
    ],
)
def test_white_space_between_tags_parts_numbers(printed: str, counts: bool) -> None:
    """Digits that the page shows together are one number; digits that it shows apart are not."""
    extraction = extract(page(report(cells={"disclosure.licensing.decisions": printed}, write=in_row)))
    assert (extraction.status == "verified") == counts
    assert not counts or cells_of(extraction)["disclosure.licensing.decisions"] == 26
