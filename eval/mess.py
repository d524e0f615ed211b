"""Made-up mess: from a seed, random reports with known gold, in every layout and variation that real reports show.

It shares the form's declaration with the readers and nothing else, so that one mistake cannot hide in both.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from ..schemas.form import form_of
from ..schemas.report import YUAN, Report
from .damage import DAMAGE
from .draft import Draft, build_tables, print_cells, unmarked, whole_text, write_prose
from .figures import Figure, failing, random_figures
from .layouts import LAYOUTS
from .printing import PRINTING, pad
from .variations import STAGES, Variation, Variations
from .wording import WORDING

REPORT = form_of(Report)
VARIATIONS: Variations = {**PRINTING, **WORDING, **DAMAGE}
HARDEST = 3

_PLACES = ("某县", "临江市", "清河区", "东湖镇", "白石街道", "广平县", "沭河市", "南山区")
_BODIES = (
    "人民政府",
    "民政局",
    "教育局",
    "人民政府办公室",
    "农业农村局",
    "应急管理局",
    "街道办事处",
    "发展和改革委员会",
)
_HOW_MANY = {0: (0, 1), 1: (1, 2), 2: (2, 4), 3: (4, 7)}
_BROKEN_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A made-up report, its text and its gold.

    gold: the record of the contract without its prose. places: path → half-open span in `text` of each cell that prints a
    number. done: names of VARIATIONS. broken: ids of the identities that fail as printed. lost: paths of cells whose value
    or position the text no longer tells.
    """

    name: str
    text: str
    gold: dict[str, Any]
    places: dict[str, tuple[int, int]]
    form: str | None
    layout: str
    difficulty: int
    done: tuple[str, ...]
    broken: tuple[str, ...]
    lost: tuple[str, ...]


def make_reports(count: int, seed: int, difficulty: int | None = None) -> Iterator[MadeUp]:
    """The first `count` made-up reports of a seed, one by one; the n-th depends on seed, n and difficulty alone.

    difficulty: 0 easy to 3 hard, None all of them by turns. Raises ValueError for another one.
    """
    if difficulty is not None and not 0 <= difficulty <= HARDEST:
        raise ValueError(f"difficulty {difficulty}: give 0 (easy) to {HARDEST} (hard)")
    for n in range(count):
        yield _make(n, seed, n % (HARDEST + 1) if difficulty is None else difficulty)


def write_reports(path: str | Path, count: int, seed: int, difficulty: int | None = None) -> None:
    """Write made-up reports as JSON Lines, one object a report with the fields of MadeUp.

    The file is there whole or not at all. Raises OSError, saying which path and why, where it cannot be written.
    """
    target = Path(path)
    try:
        handle, scratch = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise OSError(
            f"{target}: cannot be written: {error.strerror}; give a file in a folder you may write to"
        ) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            for made in make_reports(count, seed, difficulty):
                file.write(as_json(made) + "\n")
        Path(scratch).replace(target)
    except OSError as error:
        raise OSError(
            f"{target}: cannot be written: {error.strerror}; give a file in a folder you may write to"
        ) from error
    finally:
        with suppress(FileNotFoundError):
            Path(scratch).unlink()


def as_json(made: MadeUp) -> str:
    """A made-up report as one line of JSON."""
    return json.dumps({name: getattr(made, name) for name in MadeUp.__slots__}, ensure_ascii=False)


def _make(n: int, seed: int, difficulty: int) -> MadeUp:
    rng = Random(f"{seed}/{n}/{difficulty}")
    draft = _plain_draft(rng, difficulty)
    done = tuple(v.name for v in _vary(draft, _choose(rng, difficulty)))
    draft.lost.update(_glued(draft))
    text, places = unmarked(draft.text, draft.order)
    gold = _gold(draft)
    return MadeUp(
        name=f"made_up_{seed}_{n:06d}",
        text=text,
        gold=gold,
        places=places,
        form=gold["form"],
        layout=draft.layout_name,
        difficulty=difficulty,
        done=done,
        broken=failing(draft.figures, REPORT),
        lost=tuple(p for p in draft.order if p in draft.lost and p in draft.figures),
    )


def _plain_draft(rng: Random, difficulty: int) -> Draft:
    name = rng.choice(("2019", "2021", "2021"))
    return Draft(
        form=REPORT,
        name=name,
        rng=rng,
        year=rng.choice((2019, 2020) if name == "2019" else (2021, 2022, 2023, 2024)),
        agency=rng.choice(_PLACES) + rng.choice(_BODIES),
        layout_name=rng.choice([name for name, layout in LAYOUTS.items() if layout.level <= difficulty]),
        figures=random_figures(REPORT, name, rng),
        printed_form=name,
    )


def _choose(rng: Random, difficulty: int) -> list[Variation]:
    """Variations for a report, at most one of each part, in the order in which they are applied."""
    chosen: dict[str, Variation] = {}
    wanted = rng.randint(*_HOW_MANY[difficulty])
    among = [v for v in VARIATIONS.values() if v.level <= difficulty and v.part != "wrong"]
    for found in rng.sample(among, len(among)):
        if len(chosen) < wanted:
            chosen.setdefault(found.part, found)
    if rng.random() < _BROKEN_SHARE:
        chosen["wrong"] = rng.choice([v for v in VARIATIONS.values() if v.part == "wrong"])
    return sorted(chosen.values(), key=lambda v: (STAGES.index(v.stage), v.part == "wrong"))


def _vary(draft: Draft, chosen: list[Variation]) -> Iterator[Variation]:
    """Build the report stage by stage; yields the variations that found something to do."""
    for stage in STAGES:
        if stage == "cells":
            print_cells(draft)
        elif stage == "tables":
            build_tables(draft)
        elif stage == "prose":
            if draft.padded:
                pad(draft)
            write_prose(draft)
        elif stage == "text":
            draft.text = whole_text(draft)
        yield from [v for v in chosen if v.stage == stage and v.apply(draft)]


def _glued(draft: Draft) -> Iterator[str]:
    """The cells of rows that could be parted in several ways, where nothing stands between two cells."""
    for row in () if draft.layout.parted else REPORT.rows.values():
        paths = [row.cell(c.name) for c in row.columns if row.cell(c.name) in draft.figures]
        if any(len(draft.cells[path]) != 1 for path in paths):
            yield from paths


def _gold(draft: Draft) -> dict[str, Any]:
    gold: dict[str, Any] = {
        "form": draft.printed_form or None,
        "agency": draft.agency,
        "year": draft.year,
        "title": draft.title,
        "issued_on": draft.issued_on,
    }
    for row in REPORT.rows.values():
        *above, name = row.path.split(".")
        at = gold
        for key in above:
            at = at.setdefault(key, {})
        present = any(row.cell(c.name) in draft.figures for c in row.columns)
        at[name] = {c.name: _value(draft, row.cell(c.name)) for c in row.columns} if present else None
    return gold


def _value(draft: Draft, path: str) -> Any:
    figure: Figure = draft.figures.get(path)
    if figure is None or REPORT.columns[path].kind != "amount":
        return figure
    unit = draft.units[path]
    factors: Mapping[str, Decimal] = {str(name): factor for name, factor in YUAN.items()}
    yuan = f"{(Decimal(figure) * factors[unit]).normalize():f}" if unit else None
    return {"figure": f"{Decimal(figure):f}", "unit": unit, "yuan": yuan}
