"""Bytes → Source: the text exactly as it stands, and beside it a folded form of the same length."""

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ..errors import InputError
from .markup import is_markup, render

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


@dataclass(frozen=True)
class Source:
    """A decoded report.

    `text` is the source as it stands, `shown` what a reader of it sees: the same, but for HTML. Cells and passages are
    stretches of `shown`; `place` leads back to `text`, which is what an extraction's offsets speak of.
    """

    name: str
    text: str
    encoding: str
    sha256: str

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

    @cached_property
    def _rendered(self) -> tuple[str, Sequence[int] | None]:
        return render(self.text, self.name) if is_markup(self.text) else (self.text, None)


def decode(data: bytes, name: str) -> Source:
    """bytes → Source; raises InputError where they are empty, too many, binary, or in no encoding that fits."""
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: more than the limit of {MAX_BYTES:,} bytes; split it into single reports")
    encoding = _encoding(data, name)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        where = f"byte {error.start:,} of {len(data):,}"
        raise InputError(f"{name}: broken {encoding} text at {where}; save the file again as UTF-8") from error
    return _source(text, name, encoding, data)


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
        raise InputError(f"{name}: binary data ({mime or 'no text'}); extract the text of the report first")
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
_LONE_RETURN = re.compile("\r(?!\n)")
_SOFT_HYPHEN = "\u00ad"
_MINUS = re.compile(r"(?<!\d)\u00ad(?=\s*\d)|(?<!\S)\u00ad(?!\S)")
"""A soft hyphen before a number, or alone: `pdftotext` writes it for the hyphen of many fonts."""


def fold(text: str) -> str:
    """text → text of the same length: full-width and traditional characters, spaces, dashes, bars and line ends made one of a kind.

    What says how a character is read becomes spaces.
    """
    folded = text.translate(_FOLD)
    if _TRADITIONAL.search(folded):
        folded = folded.translate(_simplified(frozenset(folded)))
    if _PHONETIC.search(folded):
        folded = _PHONETIC.sub(lambda m: " " * len(m.group()), folded)
    if _SOFT_HYPHEN in folded:
        folded = _MINUS.sub("-", folded).replace(_SOFT_HYPHEN, " ")
    if "\r" in folded:
        folded = _LONE_RETURN.sub("\n", folded).replace("\r", " ")
    return folded
