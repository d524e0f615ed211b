"""What reports and their extraction do to tables: the known variations, each a function on a draft.

A variation says whether it found something to do; what it did to positions that the text no longer tells, it adds to `lost`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from random import Random
from typing import Literal

from ..schemas.form import FormRow, enumerator
from ..schemas.report import YUAN
from .draft import Draft, bare_row, declared, halves, plainly, relabelled, words_of
from .figures import columns_in, failing, misprints
from .layouts import FIRST_MARK, LAST_MARK, MARKS, Line

Stage = Literal["figures", "cells", "tables", "prose", "text"]
STAGES: tuple[Stage, ...] = ("figures", "cells", "tables", "prose", "text")
Apply = Callable[[Draft], bool]


@dataclass(frozen=True, slots=True)
class Variation:
    """Something that is done to a report.

    row: the row of the list of variations that it stands for. level: the lowest difficulty that has it, 0 to 3. part: at most
    one variation of a part is applied to a report.
    """

    name: str
    row: str
    stage: Stage
    level: int
    part: str
    apply: Apply


VARIATIONS: dict[str, Variation] = {}


def variation(row: str, stage: Stage, level: int, part: str = "") -> Callable[[Apply], Apply]:
    """Add a function, under its own name, to the known variations."""

    def add(apply: Apply) -> Apply:
        name = getattr(apply, "__name__", "").strip("_")
        VARIATIONS[name] = Variation(name, row, stage, level, part or name, apply)
        return apply

    return add


def some(rng: Random, among: list[str], share: float) -> list[str]:
    """About a share of a list, at least one where it has any."""
    return sorted(rng.sample(among, min(len(among), max(1, round(len(among) * share))))) if among else []


# --- A. Forms and mixtures -------------------------------------------------------------------------------------------


@variation("2019 form used for 2022 / 2023", "figures", 0, "form")
def older_form_in_a_later_year(draft: Draft) -> bool:
    draft.year = draft.rng.choice((2022, 2023))
    return draft.name == "2019"


@variation("MIXED: first sub-table 2019 heads, the rest 2021", "figures", 1, "form")
def first_heads_of_2019(draft: Draft) -> bool:
    if draft.name != "2021":
        return False
    rows = draft.form.sections[0].rows
    first = [c.name for c in rows[0].columns]
    for row in [row for row in rows if [c.name for c in row.columns] == first]:
        draft.remove(row)
        draft.figures |= {row.cell(c.name): draft.rng.choice((0, 0, 1, 13)) for c in columns_in(row, "2019")}
    draft.printed_form = "mixed"
    return True


@variation("2021 form but （六）其他处理 left as ONE row", "figures", 1)
def other_outcomes_in_one_row(draft: Draft) -> bool:
    if draft.name != "2021" or not draft.figures:
        return False
    for row in draft.form.rows.values():
        if row.parts:
            parts = [draft.form.rows[p] for p in row.parts]
            for column in row.columns:
                draft.figures[row.cell(column.name)] = sum(int(draft.figures[p.cell(column.name)] or 0) for p in parts)
            for part in parts:
                draft.remove(part)
    draft.printed_form = "mixed"
    return True


@variation("2021 report citing the 2019 notice", "prose", 0)
def cites_the_other_notice(draft: Draft) -> bool:
    number = {"2021": "〔2019〕60号", "2019": "〔2021〕30号"}[draft.name]
    path = next(iter(draft.prose))
    draft.prose[path] = f"根据国务院办公厅政府信息与政务公开办公室国办公开办函{number}要求编制。\n{draft.prose[path]}"
    return True


@variation("No tables at all in text (images / prose only)", "figures", 3, "form")
def no_tables(draft: Draft) -> bool:
    draft.figures.clear()
    draft.printed_form = ""
    return True


@variation("Template instruction left in: 该部分以表格形式报告。表格如下", "prose", 0, "before")
def template_instruction(draft: Draft) -> bool:
    for section in draft.form.sections:
        draft.before[section.path] = "该部分以表格形式报告。表格如下："
    return True


# --- C. Numbers, units, blanks: what is printed ----------------------------------------------------------------------


def _zeros(draft: Draft) -> list[str]:
    return [p for p, figure in draft.figures.items() if figure == 0]


def _blank(mark: str) -> Apply:
    """Blanks with a mark, in some or all of the cells that would print 0."""

    def apply(draft: Draft) -> bool:
        if not mark.strip() and not draft.layout.blanks:
            return False
        paths = some(draft.rng, _zeros(draft), draft.rng.choice((0.02, 0.1, 0.5, 1)))
        for path in paths:
            draft.figures[path] = None
            draft.cells[path] = mark
        return bool(paths)

    return apply


for _name, _mark, _level, _row in (
    ("blank_empty", "", 1, "blank = empty cell"),
    ("blank_nbsp", "&nbsp;", 1, "blank = `&nbsp;`"),
    ("blank_full_width", "\u3000", 1, "full-width space as blank"),
    ("blank_slash", "/", 0, "`/` for none"),
    ("blank_hyphen", "-", 0, "`-` for none"),
    ("blank_dash", "—", 1, "`—` as a value"),
    ("blank_none", "无", 0, "无 / 無 for none"),
):
    VARIATIONS[_name] = Variation(_name, _row, "cells", _level, "blank", _blank(_mark))


def _applicant_rows(draft: Draft) -> list[list[str]]:
    """The cells of each row of the tables with fixed heads, row by row."""
    rows = [
        r for s in draft.form.sections if s.spec.heads == "fixed" and not s.spec.side_by_side for r in draft.rows_in(s)
    ]
    return [[row.cell(name) for name in draft.columns_of(row)] for row in rows]


def _keep(draft: Draft, which: slice | tuple[int, ...], row: list[str], *, dropped: bool = False) -> None:
    """Leave only some cells of a row; the others are blank, or blank without a trace."""
    kept = set(row[which]) if isinstance(which, slice) else {row[i] for i in which}
    for path in row:
        if path not in kept:
            draft.figures[path] = None
            draft.cells[path] = ""
            if dropped:
                draft.dropped.add(path)
                draft.lost.update(row)


def _only(which: tuple[int, ...] | slice, share: float) -> Apply:
    def apply(draft: Draft) -> bool:
        zero = [row for row in _applicant_rows(draft) if all(draft.figures[p] == 0 for p in row)]
        rows = [row for row in zero if draft.rng.random() < share]
        for row in rows:
            _keep(draft, which, row)
        return bool(rows) and draft.layout.blanks

    return apply


for _name, _which, _row in (
    ("only_the_total", (-1,), "only the total filled"),
    ("only_the_first_column", (0,), "only first column filled"),
    ("row_total_blank", slice(0, -1), "row total blank on almost every row"),
    ("all_blank", (), "all cells blank: labels only"),
):
    VARIATIONS[_name] = Variation(_name, _row, "cells", 1, "blank", _only(_which, 0.9))


def _persons_only(draft: Draft, *, dropped: bool) -> None:
    for row in _applicant_rows(draft):
        draft.figures[row[-1]] = draft.figures[row[0]]
        draft.cells[row[-1]] = draft.cells[row[0]]
        _keep(draft, (0, -1), row, dropped=dropped)


@variation("only 自然人 and 总计 filled", "cells", 1, "blank")
def only_persons_and_total(draft: Draft) -> bool:
    if draft.layout.blanks:
        _persons_only(draft, dropped=False)
    return draft.layout.blanks


@variation("blank cells DROPPED, so a 7-column row shows 2 or 1 numbers", "cells", 2, "blank")
def blanks_dropped(draft: Draft) -> bool:
    _persons_only(draft, dropped=True)
    return True


@variation("five values in a seven-column row", "cells", 2, "blank")
def five_of_seven(draft: Draft) -> bool:
    zero = [row for row in _applicant_rows(draft) if all(draft.figures[p] == 0 for p in row)]
    if zero:
        _keep(draft, (0, 1, 2, 3, 4), draft.rng.choice(zero), dropped=True)
    return bool(zero)


@variation("one value for a 3-column row", "cells", 2, "blank")
def one_of_three(draft: Draft) -> bool:
    rows = [r for r in draft.rows_in(draft.form.sections[0]) if len(draft.columns_of(r)) == 3]
    if rows:
        row = draft.rng.choice(rows)
        _keep(draft, (0,), [row.cell(name) for name in draft.columns_of(row)], dropped=True)
    return bool(rows)


def _printed(draft: Draft, kind: str, share: float, change: Callable[[str], str]) -> bool:
    """Print some cells of a kind otherwise."""
    paths = [p for p, f in draft.figures.items() if f is not None and draft.form.columns[p].kind == kind]
    for path in (chosen := some(draft.rng, paths, share)):
        draft.cells[path] = change(draft.cells[path])
    return bool(chosen)


@variation("signed changes `+21`", "cells", 0, "change")
def signed_changes(draft: Draft) -> bool:
    return _printed(draft, "change", 1, lambda text: text if text[0] in "-0" else f"+{text}")


@variation("change in words `减3`", "cells", 1, "change")
def change_in_words(draft: Draft) -> bool:
    if not any(draft.form.columns[p].kind == "change" and f for p, f in draft.figures.items()):
        return False
    words = draft.rng.choice((("增", "减"), ("增加", "减少")))
    return _printed(draft, "change", 1, lambda t: t if t == "0" else words[1] + t[1:] if t[0] == "-" else words[0] + t)


def _amounts(draft: Draft) -> list[str]:
    return [p for p in draft.units if draft.figures.get(p) is not None]


@variation("unit inside the value `251000元`, `0.37万元`, `780877.39 元`", "cells", 0, "unit")
def unit_in_value(draft: Draft) -> bool:
    for path in _amounts(draft):
        draft.units[path] = unit = draft.rng.choice((*YUAN, "元", "万元"))
        draft.head_units.pop(path, None)
        draft.cells[path] += draft.rng.choice(("", "", " ")) + unit
    return bool(_amounts(draft))


@variation("unit in the head `采购总金额(万元)`, other than the official one", "cells", 1, "unit")
def unit_in_head(draft: Draft) -> bool:
    for path in draft.units:
        draft.units[path] = unit = draft.rng.choice(tuple(YUAN))
        draft.head_units[path] = draft.rng.choice((f"（单位：{unit}）", f"({unit})", f"（{unit}）", f"/{unit}"))
    return bool(draft.units)


@variation("amount with no unit at all", "cells", 0, "unit")
def unit_nowhere(draft: Draft) -> bool:
    draft.head_units.clear()
    draft.units = dict.fromkeys(draft.units)
    return bool(draft.units)


@variation("decimals `190.457379`, `59237.2449`", "figures", 0, "amount")
def decimals(draft: Draft) -> bool:
    paths = [p for p in draft.figures if draft.form.columns[p].kind == "amount"]
    for path in paths:
        draft.figures[path] = Decimal(draft.rng.randrange(1, 10**9)).scaleb(-draft.rng.randint(1, 6))
    return bool(paths)


@variation("big integers `11398889`", "figures", 0)
def big_integers(draft: Draft) -> bool:
    paths = [p for p in draft.figures if p.startswith(draft.form.sections[0].path)]
    for path in some(draft.rng, paths, 0.3):
        draft.figures[path] = draft.rng.randrange(10**5, 10**8)
    return bool(paths)


@variation("counts with a counter `201件`, `6項`", "cells", 1, "printed")
def counters(draft: Draft) -> bool:
    counter = draft.rng.choice("件项項")
    return _printed(draft, "count", draft.rng.choice((0.01, 0.1, 1)), lambda text: text + counter)


@variation("thousands separators (not met so far)", "cells", 1, "printed")
def thousands_separators(draft: Draft) -> bool:
    big = [p for p, f in draft.figures.items() if isinstance(f, int) and abs(f) >= 1000]
    for path in big:
        draft.cells[path] = f"{draft.figures[path]:,}"
    return bool(big)


@variation("full-width digits (not met so far)", "cells", 1, "printed")
def full_width_digits(draft: Draft) -> bool:
    wide = {ord("0") + i: ord("０") + i for i in range(10)}
    return _printed(draft, "count", draft.rng.choice((0.1, 1)), lambda text: text.translate(wide))


@variation("annotated value `22（其中修订 16 件）`", "cells", 1, "annotated")
def annotated_value(draft: Draft) -> bool:
    n = draft.rng.randint(1, 40)
    note = draft.rng.choice((f"（其中修订 {n} 件）", f"（含自然失效 {n} 件）", f"(其中本级{n}件)"))
    return _printed(draft, "count", 0.005, lambda text: text + note)


@variation("padded values `       2 `", "cells", 0, "padded")
def padded_values(draft: Draft) -> bool:
    if draft.layout_name in ("run_together", "columns"):
        return False
    draft.padded = True
    return True


# --- D. The report itself is wrong -----------------------------------------------------------------------------------


def _wrong(what: str) -> Apply:
    def apply(draft: Draft) -> bool:
        for _, figures in zip(range(20), misprints(draft.figures, draft.form, draft.rng, what=what), strict=False):
            if failing(figures, draft.form):
                changed = [p for p in figures if figures[p] != draft.figures[p]]
                draft.figures = figures
                for path in changed:
                    draft.cells[path] = plainly(figures[path])
                return True
        return False

    return apply


for _name, _what, _row in (
    ("total_printed_0", "zero", "totals printed 0"),
    ("total_below_part", "below", "total < part"),
    ("part_wrong", "part", "the report does not add up in one cell"),
    ("total_wrong", "total", "`22 +1 23`: a total that counts something else"),
):
    VARIATIONS[_name] = Variation(_name, _row, "cells", 0, "wrong", _wrong(_what))


def _statement(draft: Draft, by: int) -> bool:
    rows = [row for row in _applicant_rows(draft) if draft.figures.get(row[-1]) is not None]
    if not rows:
        return False
    path = draft.rng.choice(rows)[-1]
    label = words_of(draft.form.rows[path.rpartition(".")[0]].label).partition("（")[0]
    number = int(draft.figures[path] or 0) + by
    prose = next(iter(draft.prose))
    draft.prose[prose] += f"\n（三）依申请公开。{draft.year}年{label}{number}件，均已按时答复。"
    return True


@variation("prose states figures of the tables", "prose", 0, "statement")
def prose_states_figures(draft: Draft) -> bool:
    return _statement(draft, 0)


@variation("prose vs table: 无法提供 prose 265, items 337", "prose", 0, "statement")
def prose_differs(draft: Draft) -> bool:
    return _statement(draft, draft.rng.randint(1, 90))


@variation("prose year wrong: `2022年` in a 2023 report", "prose", 0, "prose year")
def prose_year_wrong(draft: Draft) -> bool:
    path = next(iter(draft.prose))
    draft.prose[path] = f"{draft.year - 1}年，我单位政府信息公开工作有序推进。\n{draft.prose[path]}"
    return True


# --- B. Labels -------------------------------------------------------------------------------------------------------


def _row_of(draft: Draft, line: Line) -> FormRow | None:
    return draft.form.rows.get(line.path)


@variation("规范性文件 vs 行政规范性文件 (2019 word in 2021 form)", "tables", 0)
def other_forms_word(draft: Draft) -> bool:
    done = False
    for line in draft.labelled_rows():
        row = _row_of(draft, line)
        others = [x.text for x in row.labels if x.form is None and x.text != line.label] if row else []
        if others and row and len(row.labels) > 1:
            draft.change(line, relabelled(line, others[0]))
            done = True
    return done


@variation("shortened labels; `（六）其他` for （六）其他处理", "tables", 1, "label words")
def shortened_labels(draft: Draft) -> bool:
    done = False
    for line in draft.lines("row", "caption"):
        row = _row_of(draft, line)
        labels = [*row.labels] if row else [g for r in draft.form.rows.values() for g in r.groups]
        label = declared(labels, line.label or "")
        if label and label.variants:
            draft.change(line, relabelled(line, draft.rng.choice(label.variants)))
            done = True
    return done


@variation("heads reworded: `本年制作数量`, `现行有效件`, `本年数量`", "tables", 1, "heads")
def reworded_heads(draft: Draft) -> bool:
    words = {x.text: x.variants for c in draft.form.columns.values() for x in c.labels if x.variants}
    done = False
    for line in draft.lines("head"):
        values = tuple(_reworded(v, words, draft.rng) for v in line.values)
        if values != line.values:
            draft.change(line, replace(line, values=values))
            done = True
    return done


def _reworded(head: str | None, words: dict[str, tuple[str, ...]], rng: Random) -> str | None:
    found = next((w for w in sorted(words, key=len, reverse=True) if head and head.startswith(w)), None)
    return rng.choice(words[found]) + head[len(found) :] if head and found else head


def _heads(draft: Draft) -> list[Line]:
    """The lines of heads of sub-tables that print their own."""
    return [line for line in draft.lines("head") if line.path in draft.form.rows]


@variation("head printed twice: `本年新制作数量` x2 (2nd means 公开)", "tables", 2, "heads")
def head_twice(draft: Draft) -> bool:
    line = next((x for x in _heads(draft) if len(x.values) == 3), None)
    if line is None or draft.name != "2019" or line is not _heads(draft)[0]:
        return False
    draft.change(line, replace(line, values=(line.values[0], *line.values[:1], *line.values[2:])))
    return True


@variation("heads carry the year: `本年(2023)制发件数`", "tables", 1, "heads")
def heads_with_year(draft: Draft) -> bool:
    year = draft.rng.choice((f"本年({draft.year})", f"本年（{draft.year}年）", f"{draft.year}年"))
    lines = _heads(draft)
    draft.change_all(lines, lambda x: replace(x, values=tuple(v and v.replace("本年", year) for v in x.values)))
    return bool(lines)


@variation("heads carry long bracketed explanations containing DIGITS: `(指2020年办件量)`", "tables", 1, "heads")
def explained_heads(draft: Draft) -> bool:
    note = draft.rng.choice((f"(指{draft.year}年办件量)", f"（截至{draft.year}年12月31日）", "（含第3、5类事项）"))
    lines = some_lines(draft.rng, _heads(draft))
    draft.change_all(lines, lambda x: replace(x, values=(*x.values[:-1], (x.values[-1] or "") + note)))
    return bool(lines)


@variation("labels carry bracketed explanations containing DIGITS: `如-8`", "tables", 1, "label notes")
def explained_labels(draft: Draft) -> bool:
    note = draft.rng.choice(("（含依申请类事项，如-8）", f"（指{draft.year}年办结数）", "（不含2类内部事项）"))
    lines = [x for x in draft.labelled_rows() if x.path.startswith(draft.form.sections[0].path)]
    draft.change_all(some_lines(draft.rng, lines), lambda x: relabelled(x, (x.label or "") + note))
    return bool(lines)


def some_lines(rng: Random, lines: list[Line]) -> list[Line]:
    return rng.sample(lines, rng.randint(1, min(3, len(lines)))) if lines else []


_LOOKALIKES = dict(zip("己未属请采查复处止规现息密障", "已末厲清釆査夏外正視観恴蜜瞕", strict=True))


@variation("OCR misread: 沭→`沐`", "tables", 1, "misprint")
def ocr_misread(draft: Draft) -> bool:
    lines = [x for x in draft.labelled_rows() if len(x.label or "") > 6 and set(x.label or "") & _LOOKALIKES.keys()]
    for line in some_lines(draft.rng, lines):
        old = draft.rng.choice(sorted(set(line.label or "") & _LOOKALIKES.keys()))
        draft.change(line, relabelled(line, (line.label or "").replace(old, _LOOKALIKES[old], 1)))
    return bool(lines)


def _long(draft: Draft, least: int) -> list[Line]:
    return [x for x in draft.labelled_rows() if len(words_of(x.label or "")) >= least]


@variation("misprinted / cut label: `2.其他法律行政止公开`", "tables", 1, "misprint")
def cut_label(draft: Draft) -> bool:
    lines = some_lines(draft.rng, _long(draft, 9))[:1]
    for line in lines:
        number, words = enumerator(line.label or "")
        at = draft.rng.randint(3, len(words) - 4)
        draft.change(line, relabelled(line, number + words[:at] + words[at + draft.rng.randint(1, 2) :]))
    return bool(lines)


@variation("label cut so only its middle remains: `行政机关不再处理其政府信息公`", "tables", 2, "misprint")
def middle_of_label(draft: Draft) -> bool:
    lines = some_lines(draft.rng, _long(draft, 14))[:1]
    for line in lines:
        words = words_of(line.label or "")
        draft.change(line, relabelled(line, words[len(words) // 4 : -len(words) // 6]))
    return bool(lines)


@variation("extra row: `其他主动公开文件` 186/86/255", "tables", 1, "extra row")
def extra_row(draft: Draft) -> bool:
    return _insert_row(draft, draft.rng.choice(("其他主动公开文件", "其他文件", "政策解读")), 0)


@variation("row split in sub-rows: `行政检查`, `行政确认`", "tables", 1, "extra row")
def split_row(draft: Draft) -> bool:
    return _insert_row(draft, "行政检查", 1) and _insert_row(draft, "行政确认", 1)


def _insert_row(draft: Draft, label: str, table: int) -> bool:
    tables = draft.tables.get(draft.form.sections[0].path, [])
    rows = [line for line in tables[table] if line.path and line.kind == "row"] if len(tables) > table else []
    if not rows:
        return False
    values = tuple(str(draft.rng.randint(0, 300)) for _ in rows[-1].values)
    draft.change(rows[-1], rows[-1], replace(rows[-1], label=label, values=values, path=""))
    return True


@variation("row dropped: no 规章 row", "figures", 1, "row dropped")
def row_dropped(draft: Draft) -> bool:
    rows = draft.rows_in(draft.form.sections[0])
    if len(rows) < 2:
        return False
    draft.remove(draft.rng.choice(rows[:2] + rows))
    return True


@variation("columns dropped: only 2 columns", "figures", 2, "columns dropped")
def columns_dropped(draft: Draft) -> bool:
    rows = draft.rows_in(draft.form.sections[0])
    three = [r for r in rows if len(draft.columns_of(r)) == 3]
    if not three:
        return False
    names = draft.columns_of(three[0])
    gone = draft.rng.choice(names)
    for row in three:
        if draft.columns_of(row) == names:
            del draft.figures[row.cell(gone)]
    return True


@variation("sub-table heading missing: first `第二十条第(一)项` gone", "tables", 1, "captions")
def caption_missing(draft: Draft) -> bool:
    lines = _captions(draft)
    for line in lines[: draft.rng.choice((1, len(lines)))] if lines else []:
        draft.change(line)
    return bool(lines)


def _captions(draft: Draft) -> list[Line]:
    return [x for x in draft.lines("caption") if x.label and x.label.startswith("第二十条")]


def _captions_as(change: Callable[[str], str]) -> Apply:
    def apply(draft: Draft) -> bool:
        lines = _captions(draft)
        draft.change_all(lines, lambda x: relabelled(x, change(x.label or "")))
        return bool(lines)

    return apply


for _name, _row, _change in (
    ("caption_spelled_out", "heading spelled out", lambda t: "中华人民共和国政府信息公开条例  " + t),
    ("caption_without_ordinal", "heading w/o 第: `第二十条(五)项`", lambda t: t.replace("条第", "条").replace("（", "(").replace("）", ")")),
    ("caption_with_space", "heading with space: `第二十条 第（五）项`", lambda t: t.replace("条第", "条 第")),
):  # fmt: skip
    VARIATIONS[_name] = Variation(_name, _row, "tables", 0, "captions", _captions_as(_change))


@variation("caption inside the table: `主动公开政府信息情况`", "tables", 1, "first line")
def caption_in_table(draft: Draft) -> bool:
    return _at_the_top(draft, draft.rng.randrange(len(draft.form.sections)), lambda s: s.partition("、")[2])


@variation("unit row inside the table: `单位:东阳市农业农村局 | | 2019年度`", "tables", 1, "first line")
def unit_row_in_table(draft: Draft) -> bool:
    return _at_the_top(draft, 0, lambda _: f"单位:{draft.agency}", "", f"{draft.year}年度")


def _at_the_top(draft: Draft, at: int, label: Callable[[str], str], *values: str) -> bool:
    section = draft.form.sections[at]
    tables = draft.tables.get(section.path)
    if not tables:
        return False
    tables[0].insert(0, Line("caption", label(section.title), values))
    return True


@variation("traditional characters: `規範性文件`", "text", 1, "script")
def traditional_characters(draft: Draft) -> bool:
    return _converted(draft, "s2t")


@variation("traditional characters, words too: `規範性檔案`", "text", 2, "script")
def traditional_words(draft: Draft) -> bool:
    return _converted(draft, "s2twp")


def _converted(draft: Draft, scheme: str) -> bool:
    change = _converter(scheme)
    draft.text, draft.title, draft.agency = change(draft.text), change(draft.title), change(draft.agency)
    return True


@cache
def _converter(scheme: str) -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC(scheme).convert
    return convert


_SOUNDS = {"公": "gong", "关": "guān", "开": "kāi", "信": "xìn", "行": "xíng", "处": "chù", "计": "jì"}


@variation("phonetic noise: `公(gong)`-style, `關(guān)`", "tables", 2, "misprint")
def phonetic_noise(draft: Draft) -> bool:
    lines = [x for x in draft.labelled_rows() if set(x.label or "") & _SOUNDS.keys()]
    for line in some_lines(draft.rng, lines):
        old = draft.rng.choice(sorted(set(line.label or "") & _SOUNDS.keys()))
        draft.change(line, relabelled(line, (line.label or "").replace(old, f"{old}({_SOUNDS[old]})", 1)))
    return bool(lines)


@variation('plain `"` in 三安全一稳定', "tables", 0)
def plain_quotes(draft: Draft) -> bool:
    lines = [x for x in draft.labelled_rows() if "“" in (x.label or "")]
    quotes = draft.rng.choice((('"', '"'), ("", ""), ("＂", "＂"), ("”", "”")))
    draft.change_all(lines, lambda x: relabelled(x, (x.label or "").replace("“", quotes[0]).replace("”", quotes[1])))
    return bool(lines)


# --- Section titles --------------------------------------------------------------------------------------------------

_TITLES = {
    "一": ("概述", "基本情况", "总体概况"),
    "二": ("主动公开情况", "主动公开政府信息的情况", "政府信息主动公开情况"),
    "三": ("政府信息公开申请情况", "收到和处理政府信息公开申请的情况", "依申请公开政府信息办理情况"),
    "四": ("因政府信息公开工作被申请行政复议、提起行政诉讼情况", "因政府信息公开工作被申请行政复议提起行政诉讼情况"),
    "五": ("存在问题及改进情况", "存在的主要问题及整改措施", "存在的问题和改进措施"),
    "六": ("其他报告事项", "其他需要报告的事项情况", "其他事项"),
}


@variation("section titles reworded: `存在问题及改进情况`, `…整改措施`, `概述`", "prose", 1, "titles")
def titles_reworded(draft: Draft) -> bool:
    for path, title in draft.titles.items():
        number = title.partition("、")[0]
        draft.titles[path] = f"{number}、{draft.rng.choice(_TITLES[number])}"
    return True


@variation("section titles: `三是收到和处理…`", "prose", 1, "titles")
def titles_in_a_list(draft: Draft) -> bool:
    between = draft.rng.choice(("是", "．", "，", "、 ", " "))
    draft.titles = {path: title.replace("、", between, 1) for path, title in draft.titles.items()}
    return True


@variation("section numbers restart or missing: tables are 一/二/三 after prose 一…六", "prose", 1, "titles")
def titles_renumbered(draft: Draft) -> bool:
    for number, section in zip("一二三", draft.form.sections, strict=False):
        draft.titles[section.path] = f"{number}、" + draft.titles[section.path].partition("、")[2]
    return True


@variation("section titles: no 一/五/六", "prose", 1, "titles")
def prose_titles_missing(draft: Draft) -> bool:
    draft.titles |= dict.fromkeys(draft.prose, "")
    return True


@variation("section titles: none at all", "prose", 2, "titles")
def titles_missing(draft: Draft) -> bool:
    draft.titles = dict.fromkeys(draft.titles, "")
    return True


@variation("a prose section with the same title and other numbers before the table", "prose", 1, "same title")
def prose_of_the_same_title(draft: Draft) -> bool:
    n = draft.rng.randint(1, 99)
    path = next(iter(draft.prose))
    draft.prose[path] += f"\n四、政府信息公开申请情况\n{draft.year}年共收到申请{n}件，办结{n}件，上年结转{n % 7}件。"
    return True


# --- E. Layout breakage ----------------------------------------------------------------------------------------------


@variation("repeated lines REMOVED (de-duplicated)", "text", 3, "text")
def repeated_lines_removed(draft: Draft) -> bool:
    if draft.layout.grid:
        return False
    seen: set[str] = set()
    kept = []
    for line in draft.text.split("\n"):
        bare = MARKS.sub("", line).strip()
        if bare in seen:
            draft.lost.update(
                _rows_with(
                    draft, [draft.order[ord(m) - ord(FIRST_MARK)] for m in MARKS.findall(line) if m != LAST_MARK]
                )
            )
        if not bare or bare not in seen:
            kept.append(line)
        seen.add(bare)
    draft.text = "\n".join(kept)
    return True


def _rows_with(draft: Draft, paths: list[str]) -> list[str]:
    rows = {p.rpartition(".")[0] for p in paths}
    return [p for p in draft.figures if p.rpartition(".")[0] in rows]


def _fixed_heads(draft: Draft) -> list[Line]:
    return [x for x in draft.lines("head") if x.path not in draft.form.rows and sum(map(bool, x.values)) > 2]


@variation("second line of a head cell lost: `本年新 | 本年新`", "tables", 2, "heads")
def half_heads(draft: Draft) -> bool:
    lines = [x for x in _heads(draft) if len(x.values) == 3][:1]
    draft.change_all(lines, lambda x: replace(x, values=tuple(v and v[:3] for v in x.values)))
    return bool(lines)


@variation("head words on two lines: `商业`/`企业`, `对外公开`/`总数量`", "tables", 1, "head lines")
def heads_on_two_lines(draft: Draft) -> bool:
    lines = [x for x in draft.lines("head") if x.path != draft.form.sections[1].path]
    between = "\n" if draft.layout_name in ("cells", "cells_apart", "html", "columns") else draft.rng.choice((" ", ""))
    for line in lines:
        parts = [halves(v) if v and len(v) > 3 else (v, "") for v in line.values]
        if between:
            draft.change(line, replace(line, values=tuple(f"{a}{between}{b}" if a and b else a for a, b in parts)))
        else:
            second = tuple(None if a is None else b for a, b in parts)
            below = replace(line, label="" if line.label else None, values=second, path="")
            draft.change(line, replace(line, values=tuple(a for a, _ in parts)), below)
    return bool(lines)


@variation("head split per character and interleaved by line: `结 结 其 尚` / `果 果 他 未`", "tables", 2, "head lines")
def heads_by_characters(draft: Draft) -> bool:
    line = next((x for x in draft.lines("head") if x.path.endswith(".heads")), None)
    if line is None or draft.layout_name not in ("tabs", "spaces", "bars", "bare_bars", "aligned", "trailing_columns"):
        return False
    longest = max(len(v or "") for v in line.values)
    rows = [tuple((v or "")[i : i + 1] if v is not None else None for v in line.values) for i in range(longest)]
    draft.change(line, *(replace(line, values=row, path="") for row in rows))
    return True


@variation("`三、本年度办理结果` one character per line between data rows", "tables", 2, "group")
def group_by_characters(draft: Draft) -> bool:
    section = draft.form.sections[1]
    rows = [x for x in draft.lines("row") if x.path in draft.form.rows and x.path.startswith(section.path)]
    name = section.spec.words[-1]
    if draft.grouped != "left out" or len(rows) < len(name) + 4:
        return False
    start = draft.rng.randint(2, len(rows) - len(name) - 1)
    for line, character in zip(rows[start:], name, strict=False):
        draft.change(line, Line("note", character), line)
    return True


@variation(
    "label wrapped AROUND its numbers: `5.要求行政机关确认或重新` / `0 0 0` / `具已获取信息`",
    "tables",
    2,
    "numbers apart",
)
def label_around_numbers(draft: Draft) -> bool:
    lines = [x for x in some_lines(draft.rng, _long(draft, 10)) if len(x.values) > 2]
    for line in lines:
        first, last = halves(line.label or "")
        draft.change(line, replace(line, label=first, values=()), _bare(draft, line), Line("note", last))
    return bool(lines)


def _bare(draft: Draft, line: Line) -> Line:
    """A row's values without its label."""
    if draft.layout_name in ("bars", "markdown", "trailing_columns", "html"):
        return replace(line, label="", groups=("",) * len(line.groups))
    return replace(line, label=None, groups=(), wide=0)


