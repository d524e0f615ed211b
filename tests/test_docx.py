"""DOCX: what a reader of the document sees, and nothing else."""

import io
import re
import zipfile
from random import Random

import pytest
from nianbao.eval.documents.document import Document, Paragraph
from nianbao.eval.documents.report import REPORT, make_report
from nianbao.eval.documents.wordfile import sheet_for, write_docx
from nianbao.eval.figures import failing
from nianbao.pipeline.errors import InputError
from nianbao.pipeline.extract import extract
from nianbao.pipeline.source.decode import decode
from nianbao.pipeline.source.docx import MAX_PARTS_BYTES

SPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)


def docx(body: str, more: dict[str, str] | None = None) -> bytes:
    """The body of a document as XML → the bytes of a file; more: further parts."""
    empty = write_docx(Document("", (Paragraph(""),)), sheet_for(Random(1)))
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(empty)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        parts = {name: old.read(name).decode() for name in old.namelist()}
        parts["word/document.xml"] = f"<w:document {SPACES}><w:body>{body}</w:body></w:document>"
        for name, text in (parts | (more or {})).items():
            new.writestr(name, text)
    return packed.getvalue()


def run(text: str, how: str = "") -> str:
    return f"<w:r><w:rPr>{how}</w:rPr><w:t>{text}</w:t></w:r>"


