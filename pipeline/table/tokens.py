"""A stretch of the source → its tokens: words, numbers and blanks, each with the place where it stands.

A token is a stretch of the source, never a value of its own. A digit beside a Chinese character is a border between tokens.
Where lines have separators, or are set in space, a token has columns; elsewhere it has its order alone.
"""

import re
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby, pairwise
from typing import Literal, NamedTuple
from unicodedata import category

from ..errors import InputError
from ..source.decode import Source
from ..source.marks import COVERED
from ..source.width import shown_width
from .values import is_blank_mark, is_page_mark, is_value

MAX_TOKENS = 20_000
"""More tokens than the tables of any report have; a text with more is refused."""

TokenKind = Literal["number", "blank", "words", "page", "gap"]
Layout = Literal["cells", "space", "order"]
"""How a line places its tokens: in cells between separators, in space, or by their order alone."""

PAGE_BREAK = 100
"""So many empty lines a page break counts as."""
_PRINTED_SPACE = re.compile("[\u3000\u00a0]")
"""Alone on a line, printed where a number would be."""
_LONGEST_LINE = 20_000
"""A longer line with separators is no row of a table."""
_MANY_BARS = 2
_FEWEST_LINES = 3
"""So many lines with the same number of commas are a table."""
_FEWEST_BLANKS = 2
"""A line of as many tabs as the line before it, and of so many at least, is a row of blanks."""
_BAR_OR_TAB = re.compile(r"[\t|]")
_ENDS_IN_BLANK = re.compile(r"\|[ \t]*\n[ \t]*$")
_IS_WORDS = re.compile(r"[0-9.,、()\s]*[一-鿿]{2}")
_RULE = frozenset(" \t|:+=-")
_NUMBER_APART = re.compile(r"(?<=  )[0-9]+(?=  |\s*$)")
_WIDE_GAP = re.compile(r"[ ]{2,}")
_NOTE = r"(?:\s?\((?![一二三四五六七八九十]\))(?=[^()\n]*[一-鿿])[^()\n]{1,60}\))?"
_UNIT = (
    r"(?:\s?[百千万亿]+(?![一-鿿]))?(?:\s?[十百千万亿美港欧]*元)?(?:(?:件|项|条|个|份|次|宗|起|部|篇|户)(?![一-鿿]))?"
)
_FIGURE = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])|[0-9]+(?:\.[0-9]+)?"
_NUMBER = re.compile(rf"(?:(?<![\w)/])(?:增加?|减少?|负)\s?)?[+-]?(?:{_FIGURE}){_UNIT}{_NOTE}")
_ENDS_IN_A_YEAR = re.compile(r"[0-9]+(?:19|20)[0-9]{2}")
_YEAR_LONG = 4
_ENUMERATES = re.compile(r"\s*[.,、]\s*[一-鿿“\"']")
"""After a digit: it is the number of a row, and belongs to the words that follow."""
_DATE = re.compile(
    r"(?<![0-9])(?:19|20)[0-9]{2}\s*年(?:\s*度)?(?:\s*[0-9]{1,2}\s*月(?:\s*[0-9]{1,2}\s*日)?)?"
    r"|(?<![0-9])[0-9]{1,2}\s*月\s*[0-9]{1,2}\s*日|\((?:19|20)[0-9]{2}\)|(?<![0-9])(?:19|20)[0-9]{2}[-/.][01]?[0-9][-/.][0-3]?[0-9](?![0-9])"
)
_MAY_DATE = re.compile(r"[年月(]|[0-9][-/.][0-9]")
_PAGE_MARK = re.compile(r"(?<=\S)-\s?[0-9]{1,3}\s-(?=\S|$)")
"""A page's number in running text, where cells of a row would stand apart from it."""
_BRACKETED = re.compile(r"\([^()]*[一-鿿][^()]*\)")
_LOOKS_LIKE_A_DIGIT = "A-Za-z〇○◯零口丨!?&$§。·¡¿;:'\"`~*|²³¹↑↓▲▼△▽%"
_MISREAD = re.compile(
    rf"[{_LOOKS_LIKE_A_DIGIT}]|(?=[^0-9]*[0-9])(?=[0-9.,]*[^0-9.,])[0-9.,一二三四五六七八九十{_LOOKS_LIKE_A_DIGIT}]{{2,12}}"
)
"""A cell that holds nothing but what a digit may be misread as, with digits or alone: a number that no column holds."""
_STUCK = re.compile(rf"[约余多近逾<>≥≤=￥¥{_LOOKS_LIKE_A_DIGIT.replace('零口', '').replace(';:', '')}]")
_SYMBOLS = frozenset(("So", "Sm", "Sk", "Co", "Cn", "No", "Nl", "Mn", "Me", "Cf"))
"""The kinds of characters that are no words' and no punctuation."""
_SCALE = re.compile(r"\s?[百千万萬亿億]+")
"""Behind a number, it makes it another: 385 万件."""
_LONE_MARK = re.compile(r"(?<!\S)(?:-{1,2}|—{1,2}|(?<![一-鿿]\s)无(?!\s[一-鿿](?:\s|$))|\\|nan)(?!\S)|(?<![/<])/+")
"""A mark of a blank between spaces; strokes, each a blank, but between two letters, where they part words."""
_PARTS_WORDS = re.compile(r"[^\W\d_]/+[^\W\d_]|:/+[^\W\d_]")
_LETTER = re.compile(r"\w")
_ROW_NUMBER = re.compile(r"[0-9][.、]")
"""The number of a row, parted from its label."""
_ODD_NUMBER = re.compile(
    r"(?=[0-9/]*[0-9])[0-9]*/[0-9/]*|\(\s*[0-9.,]+\s*\)|[.,][0-9]+|[0-9][0-9,.]*[.,]|(?=[0-9]*\^+[0-9])[0-9^]+"
)
"""Digits in brackets, broken off, or struck out: a number that no column holds."""
_MARK = re.compile(r"(?:[^\w\s—/\\()\[\]{}《》<>|*_-]|(?![0-9])\d)+|\*{3,}")
"""What a cell prints that is neither a blank nor a number: 〃, ***, a digit of another script."""
_SEVERAL = re.compile(r"(?<=[0-9])(?:[至到、~][0-9]+(?![.、]?[一-鿿]))+")
"""What makes several of a number, so that no column holds it: 19至21."""
_COUNTS_OTHERS = re.compile(
    r"[0-9]+\s?(?!其他|总计|合计|小计|规章|[年月日页])(?![百千万亿]*(?:元|[件项条个份次宗起部篇户])$)[一-鿿]{1,2}"
)
"""A cell with a measure that is none of the form's: 667打."""


