"""Runs the Python libraries among the tools: a program of its own, for whichever interpreter has them; it imports nothing of the project.

Standard output, first line: {"found": {tool: version}, "missing": {tool: reason}}. Then a line for each line of input:
{"tool", "path"} → {"text"} or {"error"}. The tool "print" writes a PDF of a web page beside it: {"text": its path};
"glyphs" tells where the characters of a PDF stand.
"""

import atexit
import functools
import importlib
import importlib.metadata
import json
import pathlib
import re
import shutil
import sys
from collections.abc import Callable
from typing import Any

Extract = Callable[[str], str]


def library(name: str) -> Any:
    return importlib.import_module(name)


def read(path: str) -> str:
    return pathlib.Path(path).read_text(encoding="utf-8")


# --- PDF --------------------------------------------------------------------------------------------------------------


def pdfplumber_text(path: str) -> str:
    with library("pdfplumber").open(path) as pdf:
        return "\n".join(page.extract_text() for page in pdf.pages)


def pdfplumber_layout(path: str) -> str:
    with library("pdfplumber").open(path) as pdf:
        return "\n".join(page.extract_text(layout=True) for page in pdf.pages)


def pdfplumber_tables(path: str) -> str:
    """The text of each page without its tables, then its tables, their cells joined by tabs."""
    shown: list[str] = []
    with library("pdfplumber").open(path) as pdf:
        for page in pdf.pages:
            shown.append(page.extract_text())
            for table in page.extract_tables():
                shown += ["\t".join((cell or "").replace("\n", "") for cell in row) for row in table]
    return "\n".join(shown)


def pypdf_text(path: str) -> str:
    return "\n".join(page.extract_text() for page in library("pypdf").PdfReader(path).pages)


def pypdf_layout(path: str) -> str:
    pages = library("pypdf").PdfReader(path).pages
    return "\n".join(page.extract_text(extraction_mode="layout") for page in pages)


def pdfminer_text(path: str) -> str:
    return str(library("pdfminer.high_level").extract_text(path))


def pypdfium2_text(path: str) -> str:
    pdf = library("pypdfium2").PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_range() for page in pdf)


def pymupdf_text(path: str) -> str:
    with library("pymupdf").open(path) as pdf:
        return "\n".join(page.get_text() for page in pdf)


def pdf_glyphs(path: str) -> str:
    """Every character with its place, as JSON: [[page, left, top, right, bottom, character], ...], in points."""
    found: list[list[Any]] = []
    with library("pdfplumber").open(path) as pdf:
        for number, page in enumerate(pdf.pages):
            for char in page.chars:
                if not char["text"].isspace():
                    found.append([number, char["x0"], char["top"], char["x1"], char["bottom"], char["text"]])
    return json.dumps(found)


# --- HTML -------------------------------------------------------------------------------------------------------------


def html2text_text(path: str) -> str:
    return str(library("html2text").html2text(read(path)))


def inscriptis_text(path: str) -> str:
    return str(library("inscriptis").get_text(read(path)))


def trafilatura_text(path: str) -> str:
    return library("trafilatura").extract(read(path), include_tables=True) or ""


def trafilatura_markdown(path: str) -> str:
    return library("trafilatura").extract(read(path), include_tables=True, output_format="markdown") or ""


def markdownify_text(path: str) -> str:
    return str(library("markdownify").markdownify(read(path)))


def _soup(path: str) -> Any:
    soup = library("bs4").BeautifulSoup(read(path), "lxml")
    for tag in soup(["script", "style"]):
        tag.decompose()
    return soup


def soup_lines(path: str) -> str:
    return str(_soup(path).get_text("\n"))


def soup_stripped(path: str) -> str:
    return str(_soup(path).get_text("\n", strip=True))


def soup_bars(path: str) -> str:
    return str(_soup(path).get_text("|", strip=True))


def soup_joined(path: str) -> str:
    return str(_soup(path).get_text("", strip=True))


def soup_spaces(path: str) -> str:
    return " ".join(_soup(path).get_text(" ").split())


