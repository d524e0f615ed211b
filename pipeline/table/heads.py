"""The heads of a table's columns: which column of the form each is, by its words, and where it stands."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise, takewhile

from rapidfuzz.distance import Levenshtein

from ...schemas.form import FormColumn, FormRow, FormSection, Label
from ...schemas.report import YUAN, Unit
from . import costs
from .items import Piece, Stretch
from .lexicon import has_other_words, lexicon_of, pattern_of, says_otherwise
from .tokens import Layout
from .words import plain_label

UNITS: dict[str, Unit] = {unit: unit for unit in YUAN}
_MONEY = "[十百千万亿美港欧]{0,8}元"
_MEASURE = re.compile(
    rf"(?:单位)?(?:[件项个宗次条份起部篇]{{0,16}})(?:人民币)?((?:{_MONEY})+)|单位[件项个宗次条份起部篇]+|量$"
)
_NUMERALS = "一二三四五六七八九十"
_ARTICLE = re.compile(
    rf"(?:中华人民共和国)?(?:政府信息公开条例)?第?[二廿]?十?[{_NUMERALS}0-9]{{0,8}}条?第?[{_NUMERALS}0-9]{{0,8}}项"
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}年?度?")
_SHORTEST_PIECE = 2
_FEWEST_LINES = 2
_MOST_PIECES = 16
"""Heads of one sub-table are broken into no more pieces."""
_LONGEST_HEAD = 24


@dataclass(frozen=True, slots=True)
class Head:
    """A column as its head names it. places: the stretches that print it. first, last: the columns of its line that it takes.

    line: the one on which it begins. is_other: whether its words may be another head's than the form's.
    is_led: whether other words stand right before it. fields: how many columns its line has. layout: how that places it.
    """

    column: FormColumn
    label: Label
    unit: Unit | None = None
    places: tuple[Stretch, ...] = ()
    first: int = 0
    last: int = 0
    line: int = -1
    is_other: bool = False
    is_led: bool = False
    fields: int = 0
    layout: Layout = "order"


@dataclass(frozen=True, slots=True)
class Heads:
    """The columns of a row in the order in which they stand. cost: of reading them so. by: what says their order."""

    heads: tuple[Head, ...]
    cost: float
    by: str


# --- Heads that each sub-table prints ----------------------------------------------------------------------------------


def printed_heads(pieces: Sequence[Piece], row: FormRow, section: FormSection) -> Heads | None:
    """The words above a row → its columns as they are headed, in their order; None where they cannot be read.

    信息内容, 本年制发件数, 本年废止件数, 现行有效件数 → made, repealed, in_force.
    """
    lead = max((i for i, p in enumerate(pieces) if _is_furniture(p.text, section)), default=-1)
    own = pieces[lead + 1 :]
    if not own:
        return None
    return _whole(own, row, section) or _whole(_by_column(own), row, section) or _of_one_form(own, row)


def _by_column(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Words in cells on several lines → those of each column, one below the other, after each other: 本年新, 制作数量."""
    if len({p.token.line for p in pieces}) < _FEWEST_LINES or any(p.token.layout != "cells" for p in pieces):
        return ()
    return sorted(pieces, key=lambda p: (p.token.first, p.start))


def _is_furniture(text: str, section: FormSection) -> bool:
    lexicon = lexicon_of(section)
    return text in lexicon.groups or _ARTICLE.fullmatch(text) is not None or _YEAR.fullmatch(text) is not None


_UNIT = "[十百千万亿美港欧]{0,8}元|[千万亿](?!元)"
_STATED_UNIT = re.compile(
    rf"单位[为是应实:\s“\"]*(?:[件项个宗次条份起部篇][件项个宗次条份起部篇、,/和或\s]*)?(?:人民币)?((?:{_UNIT})+)|({_UNIT})为单位|[应实]为[“\"]?({_UNIT})"
)
_NOTED_UNIT = re.compile(r"\((?:单位[:\s]*)?((?:[十百千万亿美港欧]*元)+)\)")


def units_stated(text: str) -> frozenset[str]:
    """The units of money that folded words say to be theirs, as printed: 单位:万元 → 万元."""
    return frozenset(unit for found in _STATED_UNIT.findall(text) for unit in found if unit)


def units_in(text: str) -> frozenset[str]:
    """The same, and those that stand in brackets: (万元) → 万元."""
    return units_stated(text).union(_NOTED_UNIT.findall(text))


