"""Bytes → Source, whatever the document is: its text, and beside it a folded form of the same length."""

import codecs
import hashlib
import html
import re
import unicodedata
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import InputError
from .grids import with_grids
from .made import Made
from .marks import COVERED
from .markup import html_extractor, is_markup, render
from .mhtml import is_mhtml, pages_of

if TYPE_CHECKING:
    from ...schemas.extraction import Box, Kind, SourceInfo

MAX_BYTES = 20_000_000
MAX_LINES = 200_000
"""A longer input, or one of more lines, is refused: the longest report seen is far below it."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


_SHOWS_DOCUMENT = re.compile(
    r"<(?:iframe|embed|object|a)\b[^<>]{0,500}?\b(?:src|data|href)\s*=\s*[\"']?(?P<address>[^\"'<>\s]{1,500}?\.(?:pdf|docx?|wps)\b)",
    re.IGNORECASE,
)
_SHOWS_IMAGE = re.compile(r"<img\b|!\[", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """A decoded report.

    `text` is the source as it stands, or what the program made of a document that is no text; `shown` what a reader of it sees:
    the same, but for HTML, and for the marks of merged cells. Cells and passages are stretches of `shown`; `place` leads back
    to `text`, which is what an extraction's offsets speak of.
    """

    name: str
    text: str
    encoding: str
    sha256: str
    made: Made | None = None

    @property
    def info(self) -> "SourceInfo":
        """What an extraction says of it."""
        from ...schemas.extraction import SourceInfo

        kind: Kind = self.made.kind if self.made else "html" if self._is_markup else "text"
        return SourceInfo(
            name=self.name,
            sha256=self.sha256,
            characters=len(self.text),
            encoding=self.encoding,
            kind=kind,
            pages=self.made.pages if self.made else None,
            extractor=None if kind == "text" else self.made.extractor if self.made else html_extractor(),
        )

    @property
    def shows_document(self) -> str | None:
        """The address of a document that a page shows in a frame, or links to; None where there is none, or this is no page."""
        found = _SHOWS_DOCUMENT.search(self.text) if self._is_markup else None
        return found and html.unescape(found["address"])[:200]

    @property
    def has_images(self) -> bool:
        """Whether the document shows images, in which tables may stand."""
        return self.made.has_images if self.made and self.made.kind != "mhtml" else bool(_SHOWS_IMAGE.search(self.text))

    @property
    def shown(self) -> str:
        return self._rendered[0]

    @cached_property
    def folded(self) -> str:
        """`shown` with look-alike characters made one, character for character: same length, same offsets."""
        return fold(self.shown)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """A half-open stretch of `shown` → the half-open stretch of `text` that it came from."""
        offsets = self._rendered[1]
        if offsets is None:
            return start, end
        first = offsets[start] if start < len(offsets) else len(self.text)
        return first, offsets[end - 1] + 1 if end > start else first

    def on_page(self, start: int, end: int) -> "tuple[int | None, Box | None]":
        """A half-open stretch of `shown` → the page, counted from 1, and the box there, where the document has pages."""
        if self.made is None or self.made.pages is None:
            return None, None
        return self.made.places.of(start, end)

    def is_recognised(self, start: int | None) -> bool:
        """Whether what stands at a place of `shown` was read from a picture; None: whether anything was."""
        if self.made is None or not self.made.recognised:
            return False
        return start is None or self.made.is_recognised(start)

    @cached_property
    def _is_markup(self) -> bool:
        return is_markup(self.text)

    @cached_property
    def _rendered(self) -> tuple[str, Sequence[int] | None]:
        if self.made is not None and self.made.kind != "mhtml":
            return self.made.marked, _without_marks(self.made.marked)
        return render(self.text, self.name) if self._is_markup else (self.text, None)


def _without_marks(marked: str) -> "array[int]":
    """Of each character of a text with marks of merged cells, its place in the text without them."""
    offsets, at = array("q"), 0
    for character in marked:
        offsets.append(at)
        at += character != COVERED
    return offsets


def decode(data: bytes, name: str) -> Source:
    """The bytes of a report → Source: of text in any common Chinese encoding, HTML, a saved page, DOCX, PDF, or a picture, told apart by content.

    Raises InputError where they are empty, too many, or nothing that can be read.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: more than the limit of {MAX_BYTES:,} bytes; split it into single reports")
    if _PDF.match(data[:_HEAD]):
        from .pdf.document import read_pdf

        return _of_document(read_pdf(data, name), name, data)
    if data.startswith(_ZIP):
        from .docx import read_docx

        return _of_document(read_docx(data, name), name, data)
    if data.startswith(_PICTURES):
        from .ocr.image import read_image

        return _of_document(read_image(data, name), name, data)
    for head, what in _UNREAD.items():
        if data.startswith(head):
            raise InputError(f"{name}: {what}")
    if is_mhtml(data):
        return _saved_page(data, name)
    text, encoding = _text(data, name)
    return _source(text, name, encoding, data)