def soup_rows(path: str) -> str:
    """What people write by hand: each row of a table on a line, its cells joined by tabs; the other blocks as they come."""
    soup = _soup(path)
    for row in soup.find_all("tr"):
        cells = [cell.get_text("", strip=True) for cell in row.find_all(["td", "th"])]
        row.replace_with("\n" + "\t".join(cells) + "\n")
    for block in soup.find_all(["p", "h1", "h2", "h3", "h4", "div", "li"]):
        block.append("\n")
    return str(soup.get_text())


def _frames(path: str, write: Callable[[Any], str]) -> str:
    """The page's prose up to each table, and each table as pandas read it."""
    soup = _soup(path)
    pandas = library("pandas")
    frames = pandas.read_html(library("io").StringIO(str(soup)))
    for table, frame in zip(soup.find_all("table"), frames, strict=True):
        table.replace_with("\n" + write(frame) + "\n")
    return re.sub(r"\n{3,}", "\n\n", soup.get_text())


def pandas_csv(path: str) -> str:
    return _frames(path, lambda frame: str(frame.to_csv(index=False, header=_named(frame))))


def pandas_markdown(path: str) -> str:
    return _frames(path, lambda frame: str(frame.to_markdown(index=False)))


def _named(frame: Any) -> bool:
    """Whether the columns have heads of their own, and not the numbers that pandas gives."""
    return not all(isinstance(name, int) for name in frame.columns)


# --- DOCX -------------------------------------------------------------------------------------------------------------


def _docx(path: str, between: str, row_end: str) -> str:
    """Paragraphs and tables in their order; a merged cell stands once for each column, as python-docx gives it."""
    document = library("docx").Document(path)
    shown: list[str] = []
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            shown += [between.join(cell.text for cell in row.cells) + row_end for row in block.rows]
        else:
            shown.append(block.text)
    return "\n".join(shown)


def docx_tabs(path: str) -> str:
    return _docx(path, "\t", "")


def docx_bars(path: str) -> str:
    return _docx(path, " | ", "")


def docx_lines(path: str) -> str:
    return _docx(path, "\n", "\n")


def docx_once(path: str) -> str:
    """Tables by tabs, a merged cell once in its row."""
    document = library("docx").Document(path)
    shown: list[str] = []
    for block in document.iter_inner_content():
        if not hasattr(block, "rows"):
            shown.append(block.text)
            continue
        for row in block.rows:
            cells = [cell for at, cell in enumerate(row.cells) if not at or cell._tc is not row.cells[at - 1]._tc]
            shown.append("\t".join(cell.text for cell in cells))
    return "\n".join(shown)


def docx2txt_text(path: str) -> str:
    return str(library("docx2txt").process(path))


def _mammoth(path: str, how: str) -> str:
    with pathlib.Path(path).open("rb") as file:
        return str(getattr(library("mammoth"), how)(file).value)


def mammoth_text(path: str) -> str:
    return _mammoth(path, "extract_raw_text")


def mammoth_html(path: str) -> str:
    return _mammoth(path, "convert_to_html")


def mammoth_markdown(path: str) -> str:
    return _mammoth(path, "convert_to_markdown")


def markitdown_text(path: str) -> str:
    return str(library("markitdown").MarkItDown().convert(path).text_content)


# --- A browser ----------------------------------------------------------------------------------------------------------


@functools.cache
def browser() -> Any:
    """Debian's chromium, started once."""
    playwright = library("playwright.sync_api").sync_playwright().start()
    opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    atexit.register(lambda: (opened.close(), playwright.stop()))
    return opened


def _on_page(path: str, act: Callable[[Any], Any]) -> Any:
    page = browser().new_page()
    try:
        page.goto(pathlib.Path(path).resolve().as_uri())
        return act(page)
    finally:
        page.close()


def inner_text(path: str) -> str:
    return str(_on_page(path, lambda page: page.evaluate("document.body.innerText")))


def selected(path: str) -> str:
    """What select all and copy give."""
    script = "(document.getSelection().selectAllChildren(document.body), document.getSelection().toString())"
    return str(_on_page(path, lambda page: page.evaluate(script)))


