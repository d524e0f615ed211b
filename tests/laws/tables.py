"""Reports as tables of cells with their places, and what a careful person reads in them.

A value cell is called by its path in the record, so wherever it is moved, the page still knows whose it is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from itertools import groupby, pairwise
from random import Random
from typing import Literal, NamedTuple

from nianbao.schemas.form import FormRow, Label, form_of
from nianbao.schemas.report import Report

FORM = form_of(Report)
PATHS = tuple(FORM.columns)
DISCLOSURE, REQUESTS, REVIEW = (section.path for section in FORM.sections)


class Money(NamedTuple):
    """An amount as printed; unit is None where the page states none."""

    figure: Decimal
    unit: str | None


class Free(Enum):
    """Stands for any value: the cell is not judged."""

    FREE = "not judged"


Value = int | Money | Free | None
Reading = Mapping[str, Value]
"""Path → value, for every cell of the record; None where nothing is printed."""
Figures = Mapping[str, str]
"""Path → what a value cell prints; "" for a blank."""

Part = Literal["caption", "head", "group", "label", "value", "note"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, its place, and how many rows and columns it covers. id: a value's path, or what we call it."""

    id: str
    text: str
    row: int
    column: int
    part: Part
    rows: int = 1
    columns: int = 1

    @property
    def end(self) -> int:
        return self.column + self.columns


@dataclass(frozen=True, slots=True)
class Table:
    """The table of a section, and what can be done to it. Rows and columns count from 0; every change gives a new table."""

    section: str
    cells: tuple[Cell, ...]

    @property
    def height(self) -> int:
        return max(c.row + c.rows for c in self.cells)

    @property
    def width(self) -> int:
        return max(c.end for c in self.cells)

    def in_order(self) -> list[Cell]:
        """The cells as they are read: row by row."""
        return sorted(self.cells, key=lambda c: (c.row, c.column))

    def get(self, cell_id: str) -> Cell:
        return next(c for c in self.cells if c.id == cell_id)

    def row(self, row: int) -> list[Cell]:
        return [c for c in self.in_order() if c.row == row]

    def each(self, change: Callable[[Cell], Cell | None]) -> "Table":
        """The table with each cell changed, or taken out where None comes back."""
        return replace(self, cells=tuple(new for c in self.cells if (new := change(c)) is not None))

    def put(self, texts: Mapping[str, str]) -> "Table":
        """Other texts in some cells."""
        return self.each(lambda c: replace(c, text=texts.get(c.id, c.text)))

    def exchange(self, one: str, other: str) -> "Table":
        """The texts of two cells exchanged."""
        return self.put({one: self.get(other).text, other: self.get(one).text})

    def shift(self, row: int, start: int, by: int) -> "Table":
        """The cells of one row from a column on moved to the right (or, by < 0, to the left)."""
        return self.each(lambda c: replace(c, column=c.column + by) if c.row == row and c.column >= start else c)

    def remove(self, cell_id: str) -> "Table":
        """A cell taken out together with its place: the cells to its right move up."""
        gone = self.get(cell_id)
        return self.each(lambda c: None if c.id == cell_id else c).shift(gone.row, gone.end, -gone.columns)

    def insert(self, cell_id: str, text: str, *, after: bool, shift: bool, part: Part | None = None) -> "Table":
        """One cell more right before or after a cell.

        shift: in a place of its own, the cells to its right move on; else beside the cell, in the same place.
        """
        by = self.get(cell_id)
        column = by.end if after and shift else by.column
        more = Cell(f"more {cell_id}", text, by.row, column, part or by.part)
        cells = self.shift(by.row, column, 1).cells if shift else self.cells
        at = next(i for i, c in enumerate(cells) if c.id == cell_id) + after
        return replace(self, cells=(*cells[:at], more, *cells[at:]))

    def insert_row(self, row: int, cells: Iterable[Cell] = ()) -> "Table":
        """One row more before a row; cells that span the place span it, too."""

        def moved(c: Cell) -> Cell:
            if c.row >= row:
                return replace(c, row=c.row + 1)
            return replace(c, rows=c.rows + 1) if c.row + c.rows > row else c

        below = self.each(moved)
        return replace(below, cells=(*below.cells, *(replace(c, row=row) for c in cells)))

    def drop_row(self, row: int) -> "Table":
        """A row less; of a cell that spans rows, what is left."""

        def moved(c: Cell) -> Cell | None:
            if c.row <= row < c.row + c.rows:
                return replace(c, rows=c.rows - 1) if c.rows > 1 else None
            return replace(c, row=c.row - 1) if c.row > row else c

        return self.each(moved)

    def drop_column(self, column: int, rows: range) -> "Table":
        """A column less in some rows; of a cell that spans columns, what is left."""

        def moved(c: Cell) -> Cell | None:
            if c.row not in rows:
                return c
            if c.column <= column < c.end:
                return replace(c, columns=c.columns - 1) if c.columns > 1 else None
            return replace(c, column=c.column - 1) if c.column > column else c

        return self.each(moved)

    def exchange_columns(self, one: int, other: int, rows: range) -> "Table":
        """The cells of two columns exchanged in some rows, but for those that span others."""
        to = {one: other, other: one}

        def moved(c: Cell) -> Cell:
            return replace(c, column=to.get(c.column, c.column)) if c.row in rows and c.columns == 1 else c

        return self.each(moved)

    def exchange_rows(self, one: int, other: int, start: int) -> "Table":
        """The cells of two rows exchanged from a column on."""
        to = {one: other, other: one}
        return self.each(lambda c: replace(c, row=to.get(c.row, c.row)) if c.column >= start else c)


