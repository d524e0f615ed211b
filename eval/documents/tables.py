"""The tables of a report with their spans, as the official forms draw them and as agencies redraw them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random
from typing import Literal

from ...schemas.form import Form, FormColumn, FormRow, FormSection, Label, enumerator
from ..draft import SUBTABLES
from .document import Cell, Kind, Table
from .filling import Filling

BALANCE = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"
INFORMATION, APPLICANTS, OUTCOME, LITIGATION = "信息内容", "申请人情况", "三、本年度办理结果", "行政诉讼"
"""What the official forms print beside the labels of rows and columns."""

Wording = Callable[[str, Kind], str]


@dataclass(frozen=True, slots=True)
class Look:
    """How a report draws its tables.

    disclosure: section 二 as one table of four columns, as one of twelve thin ones, or as tables apart. groups: the labels
    of groups down the left in two columns, in one, or as lines of their own. heads: the three levels of section 四 as the
    official form has them, or each level on a line of its own. cut: at how many rows the table of section 三 is cut in two,
    its heads printed again, 0 nowhere. wording: text and kind of a cell → how it is worded here.
    """

    disclosure: Literal["four", "twelve", "apart"]
    groups: Literal["two", "one", "lines"]
    heads: Literal["official", "level"]
    cut: int
    wording: Wording


def look_for(rng: Random, form: Form) -> Look:
    """A look by lot."""
    return Look(
        rng.choice(("four", "four", "twelve", "apart")),
        rng.choice(("two", "two", "two", "one", "lines")),
        rng.choice(("official", "official", "level")),
        rng.randint(4, 24) if rng.random() < 0.12 else 0,
        _wording(rng, form),
    )


def tables_of(filling: Filling, section: FormSection, look: Look) -> list[Table]:
    """A section's tables; none where the report prints none of its rows."""
    rows = [row for row in section.rows if filling.columns_of(row)]
    if not rows:
        return []
    if section.spec.side_by_side:
        return [_side_by_side(filling, rows, look)]
    if section.spec.heads == "printed":
        return list(_disclosure(filling, section, look))
    parts = (rows[: look.cut], rows[look.cut :]) if look.cut else (rows,)
    return [_requests(filling, part, look) for part in parts if part]


def _values(filling: Filling, row: FormRow, spans: Sequence[int] = ()) -> list[Cell]:
    paths = [row.cell(name) for name in filling.columns_of(row)]
    wide = spans or [1] * len(paths)
    return [Cell(filling.printed[p], "value", columns=n, path=p) for p, n in zip(paths, wide, strict=True)]


def label_of(row: FormRow, filling: Filling) -> str:
    """The label as the report's official form prints it."""
    labels = [label for label in row.labels if label.form in (filling.name, None)] or list(row.labels)
    return (labels[0] if filling.name == "2019" else labels[-1]).text


# --- 二 ---------------------------------------------------------------------------------------------------------------


def _disclosure(filling: Filling, section: FormSection, look: Look) -> Iterator[Table]:
    parts = list(_subtables(filling, section))
    if look.disclosure == "apart":
        for item, rows in parts:
            columns = len(filling.columns_of(rows[0]))
            yield Table(tuple(_subtable(filling, item, rows, columns, look)), 2, (2, *[2] * columns))
        return
    thin = 12 if look.disclosure == "twelve" else 3
    lines = [line for item, rows in parts for line in _subtable(filling, item, rows, thin, look)]
    yield Table(tuple(lines), 0, (thin, *[2 if thin == 12 else 3] * thin))


def _subtables(filling: Filling, section: FormSection) -> Iterator[tuple[str, list[FormRow]]]:
    """The items of article 20 with the rows that the report prints under each."""
    official = [row for row in section.rows if row.form in (filling.name, None)]
    for item, count in SUBTABLES[filling.name]:
        rows, official = [row for row in official[:count] if filling.columns_of(row)], official[count:]
        if rows:
            yield f"第二十条第（{item}）项", rows