@variation("label on lines, numbers on a separate label-less row further down", "tables", 2, "numbers apart")
def numbers_apart(draft: Draft) -> bool:
    lines = [x for x in some_lines(draft.rng, draft.labelled_rows()) if len(x.values) > 2]
    for line in lines:
        draft.change(line, replace(line, values=()), _bare(draft, line))
    return bool(lines)


@variation("group label glued to item: `（四）无2.没有现成信息需要另`; `三、本法提供`", "tables", 2, "group")
def group_glued(draft: Draft) -> bool:
    rows = [x for x in draft.labelled_rows() if (row := _row_of(draft, x)) and row.groups and not row.parts]
    if draft.grouped != "left out" or not rows:
        return False
    line = draft.rng.choice(rows)
    group = draft.form.rows[line.path].groups[-1].text
    draft.change(line, relabelled(line, group[: draft.rng.randint(3, len(group))] + (line.label or "")))
    return True


def _inside(draft: Draft) -> list[Line]:
    """Rows before which a page may end."""
    return [x for x in draft.labelled_rows() if x.path.startswith(draft.form.sections[1].path)][1:]


@variation("page number inside a table: `-3-`, `— 5 —`, lone `1`", "tables", 1, "page")
def page_number(draft: Draft) -> bool:
    n = draft.rng.randint(1, 12)
    marks = [f"-{n}-", f"— {n} —", f"- {n} -", f"第{n}页"] + ([f"\n{n}\n"] if draft.layout.grid else [])
    return _break_page(draft, Line("note", draft.rng.choice(marks)))


