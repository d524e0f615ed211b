"""Text recognised on rendered pages, and an account of it by where things stand on the page.

What is recognised differs from print to print in more than digits, so the account goes by boxes: the prints tell where on
the page each cell stands, the recogniser tells where each word stands that it read.
"""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .account import Account, Held, UnaccountedError, in_rows_without, plain_digit

DPI = 300
_POINTS = 72
_PAGE_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page, in points from its upper left corner. page: from 0."""

    page: int
    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: "Box") -> bool:
        """Whether the middle of another box is in this one."""
        across, down = (other.left + other.right) / 2, (other.top + other.bottom) / 2
        return self.page == other.page and self.left <= across <= self.right and self.top <= down <= self.bottom

    def with_(self, other: "Box") -> "Box":
        return Box(
            self.page,
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def wider(self, by: float) -> "Box":
        return Box(self.page, self.left - by, self.top - by, self.right + by, self.bottom + by)


@dataclass(frozen=True, slots=True)
class Word:
    """A word that was recognised. start, end: where it stands in the text."""

    text: str
    box: Box
    start: int
    end: int


Glyph = tuple[int, float, float, float, float, str]
"""A character on a page: page, left, top, right, bottom, what it is."""


def recognise(pdf: Path) -> tuple[str, list[Word]]:
    """A PDF file → the text that tesseract reads on its pages, and its words; raises OSError or CalledProcessError."""
    shown: list[str] = []
    words: list[Word] = []
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "-png", str(pdf), f"{scratch}/page"], check=True)
        for number, image in enumerate(sorted(Path(scratch).glob("*.png"))):
            call = ["tesseract", str(image), str(image.with_suffix("")), "-l", "chi_sim", "--psm", "6", "txt", "tsv"]
            subprocess.run(call, check=True, capture_output=True, timeout=_PAGE_TIMEOUT_S)
            text = image.with_suffix(".txt").read_text(encoding="utf-8")
            before = sum(map(len, shown))
            words += _words(image.with_suffix(".tsv").read_text(encoding="utf-8"), text, number, before)
            shown.append(text)
    return "".join(shown), words


def _words(table: str, text: str, page: int, before: int) -> Iterator[Word]:
    """The words of a page's table, each found in the page's text after the one before."""
    at = 0
    for line in table.splitlines()[1:]:
        fields = line.split("\t")
        word = fields[-1].strip()
        if len(fields) < 12 or not word:
            continue
        at = text.find(word, at)
        if at < 0:
            raise UnaccountedError(f"the word {word!r} of the table is not in the text")
        left, top, wide, high = (int(n) * _POINTS / DPI for n in fields[6:10])
        box = Box(page, left, top, left + wide, top + high)
        yield Word(word, box, before + at, before + at + len(word))
        at += len(word)


def boxes_of(prints: Sequence[Sequence[Glyph]], numbers: Mapping[str, str]) -> dict[str, Box]:
    """The characters of three prints, in the same order → where each cell stands. numbers: code → path."""
    if len({len(glyphs) for glyphs in prints}) != 1:
        raise UnaccountedError("the prints have not equally many characters")
    boxes: dict[str, Box] = {}
    for glyphs in zip(*prints, strict=True):
        shown = [glyph[5] for glyph in glyphs]
        path = numbers.get("".join(map(plain_digit, shown))) if len(set(shown)) > 1 else None
        if path is not None:
            box = Box(*glyphs[0][:5])
            boxes[path] = boxes[path].with_(box) if path in boxes else box
    return boxes


def account_of_words(words: Sequence[Word], boxes: Mapping[str, Box], printed: Mapping[str, str]) -> Account:
    """What was recognised where each cell stands → the account; numbers near blanks are loose, for a blank leaves no trace."""
    empty = {path for path, shown in printed.items() if not shown.strip(" \u3000")}
    sure = in_rows_without(empty, printed)
    places: dict[str, tuple[int, int]] = {}
    held: dict[str, Held] = {}
    for path, shown in printed.items():
        held[path] = "lost"
        here = [w for w in words if path in boxes and _at(w, boxes[path])]
        read = "".join(word.text for word in here)
        if here and read == shown.replace(" ", ""):
            places[path] = (here[0].start, here[-1].end)
            held[path] = "held" if path in sure else "loose"
        elif shown.strip() and shown in read:
            held[path] = "glued"
    return Account(places, held)


def _at(word: Word, box: Box) -> bool:
    return box.wider(2).holds(word.box) or word.box.holds(box)
