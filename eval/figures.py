"""Random figures for the cells of a form, that add up, or fail in one known place; the arithmetic is this module's own."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from random import Random

from ..schemas.form import Form, FormColumn, FormRow, Identity

Figure = int | Decimal | None
Figures = dict[str, Figure]
"""What a report prints, by path: a blank is None, and a cell that its table does not have is no key."""


def random_figures(
    form: Form, name: str, rng: Random, busy: float | None = None, digits: Sequence[int] = (1, 1, 1, 2, 2, 3, 4)
) -> Figures:
    """Figures for every cell that the official form `name` has; every identity holds.

    busy: the share of cells that are not 0, by lot where it is None. digits: how many digits counts have at most, by lot.
    """
    busy = rng.choice((0.02, 0.05, 0.15, 0.6, 0.95)) if busy is None else busy
    figures: Figures = {
        row.cell(column.name): _figure(column, busy, digits, rng)
        for row in form.rows.values()
        if row.form in (name, None)
        for column in columns_in(row, name)
    }
    _add_up(figures, form, rng)
    return figures


def columns_in(row: FormRow, name: str) -> list[FormColumn]:
    """The columns of a row that the official form `name` prints."""
    return [c for c in row.columns if any(label.form in (name, None) for label in c.labels)]


def _figure(column: FormColumn, busy: float, digits: Sequence[int], rng: Random) -> Figure:
    if rng.random() > busy:
        return 0
    if column.kind == "amount":
        return Decimal(rng.randrange(1, 10 ** rng.randint(2, 8))).scaleb(-rng.randint(0, 4))
    number = rng.randrange(1, 10 ** rng.choice(digits))
    return -number if column.kind == "change" and rng.random() < 0.5 else number


def _add_up(figures: Figures, form: Form, rng: Random) -> None:
    """Set the cells that are sums: sums of rows first, then what must balance them, then the totals of each row."""
    identities = [sides for rule in form.identities if (sides := _sides(rule, figures))]
    across = [sides for sides in identities if len({p.rpartition(".")[0] for side in sides for p in side}) == 1]
    totals = {sides[1][0] for sides in across}
    down = [sides for sides in identities if sides not in across and sides[1][0] not in totals]
    for left, right in sorted(down, key=lambda sides: len(sides[1])):
        if len(right) == 1:
            figures[right[0]] = _sum(left, figures)
        else:
            _share(_sum(right, figures), left, figures, rng)
    for left, right in across:
        figures[right[0]] = _sum(left, figures)


def _share(amount: int, paths: tuple[str, ...], figures: Figures, rng: Random) -> None:
    """Part an amount among cells, most of it to the first."""
    for path in paths[:0:-1]:
        figures[path] = rng.randint(0, amount) if rng.random() < 0.3 else 0
        amount -= _sum((path,), figures)
    figures[paths[0]] = amount


def failing(figures: Mapping[str, Figure], form: Form) -> tuple[str, ...]:
    """The ids of the identities that the figures break; one that needs a blank cell is not assessable and breaks nothing."""
    return tuple(
        rule.id
        for rule in form.identities
        if (sides := _sides(rule, figures))
        and all(figures[p] is not None for side in sides for p in side)
        and _sum(sides[0], figures) != _sum(sides[1], figures)
    )


def _sides(rule: Identity, figures: Mapping[str, Figure]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The terms of an identity that the report has; None where a side has none."""
    twice = {path for path, parts in rule.unless if any(part in figures for part in parts)}
    left, right = (tuple(p for p in side if p in figures and p not in twice) for side in (rule.left, rule.right))
    return (left, right) if left and right else None


def _sum(paths: tuple[str, ...], figures: Mapping[str, Figure]) -> int:
    return sum(int(figures[path] or 0) for path in paths)


def misprints(figures: Figures, form: Form, rng: Random, *, what: str) -> Iterator[Figures]:
    """Endlessly: the figures with one cell changed. what: "zero" a total printed 0, "below" under a part, "part" any cell."""
    sides = [found for rule in form.identities if (found := _sides(rule, figures))]
    totals = sorted({right[0] for _, right in sides if len(right) == 1})
    parts = sorted({path for left, _ in sides for path in left})
    while sides:
        path = rng.choice(parts if what == "part" else totals)
        old = figures[path]
        new = {"zero": 0, "below": rng.randint(0, int(old or 0))}.get(what, int(old or 0) + rng.randint(1, 9))
        yield {**figures, path: None if old is None else new}