def _subtable(filling: Filling, item: str, rows: list[FormRow], wide: int, look: Look) -> Iterator[tuple[Cell, ...]]:
    columns = [c for c in rows[0].columns if rows[0].cell(c.name) in filling.figures]
    spans = _shares(wide, len(columns))
    yield (Cell(look.wording(item, "caption"), "caption", columns=1 + wide),)
    name = _form_of(filling, columns)
    heads = [look.wording(c.label_in(name), "head") + filling.heads.get(rows[0].cell(c.name), "") for c in columns]
    first = Cell(look.wording(INFORMATION, "head"), "head")
    yield (first, *(Cell(head, "head", columns=n) for head, n in zip(heads, spans, strict=True)))
    for row in rows:
        yield (Cell(look.wording(label_of(row, filling), "label")), *_values(filling, row, spans))


def _form_of(filling: Filling, columns: list[FormColumn]) -> str:
    """The official form that has all of these columns."""
    names = (filling.name, *SUBTABLES)
    return next(n for n in names if all(any(x.form in (n, None) for x in c.labels) for c in columns))


def _shares(wide: int, count: int) -> list[int]:
    """A width parted among columns, the last takes what is over: 3 among 2 → 1, 2."""
    each = wide // count
    return [each] * (count - 1) + [wide - each * (count - 1)]


# --- 三 ---------------------------------------------------------------------------------------------------------------


def _requests(filling: Filling, rows: list[FormRow], look: Look) -> Table:
    wide = {"two": 3, "one": 2, "lines": 1}[look.groups]
    columns = rows[0].columns
    named = [Cell(look.wording(c.labels[0].text, "head"), "head") for c in columns]
    first = Cell(look.wording(BALANCE, "head"), "head", rows=3, columns=wide)
    tall = [Cell(cell.text, "head", rows=2) for cell in (named[0], named[-1])]
    spanning = Cell(look.wording(columns[1].under, "head"), "head", columns=len(columns) - 2)
    lines: list[tuple[Cell, ...]] = [
        (first, Cell(look.wording(APPLICANTS, "head"), "head", columns=len(columns))),
        (tall[0], spanning, tall[1]),
        tuple(named[1:-1]),
    ]
    within = [row for row in rows if row.groups or enumerator(label_of(row, filling))[0].startswith("（")]
    if look.groups == "lines":
        lines += _in_lines(filling, rows, within, look)
    else:
        lines += _down_the_left(filling, rows, within, wide, look)
    return Table(tuple(lines), 3, ({3: (2, 3, 8), 2: (3, 8), 1: (10,)}[wide]) + (3,) * len(columns))


def _in_lines(filling: Filling, rows: list[FormRow], within: list[FormRow], look: Look) -> Iterator[tuple[Cell, ...]]:
    """Rows, with the labels of their groups on lines of their own."""
    whole = 1 + len(rows[0].columns)
    said: set[str] = set()
    for row in rows:
        groups = ([OUTCOME] if row in within else []) + ([_group(row)] if _grouped(row) else [])
        for group in groups:
            if group not in said:
                said.add(group)
                yield (Cell(look.wording(group, "label"), columns=whole),)
        yield (Cell(look.wording(label_of(row, filling), "label")), *_values(filling, row))


def _down_the_left(
    filling: Filling, rows: list[FormRow], within: list[FormRow], wide: int, look: Look
) -> Iterator[tuple[Cell, ...]]:
    """Rows, with the labels of their groups at their left, each spanning its rows."""
    for key, together in groupby(rows, key=lambda row: _group(row) if _grouped(row) else row.path):
        members = list(together)
        for row in members:
            lead: list[Cell] = []
            if wide == 3 and within and row is within[0]:
                lead.append(Cell(look.wording(OUTCOME, "label"), rows=len(within)))
            if _grouped(row) and row is members[0]:
                lead.append(Cell(look.wording(key, "label"), rows=len(members)))
            over = wide - (wide == 3 and row in within) - _grouped(row)
            lead.append(Cell(look.wording(label_of(row, filling), "label"), columns=over))
            yield (*lead, *_values(filling, row))