FOOT = '<div style="font-size:8px;width:100%;text-align:center"><span class="pageNumber"></span></div>'
HEAD = '<div style="font-size:8px;width:100%;text-align:center"><span class="title"></span></div>'


def print_page(path: str) -> str:
    """A web page → a PDF beside it, as the browser prints it; a page that says so gets heads and page numbers."""
    target = str(pathlib.Path(path).with_suffix(".pdf"))
    numbered = 'name="numbered"' in read(path)
    _on_page(
        path,
        lambda page: page.pdf(
            path=target,
            prefer_css_page_size=True,
            display_header_footer=numbered,
            header_template=HEAD,
            footer_template=FOOT,
        ),
    )
    return target


# --- The tools ----------------------------------------------------------------------------------------------------------

TOOLS: dict[str, tuple[str, Extract]] = {
    "pdfplumber": ("pdfplumber", pdfplumber_text),
    "pdfplumber-layout": ("pdfplumber", pdfplumber_layout),
    "pdfplumber-tables": ("pdfplumber", pdfplumber_tables),
    "pypdf": ("pypdf", pypdf_text),
    "pypdf-layout": ("pypdf", pypdf_layout),
    "pdfminer": ("pdfminer.six", pdfminer_text),
    "pypdfium2": ("pypdfium2", pypdfium2_text),
    "pymupdf": ("pymupdf", pymupdf_text),
    "html2text": ("html2text", html2text_text),
    "inscriptis": ("inscriptis", inscriptis_text),
    "trafilatura": ("trafilatura", trafilatura_text),
    "trafilatura-markdown": ("trafilatura", trafilatura_markdown),
    "markdownify": ("markdownify", markdownify_text),
    "soup-lines": ("beautifulsoup4", soup_lines),
    "soup-stripped": ("beautifulsoup4", soup_stripped),
    "soup-bars": ("beautifulsoup4", soup_bars),
    "soup-joined": ("beautifulsoup4", soup_joined),
    "soup-spaces": ("beautifulsoup4", soup_spaces),
    "soup-rows": ("beautifulsoup4", soup_rows),
    "pandas-csv": ("pandas", pandas_csv),
    "pandas-markdown": ("pandas", pandas_markdown),
    "inner-text": ("playwright", inner_text),
    "selected": ("playwright", selected),
    "markitdown-html": ("markitdown", markitdown_text),
    "docx-tabs": ("python-docx", docx_tabs),
    "docx-bars": ("python-docx", docx_bars),
    "docx-lines": ("python-docx", docx_lines),
    "docx-once": ("python-docx", docx_once),
    "docx2txt": ("docx2txt", docx2txt_text),
    "mammoth": ("mammoth", mammoth_text),
    "mammoth-html": ("mammoth", mammoth_html),
    "mammoth-markdown": ("mammoth", mammoth_markdown),
    "markitdown": ("markitdown", markitdown_text),
    "print": ("playwright", print_page),
    "glyphs": ("pdfplumber", pdf_glyphs),
}
"""Each tool: the package that it needs, and what it does."""


def look() -> dict[str, dict[str, str]]:
    """Which tools are here, by the versions of their packages, and why the others are not."""
    found: dict[str, str] = {}
    missing: dict[str, str] = {}
    for name, (package, _) in TOOLS.items():
        try:
            found[name] = f"{package} {importlib.metadata.version(package)}"
        except importlib.metadata.PackageNotFoundError:
            missing[name] = f"the package {package} is not installed"
        if package == "playwright" and name in found and not shutil.which("chromium"):
            del found[name]
            missing[name] = "the command chromium is not installed"
    return {"found": found, "missing": missing}


def answer(line: str) -> dict[str, str]:
    """A question → its answer."""
    asked = json.loads(line)
    try:
        return {"text": TOOLS[asked["tool"]][1](asked["path"])}
    except Exception as error:  # whatever a library raises is its answer
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    say, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps(look()), file=say, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(line)), file=say, flush=True)


if __name__ == "__main__":
    main()