_HEAD = 1_024
_PDF = re.compile(rb".{0,1000}?%PDF-[0-9]", re.DOTALL)
_ZIP = b"PK\x03\x04"
_OLD_WORD = (
    "an old Word file (.doc), or an encrypted one; open it in Word or WPS, and save it as .docx without a password"
)
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
"""How PNG, JPEG and TIFF files begin."""
_UNREAD = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": _OLD_WORD,
    b"{\\rtf": "a file in Rich Text Format; open it in Word or WPS, and save it as .docx",
    b"GIF8": "an image; give the document that it was taken from, or a text that an OCR made of it",
    b"Rar!": "an archive; unpack it, and give the reports in it",
    b"7z\xbc\xaf": "an archive; unpack it, and give the reports in it",
}
"""How files begin that cannot be read, and what to do."""


def _of_document(made: Made, name: str, data: bytes) -> Source:
    text = made.marked.replace(COVERED, "")
    if not text.strip():
        raise InputError(f"{name}: the document shows no text; give one that does, or a text that an OCR made of it")
    return Source(name, text, "", hashlib.sha256(data).hexdigest(), made)


def _saved_page(data: bytes, name: str) -> Source:
    """A page saved with all its parts → the source of its HTML, that of its frames behind it."""
    pages = pages_of(data)
    if not pages:
        raise InputError(f"{name}: a saved page without any HTML; save the page again, or give its text")
    found = [_stated(page, stated) or _text(page, name) for page, stated in pages]
    text = "\n".join(page for page, _ in found)
    source = _source(text, name, found[0][1], data)
    return replace(source, made=Made("mhtml", "", html_extractor()))


def _stated(data: bytes, encoding: str) -> tuple[str, str] | None:
    """The text of bytes in the encoding that is stated for them, if they are in it."""
    try:
        return data.decode(encoding), encoding
    except (LookupError, UnicodeDecodeError):
        return None


def _text(data: bytes, name: str) -> tuple[str, str]:
    """Bytes → their text, and its encoding."""
    encoding = _encoding(data, name)
    try:
        return data.decode(encoding), encoding
    except UnicodeDecodeError as error:
        where = f"byte {error.start:,} of {len(data):,}"
        raise InputError(f"{name}: broken {encoding} text at {where}; save the file again as UTF-8") from error


def read_source(report: str | bytes, name: str) -> Source:
    """A report as text, or as the bytes of its file → Source; raises InputError where it is none."""
    if isinstance(report, str):
        return from_text(report, name)
    if isinstance(report, bytes):
        return decode(report, name)
    raise InputError(
        f"{name}: the text, the bytes or the path of a report were expected, not {type(report).__name__}; give one of these"
    )