def _whole(pieces: Sequence[Piece], row: FormRow, section: FormSection) -> Heads | None:
    """Heads that are whole, whatever lines they are broken over; None where other words stand with them."""
    text, at = _joined(pieces)
    pattern, known = _known(row.columns)
    heads: list[Head] = []
    end = 0
    for match in pattern.finditer(text):
        if _is_across(pieces, at, *match.span()):
            return None
        between = text[end : match.start()]
        unit, is_clean = _between(between, section)
        if heads and unit:
            heads[-1] = replace(heads[-1], unit=UNITS.get(unit), places=heads[-1].places)
            is_clean = is_clean and unit in UNITS
        if not is_clean:
            return None
        column, label = known[match.group()]
        heads.append(_head(column, label, pieces, at, *match.span()))
        end = match.end()
    unit, is_clean = _between(text[end:], section)
    if not heads or not is_clean or (unit and unit not in UNITS):
        return None
    if unit:
        heads[-1] = replace(heads[-1], unit=UNITS[unit])
    heads = list(_without_units_of_counts(heads))
    names = [h.column.name for h in heads]
    if len(set(names)) == len(names):
        return Heads(tuple(heads), 0.0, "heads")
    return _printed_twice(heads, row)


def _without_units_of_counts(heads: Sequence[Head]) -> Iterator[Head]:
    for head in heads:
        yield head if head.column.kind == "amount" else replace(head, unit=None)


def _between(text: str, section: FormSection) -> tuple[str, bool]:
    """What stands between heads → the unit of money it states, and whether it is nothing else but the form's own words."""
    rest = _all_words(section).sub("", _ARTICLE.sub("", text))
    unit = _MEASURE.match(rest)
    if unit and unit.group():
        return unit.group(1) or "", _MEASURE.sub("", rest, count=1) == ""
    return "", not rest


@cache
def _all_words(section: FormSection) -> re.Pattern[str]:
    lexicon = lexicon_of(section)
    return pattern_of(frozenset(w for w in (*lexicon.groups, *lexicon.labels) if w))


@cache
def _known(columns: tuple[FormColumn, ...]) -> tuple[re.Pattern[str], dict[str, tuple[FormColumn, Label]]]:
    known = {plain_label(w): (c, label) for c in columns for label in c.labels for w in label.wordings}
    return pattern_of(frozenset(known)), known


def _printed_twice(heads: Sequence[Head], row: FormRow) -> Heads | None:
    """Heads of which one is printed again in the place of another, as all others agree with a form."""
    for own in _forms(row):
        if len(own) == len(heads):
            different = [i for i, (c, _) in enumerate(own) if heads[i].column is not c]
            if len(different) == 1 and own[different[0]][0] not in [h.column for h in heads]:
                i = different[0]
                column, label = own[i]
                return Heads(
                    (*heads[:i], replace(heads[i], column=column, label=label), *heads[i + 1 :]), costs.MISPRINT, "form"
                )
    return None


@cache
def _forms(row: FormRow) -> tuple[tuple[tuple[FormColumn, Label], ...], ...]:
    """For each form the columns of a row, each with its label there."""
    forms = sorted({label.form for c in row.columns for label in c.labels if label.form})
    return tuple(
        tuple((c, label) for c in row.columns for label in c.labels if label.form in (form, None)) for form in forms
    )


def _of_one_form(pieces: Sequence[Piece], row: FormRow) -> Heads | None:
    """Heads cut off or misprinted: as many as one form has for the row, and each a piece of its own in the form's order."""
    found: list[Heads] = []
    pieces = pieces[-_MOST_PIECES:]
    for own in _forms(row):
        for count in range(len(pieces), len(own) - 1, -1):
            last = pieces[len(pieces) - count :]
            parted = _parted(last, own)
            if parted is not None:
                found.append(parted)
                break
    found.sort(key=lambda h: h.cost)
    if len(found) > 1 and found[1].cost < found[0].cost + costs.MISPRINT:
        return None
    return found[0] if found else None