Block = str | Table


@dataclass(frozen=True, slots=True)
class Page:
    """A report: lines of prose and tables, in order; the form and the figures that it was printed from."""

    form: str
    figures: Figures
    blocks: tuple[Block, ...]

    @property
    def tables(self) -> dict[str, Table]:
        """Section → its table (the last, where there are several)."""
        return {b.section: b for b in self.blocks if isinstance(b, Table)}

    def table_of(self, cell_id: str) -> Table:
        return next(t for t in self.tables.values() if any(c.id == cell_id for c in t.cells))

    def with_table(self, table: Table) -> "Page":
        """The page with another table in the place of its section's."""
        same = (isinstance(b, Table) and b.section == table.section for b in self.blocks)
        return replace(self, blocks=tuple(table if s else b for s, b in zip(same, self.blocks, strict=True)))

    def reading(self) -> dict[str, Value]:
        """What a careful person reads: each value cell's text; None for a blank, and for what is not there."""
        read: dict[str, Value] = dict.fromkeys(PATHS)
        for table in self.tables.values():
            read |= {c.id: value_of(table, c) for c in table.cells if c.id in FORM.columns}
        return read


def value_of(table: Table, cell: Cell) -> Value:
    """A value cell's value; an amount has the unit that its own cell or a head above it states."""
    if not cell.text:
        return None
    if FORM.columns[cell.id].kind != "amount":
        return int(cell.text)
    above = (c.text for c in table.cells if c.part == "head" and c.column <= cell.column < c.end)
    stated = any("万元" in text for text in (cell.text, *above))
    return Money(Decimal(cell.text.removesuffix("万元")), "万元" if stated else None)


def failing(reading: Reading) -> set[str]:
    """The identities of the form that a reading breaks; what is not printed counts as nothing."""

    def total(paths: Sequence[str]) -> int:
        return sum(v for p in paths if isinstance(v := reading[p], int))

    return {
        i.id
        for i in FORM.identities
        if all(any(reading[p] is not None for p in side) for side in (i.left, i.right))
        and total(i.left) != total(i.right)
    }


# --- Figures ---------------------------------------------------------------------------------------------------------


