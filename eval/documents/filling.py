"""What a made-up report prints in its cells: the figures, how zeros and blanks stand there, and the gold of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from ...schemas.form import Form, FormRow
from ...schemas.report import YUAN
from ..figures import Figures, columns_in, failing, misprints, random_figures

ZEROS = ("0", "mixed", "", "0", "-", "mixed", "0", "/", "mixed")
"""How zeros are printed, by turns: as they are; some as blanks; all as blanks of one kind."""

SIZES: dict[str, tuple[float, tuple[int, ...]]] = {
    "all zero": (0, (1,)),
    "sparse": (0.04, (1, 1, 1, 2)),
    "small": (0.12, (1, 1, 2)),
    "middling": (0.35, (1, 1, 2, 2, 3)),
    "busy": (0.8, (1, 2, 3, 4)),
}
"""How much a report prints: the share of its cells that are not 0, and how many digits counts have at most, by lot."""

_PLACES = ("青禾县", "临江市", "清河区", "东湖镇", "白石街道", "广平县", "南屏区", "云岭乡", "长宁镇", "沙溪市")
_BODIES = (
    "人民政府",
    "民政局",
    "教育局",
    "人民政府办公室",
    "农业农村局",
    "应急管理局",
    "财政局",
    "发展和改革委员会",
    "自然资源和规划局",
    "卫生健康委员会",
)


@dataclass(frozen=True, slots=True)
class Filling:
    """name: the official form that the tables follow for the most part. figures: cell path → number, None a blank.

    printed: the same as the page shows it. units: of amounts, None where none is stated. heads: what the head of an amount
    adds to say its unit. form: as the record says it, "mixed" where the two forms mix. done: what is unusual about it.
    """

    name: str
    form: str
    agency: str
    year: int
    figures: Figures
    printed: Mapping[str, str]
    units: Mapping[str, str | None]
    heads: Mapping[str, str]
    zeros: str
    size: str
    done: tuple[str, ...] = ()

    def columns_of(self, row: FormRow) -> list[str]:
        """The columns of a row that the report prints."""
        return [c.name for c in row.columns if row.cell(c.name) in self.figures]


def fill(form: Form, rng: Random, zeros: str) -> Filling:
    """A made-up report's cells; every identity holds, but for one report in eight, which is wrong as printed."""
    name = rng.choice(("2019", "2021", "2021"))
    size = rng.choice(tuple(SIZES))
    figures = random_figures(form, name, rng, *SIZES[size])
    done = [mix.__name__.strip("_") for mix in _MIXES if rng.random() < 0.12 and mix(form, name, figures, rng)]
    if rng.random() < 0.12:
        figures, wrong = _wrong(form, figures, rng)
        done += wrong
    units, heads = _units(form, figures, rng)
    printed = _printed(form, figures, units, heads, rng)
    done += [
        words.__name__.strip("_") for words in _WORDS if rng.random() < 0.04 and words(form, figures, printed, rng)
    ]
    _blank(figures, printed, zeros, rng)
    in_order = [path for path in form.columns if path in figures]
    return Filling(
        name=name,
        form="mixed" if any(d in ("first_heads_of_2019", "other_outcomes_in_one_row") for d in done) else name,
        agency=rng.choice(_PLACES) + rng.choice(_BODIES),
        year=rng.choice((2019, 2020) if name == "2019" else (2021, 2022, 2023, 2024, 2025)),
        figures=figures,
        printed={path: printed[path] for path in in_order},
        units=units,
        heads=heads,
        zeros=zeros,
        size=size,
        done=tuple(done),
    )


# --- Forms that mix ---------------------------------------------------------------------------------------------------


def _first_heads_of_2019(form: Form, name: str, figures: Figures, rng: Random) -> bool:
    if name != "2021":
        return False
    rows = form.sections[0].rows
    alike = [row for row in rows if [c.name for c in row.columns] == [c.name for c in rows[0].columns]]
    for row in alike:
        _remove(row, figures)
        figures |= {row.cell(c.name): rng.choice((0, 0, 1, 13)) for c in columns_in(row, "2019")}
    return True


def _other_outcomes_in_one_row(form: Form, name: str, figures: Figures, _: Random) -> bool:
    if name != "2021":
        return False
    for row in form.rows.values():
        for column in row.columns if row.parts else ():
            parts = [f"{part}.{column.name}" for part in row.parts]
            figures[row.cell(column.name)] = sum(int(figures.pop(part) or 0) for part in parts)
    return True


def _no_row_of_regulations(form: Form, _: str, figures: Figures, __: Random) -> bool:
    _remove(form.sections[0].rows[0], figures)
    return True


_Mix = Callable[[Form, str, Figures, Random], bool]
_MIXES: tuple[_Mix, ...] = (_first_heads_of_2019, _other_outcomes_in_one_row, _no_row_of_regulations)


def _remove(row: FormRow, figures: Figures) -> None:
    for column in row.columns:
        figures.pop(row.cell(column.name), None)