@variation("each page a separate document with `P. 9`", "tables", 1, "page")
def page_documents(draft: Draft) -> bool:
    return _break_page(draft, Line("note", f"\nP. {draft.rng.randint(1, 20)}\n"))


@variation("one table broken into several", "tables", 1, "page")
def table_cut(draft: Draft) -> bool:
    return _break_page(draft, Line("note", "")) if draft.layout.grid else False


def _break_page(draft: Draft, *lines: Line) -> bool:
    rows = _inside(draft)
    if rows:
        row = draft.rng.choice(rows)
        draft.change(row, *lines, row)
    return bool(rows)


@variation("table header repeated after the page break", "tables", 1, "page")
def head_repeated(draft: Draft) -> bool:
    heads = (
        [x for x in draft.tables.get(draft.form.sections[1].path, [[]])[0] if x.kind == "head"]
        if _inside(draft)
        else []
    )
    return bool(heads) and _break_page(draft, Line("note", f"- {draft.rng.randint(2, 9)} -"), *heads)


@variation("WRONG header after a page break: `本年新收件数 | 上年结转件数 | …`", "tables", 3, "page")
def wrong_head(draft: Draft) -> bool:
    words = ("本年新收件数", "上年结转件数", "予以公开", "部分公开", "不予公开", "无法提供", "总计")
    return _break_page(draft, Line("head", "办理情况", words))