def in_form(labels: Sequence[Label], form: str) -> bool:
    return any(label.form in (form, None) for label in labels)


def rows_in(section: str, form: str) -> list[FormRow]:
    return [r for r in FORM.rows.values() if r.path.startswith(f"{section}.") and in_form(r.labels, form)]


def paths_in(section: str, form: str) -> list[str]:
    """The cells of a section that one form has."""
    return [r.cell(c.name) for r in rows_in(section, form) for c in r.columns if in_form(c.labels, form)]


def sparse(form: str) -> dict[str, str]:
    """Nearly all zeros: two requests by natural persons, one granted, one for what is not held, and one reconsideration."""
    figures = {p: "0" for s in (DISCLOSURE, REQUESTS, REVIEW) for p in paths_in(s, form)}
    rows = {"received": "2", "granted": "1", "not_provided.not_held": "1", "processed_total": "2"}
    figures |= {f"{REQUESTS}.{r}.{c}": n for r, n in rows.items() for c in ("natural_person", "total")}
    return figures | {f"{REVIEW}.reconsideration.{c}": "1" for c in ("corrected", "total")}


def busy(form: str, seed: int = 0, *, zeros: float = 0.0) -> dict[str, str]:
    """Figures of which no two neighbours are alike, and all identities hold. zeros: the share of cells that print 0."""
    rng = Random(f"{form} {seed}")

    def number(most: int, *near: int) -> int:
        return 0 if rng.random() < zeros else rng.choice([n for n in range(1, most) if n not in near])

    figures = {p: str(number(900)) for p in paths_in(DISCLOSURE, form)}
    for path in figures:
        if FORM.columns[path].kind == "change":
            figures[path] = str(rng.choice((-1, 1)) * number(40))
        elif FORM.columns[path].kind == "amount":
            figures[path] = f"{rng.randrange(200, 9000)}.{rng.randrange(11, 99)}" + "万元" * (form == "2019")
    return figures | _requests(form, number) | _review(number)


def _requests(form: str, number: Callable[..., int]) -> dict[str, str]:
    first, second, *outcomes, total, last = (r.path for r in rows_in(REQUESTS, form))
    columns = [c.name for c in FORM.rows[first].columns[:-1]]
    table: dict[str, list[int]] = {}
    for path in (*outcomes, second, last):
        above = [*table.values()][-1] if table else [0] * len(columns)
        line: list[int] = []
        for n in above:
            line.append(number(30, n, *line))
        table[path] = line
    table[total] = [sum(column) for column in zip(*(table[p] for p in outcomes), strict=True)]
    table[first] = [t + o - i for t, o, i in zip(table[total], table[last], table[second], strict=True)]
    if min(table[first]) < 0:
        return _requests(form, number)
    return {
        f"{path}.{c}": str(n)
        for path, line in table.items()
        for c, n in zip((*columns, "total"), (*line, sum(line)), strict=True)
    }


def _review(number: Callable[..., int]) -> dict[str, str]:
    figures: dict[str, str] = {}
    for row in rows_in(REVIEW, "2021"):
        line: list[int] = []
        for _ in row.columns[:-1]:
            line.append(number(20, *line, *(int(n) for n in [*figures.values()][-5:])))
        figures |= {row.cell(c.name): str(n) for c, n in zip(row.columns, (*line, sum(line)), strict=True)}
    return figures


def some_blank(figures: Figures, among: Iterable[str], share: float, seed: int = 0) -> dict[str, str]:
    """A share of some cells left blank."""
    rng = Random(f"blank {seed}")
    return {**figures, **{p: "" for p in among if rng.random() < share}}


def zeros(figures: Figures) -> list[str]:
    return [p for p, n in figures.items() if n == "0"]


def inside(figures: Figures) -> set[str]:
    """The cells that are not the last of their row: if they are blank, it can still be seen where the row ends."""
    last = {p.rpartition(".")[0]: p for p in figures}
    return figures.keys() - last.values()