def _wrong(form: Form, figures: Figures, rng: Random) -> tuple[Figures, list[str]]:
    """The figures with one that does not add up."""
    what = rng.choice(("zero", "below", "part", "total"))
    for _, found in zip(range(20), misprints(figures, form, rng, what=what), strict=False):
        if failing(found, form):
            return found, [f"wrong_{what}"]
    return figures, []


# --- How figures are printed -------------------------------------------------------------------------------------------


def _units(form: Form, figures: Figures, rng: Random) -> tuple[dict[str, str | None], dict[str, str]]:
    """The units of amounts, and what their heads say of them."""
    units: dict[str, str | None] = {}
    heads: dict[str, str] = {}
    for path in (p for p in figures if form.columns[p].kind == "amount"):
        where, unit = rng.choice(("head", "head", "cell", "none")), rng.choice(("万元", "万元", "元"))
        units[path] = None if where == "none" else unit
        if where == "head":
            heads[path] = rng.choice((f"（单位：{unit}）", f"({unit})", f"（{unit}）"))
    return units, heads


def _printed(
    form: Form, figures: Figures, units: Mapping[str, str | None], heads: Mapping[str, str], rng: Random
) -> dict[str, str]:
    signed = rng.random() < 0.3
    shown: dict[str, str] = {}
    for path, figure in figures.items():
        shown[path] = f"{Decimal(figure or 0):f}"
        if form.columns[path].kind == "change" and signed and (figure or 0) > 0:
            shown[path] = f"+{shown[path]}"
        if units.get(path) and path not in heads:
            shown[path] += units[path] or ""
    return shown


def _with_counters(form: Form, figures: Figures, printed: dict[str, str], rng: Random) -> bool:
    """Counts of section 二 with a counter: 12 → 12件."""
    counter = rng.choice("件件项个")
    for path in figures:
        if path.startswith(form.sections[0].path) and form.columns[path].kind == "count":
            printed[path] += counter
    return True


def _changes_in_words(form: Form, figures: Figures, printed: dict[str, str], rng: Random) -> bool:
    """Changes with words for signs: -3 → 减少3."""
    more, less = rng.choice((("增加", "减少"), ("增", "减"), ("增加", "减")))
    changes = [path for path, figure in figures.items() if figure and form.columns[path].kind == "change"]
    for path in changes:
        printed[path] = f"{more if (figures[path] or 0) > 0 else less}{abs(figures[path] or 0)}"
    return bool(changes)


def _annotated(form: Form, figures: Figures, printed: dict[str, str], rng: Random) -> bool:
    """A count with a note: 22（其中修订 16 件）."""
    among = [path for path, figure in figures.items() if figure and path.startswith(form.sections[0].path)]
    among = [path for path in among if form.columns[path].kind == "count"]
    if among:
        n = rng.randint(1, 30)
        printed[rng.choice(among)] += rng.choice((f"（其中修订 {n} 件）", f"（含自然失效{n}件）", f"(其中本级{n}件)"))
    return bool(among)


_Words = Callable[[Form, Figures, dict[str, str], Random], bool]
_WORDS: tuple[_Words, ...] = (_with_counters, _changes_in_words, _annotated)


def _blank(figures: Figures, printed: dict[str, str], zeros: str, rng: Random) -> None:
    """Print zeros as blanks: all of them, or those of some rows, or only those between the first and the last of a row."""
    if zeros == "0":
        return
    mark = rng.choice(("", "", "-", "/", "—", "无", "\u3000")) if zeros == "mixed" else zeros
    rows: dict[str, list[str]] = {}
    for path in figures:
        rows.setdefault(path.rpartition(".")[0], []).append(path)
    share = rng.choice((0.15, 0.5, 0.9)) if zeros == "mixed" else 1
    inner = zeros == "mixed" and rng.random() < 0.4
    for paths in rows.values():
        among = paths[1:-1] if inner else paths
        if inner or rng.random() < share:
            for path in among:
                if figures[path] == 0:
                    figures[path], printed[path] = None, mark


# --- Gold -------------------------------------------------------------------------------------------------------------


def gold_of(filling: Filling, form: Form, title: str, issued_on: str) -> dict[str, Any]:
    """The record of what is printed, without its prose."""
    gold: dict[str, Any] = {
        "form": filling.form,
        "agency": filling.agency,
        "year": filling.year,
        "title": title,
        "issued_on": issued_on,
    }
    for row in form.rows.values():
        *above, name = row.path.split(".")
        at = gold
        for key in above:
            at = at.setdefault(key, {})
        present = bool(filling.columns_of(row))
        at[name] = {c.name: _value(filling, form, row.cell(c.name)) for c in row.columns} if present else None
    return gold


def _value(filling: Filling, form: Form, path: str) -> Any:
    figure = filling.figures.get(path)
    if figure is None or form.columns[path].kind != "amount":
        return figure
    unit = filling.units[path]
    factors: Mapping[str, Decimal] = {str(name): factor for name, factor in YUAN.items()}
    yuan = f"{(Decimal(figure) * factors[unit]).normalize():f}" if unit else None
    return {"figure": f"{Decimal(figure):f}", "unit": unit, "yuan": yuan}