@variation("one table broken into one mini-table per group, invented heads: `数据1 … 数据6`", "tables", 3, "page")
def mini_tables(draft: Draft) -> bool:
    rows = [x for x in _inside(draft) if len(x.values) == 7]
    for line, before in zip(rows[1:], rows, strict=False):
        groups = [draft.form.rows[x.path].groups for x in (line, before)]
        if groups[0] != groups[1]:
            head = Line("head", "项目", tuple(f"数据{i}" for i in range(1, 8)))
            draft.change(line, Line("note", ""), head, line)
    return bool(rows)


def _reviews(draft: Draft) -> tuple[str, list[Line]]:
    section = draft.form.sections[2]
    return section.path, next(iter(draft.tables.get(section.path, [])), [])


@variation("table 4 cut into three 5-column tables: `行政诉讼（复议后起诉）`", "tables", 2, "reviews")
def reviews_in_three(draft: Draft) -> bool:
    path, table = _reviews(draft)
    if not table:
        return False
    section = draft.form.sections[2]
    word = section.spec.words[0]
    tables = []
    for at, row in enumerate(section.rows):
        name = f"{word}（{row.label}）" if at else row.label
        heads = tuple(c.labels[0].text for c in row.columns)
        caption = Line("caption", name, (None,) * (len(heads) - 1))
        tables.append([caption, Line("head", None, heads, wide=0), bare_row(draft, [row], path)])
    draft.tables[path] = tables
    return True