# --- The tables of the official forms ---------------------------------------------------------------------------------

ITEMS = {
    "regulations": "（一）",
    "normative_documents": "（一）",
    "licensing": "（五）",
    "other_services": "（五）",
    "penalties": "（六）",
    "compulsory_measures": "（六）",
    "fees": "（八）",
    "procurement": "（九）",
}
"""Row of section 二 → the item of article 20 of the regulations that its sub-table is about."""

Order = Callable[[list[str]], list[str]]


def as_printed(names: list[str]) -> list[str]:
    return names


def label_in(labels: Sequence[Label], form: str) -> str:
    """The wording of a form; of two that both forms know, 2019 takes the first and 2021 the last."""
    fitting = [label.text for label in labels if label.form in (form, None)]
    return fitting[0 if form == "2019" else -1]


def disclosure(form: str, figures: Figures, order: Order = as_printed) -> Table:
    """Section 二: sub-tables under each other, each with a caption and heads of its own. order: of a sub-table's columns."""
    cells: list[Cell] = []
    at = 0
    for item, group in groupby(rows_in(DISCLOSURE, form), key=lambda r: ITEMS[r.path.rpartition(".")[2]]):
        rows = list(group)
        heads = {c.name: label_in(c.labels, form) for c in rows[0].columns if in_form(c.labels, form)}
        heads |= {n: f"{h}（单位：万元）" for n, h in heads.items() if n == "amount" and form == "2021"}
        names = order(list(heads))
        wide = [1] * (len(names) - 1) + [4 - len(names)]
        cells.append(Cell(f"caption {item}", f"第二十条第{item}项", at, 0, "caption", columns=4))
        cells.append(Cell(f"head {rows[0].path}", "信息内容", at + 1, 0, "head"))
        for i, name in enumerate(names):
            cells.append(Cell(f"head {rows[0].path}.{name}", heads[name], at + 1, 1 + i, "head", columns=wide[i]))
        for line, row in enumerate(rows, at + 2):
            cells.append(Cell(row.path, label_in(row.labels, form), line, 0, "label"))
            for i, name in enumerate(names):
                path = row.cell(name)
                cells.append(Cell(path, figures[path], line, 1 + i, "value", columns=wide[i]))
        at += 2 + len(rows)
    return Table(DISCLOSURE, tuple(cells))


Stub = Literal["official", "plain", "group left", "label first", "groups in rows"]
Heads = Literal["three lines", "two lines", "one line"]
NOTE = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"
RESULTS_OF_THE_YEAR = "三、本年度办理结果"


def requests(
    form: str, figures: Figures, stub: Stub = "official", heads: Heads = "three lines", order: Order = as_printed
) -> Table:
    """Section 三. stub: how labels and their groups stand; heads: over how many lines; order: of the columns."""
    rows = rows_in(REQUESTS, form)
    top, wide = (
        {"three lines": 3, "two lines": 2, "one line": 1}[heads],
        {"official": 3, "group left": 2, "label first": 2}.get(stub, 1),
    )
    left = list(_stub(rows, form, stub, top))
    lines = {c.id: c.row for c in left}
    names = order([c.name for c in rows[0].columns])
    values = [
        Cell(row.cell(n), figures[row.cell(n)], lines[row.path], wide + i, "value")
        for row in rows
        for i, n in enumerate(names)
    ]
    return Table(REQUESTS, (*_applicants(rows[0], names, top, wide), *left, *values))


def _applicants(row: FormRow, names: list[str], top: int, wide: int) -> Iterator[Cell]:
    """The heads of section 三, over 1, 2 or 3 lines."""
    of = {c.name: c for c in row.columns}
    yield Cell("head requests", NOTE, 0, 0, "head", rows=top, columns=wide)
    if top == 3:
        yield Cell("head requests 申请人情况", "申请人情况", 0, wide, "head", columns=len(names))
    first = max(top - 2, 0)
    for under, group in groupby(enumerate(names), key=lambda x: of[x[1]].under):
        inner = list(group)
        if under and top > 1:
            yield Cell(f"head requests {under}", under, first, wide + inner[0][0], "head", columns=len(inner))
        for i, name in inner:
            high = (first, 2) if top > 1 and not under else (top - 1, 1)
            yield Cell(f"head requests.{name}", of[name].labels[0].text, high[0], wide + i, "head", rows=high[1])


