"""What reports print: which form, how numbers, units and blanks stand there, and where they are wrong."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from ..schemas.report import YUAN
from .draft import Draft, plainly, words_of
from .figures import columns_in, failing, misprints
from .variations import (
    Apply,
    Variation,
    Variations,
    adding_to,
    applicant_rows,
    some,
)

PRINTING: Variations = {}
variation = adding_to(PRINTING)

# --- Forms and mixtures -----------------------------------------------------------------------------------------------


@variation("2019 form used for 2022 / 2023", "figures", 0, "form")
def older_form_in_a_later_year(draft: Draft) -> bool:
    if draft.name != "2019":
        return False
    draft.year = draft.rng.choice((2022, 2023))
    return True


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


@variation("2021 form but （六）其他处理 left as ONE row", "figures", 1, "other outcomes in one row")
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


@variation("2021 report citing the 2019 notice", "prose", 0, "cites the other notice")
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


# --- Numbers, units, blanks -------------------------------------------------------------------------------------------


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
    PRINTING[_name] = Variation(_name, _row, "cells", _level, "blank", _blank(_mark))


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
        if not draft.layout.blanks:
            return False
        zero = [row for row in applicant_rows(draft) if all(draft.figures[p] == 0 for p in row)]
        rows = [row for row in zero if draft.rng.random() < share]
        for row in rows:
            _keep(draft, which, row)
        return bool(rows)

    return apply


for _name, _which, _row in (
    ("only_the_total", (-1,), "only the total filled"),
    ("only_the_first_column", (0,), "only first column filled"),
    ("row_total_blank", slice(0, -1), "row total blank on almost every row"),
    ("all_blank", (), "all cells blank: labels only"),
):
    PRINTING[_name] = Variation(_name, _row, "cells", 1, "blank", _only(_which, 0.9))


def _persons_only(draft: Draft, *, dropped: bool) -> None:
    for row in applicant_rows(draft):
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
    zero = [row for row in applicant_rows(draft) if all(draft.figures[p] == 0 for p in row)]
    if zero:
        _keep(draft, tuple(draft.rng.sample(range(7), 5)), draft.rng.choice(zero), dropped=True)
    return bool(zero)


@variation("one value for a 3-column row", "cells", 2, "blank")
def one_of_three(draft: Draft) -> bool:
    rows = [r for r in draft.rows_in(draft.form.sections[0]) if len(draft.columns_of(r)) == 3]
    if rows:
        row = draft.rng.choice(rows)
        _keep(draft, (draft.rng.randrange(3),), [row.cell(name) for name in draft.columns_of(row)], dropped=True)
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


@variation("big integers `11398889`", "figures", 0, "big integers")
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


@variation("a sentence as a value (several numbers in it): `…13781户31696人次…1040万元`", "cells", 2, "annotated")
def sentence_as_value(draft: Draft) -> bool:
    """Such a cell prints no number of its column; that none of those in the sentence is meant, the text does not tell."""
    paths = [p for p in draft.figures if p.startswith(draft.form.sections[0].path)]
    for path in (chosen := paths and [draft.rng.choice(paths)]):
        households, visits = draft.rng.randint(100, 20_000), draft.rng.randint(100, 40_000)
        draft.figures[path] = None
        draft.cells[path] = f"全年发放{households}户{visits}人次，计{draft.rng.randint(10, 2000)}万元"
        draft.lost.add(path)
    return bool(chosen)


@variation("padded values `       2 `", "cells", 0, "padded")
def padded_values(draft: Draft) -> bool:
    if draft.layout_name in ("run_together", "columns"):
        return False
    draft.padded = True
    return True


# --- The report itself is wrong ---------------------------------------------------------------------------------------


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
    PRINTING[_name] = Variation(_name, _row, "cells", 0, "wrong", _wrong(_what))


def _statement(draft: Draft, by: int) -> bool:
    rows = [row for row in applicant_rows(draft) if draft.figures.get(row[-1]) is not None]
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


def pad(draft: Draft) -> None:
    """Pad the values of tables, outside of their marks: the padding is no part of the cell."""
    for line in draft.lines("row"):
        values = tuple(v and " " * draft.rng.randint(0, 7) + v + draft.rng.choice(("", " ")) for v in line.values)
        draft.change(line, replace(line, values=values))