@variation("table 4: 15 bare numbers, header lost", "tables", 3, "reviews")
def reviews_bare(draft: Draft) -> bool:
    path, table = _reviews(draft)
    draft.tables[path] = [[line for line in table if line.kind == "row"]] if table else []
    return bool(table)


@variation("two reports side by side: 2023 left, 2024 right", "tables", 3, "foreign")
def side_by_side(draft: Draft) -> bool:
    """The other report's figures stand to the right of each row; which of the two is meant, the text does not tell."""
    for line in draft.lines("head", "row"):
        other = line.fields if line.kind == "head" else tuple(str(draft.rng.choice((0, 0, 0, 7))) for _ in line.values)
        draft.change(line, replace(line, values=(*line.values, "", *other)))
    draft.lost.update(draft.figures)
    return bool(draft.figures)


@variation("foreign columns: `2024年 增减值 +4`", "tables", 2, "foreign")
def foreign_columns(draft: Draft) -> bool:
    table = next(iter(draft.tables.get(draft.form.sections[0].path, [])), [])
    for line in list(table):
        more = {
            "head": (f"{draft.year - 1}年", "增减值"),
            "row": (str(draft.rng.randint(0, 9)), f"+{draft.rng.randint(1, 9)}"),
        }
        if line.kind in more:
            draft.change(line, replace(line, values=(*line.values, *more[line.kind])))
    return bool(table)


