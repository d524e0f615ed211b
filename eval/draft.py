"""A made-up report before it is written: figures, how each is printed, and the lines of its tables, from the form's declaration."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from random import Random

from ..schemas.form import Form, FormRow, FormSection, Label, enumerator
from .figures import Figure, Figures
from .layouts import FIRST_MARK, LAST_MARK, LAYOUTS, MARKS, Layout, Line

SUBTABLES = {
    "2019": (("一", 2), ("五", 2), ("六", 2), ("八", 1), ("九", 1)),
    "2021": (("一", 2), ("五", 1), ("六", 2), ("八", 1)),
}
"""Of each form: the items of article 20 that its sub-tables are headed with, and how many of its rows stand under each."""

UNIT = "万元"
"""What the official head of an amount states."""


@dataclass
class Draft:
    """What variations work on, in the order of its fields: figures, then cells, then tables and prose, then the text."""

    form: Form
    name: str
    rng: Random
    year: int
    agency: str
    layout_name: str
    figures: Figures
    printed_form: str = ""
    cells: dict[str, str] = field(default_factory=dict)
    """How each cell is printed; a blank as its mark."""
    dropped: set[str] = field(default_factory=set)
    """Blanks that leave no trace."""
    units: dict[str, str | None] = field(default_factory=dict)
    """The unit of each amount, None where none is stated."""
    head_units: dict[str, str] = field(default_factory=dict)
    """What the head of an amount says of its unit."""
    grouped: str = "columns"
    """Where group labels stand: "columns" beside their rows, "lines" above them, "left out"."""
    tables: dict[str, list[list[Line]]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    prose: dict[str, str] = field(default_factory=dict)
    title: str = ""
    issued_on: str = ""
    text: str = ""
    lost: set[str] = field(default_factory=set)
    padded: bool = False

    @property
    def layout(self) -> Layout:
        return LAYOUTS[self.layout_name]

    @property
    def order(self) -> list[str]:
        return list(self.form.columns)

    def rows_in(self, section: FormSection) -> list[FormRow]:
        """The rows that the report prints."""
        return [r for r in section.rows if any(r.cell(c.name) in self.figures for c in r.columns)]

    def columns_of(self, row: FormRow) -> list[str]:
        return [c.name for c in row.columns if row.cell(c.name) in self.figures]

    def remove(self, row: FormRow) -> None:
        for column in row.columns:
            self.figures.pop(row.cell(column.name), None)

    def lines(self, *kinds: str) -> list[Line]:
        return [line for tables in self.tables.values() for table in tables for line in table if line.kind in kinds]

    def change(self, old: Line, *new: Line) -> None:
        """Put lines in the place of one line."""
        for tables in self.tables.values():
            for table in tables:
                for at, line in enumerate(table):
                    if line is old:
                        table[at : at + 1] = new
                        return

    def change_all(self, lines: Iterable[Line], change: Callable[[Line], Line]) -> None:
        for line in lines:
            self.change(line, change(line))

    def labelled_rows(self) -> list[Line]:
        return [line for line in self.lines("row") if line.label and line.path]


def marked(draft: Draft, path: str) -> str:
    """A cell as printed, between marks that say which it is; blanks are not marked."""
    text = draft.cells[path]
    if draft.figures[path] is None:
        return text
    return chr(ord(FIRST_MARK) + draft.order.index(path)) + text + LAST_MARK


def unmarked(text: str, order: list[str]) -> tuple[str, dict[str, tuple[int, int]]]:
    """Marked text → the text, and where in it each cell stands."""
    places: dict[str, tuple[int, int]] = {}
    shown: list[str] = []
    length, last, path = 0, 0, ""
    for mark in MARKS.finditer(text):
        piece = text[last : mark.start()]
        shown.append(piece)
        if mark[0] == LAST_MARK:
            places[path] = (length, length + len(piece))
        else:
            path = order[ord(mark[0]) - ord(FIRST_MARK)]
        length += len(piece)
        last = mark.end()
    return "".join([*shown, text[last:]]), places


def print_cells(draft: Draft) -> None:
    """Every cell plainly: a number as it is, a blank as nothing; amounts in the unit that their head states."""
    for path, figure in draft.figures.items():
        draft.cells[path] = "" if figure is None else plainly(figure)
        if draft.form.columns[path].kind == "amount":
            draft.units[path] = UNIT
            draft.head_units[path] = draft.rng.choice((f"（单位：{UNIT}）", f"({UNIT})", f"（{UNIT}）"))


def plainly(figure: Figure) -> str:
    return f"{figure:f}" if not isinstance(figure, int) and figure is not None else str(figure)


# --- Tables ----------------------------------------------------------------------------------------------------------


def build_tables(draft: Draft) -> None:
    """The lines of every table as the official form has them."""
    draft.grouped = draft.rng.choice(("columns", "columns", "lines", "left out"))
    if draft.layout_name in ("columns", "run_together", "aligned"):
        draft.grouped = draft.rng.choice(("lines", "left out"))
    for section in draft.form.sections:
        rows = draft.rows_in(section)
        if not rows:
            draft.tables[section.path] = []
        elif section.spec.side_by_side:
            draft.tables[section.path] = [_side_by_side(draft, section, rows)]
        elif section.spec.heads == "printed":
            draft.tables[section.path] = _subtables(draft, section)
        else:
            draft.tables[section.path] = [_one_table(draft, section, rows)]


def label_of(row: FormRow, name: str) -> str:
    """The label as an official form prints it: the first form's first, the last form's last."""
    labels = [label for label in row.labels if label.form in (name, None)] or list(row.labels)
    return (labels[0] if name == "2019" else labels[-1]).text


def _row(draft: Draft, row: FormRow, label: str, groups: tuple[str | None, ...] = (), wide: int = 1) -> Line:
    paths = [row.cell(name) for name in draft.columns_of(row)]
    values = tuple(marked(draft, p) for p in paths if p not in draft.dropped)
    return Line("row", label, values, groups, wide, row.path)


def _subtables(draft: Draft, section: FormSection) -> list[list[Line]]:
    official = [row for row in section.rows if row.form in (draft.name, None)]
    tables = []
    for item, count in SUBTABLES[draft.name]:
        rows, official = [r for r in official[:count] if r in draft.rows_in(section)], official[count:]
        if rows:
            columns = [c for c in rows[0].columns if rows[0].cell(c.name) in draft.figures]
            heads = [c.label_in(draft.name) + draft.head_units.get(rows[0].cell(c.name), "") for c in columns]
            caption = Line("caption", f"第二十条第（{item}）项", (None,) * len(columns))
            head = Line("head", section.spec.words[-1], tuple(heads), path=rows[0].path)
            tables.append([caption, head, *(_row(draft, row, label_of(row, draft.name)) for row in rows)])
    return tables


def _one_table(draft: Draft, section: FormSection, rows: list[FormRow]) -> list[Line]:
    wide = 3 if draft.grouped == "columns" else 1
    heads = [c.labels[0].text for c in rows[0].columns]
    between = len(heads) - 3
    balance = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"
    lines = [
        Line("head", balance, (section.spec.words[1], *[None] * (len(heads) - 1)), wide=wide, path=section.path),
        Line("head", None, (heads[0], section.spec.words[2], *[None] * between, heads[-1]), wide=wide),
        Line("head", None, (None, *heads[1:-1], None), wide=wide),
    ]
    printed: set[str] = set()
    for row in rows:
        groups = [section.spec.words[-1]] if row.groups or enumerator(row.label)[0].startswith("（") else []
        groups += [g.text for g in row.groups[-1:] if not row.parts]
        new = [g for g in groups if g not in printed]
        printed.update(groups)
        if draft.grouped == "lines":
            lines += [Line("caption", g, (None,) * len(heads)) for g in new]
        shown = tuple(g if g in new else None for g in groups) if draft.grouped == "columns" else ()
        lines.append(_row(draft, row, label_of(row, draft.name), shown, wide))
    return lines


def _side_by_side(draft: Draft, section: FormSection, rows: list[FormRow]) -> list[Line]:
    heads = tuple(c.labels[0].text for c in rows[0].columns)
    covered = (None,) * (len(heads) - 1)
    first, *others = [label_of(row, draft.name) for row in rows]
    after = [field for label in others for field in (label, *covered)]
    return [
        Line(
            "head",
            None,
            (first, *covered, section.spec.words[0], *[None] * (len(after) - 1)),
            wide=0,
            path=section.path,
        ),
        Line("head", None, (*heads, *after), wide=0),
        Line("head", None, ((None,) * len(heads) + heads * len(others)), wide=0, path=f"{section.path}.heads"),
        bare_row(draft, rows, section.path),
    ]


def bare_row(draft: Draft, rows: Iterable[FormRow], path: str) -> Line:
    """The numbers of rows that stand side by side."""
    paths = [row.cell(name) for row in rows for name in draft.columns_of(row)]
    return Line("row", None, tuple(marked(draft, p) for p in paths if p not in draft.dropped), wide=0, path=path)


# --- The rest of the report ------------------------------------------------------------------------------------------


def write_prose(draft: Draft) -> None:
    """Titles and prose as most reports have them."""
    rng, year = draft.rng, draft.year
    between = rng.choice(("", "", " "))
    draft.title = f"{draft.agency}{between}{year}年{rng.choice(('', '度'))}政府信息公开工作年度报告".replace(
        "年度政府信息公开工作年度", "年政府信息公开工作年度"
    )
    for section in draft.form.sections:
        draft.titles[section.path] = section.title
    for prose in draft.form.proses:
        if prose.spec.number:
            draft.titles[prose.path] = f"{prose.spec.number}、{prose.spec.labels[0].text}"
            draft.prose[prose.path] = "\n".join(_sentence(rng, year) for _ in range(rng.randint(1, 3)))


def _sentence(rng: Random, year: int) -> str:
    n = rng.randint(1, 9999)
    return rng.choice(
        (
            f"{year}年，本单位认真贯彻落实《中华人民共和国政府信息公开条例》，扎实推进政务公开工作。",
            f"全年通过门户网站主动公开政府信息{n}条，政务新媒体发布{n % 97}条，阅读量{n * 7}次。",
            "（一）主动公开。及时更新机构职能、领导分工和办事指南，做到应公开尽公开。",
            "一是公开内容还不够全面；二是工作人员业务能力有待提高。下一步将加强培训，完善制度。",
            f"按照《政府信息公开信息处理费管理办法》，{year}年未收取信息处理费。",
            f"开展业务培训{n % 9 + 1}次，培训{n % 300}人次，接待咨询{n % 50}人次。",
            "无其他需要报告的事项。",
        )
    )


def whole_text(draft: Draft) -> str:
    """The report, its tables written in its layout."""
    paragraphs = [draft.title]
    for path in sorted(draft.titles, key=lambda p: _place(draft, p)):
        paragraphs.append(draft.titles[path])
        paragraphs.append(draft.before.get(path, ""))
        paragraphs.append(draft.prose.get(path, ""))
        paragraphs += [draft.layout.write(table, draft.rng) for table in draft.tables.get(path, [])]
        paragraphs.append(draft.after.get(path, ""))
    month, day = draft.rng.randint(1, 3), draft.rng.randint(1, 28)
    draft.issued_on = f"{draft.year + 1}-{month:02}-{day:02}"
    paragraphs.append(f"{draft.agency}\n{draft.year + 1}年{month}月{day}日")
    between = "\n" if draft.rng.random() < 0.5 else "\n\n"
    if draft.layout_name == "html":
        paragraphs = [p if p.startswith("<table") else _paragraph(p) for p in paragraphs if p]
        return "<html><body>\n" + "\n".join(paragraphs) + "\n</body></html>\n"
    return between.join(p for p in paragraphs if p) + "\n"


def _place(draft: Draft, path: str) -> int:
    specs = {s.path: s.spec.number for s in draft.form.sections} | {p.path: p.spec.number for p in draft.form.proses}
    return "一二三四五六七八九".index(specs[path])


def _paragraph(text: str) -> str:
    return "\n".join(f"<p>{line}</p>" for line in text.split("\n"))


def declared(labels: Iterable[Label], printed: str) -> Label | None:
    """The declared label that is printed so."""
    return next((label for label in labels if label.text == printed), None)


def words_of(label: str) -> str:
    """A label without its number."""
    return enumerator(label)[1]


def relabelled(line: Line, label: str | None) -> Line:
    return replace(line, label=label)


def halves(text: str) -> tuple[str, str]:
    middle = (len(text) + 1) // 2
    return text[:middle], text[middle:]
