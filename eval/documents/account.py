"""What a tool did with each cell, told by prints of the same document with code digits in its cells; no reader has a part in it.

A digit is as wide as another, so a document whose digits are replaced by others is set the same, and a tool makes the same
text of it but for those digits. Three such prints, in which each cell shows the three digits of its number, tell of every
character of the text which cell it belongs to. Three more, in which blank cells show digits too, tell where a blank would stand.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

from ..layouts import width

Held = Literal["held", "loose", "astray", "glued", "torn", "lost"]
"""held: value and place are told. loose: the value stands there, blanks near it left no trace, so its column is not told.
astray: it stands beside no cell that is beside it in its table. glued: numbers run into each other. torn: its characters
stand apart. lost: it is not in the text; of a blank: no trace of it."""

PRINTS = 3
BLANKS = ("", " ", "nan", "\u3000", "\xa0")
"""What stands in a text where a cell is blank."""

_WIDE = ord("０") - ord("0")


@dataclass(frozen=True, slots=True)
class Account:
    """places: path → where its value stands first, half-open. held: path → what is left of value and place."""

    places: Mapping[str, tuple[int, int]]
    held: Mapping[str, Held]


class UnaccountedError(ValueError):
    """The prints differ in more than the digits of cells: the tool's text cannot be accounted for."""


def codes(paths: Sequence[str]) -> dict[str, str]:
    """Cell paths → a number of three digits each, not all alike."""
    numbers = (f"{n:03}" for n in range(1, 999) if len(set(f"{n:03}")) > 1)
    return dict(zip(paths, numbers, strict=False))