@variation("sentence between heading and table: `2020 年，我单位…`", "prose", 0, "before")
def sentence_before_table(draft: Draft) -> bool:
    section = draft.rng.choice(draft.form.sections)
    n = draft.rng.randint(1, 60)
    draft.before[section.path] = f"{draft.year} 年，我单位主动公开政府信息{n}条，收到政府信息公开申请{n % 5}件。"
    return True


@variation("note after the table: `注：行政复议、行政诉讼数量含上年度结转数量。`", "prose", 0, "after")
def note_after_table(draft: Draft) -> bool:
    section = draft.rng.choice(draft.form.sections)
    draft.after[section.path] = draft.rng.choice(
        (
            "注：行政复议、行政诉讼数量含上年度结转数量。",
            f"（注：“行政许可”栏目中“上一年项目数量”是指本单位{draft.year - 1}年行政许可权力事项的数量。）",
            f"备注：以上数据统计截至{draft.year}年12月31日，其中2件为{draft.year - 1}年结转。",
        )
    )
    return True


@variation("labels in one span per character (Word HTML)", "text", 2, "text")
def span_per_character(draft: Draft) -> bool:
    if draft.layout_name != "html":
        return False
    draft.text = re.sub(
        r"(?<=>)([\u4e00-\u9fff（）、.“”]{2,})(?=<)",
        lambda m: "".join(f'<span style="font-family:宋体">{c}</span>' for c in m[1]),
        draft.text,
    )
    return True