def _stub(rows: list[FormRow], form: str, stub: Stub, top: int) -> Iterator[Cell]:
    """The label columns of section 三."""
    outcomes = [r for r in rows if r.label[0] not in "一二四"]
    at = top
    for group, members in groupby(rows, key=_group):
        inner = list(members)
        if group and stub == "groups in rows":
            yield Cell(f"group {group}", group, at, 0, "group")
            at += 1
        elif group and stub != "plain":
            column = {"official": 1, "group left": 0, "label first": 1}[stub]
            yield Cell(f"group {group}", group, at, column, "group", rows=len(inner))
        for row in inner:
            if row is outcomes[0] and stub == "official":
                yield Cell("group 三", RESULTS_OF_THE_YEAR, at, 0, "group", rows=len(outcomes))
            column, columns = _label_place(row in outcomes, bool(group), stub)
            yield Cell(row.path, label_in(row.labels, form), at, column, "label", columns=columns)
            at += 1


def _group(row: FormRow) -> str:
    """The group that a row stands in, "" for none (a row that is printed in the place of its group has none)."""
    return row.groups[-1].text if row.groups and row.groups[-1].text != row.label else ""


def _label_place(outcome: bool, grouped: bool, stub: Stub) -> tuple[int, int]:
    """Column and columns of a label."""
    if stub == "official":
        return (2, 1) if grouped else (1, 2) if outcome else (0, 3)
    if stub == "group left":
        return (1, 1) if grouped else (0, 2)
    if stub == "label first":
        return (0, 1) if grouped else (0, 2)
    return 0, 1


Review = Literal["official", "by rows", "three tables", "by result"]
GROUPS = ["reconsideration", "litigation_direct", "litigation_after_reconsideration"]


def review(
    figures: Figures, style: Review = "official", groups: Sequence[str] = GROUPS, order: Order = as_printed
) -> Table:
    """Section 四. style: how its fifteen cells stand; groups, order: of the groups, and of the five columns of each."""
    rows = {name: FORM.rows[f"{REVIEW}.{name}"] for name in groups}
    ends = {c.name: c.labels[0].text for c in next(iter(rows.values())).columns}
    names = order(list(ends))
    build = {"official": _side_by_side, "by rows": _by_rows, "three tables": _three_tables, "by result": _by_result}[
        style
    ]
    return Table(REVIEW, tuple(build(rows, {n: ends[n] for n in names}, figures)))


def _value(row: FormRow, name: str, figures: Figures, at: int, column: int) -> Cell:
    return Cell(row.cell(name), figures[row.cell(name)], at, column, "value")


def _side_by_side(rows: Mapping[str, FormRow], ends: Mapping[str, str], figures: Figures) -> Iterator[Cell]:
    """The official form: one line of fifteen values under heads over three lines."""
    place = {name: i * len(ends) for i, name in enumerate(rows)}
    runs = [list(g) for _, g in groupby(rows, key=lambda n: n == GROUPS[0])]
    for run in runs:
        first = place[run[0]]
        if run == GROUPS[:1]:
            yield Cell(f"head {rows[run[0]].path}", rows[run[0]].label, 0, first, "head", columns=5)
        else:
            yield Cell(f"head 行政诉讼 {run[0]}", "行政诉讼", 0, first, "head", columns=5 * len(run))
    for name, row in rows.items():
        alone = name == GROUPS[0]
        if not alone:
            yield Cell(f"head {row.path}", row.label, 1, place[name], "head", columns=5)
        for i, (end, text) in enumerate(ends.items(), place[name]):
            yield Cell(f"head {row.path}.{end}", text, 1 if alone else 2, i, "head", rows=2 if alone else 1)
            yield _value(row, end, figures, 3, i)