class Token(NamedTuple):
    """A stretch of the source: `text == source.shown[start:end]`, but for digits of full width, which are folded.

    line: counts the lines of the stretch. first, last: the columns it takes, inclusive; characters of half width where the
    line is set in space; both 0 where order alone places it. fields: how many columns its line has.
    """

    id: int
    text: str
    start: int
    end: int
    kind: TokenKind
    line: int
    layout: Layout
    first: int
    last: int
    fields: int


class _Field(NamedTuple):
    """A piece of a line between separators: start and end in the source, without outer white space; columns as in a token."""

    start: int
    end: int
    line: int
    layout: Layout
    first: int
    last: int
    fields: int


def tokenize(source: Source, start: int, end: int, first_id: int = 0) -> tuple[Token, ...]:
    """A half-open stretch of the source → its tokens in reading order, numbered from `first_id`; raises InputError above MAX_TOKENS.

    "规章\\t0\\t/" → words 规章, number 0, blank /.
    """
    found: list[Token] = []
    measure = _measure_of(source, start, end)
    breaks = [start + m.start() for m in re.finditer("\f", source.shown[start:end])]
    for field in _fields(source, start, end, measure):
        line = field.line + PAGE_BREAK * bisect(breaks, field.start)
        for a, b, kind in _cut(source.folded, field):
            columns = field[4:]
            if field.layout == "space":
                left = field.first + measure(field.start, a)
                columns = (left, left + measure(a, b) - 1, field.fields)
            found.append(Token(first_id + len(found), _text(source, a, b), a, b, kind, line, field.layout, *columns))
        if len(found) > MAX_TOKENS:
            raise InputError(f"{source.name}: more than {MAX_TOKENS:,} cells in one table; this is no single report")
    return _each_once(found)