@variation("blanks inside labels: `结 果`, `总 计`, `情 形`", "tables", 1, "label spaces")
def spaces_in_labels(draft: Draft) -> bool:
    gap = draft.rng.choice((" ", "  ", "\u3000"))
    if draft.layout_name == "spaces":
        return False
    for line in draft.lines("head", "row"):
        label = line.label and (gap.join(halves(line.label)) if draft.rng.random() < 0.4 else line.label)
        values = line.values
        if line.kind == "head":
            values = tuple(gap.join(v) if v and len(v) == 2 else v for v in values)
        draft.change(line, replace(line, label=label, values=values))
    return True


@variation("item numbering: `1. 属于`; `1、申请人`; `(三)` vs `（三）`", "tables", 0, "numbering")
def numbering_style(draft: Draft) -> bool:
    style = draft.rng.choice(("narrow", "space", "comma", "none"))
    lines = [x for x in draft.lines("row", "caption") if x.label and enumerator(x.label)[0]]
    draft.change_all(lines, lambda x: relabelled(x, _numbered(x.label or "", style)))
    return bool(lines)


def _numbered(label: str, style: str) -> str:
    number, words = enumerator(label)
    return {
        "narrow": number.replace("（", "(").replace("）", ") ") + words,
        "space": number + " " + words,
        "comma": number.replace(".", "、") + words,
        "none": words,
    }[style]