def para(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def cell(inside: str, how: str = "") -> str:
    return f"<w:tc><w:tcPr>{how}</w:tcPr>{inside if inside.startswith('<') else para(run(inside))}</w:tc>"


BOX = f"<w:txbxContent>{para(run('盒内'))}</w:txbxContent>"
INNER = f"<w:tbl>{row(cell('甲'), cell('1'))}</w:tbl>"
SPAN, DOWN, ON = '<w:gridSpan w:val="2"/>', '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
BODIES = {
    "paragraphs": (para(run("甲"), run("乙")) + para(run("丙")), "甲乙\n丙"),
    "inserted and deleted": (
        para(run("甲"), f"<w:ins>{run('乙')}</w:ins>", "<w:del><w:r><w:delText>丁</w:delText></w:r></w:del>"),
        "甲乙",
    ),
    "moved": (para(f"<w:moveFrom>{run('丁')}</w:moveFrom>", f"<w:moveTo>{run('甲')}</w:moveTo>"), "甲"),
    "hidden": (para(run("甲"), run("丁", "<w:vanish/>"), run("乙", '<w:vanish w:val="0"/>')), "甲乙"),
    "struck out": (para(run("3"), run("5", "<w:strike/>")), "3^5"),
    "struck out twice": (para(run("3"), run("5", "<w:dstrike/>")), "3^5"),
    "spans": (
        f"<w:tbl>{row(cell('甲', DOWN), cell('乙', SPAN))}{row(cell('', ON), cell('1'), cell('2'))}</w:tbl>",
        "甲\t乙\t\n\t1\t2",
    ),
    "rows that begin further in": (
        f"<w:tbl>{row(cell('甲'), cell('乙'), cell('丙'))}"
        + row(cell("1"), properties='<w:gridBefore w:val="1"/><w:gridAfter w:val="1"/>')
        + "</w:tbl>",
        "甲\t乙\t丙\n\t1\t",
    ),
    "deleted row": (f"<w:tbl>{row(cell('甲'), cell('1'))}{row(cell('乙'), properties='<w:del/>')}</w:tbl>", "甲\t1"),
    "nested table": (
        f"<w:tbl>{row(cell(INNER + para()), cell('乙'))}</w:tbl>",
        "甲\t1\n\n\t乙",
    ),
    "text box, in two notations": (
        para(
            f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wp:anchor><wps:txbx>{BOX}</wps:txbx></wp:anchor>"
            f"</w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>{BOX}</v:textbox></w:pict></mc:Fallback>"
            "</mc:AlternateContent></w:r>",
            run("甲"),
        ),
        "甲\n盒内",
    ),
    "text box, in the new notation alone": (
        para(f"<w:r><w:drawing><wp:anchor><wps:txbx>{BOX}</wps:txbx></wp:anchor></w:drawing></w:r>", run("甲")),
        "甲\n盒内",
    ),
}


@pytest.mark.parametrize(("body", "text"), BODIES.values(), ids=BODIES)
def test_what_is_shown(body: str, text: str) -> None:
    """The text that is made of a body: a line for a row, tabs between cells; nothing of what is deleted or hidden."""
    shown = re.sub(" *\t *", "\t", decode(docx(body), "a").text)
    lines = [line.strip(" ") for line in shown.split("\n")]
    assert "\n".join(line for line in lines if line) == "\n".join(line for line in text.split("\n") if line)


@pytest.mark.parametrize("seed", range(6))
def test_a_report(seed: int) -> None:
    """A report in a Word file is read whole; offsets speak of the text that was made, and nothing of pages is said."""
    rng = Random(f"docx/{seed}")
    made = make_report(rng, "0")
    data = write_docx(made.document.printing(lambda c: made.filling.printed[c.path]), sheet_for(rng))
    found, text = extract(data), decode(data, "a").text
    assert found.status == ("unresolved" if failing(made.filling.figures, REPORT) else "verified")
    assert (found.source.kind, found.source.pages, found.source.characters) == ("docx", None, len(text))
    assert str(found.source.extractor).startswith("mammoth ")
    for evidence in found.evidence.values():
        if evidence.start is not None:
            assert text[evidence.start : evidence.end] == evidence.text
            assert (evidence.page, evidence.box) == (None, None)


def plain_zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("report.txt", "年报")
    return packed.getvalue()


def locked() -> bytes:
    """A file whose parts are marked as encrypted."""
    data = bytearray(docx(para(run("甲"))))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(mark)
        while start >= 0:
            data[start + at] |= 1
            start = data.find(mark, start + 4)
    return bytes(data)


ENTITY = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document {SPACES}><w:body>{para(run("&x;"))}</w:body></w:document>'
BOMB = {"word/styles.xml": " " * (MAX_PARTS_BYTES + 1)}
HOSTILE = {
    "a zip bomb": (docx(para(run("甲")), BOMB), "bytes unpacked; no report is so large"),
    "many parts": (docx("", {f"word/{n}.xml": "" for n in range(5001)}), "a zip archive of 5,00"),
    "entities": (
        docx("", {"word/document.xml": ENTITY}),
        "a.docx: word/document.xml declares entities, as no Word document does; it is not read",
    ),
    "encrypted": (locked(), "a.docx: an encrypted archive; save it without a password"),
    "another archive": (
        plain_zip(),
        "a.docx: a zip archive that is no Word document; unpack it, and give the reports in it",
    ),
    "truncated": (docx(para(run("甲")))[:700], "a.docx: a broken Word document (File is not a zip file)"),
    "broken XML": (docx("<w:p>"), "a.docx: a broken Word document (mismatched tag"),
    "nested too deep": (docx("<w:ins>" * 3000 + "</w:ins>" * 3000), "a.docx: a Word document nested too deep"),
    "empty": (docx(para()), "a.docx: the document shows no text"),
    "old": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.docx: an old Word file (.doc), or an encrypted one"),
}


@pytest.mark.parametrize(("data", "said"), HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_read(data: bytes, said: str) -> None:
    """One line says what is wrong with the file, and what to do."""
    with pytest.raises(InputError) as raised:
        decode(data, "a.docx")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_images_are_not_opened_and_links_not_followed() -> None:
    """A picture that is linked, by an address or a path, is that there is one, and no more."""
    drawing = (
        '<w:r><w:drawing><wp:inline><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData>'
        '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill><a:blip'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:link="rX"/></pic:blipFill></pic:pic>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rX" TargetMode="External"'
        ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="http://127.0.0.1:9/a.png"/>'
        "</Relationships>"
    )
    source = decode(docx(para(drawing, run("甲")), {"word/_rels/document.xml.rels": relations}), "a")
    assert source.text.strip() == "甲"
    assert source.has_images