def _text(source: Source, start: int, end: int) -> str:
    shown = source.shown[start:end]
    return source.folded[start:end] if shown.isdigit() else shown


def _each_once(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Tokens with each merged cell of words once, where a table writes merged cells out in every column that they span."""
    repeated = {i for i, t in enumerate(tokens[1:], 1) if _repeats(tokens[i - 1], t)}
    if not any(i + 1 in repeated for i in repeated):
        return tuple(tokens)
    found: list[Token] = []
    for i, token in enumerate(tokens):
        if i in repeated:
            found[-1] = found[-1]._replace(last=max(found[-1].last, token.last))
        else:
            found.append(token)
    return tuple(found)


def _repeats(one: Token, other: Token) -> bool:
    """Whether words stand again in the next cell of their line, or on the next line, where there is one cell a line."""
    if not (one.kind == other.kind == "words" and one.text == other.text and one.layout == other.layout):
        return False
    if one.layout == "cells":
        return one.line == other.line and one.last + 1 == other.first
    return one.layout == "order" and one.line + 1 == other.line


def by_line(tokens: Sequence[Token]) -> list[tuple[Token, ...]]:
    """Tokens in order → those of each line."""
    return [tuple(group) for _, group in groupby(tokens, key=lambda t: t.line)]


# --- Lines and their fields ------------------------------------------------------------------------------------------


Measure = Callable[[int, int], int]
"""A half-open stretch of the source → the half characters that it takes, as its table was set."""


def _measure_of(source: Source, start: int, end: int) -> Measure:
    """How the lines of a table that is set in space measure their characters: by their width, or each as one column.

    Tools differ in that, and in the width of curly quotes: the columns of numbers show which.
    """
    shown, at = source.shown, start
    numbers: list[tuple[int, int, int]] = []
    lines = 0
    for line in source.folded[start:end].split("\n"):
        if "  " in line.strip():
            lines += 1
            numbers += [(at, at + m.start(), len(m.group())) for m in _NUMBER_APART.finditer(line)]
        at += len(line) + 1
    width: Callable[[str], int] = shown_width
    if lines >= _FEWEST_LINES and numbers:
        covered = [len({w(shown[a:b]) + i for a, b, n in numbers for i in range(n)}) for w in _WIDTHS]
        width = _WIDTHS[covered.index(min(covered))]
    return lambda a, b: width(shown[a:b])


_WIDTHS: tuple[Callable[[str], int], ...] = (shown_width, len, partial(shown_width, wide="WFA"))


def _fields(source: Source, start: int, end: int, measure: Measure) -> Iterator[_Field]:
    lines: list[tuple[int, str]] = []
    at = start
    for text in with_tabs(source, start, end).split("\n"):
        lines.append((at, text))
        at += len(text) + 1
    while lines and not lines[-1][1].strip(" \n\f"):
        lines.pop()
    while lines and not lines[0][1].strip():
        lines.pop(0)
    barred = [_has_bar(text) or (_is_rule(text) and "+" in text) for _, text in lines]
    number = tabs = 0
    for is_barred, group in groupby(zip(lines, barred, strict=True), key=lambda x: x[1] or not x[0][1].strip()):
        block = [line for line, _ in group]
        if is_barred and any(_has_bar(text) for _, text in block) and _is_loose(block):
            yield from _of_loose_bars(block, number)
            following = lines[number + len(block)][1] if number + len(block) < len(lines) else ""
            if _ENDS_IN_BLANK.search("\n".join(text for _, text in block)) and _IS_WORDS.match(following):
                yield _Field(block[-1][0], block[-1][0], number + len(block) - 1, "order", 0, 0, 1)
        else:
            edges = _outer_bars([text for _, text in block]) if is_barred else (True, True)
            for i, (at, text) in enumerate(block):
                if text and (not text.isspace() or text.count("\t") == tabs >= _FEWEST_BLANKS):
                    yield from _of_line(at, text, number + i, edges, measure)
                    tabs = text.count("\t")
                elif not text and not any(barred):
                    yield _Field(at, at, number + i, "order", 0, 0, 0)
                elif _PRINTED_SPACE.search(source.shown, at, at + len(text)):
                    yield _Field(at, at + len(text), number + i, "order", 0, 0, 1)
        number += len(block)


def with_tabs(source: Source, start: int, end: int) -> str:
    """A half-open stretch, folded, with tabs for the commas of a table of comma-separated values, and spaces for its quotes.

    "规章,0,/" → "规章\\t0\\t/"
    """
    folded, shown = source.folded[start:end], source.shown[start:end]
    if "," not in shown:
        return folded
    lines, at = [], 0
    for line in folded.split("\n"):
        lines.append((line, _separated(line, shown[at : at + len(line)])))
        at += len(line) + 1
    counts = [cut.count("\t") for _, cut in lines]
    starts = [0, *(i for i in range(1, len(counts)) if counts[i] != counts[i - 1]), len(counts)]
    widths = {counts[a] for a, b in pairwise(starts) if b - a >= _FEWEST_LINES and counts[a] > 1}
    of_table = [n in widths for n in counts]
    beside = [n > 0 and any(of_table[max(0, i - 1) : i + 2]) for i, n in enumerate(counts)]
    return "\n".join(
        cut if is_one and "\t" not in line else line for (line, cut), is_one in zip(lines, beside, strict=True)
    )


def _separated(line: str, shown: str) -> str:
    """A line with a tab for each comma outside of quotes, and without these."""
    if "," not in shown:
        return line
    cut, is_quoted = [], False
    for folded, printed in zip(line, shown, strict=True):
        is_quoted ^= printed == '"'
        cut.append(" " if printed == '"' else "\t" if printed == "," and not is_quoted else folded)
    return "".join(cut)


def _has_bar(text: str) -> bool:
    return "|" in text


def _is_loose(block: Sequence[tuple[int, str]]) -> bool:
    """Whether the bars of a block part cells across lines: a bar alone on a line, or mostly one cell a line."""
    texts = [text for _, text in block if text.strip()]
    alone = sum(text.strip() == "|" for text in texts)
    single = sum(len([f for f in text.split("|") if f.strip()]) <= 1 and not _is_rule(text) for text in texts)
    return alone > 0 or single > 0.7 * len(texts)


def _of_loose_bars(block: Sequence[tuple[int, str]], line: int) -> Iterator[_Field]:
    """The cells of lines whose bars part them across lines: order alone places them.

    A blank is a bar after a bar, with a line end between, and an empty line behind the last; bars in a row are the rest of a line whose blanks were moved there.
    """
    last_bar: tuple[int, int] | None = None
    for i, (at, text) in enumerate(block):
        for part in re.finditer(r"\|+|[^|]+", text):
            if part.group()[0] == "|":
                is_one = len(part.group()) < _MANY_BARS
                if is_one and last_bar is not None and last_bar[1] != i:
                    yield _Field(at + part.start(), at + part.start(), line + i, "order", 0, 0, 1)
                last_bar = (at + part.end(), i) if is_one else None
            elif not part.group().isspace():
                yield from _stripped(at + part.start(), part.group(), line + i, "order", 0, 0, 1)
                last_bar = None


def _outer_bars(lines: Sequence[str]) -> tuple[bool, bool]:
    """Whether a bar at the beginning, and at the end, of a line is the edge of the table, and parts nothing."""
    rows = [line.strip() for line in lines if "|" in line and line.strip("| \t")]
    rows = [line for line in rows if "|" in line.strip("| ")] or rows
    return all(r[0] == "|" for r in rows), all(r[-1] == "|" for r in rows)


def _is_rule(text: str) -> bool:
    return "-" in text and len(text.strip()) > 2 and _RULE.issuperset(text) and "--" in text


def _of_line(at: int, text: str, line: int, edges: tuple[bool, bool], measure: Measure) -> Iterator[_Field]:
    if ("\t" in text or "|" in text) and len(text) <= _LONGEST_LINE:
        if not _is_rule(text):
            yield from _of_cells(at, text, line, edges, measure)
    else:
        yield from _of_space(at, text, line, measure)


def _of_cells(at: int, text: str, line: int, edges: tuple[bool, bool], measure: Measure) -> Iterator[_Field]:
    parts = text.split("\t") if "|" not in text else _BAR_OR_TAB.split(text)
    bare = text.strip(" ")
    first = 1 if edges[0] and bare[0] == "|" else 0
    count = len(parts) - first - (1 if edges[1] and bare[-1] == "|" and len(bare) > 1 else 0)
    cells: list[tuple[int, int, int, str]] = []
    for column, part in enumerate(parts, -first):
        if 0 <= column < count:
            if COVERED in part:
                if cells and part.count(COVERED) > 1:
                    cells[-1] = (*cells[-1][:2], column, cells[-1][3])
            else:
                cells.append((at, column, column, part))
        at += len(part) + 1
    if count == 1:
        for a, _, _, part in cells:
            yield from _of_space(a, part, line, measure) if part.strip() else ()
        return
    for a, left, right, part in cells:
        if part.strip():
            yield from _stripped(a, part, line, "cells", left, right, count)
        else:
            yield _Field(a, a, line, "cells", left, right, count)


def _of_space(at: int, text: str, line: int, measure: Measure) -> Iterator[_Field]:
    """The fields of a line that wide gaps part, each with the columns of half a character that it takes."""
    bare = text.strip()
    if "  " not in bare:
        indent = len(text) - len(text.lstrip())
        yield _Field(
            at + indent,
            at + indent + len(bare),
            line,
            "space" if indent > 1 else "order",
            *_extent(at, text, measure),
            1,
        )
        return
    pieces = []
    start = len(text) - len(text.lstrip())
    for gap in _WIDE_GAP.finditer(text.rstrip(), start):
        pieces.append((start, gap.start()))
        start = gap.end()
    pieces.append((start, len(text.rstrip())))
    for a, b in pieces:
        left = measure(at, at + a)
        yield _Field(at + a, at + b, line, "space", left, left + measure(at + a, at + b) - 1, len(pieces))


def _extent(at: int, text: str, measure: Measure) -> tuple[int, int]:
    first, last = at + len(text) - len(text.lstrip()), at + len(text.rstrip())
    left = measure(at, first)
    return left, left + measure(first, last) - 1


def _stripped(at: int, part: str, line: int, layout: Layout, left: int, right: int, count: int) -> Iterator[_Field]:
    bare = part.strip()
    a = at + part.index(bare)
    yield _Field(a, a + len(bare), line, layout, left, right, count)


# --- Tokens of a field -----------------------------------------------------------------------------------------------


def _cut(folded: str, field: _Field) -> Iterator[tuple[int, int, TokenKind]]:
    """The tokens of one field, in order."""
    start, end = field.start, field.end
    text = folded[start:end]
    if not text or text.isspace():
        yield start, end, "blank" if field.fields else "gap"
    elif text.isdigit() and text.isascii():
        yield start, end, "number"
    elif is_blank_mark(text):
        yield start, end, "blank"
    elif is_page_mark(text):
        yield start, end, "page"
    elif _ROW_NUMBER.fullmatch(text):
        yield start, end, "words"
    elif (
        _ODD_NUMBER.fullmatch(text)
        or _MISREAD.fullmatch(text)
        or _COUNTS_OTHERS.fullmatch(text)
        or (text[0] in "+-" and is_value(text))
        or (field.layout == "cells" and _MARK.fullmatch(text))
    ):
        yield start, end, "number"
    else:
        at = 0
        for mark in _PAGE_MARK.finditer(text):
            yield from _mixed(text[at : mark.start()], start + at)
            yield start + mark.start(), start + mark.end(), "page"
            at = mark.end()
        yield from _mixed(text[at:], start + at)


def _mixed(text: str, start: int) -> Iterator[tuple[int, int, TokenKind]]:
    """The tokens of a field that holds words: numbers, lone marks of a blank, and the words between them."""
    skip = [m.span() for m in _DATE.finditer(text)] if _MAY_DATE.search(text) else []
    if "(" in text:
        skip += [m.span() for m in _BRACKETED.finditer(text)]
    at = 0
    position = 0
    while position < len(text):
        number = _NUMBER.search(text, position)
        if number is None:
            break
        a, b = number.span()
        over = next((s for s in skip if s[0] <= a < s[1] and not (s[0] == a and text[a] != "(")), None)
        over = over or next((s for s in skip if s[0] == a), None)
        if over is not None:
            position = max(over[1], a + 1)
            continue
        b, after = _without_enumerator(text, a, _without_year(text, a, b))
        if b > a and b == after:
            a, b = _with_stuck(text, max(at, 0), a, b)
            after = max(after, b)
        if b > a:
            yield from _words(text, at, a, start)
            yield start + a, start + b, "number"
            at = b
        position = max(after, a + 1)
    yield from _words(text, at, len(text), start)


def _with_stuck(text: str, start: int, a: int, b: int) -> tuple[int, int]:
    """A number with the letters and marks that are stuck to it, which may be misread digits: 1O, l20."""
    if a > start and text[a - 1] == "." and (a - 1 == start or text[a - 2].isspace()):
        a -= 1
    while a > start and (_is_stuck(text, a - 1) or text[a - 1] in "#第非原误[〔"):
        a -= 1
    b = several.end() if (several := _SEVERAL.match(text, b)) else b
    end = b
    while b < len(text) and (_is_stuck(text, b) or text[b] in "月]〕倍天号年周岁" or (b > end and text[b].isdigit())):
        b += 1
    if scale := _SCALE.match(text, b):
        b = scale.end()
    return (a - 1, b + 1) if text[a - 1 : a] == "(" and text[b : b + 1] == ")" and a > start else (a, b)


def _is_stuck(text: str, at: int) -> bool:
    """Whether a character beside a number is part of what it prints: a letter or a mark that may be a digit, a symbol, a sum's plus."""
    mark = text[at]
    if mark == "+":
        return text[at - 1 : at].isdigit()
    return _STUCK.match(mark) is not None or (mark not in "|<>" and (mark in "…‰" or category(mark) in _SYMBOLS))


def _without_year(text: str, a: int, b: int) -> int:
    """Where a number ends that may have a year stuck to its end: 842022年 → 84."""
    return b - _YEAR_LONG if _ENDS_IN_A_YEAR.fullmatch(text, a, b) and text[b : b + 1] == "年" else b


def _without_enumerator(text: str, a: int, b: int) -> tuple[int, int]:
    """Where a number ends that may have the number of the next row stuck to its end; and where to look on."""
    digits = re.match(r"[+-]?[0-9]+", text[a:b])
    if digits is None:
        return b, b
    end = a + digits.end()
    if end <= b and _ENUMERATES.match(text, end) and (end == b or text[end] != "."):
        return end - 1, end
    return b, b


def _words(text: str, start: int, end: int, offset: int) -> Iterator[tuple[int, int, TokenKind]]:
    """The words between two numbers, with the marks of a blank that stand alone between spaces taken out."""
    piece = text[start:end]
    if not piece or piece.isspace():
        return
    at = start
    for word in _LONE_MARK.finditer(piece):
        if word.group()[0] == "/" and _PARTS_WORDS.fullmatch(piece[max(0, word.start() - 1) : word.end() + 1]):
            continue
        if start == 0 and word.start() == 0 and _LETTER.match(piece[word.end() :].lstrip()):
            continue  # the mark of an item in a list
        yield from _bare(text, at, start + word.start(), offset)
        a, b = offset + start + word.start(), offset + start + word.end()
        yield from ((i, i + 1, "blank") for i in range(a, b)) if word.group()[0] == "/" else ((a, b, "blank"),)
        at = start + word.end()
    yield from _bare(text, at, end, offset)


def _bare(text: str, start: int, end: int, offset: int) -> Iterator[tuple[int, int, TokenKind]]:
    piece = text[start:end]
    bare = piece.strip()
    if bare and _LETTER.search(bare):
        a = start + piece.index(bare)
        yield offset + a, offset + a + len(bare), "words"