def coded(text: str, code: str, number: int, *, filled: bool) -> str:
    """A cell's printed text, with digits of its code in print `number` (0 to 2): "12.5" → "44.4"; filled: blanks too."""
    digit = code[number]
    if not text.strip(" \u3000"):
        return digit if filled else text
    if not any(c.isdigit() for c in text):
        return "".join(digit if ord(c) < 0x2000 else chr(ord(digit) + _WIDE) for c in text)
    return "".join(digit if c.isdigit() else c for c in text)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Consecutive characters of one cell in a text."""

    path: str
    start: int
    end: int


def account(text: str, plain: Sequence[str], filled: Sequence[str], printed: Mapping[str, str]) -> Account:
    """text: of the true print. plain, filled: of the three prints of each kind. printed: path → the text in its cell.

    Raises UnaccountedError where the prints are not the same text but for the cells' digits.
    """
    numbers = {code: path for path, code in codes(list(printed)).items()}
    here = _occurrences(_pieces(text, plain, numbers), text, printed)
    empty = {path for path, shown in printed.items() if not shown.strip(" \u3000")}
    places = here.torn | {path: spans[0] for path, spans in here.whole.items()}
    full = {path: coded(printed[path], code, 0, filled=True) for code, path in numbers.items()}
    try:
        there = _occurrences(_pieces(None, filled, numbers), filled[0], full)
        traced = _traced(text, filled[0], there.pieces, here.pieces, empty)
    except UnaccountedError:  # blanks, once filled, set the page otherwise: nothing is told of them
        traced = in_rows_without(empty, printed)
    traced |= _aligned(text, here.pieces)
    held: dict[str, Held] = {}
    for path in printed:
        if path in empty:
            held[path] = "held" if path in traced else "lost"
        elif path not in here.whole:
            held[path] = "torn" if path in here.seen else "lost"
        else:
            held[path] = "held" if path in traced else "loose"
    for path in _astray(here.pieces, printed):
        held[path] = "astray"
    for path in _glued(text, here.pieces, printed):
        held[path] = "glued"
    return Account(places, held)


# --- Which characters are which cell's ---------------------------------------------------------------------------------


def _pieces(text: str | None, prints: Sequence[str], numbers: Mapping[str, str]) -> list[_Piece]:
    """The stretches where the prints differ, each with its cell, as they stand in `text`, or, without it, in the first print.

    White space, escapes and drawn rules are not held against a print: they are fitted to the width of what stands there.
    """
    at_of = [list(_characters(p)) for p in (text or prints[0], *prints)]
    if len({len(at) for at in at_of}) != 1:
        raise UnaccountedError("the prints are not equally long")
    pieces: list[_Piece] = []
    shown_in = text or prints[0]
    for here, *there in zip(*at_of, strict=True):
        shown = [p[at] for p, at in zip(prints, there, strict=True)]
        if len(set(shown)) == 1:
            if text is not None and text[here] != shown[0]:
                raise UnaccountedError(f"the prints agree on {shown[0]!r} where the text has {text[here]!r}")
            continue
        path = numbers.get("".join(map(plain_digit, shown)))
        if path is None:
            raise UnaccountedError(f"{shown} is the number of no cell")
        if pieces and pieces[-1].path == path and shown_in[pieces[-1].end : here] in ("", "."):
            pieces[-1] = _Piece(path, pieces[-1].start, here + 1)
        else:
            pieces.append(_Piece(path, here, here + 1))
    return pieces


_RULES = re.compile(r"(?<![^\s|:+])[-=:─━]{3,}(?![^\s|:+])")


def _characters(text: str) -> Iterator[int]:
    """Where the characters of a text are, but for white space, escapes and the rules of drawn tables."""
    rules = {at for rule in _RULES.finditer(text) for at in range(*rule.span())}
    yield from (at for at, char in enumerate(text) if not char.isspace() and char != "\\" and at not in rules)


def plain_digit(char: str) -> str:
    return chr(ord(char) - _WIDE) if ord(char) >= ord("０") else char


@dataclass(frozen=True, slots=True)
class _Occurrences:
    """whole: path → the spans where its printed text stands whole. pieces: those spans in the text's order.

    torn: path → the span where its characters stand with white space between. seen: paths that stand there in part at least.
    """

    whole: dict[str, list[tuple[int, int]]]
    pieces: list[_Piece]
    torn: dict[str, tuple[int, int]]
    seen: set[str]


def _occurrences(pieces: list[_Piece], text: str, printed: Mapping[str, str]) -> _Occurrences:
    whole: dict[str, list[tuple[int, int]]] = {}
    found: list[_Piece] = []
    for piece in pieces:
        first = _FIRST_DIGIT.search(printed[piece.path])
        before = printed[piece.path][: first.start()] if first else ""
        start = len(text[: piece.start].rstrip(_BETWEEN)) - len(before) if before else piece.start
        stands = _as_printed(printed[piece.path]).match(text, max(0, start))
        if stands:
            whole.setdefault(piece.path, []).append(stands.span())
            found.append(_Piece(piece.path, *stands.span()))
    return _Occurrences(whole, found, dict(_torn(pieces, text, printed)), {piece.path for piece in pieces})


def _torn(pieces: list[_Piece], text: str, printed: Mapping[str, str]) -> Iterator[tuple[str, tuple[int, int]]]:
    for path, parts in groupby(sorted(pieces, key=lambda p: (p.path, p.start)), key=lambda p: p.path):
        spans = list(parts)
        start, end = spans[0].start, spans[-1].end
        if "".join(text[start:end].split()) == printed[path]:
            yield path, (start, end)


_FIRST_DIGIT = re.compile(r"\d")
_BETWEEN = " \n\t|\\\xa0"


def _as_printed(shown: str) -> re.Pattern[str]:
    """Where a value stands whole: its numbers unbroken, escapes before its points and signs; what is about them may stand apart."""
    parts = re.findall(r"[0-9]+(?:\.[0-9]+)?|[^0-9]", shown)
    numbers = [re.escape(part).replace(r"\.", r"\\?\.") for part in parts]
    return re.compile(f"[{re.escape(_BETWEEN)}]*".join(numbers))


def _glued(text: str, pieces: list[_Piece], printed: Mapping[str, str]) -> set[str]:
    """Cells that stand only in runs of numbers with nothing between, unless each is one character, so that counting parts them."""
    apart: set[str] = set()
    run: list[_Piece] = []
    for piece in [*pieces, _Piece("", len(text) + 2, len(text) + 2)]:
        if run and piece.start != run[-1].end:
            touched = len(run) > 1 or _DIGITS.search(text[max(0, run[0].start - 1) : run[0].start])
            touched = touched or _DIGITS.match(text[run[-1].end :])
            if not touched or all(len(printed[p.path]) == 1 for p in run):
                apart.update(p.path for p in run)
            run = []
        run.append(piece)
    return {piece.path for piece in pieces} - apart


_DIGITS = re.compile(r"[0-9][0-9.]*$|[0-9]")


def _astray(pieces: list[_Piece], printed: Mapping[str, str]) -> set[str]:
    """Cells that have a neighbour in their row, and no neighbour of row or column before or after them in the text.

    printed: in the order of the form; a neighbour is the next cell with a number in the row or, in the section, the column.
    """
    order = [path for path, _ in groupby(piece.path for piece in pieces)]
    beside = {frozenset(pair) for pair in pairwise(order)}
    lines: dict[tuple[str, str], list[str]] = {}
    seen = set(order)
    for path in printed:
        row, _, column = path.rpartition(".")
        if path in seen:
            lines.setdefault(("row", row), []).append(path)
            lines.setdefault((path.partition(".")[0], column), []).append(path)
    pairs = {line: [frozenset(pair) for pair in pairwise(paths)] for line, paths in lines.items()}
    together = {path for found in pairs.values() for pair in found if pair in beside for path in pair}
    in_rows = {path for (what, _), found in pairs.items() if what == "row" for pair in found for path in pair}
    return in_rows - together


# --- What blanks leave behind ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Gap:
    """The stretch before a cell (or after the last) where all blanks are filled; whether the text tells its two ends.

    blank: whether a blank is beside it.
    """

    shown: str
    blank: bool = False
    before: bool = True
    after: bool = True


def _traced(text: str, full: str, all_here: list[_Piece], here: list[_Piece], empty: set[str]) -> set[str]:
    """Cells whose place the text tells: each stretch of their row stands as where blanks are filled.

    Blanks at the end of a row may be missing, if blanks leave a trace elsewhere: the others are counted from its beginning.
    full: a print with all blanks filled, all_here: the cells in it. here: those in the text.
    """
    whole = {piece.path for piece in here}
    all_here = [piece for piece in all_here if piece.path in whole or piece.path in empty]
    runs = _runs(all_here)
    if [piece.path for piece in all_here if piece.path not in empty] != [piece.path for piece in here]:
        return in_rows_without(empty, (piece.path for piece in all_here))
    gaps = _gaps(text, full, all_here, here, empty)
    keeps = any(gap.before and gap.after and gap.blank for gap in gaps)
    told: set[str] = set()
    for first, run in runs:
        within = [gap.after and gap.before for gap in gaps[first + 1 : first + len(run)]]
        end = within.index(False) + 1 if False in within else len(run)
        rest = {piece.path for piece in run[end:]}
        closed = end == len(run) and gaps[first + end].before
        if gaps[first].after and (closed or (keeps and rest <= empty)):
            told.update(piece.path for piece in run[:end] if closed or piece.path not in empty)
    return told


def in_rows_without(empty: set[str], paths: Iterable[str]) -> set[str]:
    """The cells of rows that have no blank."""
    rows = {path.rpartition(".")[0] for path in empty}
    return {path for path in paths if path.rpartition(".")[0] not in rows}


def _runs(pieces: list[_Piece]) -> Iterator[tuple[int, list[_Piece]]]:
    """Consecutive cells of one row; where rows do not stay together, of one column. Each run with the number of its first."""
    first = 0
    for at in range(1, len(pieces) + 1):
        run = pieces[first:at]
        if at == len(pieces) or not _alike([*run, pieces[at]]):
            yield first, run
            first = at


def _alike(run: list[_Piece]) -> bool:
    rows, columns = zip(*((row, column) for row, _, column in (p.path.rpartition(".") for p in run)), strict=True)
    return len(set(rows)) == 1 or len(set(columns)) == 1


def _gaps(text: str, full: str, all_here: list[_Piece], here: list[_Piece], empty: set[str]) -> list[_Gap]:
    starts = [0, *(piece.end for piece in all_here)]
    ends = [*(piece.start for piece in all_here), len(full)]
    gaps = [_Gap(full[start:end]) for start, end in zip(starts, ends, strict=True)]
    bounds = [0, *(n for piece in here for n in (piece.start, piece.end)), len(text)]
    stands = [text[start:end] for start, end in zip(bounds[::2], bounds[1::2], strict=True)]
    first = 0
    for at, piece in enumerate([*all_here, _Piece("", len(full), len(full))]):
        if piece.path not in empty:
            _compare(gaps[first : at + 1], stands.pop(0))
            first = at + 1
    return gaps


_WRAPPERS = re.compile(r"</?(?:p|strong|b|em|span)\b[^>]*>|&nbsp;")
_TAGS = re.compile(r"<(/?)([a-z])[^>]*>")
_BARS = re.compile(r"[ \t]*([|│┃])[ \t]*")


def _drawn(stretch: str) -> str:
    """A stretch without what a tool fits to the width of cells, or wraps the text of a cell in: rules, padding, inner tags."""
    bare = _TAGS.sub(lambda tag: chr(0xE000 + ord(tag[2]) + 128 * len(tag[1])), _WRAPPERS.sub("", stretch))
    bare = bare.replace("\\", "")
    return _BARS.sub(r"\1", _RULES.sub("―", bare))


_WORDS = re.compile(r"\w(?:.*\w)?", re.DOTALL)


def _compare(gaps: list[_Gap], stands: str) -> None:
    """Set which gaps between two numbers are told by what stands between them in the text; words part it into stretches."""
    if len(gaps) == 1:
        return
    for gap in gaps:
        gap.blank = True
    opened: list[tuple[str, _Gap, str]] = []
    stands = _drawn(stands)
    for gap in gaps:
        shown = _drawn(gap.shown)
        words = _WORDS.search(shown)
        if words is None:
            opened.append((shown, gap, "both"))
            continue
        at = stands.find(words[0])
        if at < 0:
            for other in gaps:
                other.before = other.after = False
            return
        opened.append((shown[: words.start()], gap, "before"))
        _settle(opened, stands[:at])
        opened = [(shown[words.end() :], gap, "after")]
        stands = stands[at + len(words[0]) :]
    _settle(opened, stands)


def _settle(opened: list[tuple[str, _Gap, str]], stands: str) -> None:
    """The gaps of one stretch: told where it stands in the text just so, each blank as one of BLANKS."""
    if len(opened) == 1 or _tells([part for part, _, _ in opened], stands):
        return
    for _, gap, side in opened:
        gap.before &= side == "after"
        gap.after &= side == "before"


def _tells(shown: list[str], stands: str) -> bool:
    """Whether what stands between two numbers is the stretches around the blanks there, each blank one of BLANKS."""
    if not all(shown):
        return False
    return stands in [b.join(shown) for b in BLANKS] or _as_wide(stands, " ".join(shown)) or _fewer(stands, shown)


def _as_wide(one: str, other: str) -> bool:
    """Whether two stretches are alike, a difference of a column in wide space aside."""
    return one == other or (
        not one.strip(" ") and not other.strip(" ") and abs(len(one) - len(other)) <= 1 < len(one) - 1
    )


def _fewer(stands: str, shown: list[str]) -> bool:
    """Whether a stretch of lines is shorter by the same number of line ends for each blank, so that counting tells them."""
    whole = "".join(shown)
    short, over = divmod(len(whole) - len(stands), len(shown) - 1)
    return not (whole + stands).strip("\n") and not over and 0 < short < min(map(len, shown))


# --- What stands above each other --------------------------------------------------------------------------------------


def _aligned(text: str, pieces: list[_Piece]) -> set[str]:
    """Cells that stand in wide space above or below others of their column, and of no other column of their section."""
    spans: dict[str, dict[str, list[tuple[str, int, int]]]] = {}
    for piece in pieces:
        row, _, column = piece.path.rpartition(".")
        line = text.rfind("\n", 0, piece.start) + 1
        if text[line : piece.start].endswith("  "):
            left = width(text[line : piece.start])
            told = spans.setdefault(piece.path.partition(".")[0], {}).setdefault(column, [])
            told.append((row, left, left + width(text[piece.start : piece.end])))
    return {
        f"{row}.{column}"
        for columns in spans.values()
        for column, cells in columns.items()
        for row, left, right in cells
        if _columns_at(columns, row, left, right) == {column}
    }


def _columns_at(columns: Mapping[str, list[tuple[str, int, int]]], row: str, left: int, right: int) -> set[str]:
    """The columns whose cells in other rows reach over a stretch of the line."""
    found: set[str] = set()
    for column, cells in columns.items():
        others = [(start, end) for other, start, end in cells if other != row]
        if others and min(start for start, _ in others) < right and left < max(end for _, end in others):
            found.add(column)
    return found