def _by_rows(rows: Mapping[str, FormRow], ends: Mapping[str, str], figures: Figures) -> Iterator[Cell]:
    """A row for each group."""
    yield Cell("head review_litigation", "情形", 0, 0, "head")
    for i, (end, text) in enumerate(ends.items(), 1):
        yield Cell(f"head review_litigation.{end}", text, 0, i, "head")
        for at, row in enumerate(rows.values(), 1):
            yield _value(row, end, figures, at, i)
    for at, (name, row) in enumerate(rows.items(), 1):
        yield Cell(row.path, row.label if name == GROUPS[0] else f"行政诉讼（{row.label}）", at, 0, "label")


def _three_tables(rows: Mapping[str, FormRow], ends: Mapping[str, str], figures: Figures) -> Iterator[Cell]:
    """A table of five columns for each group."""
    for k, (name, row) in enumerate(rows.items()):
        title = row.label if name == GROUPS[0] else f"行政诉讼（{row.label}）"
        yield Cell(f"head {row.path}", title, 3 * k, 0, "caption", columns=5)
        for i, (end, text) in enumerate(ends.items()):
            yield Cell(f"head {row.path}.{end}", text, 3 * k + 1, i, "head")
            yield _value(row, end, figures, 3 * k + 2, i)


def _by_result(rows: Mapping[str, FormRow], ends: Mapping[str, str], figures: Figures) -> Iterator[Cell]:
    """One line of fifteen values, result by result, in each the three groups."""
    for i, (end, text) in enumerate(ends.items()):
        yield Cell(f"head {end}", text, 0, 3 * i, "head", columns=3)
        for k, row in enumerate(rows.values()):
            yield Cell(f"head {row.path}.{end}", row.label, 1, 3 * i + k, "head")
            yield _value(row, end, figures, 2, 3 * i + k)


# --- Reports ---------------------------------------------------------------------------------------------------------

TITLES = {s.path: s.title for s in FORM.sections}


def page_of(form: str, figures: Figures, *tables: Table, agency: str = "安平县教育局", year: int | None = None) -> Page:
    """A report of the official form; `tables` stand in the place of its own."""
    own = {t.section: t for t in (disclosure(form, figures), requests(form, figures), review(figures), *tables)}
    year = year or {"2019": 2020, "2021": 2023}[form]
    blocks: list[Block] = [
        f"{agency}{year}年政府信息公开工作年度报告",
        "一、总体情况",
        f"{year}年，{agency}认真贯彻落实《中华人民共和国政府信息公开条例》，工作有序推进。",
    ]
    for section, table in own.items():
        blocks += [TITLES[section], table]
    blocks += ["五、存在的主要问题及改进情况", "公开的时效性有待加强，将加强学习。", "六、其他需要报告的事项", "无。"]
    return Page(form, figures, tuple(blocks))


def half_filled(form: str) -> dict[str, str]:
    """Figures of which half are 0, and half of those blank."""
    figures = busy(form, 1, zeros=0.5)
    return some_blank(figures, (p for p in zeros(figures) if p in inside(figures)), 0.5)


FIGURES: dict[str, tuple[str, Figures]] = {
    f"{form}-{kind}": (form, figures)
    for form in ("2021", "2019")
    for kind, figures in (("busy", busy(form)), ("sparse", sparse(form)), ("blanks", half_filled(form)))
}
REPORTS = {name: page_of(form, figures) for name, (form, figures) in FIGURES.items()}


def adjacent(cells: Iterable[Cell]) -> Iterator[tuple[Cell, Cell]]:
    """Cells of a row that stand beside each other."""
    yield from ((a, b) for a, b in pairwise(sorted(cells, key=lambda c: c.column)) if a.end == b.column)