@variation("web page around the report: navigation, counters, dates, phone numbers", "text", 1, "chrome")
def web_chrome(draft: Draft) -> bool:
    rng, year = draft.rng, draft.year + 1
    before = [
        "首页 > 政务公开 > 政府信息公开年报",
        f"发布时间：{year}-01-{rng.randint(10, 28)} 10:{rng.randint(10, 59)}  来源：{draft.agency}  浏览次数：{rng.randint(1, 9999)}",
        f"索引号：{rng.randint(10**8, 10**9)}/{year}-{rng.randint(10000, 99999)}",
        "字号：[大 中 小]",
    ]
    after = [
        "打印 关闭",
        "上一篇：关于召开会议的通知",
        f"电话：0517-{rng.randint(10**7, 10**8)}",
        f"苏ICP备{rng.randint(10**7, 10**8)}号-1",
    ]
    parts = [*some(rng, before, 0.6), draft.text, *some(rng, after, 0.6)]
    if draft.layout_name == "html":
        parts = [p if p is draft.text else f"<div>{p}</div>" for p in parts]
    draft.text = "\n".join(parts)
    return True


def pad(draft: Draft) -> None:
    """Pad the values of tables, outside of their marks: the padding is no part of the cell."""
    for line in draft.lines("row"):
        values = tuple(v and " " * draft.rng.randint(0, 7) + v + draft.rng.choice(("", " ")) for v in line.values)
        draft.change(line, replace(line, values=values))
