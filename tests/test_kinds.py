"""What a file is, is told by its content: the same report is the same record from each."""

import email.message
import json
from functools import cache
from pathlib import Path
from random import Random

import pytest
from nianbao.eval.documents.report import make_report
from nianbao.eval.documents.webpage import Page, write_html
from nianbao.eval.documents.wordfile import sheet_for, write_docx
from nianbao.pipeline.errors import InputError
from nianbao.pipeline.extract import extract
from nianbao.pipeline.source.decode import decode
from nianbao.schemas.extraction import Extraction

from .test_cli import run
from .tools.paper import print_pdf

MADE = make_report(Random("pdf/5"), "0")
DOCUMENT = MADE.document.printing(lambda cell: MADE.filling.printed[cell.path])
HTML = write_html(DOCUMENT, Page("cms", chrome=True), MADE.filling.year, MADE.filling.agency)


def saved(*pages: str, encoding: str = "utf-8", how: str = "quoted-printable", lead: str = "") -> bytes:
    """Pages, the first with the others as its frames → the bytes of a file as browsers save it."""
    message = email.message.EmailMessage()
    message["Snapshot-Content-Location"] = "https://example.gov.cn/a.html"
    message["Subject"] = "年报"
    message["MIME-Version"] = "1.0"
    message.set_content(pages[0], subtype="html", charset=encoding, cte=how)
    message.make_related()
    for page in pages[1:]:
        message.add_related(page, subtype="html", charset=encoding, cte=how)
    return lead.encode() + message.as_bytes()


KINDS = {
    "text": (decode(write_docx(DOCUMENT, sheet_for(Random(1))), "a").shown.encode(), "text", "utf-8"),
    "html": (HTML.encode(), "html", "utf-8"),
    "html in GB18030": (HTML.replace("utf-8", "gb18030").encode("gb18030"), "html", "gb18030"),
    "mhtml": (saved(HTML), "mhtml", "utf-8"),
    "mhtml in base64": (saved(HTML, how="base64", lead="From: <Saved by Blink>\n"), "mhtml", "utf-8"),
    "mhtml in GBK": (saved(HTML, encoding="gbk"), "mhtml", "gbk"),
    "mhtml with the report in a frame": (saved("<html><body><iframe></iframe></body></html>", HTML), "mhtml", "utf-8"),
    "docx": (write_docx(DOCUMENT, sheet_for(Random(1))), "docx", ""),
    "pdf": (print_pdf(DOCUMENT), "pdf", ""),
    "pdf behind something else": (b"\n\n junk \n" + print_pdf(DOCUMENT), "pdf", ""),
}


@cache
def by_html() -> Extraction:
    return extract(HTML)


@pytest.mark.parametrize(("data", "kind", "encoding"), KINDS.values(), ids=KINDS)
def test_the_same_record_from_each(data: bytes, kind: str, encoding: str, tmp_path: Path) -> None:
    """From bytes, and from a path whose name says something else; every cell vouched for, and the offsets true."""
    path = tmp_path / "report.txt"
    path.write_bytes(data)
    found = extract(path)
    assert found.source.name == str(path)
    assert found.model_copy(update={"source": found.source.model_copy(update={"name": "a"})}) == extract(data, name="a")
    assert (found.source.kind, found.source.encoding) == (kind, encoding)
    told = by_html()
    assert found.status == told.status == "verified"
    tables = {"disclosure", "requests", "review_litigation"}
    expected = told.report
    assert found.report is not None
    assert expected is not None
    assert found.report.model_dump(include=tables) == expected.model_dump(include=tables)
    text = decode(data, "a").text
    assert all(text[e.start : e.end] == e.text for e in found.evidence.values() if e.start is not None)
    assert (found.source.extractor is None) == (kind == "text")
    assert (found.source.pages is None) == (kind != "pdf")


def test_a_folder_of_all_kinds(tmp_path: Path) -> None:
    """The files of a folder are found by their endings, and read by what they are."""
    names = ("a.txt", "b.html", "c.mht", "d.mhtml", "e.docx", "f.pdf")
    for name, kind in zip(names, ("text", "html", "mhtml", "mhtml", "docx", "pdf"), strict=True):
        (tmp_path / name).write_bytes(KINDS[kind][0])
    result = run("extract", "--engine", "rules", "--json", str(tmp_path))
    assert result.exit_code == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(Path(line["source"]["name"]).name, line["source"]["kind"], line["status"]) for line in lines] == [
        (name, kind, "verified")
        for name, kind in zip(names, ("text", "html", "mhtml", "mhtml", "docx", "pdf"), strict=True)
    ]


REFUSED = {
    "a page that shows a PDF": (
        f"<html><body>{'<p>栏目</p>' * 5}<iframe src='/pdfjs/web/viewer.html?file=/a/2023.pdf'></iframe></body></html>".encode(),
        "a: a page that shows or links to a file, /pdfjs/web/viewer.html?file=/a/2023.pdf; save that, and give it",
    ),
    "a page with the report attached": (
        f"<html><body>{'<p>栏目</p>' * 5}<a class='x' href=\"./P020230111.docx\">年报</a></body></html>".encode(),
        "a: a page that shows or links to a file, ./P020230111.docx; save that, and give it",
    ),
    "a saved page without HTML": (
        b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\nContent-Type: image/png\n\nx\n--x--\n",
        "a: a saved page without any HTML; save the page again, or give its text",
    ),
    "an image": (
        b"GIF89a" + b"\0" * 100,
        "a: an image; give the document that it was taken from, or a text that an OCR made of it",
    ),
    "rich text": (b"{\\rtf1 x}", "a: a file in Rich Text Format; open it in Word or WPS, and save it as .docx"),
    "an archive": (b"Rar!\x1a\x07\x01\0" + b"\0" * 50, "a: an archive; unpack it, and give the reports in it"),
}


@pytest.mark.parametrize(("data", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(data: bytes, said: str) -> None:
    """A file that holds no report that can be read is named as what it is, with what to do."""
    with pytest.raises(InputError) as raised:
        extract(data, name="a")
    assert str(raised.value) == said