def from_text(text: str, name: str) -> Source:
    """Text that a caller holds already → Source, under the same limits as bytes."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"{name}: a lone surrogate at character {error.start:,}; decode the text again") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: more than the limit of {MAX_BYTES:,} bytes; split it into single reports")
    return _source(text, name, "utf-8", data)


def _source(text: str, name: str, encoding: str, data: bytes) -> Source:
    if not text.strip():
        raise InputError(f"{name}: the input is empty; give the text of a report")
    if text.count("\n") > MAX_LINES:
        raise InputError(f"{name}: more than the limit of {MAX_LINES:,} lines; split it into single reports")
    return Source(name, text, encoding, hashlib.sha256(data).hexdigest())


def _encoding(data: bytes, name: str) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _detected(data, name, error)
    if b"\0" in data:
        return _detected(data, name, None)
    return "utf-8"


def _detected(data: bytes, name: str, error: UnicodeDecodeError | None) -> str:
    """The encoding of bytes that are not UTF-8, by chardet; text that is UTF-8 but for a few bytes is called broken."""
    import chardet

    if error is not None and error.start > 200 and len(data.decode("utf-8", "ignore").encode()) > 0.98 * len(data):
        return "utf-8"
    found = chardet.detect(data)
    encoding, mime, sure = found["encoding"], found.get("mime_type"), found["confidence"]
    if encoding is None:
        raise InputError(f"{name}: binary data ({mime or 'no text'}); give the report as text, HTML, DOCX or PDF")
    if sure < 0.6:
        raise InputError(f"{name}: the encoding cannot be told (neither UTF-8, GB18030 nor UTF-16); save it as UTF-8")
    return encoding.lower()


def _fold_table() -> dict[int, str]:
    """Each character that stands for another → that other, one for one."""
    table = dict.fromkeys((*range(8192, 8207), 160, 12288, 8239, 8287, 8288, 65279), " ")
    table |= dict.fromkeys((0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029), "\n")
    for code in (*range(0xFF01, 0xFF5F), *range(0x2E80, 0x2FE0), *range(0xF900, 0xFB00)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1 and plain != chr(code):
            table[code] = plain
    table |= {ord(c): "-" for c in "‐‑‒–−﹣"} | {ord(c): "—" for c in "―─━"}
    table |= {ord(c): "|" for c in "│┃║￨"} | {ord(c): "(" for c in "﹙❨〔"} | {ord(c): ")" for c in "﹚❩〕"}
    return table


_FOLD = _fold_table()
_TRADITIONAL = re.compile("[開關務報總計處數項規請]")
"""Some of these stand in every report in traditional characters, and in no other."""


def _simplified(characters: frozenset[str]) -> dict[int, str]:
    """Each traditional character among those given → its simplified form, by OpenCC."""
    from opencc import OpenCC

    chinese = sorted(c for c in characters if "\u4e00" <= c <= "\u9fff")
    plain = OpenCC("t2s").convert("\n".join(chinese)).split("\n")
    return {ord(c): p for c, p in zip(chinese, plain, strict=True) if len(p) == 1}


_PHONETIC = re.compile(r"\((?<=[一-鿿]\()[a-zà-üĀ-ǜ\u0300-\u036f]{1,8}\)")
"""How a character is read, set behind it in brackets: `公(gōng)开`."""
_MISREAD = {
    "尚末": "尚未",
    "末经": "未经",
    "夏议": "复议",
    "中请": "申请",
    "垂复": "重复",
    "公幵": "公开",
    "己获": "已获",
}
"""What the reading of a picture takes for words of the form, whose characters look alike."""
_MISREAD_WORDS = re.compile("|".join(_MISREAD))
_LONE_RETURN = re.compile("\r(?!\n)")
_ESCAPE = re.compile(r"\\(?=[-+.*_~\"'“”#])|(?<=[一-鿿])\\(?=\s)")
"""Before a mark that Markdown would take for its own, and at the end of a line that goes on in its cell."""
_SOFT_HYPHEN = "\u00ad"
_MINUS = re.compile(r"(?<!\d)\u00ad(?=\s*\d)|(?<!\S)\u00ad(?!\S)")
"""A soft hyphen before a number, or alone: `pdftotext` writes it for the hyphen of many fonts."""


def fold(text: str) -> str:
    """text → text of the same length: full-width and traditional characters, spaces, dashes, bars and line ends made one of a kind.

    What says how a character is read becomes spaces, and what parts the cells of a table that has no separators, tabs.
    """
    folded = text.translate(_FOLD)
    if _TRADITIONAL.search(folded):
        folded = folded.translate(_simplified(frozenset(folded)))
    if _PHONETIC.search(folded):
        folded = _PHONETIC.sub(lambda m: " " * len(m.group()), folded)
    if _MISREAD_WORDS.search(folded):
        folded = _MISREAD_WORDS.sub(lambda m: _MISREAD[m.group()], folded)
    if _SOFT_HYPHEN in folded:
        folded = _MINUS.sub("-", folded).replace(_SOFT_HYPHEN, " ")
    if "\r" in folded:
        folded = _LONE_RETURN.sub("\n", folded).replace("\r", " ")
    if "\\" in folded:
        folded = _ESCAPE.sub(" ", folded)
    return with_grids(folded, text)
