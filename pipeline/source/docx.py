"""DOCX → HTML by mammoth, with its merged cells as they are, and that as any other HTML → text.

What is shown is read: inserted text, text boxes and nested tables; what is deleted or hidden is not. No link is followed,
no image opened, no part of the file read that has declarations of its own.
"""

import io
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any
from xml.etree import ElementTree

from ..errors import InputError
from .made import Made
from .markup import render

MAX_PARTS_BYTES = 100_000_000
"""Of all the XML in a file, unpacked; the longest report seen has a fiftieth."""
_MAX_PARTS = 5_000
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT_W = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MAIN = ("wordprocessingml.document.main+xml", "ms-word.document.macroEnabled.main+xml")


def main_part(archive: zipfile.ZipFile) -> str | None:
    """The name of the part of a zip archive that is a Word document; None where it holds none."""
    try:
        types = archive.read("[Content_Types].xml")
    except KeyError:
        return None
    for override in ElementTree.fromstring(types):
        if override.get("ContentType", "").endswith(_MAIN):
            return override.get("PartName", "").lstrip("/")
    return None


def read_docx(data: bytes, name: str) -> Made:
    """The bytes of a DOCX file → its text; raises InputError where it is broken, too large, or no Word document."""
    import mammoth

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = _parts(archive, name)
            main = main_part(archive)
        if main is None or main not in parts:
            raise InputError(f"{name}: a zip archive that is no Word document; unpack it, and give the reports in it")
        parts[main] = _as_shown(parts[main])
        found = mammoth.convert_to_html(
            _zipped(parts),
            include_embedded_style_map=False,
            convert_image=mammoth.images.img_element(lambda _: {"src": ""}),
        ).value
    except InputError:
        raise
    except RecursionError as error:
        raise InputError(f"{name}: a Word document nested too deep; save it again as .docx") from error
    except Exception as error:  # of the archive, of its XML, of what mammoth does not expect
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(
            f"{name}: a broken Word document ({said}); open it in Word or WPS, and save it again"
        ) from error
    marked = render(f"<html><body>{found}</body></html>", name)[0]
    return Made("docx", marked, f"mammoth {version('mammoth')}", has_images="<img" in found)


def _parts(archive: zipfile.ZipFile, name: str) -> dict[str, bytes]:
    """The XML in an archive, by name, once it is known to be harmless."""
    entries = [e for e in archive.infolist() if e.filename.endswith((".xml", ".rels"))]
    size = sum(entry.file_size for entry in entries)
    if len(archive.infolist()) > _MAX_PARTS or size > MAX_PARTS_BYTES:
        raise InputError(
            f"{name}: a zip archive of {len(archive.infolist()):,} parts, {size:,} bytes unpacked; no report is so large"
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise InputError(f"{name}: an encrypted archive; save it without a password")
    parts = {entry.filename: archive.read(entry) for entry in entries}
    for part, xml in parts.items():
        if b"<!DOCTYPE" in xml.replace(b"\0", b""):
            raise InputError(f"{name}: {part} declares entities, as no Word document does; it is not read")
    return parts


def _zipped(parts: dict[str, bytes]) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for part, xml in parts.items():
            archive.writestr(part, xml)
    packed.seek(0)
    return packed


def _as_shown(xml: bytes) -> bytes:
    """A document's XML → the same as mammoth takes it: without hidden text, with its text boxes, and cells where rows are indented."""
    root = ElementTree.fromstring(xml)
    w = _W if root.tag.startswith(_W) else _STRICT_W
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{w}r" and _is_hidden(child, w):
                parent.remove(child)
            elif child.tag in (f"{_MC}AlternateContent", f"{w}drawing"):
                _open_boxes(parent, child, w)
        if parent.tag == f"{w}tr":
            _fill_row(parent, w)
        elif parent.tag == f"{w}rPr" and parent.find(f"{w}dstrike") is not None:
            ElementTree.SubElement(parent, f"{w}strike")
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _is_hidden(run: Any, w: str) -> bool:
    vanish = run.find(f"{w}rPr/{w}vanish")
    return vanish is not None and vanish.get(f"{w}val") not in ("0", "false", "off")


def _open_boxes(parent: Any, drawing: Any, w: str) -> None:
    """Put what stands in the text boxes of a drawing in its place, once, where it stands there in several notations."""
    choice = drawing.find(f"{_MC}Choice")
    boxes = _outermost(drawing if choice is None else choice, f"{w}txbxContent")
    boxes = boxes or _outermost(drawing, f"{w}txbxContent")
    if boxes:
        picture = ElementTree.Element(f"{w}pict")
        picture.extend(boxes)
        parent[list(parent).index(drawing)] = picture


def _outermost(element: Any, tag: str) -> list[Any]:
    if element.tag == tag:
        return [element]
    return [found for child in element for found in _outermost(child, tag)]


def _fill_row(row: Any, w: str) -> None:
    """Give a row that begins or ends at another column than its table a cell there."""
    properties = row.find(f"{w}trPr")
    if properties is None:
        return
    cells = [i for i, child in enumerate(row) if child.tag != f"{w}trPr" and child.tag != f"{w}tblPrEx"]
    for skipped, at in ((f"{w}gridAfter", len(row)), (f"{w}gridBefore", cells[0] if cells else len(row))):
        for count in _counts(properties, skipped, w):
            row.insert(at, _empty_cell(count, w))


def _counts(properties: Any, tag: str, w: str) -> Iterator[str]:
    for skipped in properties.findall(tag):
        if (count := skipped.get(f"{w}val", "")).isdigit() and count != "0":
            yield count


def _empty_cell(columns: str, w: str) -> Any:
    cell = ElementTree.Element(f"{w}tc")
    properties = ElementTree.SubElement(cell, f"{w}tcPr")
    ElementTree.SubElement(properties, f"{w}gridSpan", {f"{w}val": columns})
    ElementTree.SubElement(cell, f"{w}p")
    return cell