def _parted(pieces: Sequence[Piece], own: Sequence[tuple[FormColumn, Label]]) -> Heads | None:
    """Pieces → heads, one after the other, each of one or more pieces; None where one is none of the form's."""
    heads: list[Head] = []
    cost = 0.0
    at = 0
    for i, (column, label) in enumerate(own):
        best: tuple[float, int, bool] | None = None
        for end in range(at + 1, len(pieces) - (len(own) - i - 1) + 1):
            price = _head_cost("".join(p.text for p in pieces[at:end]), label)
            if price is not None and (best is None or price[0] < best[0]):
                best = (price[0], end, price[1])
        if best is None:
            return None
        taken = pieces[at : best[1]]
        text = "".join(p.text for p in taken)
        unit = _MEASURE.search(text) if column.kind == "amount" else None
        stated = (unit.group(1) or "") if unit else ""
        if stated and stated not in UNITS:
            return None
        places = tuple((p.start, p.end) for p in taken)
        is_other = best[2] or any(p.is_noted for p in taken)
        heads.append(
            Head(
                column,
                label,
                UNITS.get(stated),
                places,
                *_extent(taken),
                is_other=is_other,
                fields=taken[-1].token.fields,
                layout=taken[-1].token.layout,
            )
        )
        cost += best[0]
        at = best[1]
    return Heads(tuple(heads), cost, "form") if at == len(pieces) else None