def _grouped(row: FormRow) -> bool:
    """Whether a row stands under a group's label: a row that is the whole group does not."""
    return bool(row.groups) and not row.parts


def _group(row: FormRow) -> str:
    return row.groups[-1].text


# --- 四 ---------------------------------------------------------------------------------------------------------------


def _side_by_side(filling: Filling, rows: list[FormRow], look: Look) -> Table:
    heads = [Cell(look.wording(c.labels[0].text, "head"), "head") for c in rows[0].columns]
    n = len(heads)
    first, *others = [Cell(look.wording(label_of(row, filling), "head"), "head", columns=n) for row in rows]
    above = Cell(look.wording(LITIGATION, "head"), "head", columns=n * len(others))
    values = tuple(cell for row in rows for cell in _values(filling, row))
    if look.heads == "official":
        tall = [Cell(head.text, "head", rows=2) for head in heads]
        lines: list[tuple[Cell, ...]] = [(first, above), (*tall, *others), tuple(heads * len(others))]
    else:
        tall_first = Cell(first.text, "head", rows=2, columns=n)
        lines = [(tall_first, above), tuple(others), tuple(heads * len(rows))]
    return Table((*lines, values), 3, (2,) * (n * len(rows)))


# --- Wording ----------------------------------------------------------------------------------------------------------


def _wording(rng: Random, form: Form) -> Wording:
    """How this report words its labels and heads: mostly as the form does."""
    changes: list[Wording] = [change for change, share in _CHANGES if rng.random() < share]
    variants = _variants(form) if rng.random() < 0.25 else {}
    chosen = {text: rng.choice(found) for text, found in variants.items() if rng.random() < 0.5}

    def word(text: str, kind: Kind) -> str:
        text = chosen.get(text, text)
        for change in changes:
            text = change(text, kind)
        return text

    return word


def _variants(form: Form) -> dict[str, tuple[str, ...]]:
    rows: list[Label] = [label for row in form.rows.values() for label in (*row.labels, *row.groups)]
    heads = [label for column in form.columns.values() for label in column.labels]
    found = {label.text: label.variants for label in (*rows, *heads)}
    usual = {text: tuple(v for v in variants if not _CONVERTED.search(v)) for text, variants in found.items()}
    return {text: variants for text, variants in usual.items() if variants}


_CONVERTED = re.compile("档案|专案|资讯")
"""Words that come of conversion between scripts, which agencies do not print."""


def _half_width(text: str, _: Kind) -> str:
    return text.translate(str.maketrans("（）：，", "():,"))


def _spaced_numbers(text: str, kind: Kind) -> str:
    number, words = enumerator(text)
    return f"{number.strip()} {words}" if number[:1].isdigit() and kind == "label" else text


def _other_points(text: str, kind: Kind) -> str:
    return text.replace(".", "．", 1) if text[:1].isdigit() and kind == "label" else text


def _set_apart(text: str, kind: Kind) -> str:
    """Short words with their characters set apart: 总计 → 总 计."""
    return f"{text[0]} {text[1]}" if len(text) == 2 and kind in ("head", "label") else text


def _widely_apart(text: str, kind: Kind) -> str:
    return f"{text[0]}\u3000{text[1]}" if len(text) == 2 and kind in ("head", "label") else text


def _plain_quotes(text: str, _: Kind) -> str:
    return text.replace("“", '"').replace("”", '"')


def _spelled_out(text: str, kind: Kind) -> str:
    return f"中华人民共和国政府信息公开条例 {text}" if kind == "caption" else text


_CHANGES: tuple[tuple[Wording, float], ...] = (
    (_half_width, 0.12),
    (_spaced_numbers, 0.12),
    (_other_points, 0.06),
    (_set_apart, 0.12),
    (_widely_apart, 0.06),
    (_plain_quotes, 0.15),
    (_spelled_out, 0.04),
)