def _head_cost(text: str, label: Label) -> tuple[float, bool] | None:
    """What it costs to take a text for a head, 0 where it is whole, more where it is misprinted or cut off; and whether it may be another."""
    best: tuple[float, bool] | None = None
    bare = _MEASURE.sub("", text) or text
    for wording in map(plain_label, label.wordings):
        distance = Levenshtein.distance(bare, wording, score_cutoff=max(1, len(wording) // 3))
        if distance <= max(1, len(wording) // 3) and not says_otherwise(bare, wording):
            cost = (costs.MISPRINT * distance, has_other_words(bare, wording))
        elif len(bare) >= _SHORTEST_PIECE and (wording.startswith(bare) or wording.endswith(bare)):
            cost = (costs.CUT_OFF, False)
        else:
            continue
        best = cost if best is None else min(best, cost)
    return best


def _joined(pieces: Sequence[Piece]) -> tuple[str, tuple[int, ...]]:
    """Pieces → their text as one, and for each of its characters the piece it is of."""
    return "".join(p.text for p in pieces), tuple(i for i, p in enumerate(pieces) for _ in p.text)


def _head(column: FormColumn, label: Label, pieces: Sequence[Piece], at: Sequence[int], start: int, end: int) -> Head:
    taken = [pieces[i] for i in dict.fromkeys(at[start:end])]
    is_other = any(p.is_noted for p in taken)
    places = tuple((p.start, p.end) for p in taken)
    line, last = taken[0].token.line, taken[-1].token
    return Head(column, label, None, places, *_extent(taken), line, is_other, fields=last.fields, layout=last.layout)


def _is_across(pieces: Sequence[Piece], at: Sequence[int], start: int, end: int) -> bool:
    """Whether a piece of text is of several cells of one line."""
    tokens = {pieces[i].token for i in at[start:end]}
    return len({t.line for t in tokens}) < len(tokens) and all(t.layout == "cells" for t in tokens)


def _extent(pieces: Sequence[Piece]) -> tuple[int, int]:
    return min(p.token.first for p in pieces), max(p.token.last for p in pieces)


# --- Heads that stand once over the whole table ------------------------------------------------------------------------


def fixed_heads(pieces: Sequence[Piece], columns: tuple[FormColumn, ...]) -> tuple[Heads, ...]:
    """The words above a table whose columns the form fixes → the orders in which its columns may stand, the likeliest first.

    Heads of several levels may be printed level by level, or each with those below it; where a head is lost, or none
    can be read, the form's own order is what is left, at a cost.
    """
    leaves, under, line, rest = _leaves(pieces, columns)
    is_clean = not rest
    names = [h.column.name for h in leaves]
    if len(set(names)) < len(names):
        if set(names) < {c.name for c in columns}:
            return ()  # one of them stands where a missing one should
        first = max((i for i, h in enumerate(leaves) if h.is_led and set(names[i:]) == set(names)), default=0)
        count = len(set(names))
        if names[first:] == names[first : first + count] * ((len(names) - first) // count):
            last = first + count
        elif set(names[-count:]) == set(names) and _stand_alone(leaves[first:], pieces):
            first, last = len(names) - count, len(names)
        else:
            return ()
        leaves, names = leaves[first:last], names[first:last]
        under = None if under is None or under < first else under - first
    missing = [c for c in columns if c.name not in names]
    if missing:
        leaves = [
            replace(h, is_other=False) for h in leaves
        ]  # what stands between them is what is left of the missing ones
    orders = list(_orders(leaves, under, line, columns)) if leaves else []
    if rest and missing and not all(_could_be(c, rest) for c in missing):
        return ()
    if not missing:
        is_led = under is None or under >= next(i for i, c in enumerate(columns) if c.under)
        follows_form = is_led and [h.column for h in leaves if h.column is not columns[-1]] == list(columns[:-1])
        return tuple(orders) or ((_form_order(leaves, columns, costs.ORDER_OF_FORM),) if follows_form else ())
    found: list[Heads] = []
    for order in orders:
        in_form = [columns.index(h.column) for h in order.heads]
        if in_form == sorted(in_form):
            lost = costs.HEAD_LOST * len(missing)
            found.append(_form_order(order.heads, columns, order.cost + min(lost, costs.ORDER_OF_FORM)))
            break
    if leaves and is_clean:
        found += orders
    elif not found:
        found.append(_form_order((), columns, costs.ORDER_OF_FORM))
    return tuple(found)


def _stand_alone(heads: Sequence[Head], pieces: Sequence[Piece]) -> bool:
    """Whether each head is a cell of its own: merged cells written out on each of their lines, the last of which has them all."""
    tokens = {piece.start: piece.token for piece in pieces}
    own = [tokens.get(head.places[0][0]) for head in heads]
    return len(set(own)) == len(own) and not any(head.is_led or head.is_other for head in heads)


def _could_be(column: FormColumn, rest: str) -> bool:
    """Whether words that are no head may be a misprint of a column's, or what is left of it."""
    return any(
        2 * sum(c in rest for c in w) >= len(w) for label in column.labels for w in map(plain_label, label.wordings)
    )


def _form_order(heads: Sequence[Head], columns: tuple[FormColumn, ...], cost: float) -> Heads:
    by_name = {h.column.name: h for h in heads}
    return Heads(tuple(by_name.get(c.name, Head(c, c.labels[0])) for c in columns), cost, "form")


def _leaves(pieces: Sequence[Piece], columns: tuple[FormColumn, ...]) -> tuple[list[Head], int | None, int, str]:
    """The heads in the order of the text; before how many of them the head stands that spans some, None where it is not there; its line.

    And what else stands from the first of them on.
    """
    text, at = _joined(pieces)
    pattern, known = _with_unders(columns)
    heads: list[Head] = []
    under: int | None = None
    line = -1
    end: int | None = None
    rest = ""
    for match in pattern.finditer(text):
        found = known[match.group()]
        between = _beside(pieces, at[match.start()]) if end is None else text[end : match.start()]
        rest += between + (match.group() if _is_across(pieces, at, *match.span()) else "")
        if found is not None:
            heads.append(_head(*found, pieces, at, *match.span()))
            if between:
                is_stuck = pieces[at[match.start() - 1]].token is pieces[at[match.start()]].token
                heads[-1] = replace(heads[-1], is_other=heads[-1].is_other or is_stuck, is_led=True)
        elif under is None:
            under, line = len(heads), pieces[at[match.start()]].token.line
        end = match.end()
    return heads, under, line, rest + text[len(text) if end is None else end :]


def _beside(pieces: Sequence[Piece], first: int) -> str:
    """The words that stand on the line of a piece right before it, or, where each is a line, on the line before."""
    lines = {pieces[first].token.line}
    if all(p.token.layout == "order" for p in pieces[max(0, first - 1) : first + 1]):
        lines.add(pieces[first].token.line - 1)
    before = "".join(p.text for p in takewhile(lambda p: p.token.line in lines, reversed(pieces[:first])))
    return "" if _MEASURE.fullmatch(before) else before


@cache
def _with_unders(
    columns: tuple[FormColumn, ...],
) -> tuple[re.Pattern[str], dict[str, tuple[FormColumn, Label] | None]]:
    known: dict[str, tuple[FormColumn, Label] | None] = {}
    known |= {plain_label(c.under): None for c in columns if c.under}
    known |= {plain_label(w): (c, label) for c in columns for label in c.labels for w in label.wordings}
    return pattern_of(frozenset(known)), known


def _orders(leaves: Sequence[Head], under: int | None, line: int, columns: tuple[FormColumn, ...]) -> Iterator[Heads]:
    """The orders of columns that a sequence of heads may stand for.

    A head that spans others may be printed on a line of its own, above or below those beside it: then the lines do not
    say where among them it stands, and the form does.
    """
    inner = [h for h in leaves if h.column.under]
    outer = [h for h in leaves if not h.column.under]
    first_inner = next((i for i, c in enumerate(columns) if c.under), 0)
    as_declared = (
        *(h for h in outer if columns.index(h.column) < first_inner),
        *inner,
        *(h for h in outer if columns.index(h.column) > first_inner),
    )
    if under is None or not inner:
        yield Heads(tuple(leaves), 0.0, "heads")
        if len({h.line for h in leaves}) > 1 and as_declared != tuple(leaves):
            yield Heads(as_declared, costs.HEAD_LOST, "heads")
        return
    at = [i for i, h in enumerate(leaves) if h.column.under]
    if at != list(range(at[0], at[0] + len(at))) or at[0] < under:
        return
    before, after = list(leaves[:under]), [h for h in leaves[under:] if not h.column.under]
    as_printed = (*before, *inner, *after)
    if not _stand_in_order(as_printed):
        return
    if as_printed == as_declared:
        yield Heads(as_printed, 0.0 if at[0] == under else costs.TREE, "heads")
        return
    is_apart = line not in {h.line for h in outer}
    if is_apart or (before and before[0].column is columns[-1]):
        yield Heads(as_declared, costs.TREE, "heads")
    if not (is_apart and len({h.line for h in outer}) < len(outer)):
        yield Heads(as_printed, costs.TREE, "heads")


def _stand_in_order(heads: Sequence[Head]) -> bool:
    """Whether heads in cells of several lines, equally long, stand as they follow each other: none is above one before it."""
    is_grid = len({h.fields for h in heads}) == 1 < len({h.line for h in heads}) and all(
        h.layout == "cells" for h in heads
    )
    return not is_grid or in_order([h.first for h in heads])


def are_broken(pieces: Sequence[Piece], columns: tuple[FormColumn, ...]) -> bool:
    """Whether the words above a table are its heads, some of them broken, and none of them out of the form's order."""
    leaves = _leaves(pieces, columns)[0]
    is_broken = len({h.column.name for h in leaves}) < len(columns)
    return is_broken and has_characters(pieces, columns) and _keep_order(pieces, columns)


def _keep_order(pieces: Sequence[Piece], columns: tuple[FormColumn, ...]) -> bool:
    """Whether on each line the words that begin or end one head alone follow each other as in the form, the last column aside."""
    pattern, known = _ends_of_heads(columns[:-1])
    lines: dict[int, list[int]] = {}
    for piece in pieces:
        lines.setdefault(piece.token.line, []).extend(known[word] for word in pattern.findall(piece.text))
    return all(in_order(line) for line in lines.values())


@cache
def _ends_of_heads(columns: tuple[FormColumn, ...]) -> tuple[re.Pattern[str], dict[str, int]]:
    """The words that begin or end the head of one column alone, each with the place of that column."""
    found: dict[str, set[int]] = {}
    for i, column in enumerate(columns):
        for wording in (plain_label(w) for label in column.labels for w in label.wordings):
            for n in range(_SHORTEST_PIECE, len(wording) + 1):
                found.setdefault(wording[:n], set()).add(i)
                found.setdefault(wording[-n:], set()).add(i)
    known = {word: at.pop() for word, at in found.items() if len(at) == 1}
    return pattern_of(frozenset(known)), known


def has_characters(pieces: Sequence[Piece], columns: tuple[FormColumn, ...]) -> bool:
    """Whether the words above a table hold the characters of every head, even where lines were cut and interleaved."""
    text = "".join(p.text for p in pieces)
    return all(any(_is_there(plain_label(w), text) for label in c.labels for w in label.wordings) for c in columns)


def _is_there(wording: str, text: str) -> bool:
    return sum(c in text for c in wording) * 4 >= len(wording) * 3


def in_order(numbers: Sequence[int]) -> bool:
    return all(a < b for a, b in pairwise(numbers))


@lru_cache(maxsize=4096)
def head_at_end(text: str, columns: tuple[FormColumn, ...]) -> tuple[FormColumn, Label] | None:
    """The words above a column, from the top, plain → the head they end in: 法人或其他组织商业企业 → business."""
    known = _known(columns)[1]
    for length in range(min(len(text), _LONGEST_HEAD), 0, -1):
        if (found := known.get(text[-length:])) is not None:
            return found
    return None
