"""Numbers torn from their labels: all of a table's numbers, in order, and the rows that its labels name, in the form's order."""

from collections.abc import Iterator, Sequence
from itertools import islice, product

from ...schemas.form import FormRow
from . import costs
from .fills import Fill, is_empty, slot_of
from .items import Items
from .labels import Found
from .tokens import Token

MOST_ORDERS = 64
_SHORTEST = 3

Block = Sequence[Sequence[Token]]
"""Rows of numbers that stand together."""


def labels_there(found: Sequence[Found], rows: Sequence[FormRow]) -> tuple[Found, ...]:
    """The rows whose labels stand anywhere in a table, in the form's order; a group's label is none where its rows are there."""
    best: dict[tuple[int, ...], Found] = {}
    for one in found:
        if one.length >= _SHORTEST and (one.pieces not in best or one.cost < best[one.pieces].cost):
            best[one.pieces] = one
    whole = {i for one in best.values() if one.cost < costs.MISPRINT for i in one.pieces}
    there: dict[str, Found] = {}
    for one in sorted(best.values(), key=lambda f: f.cost):
        if one.cost < costs.MISPRINT or not whole.intersection(one.pieces):
            there.setdefault(one.row.path, one)
    return tuple(there[r.path] for r in rows if r.path in there and not there.keys() & set(r.parts))


def torn_orders(items: Items, count: int, rows: int) -> Iterator[tuple[tuple[Token, ...], ...]]:
    """The ways to take all numbers of a table for so many rows of `count` cells, each run row by row or column by column."""
    blocks: list[list[Block]] = []
    tokens = [t for run in items.runs for t in run.tokens if not is_empty(t)]
    if len(tokens) != rows * count:
        return
    for run in items.runs:
        found = _blocks([t for t in run.tokens if not is_empty(t)], count)
        if found is None:
            return
        blocks += found
    for choice in islice(product(*blocks), MOST_ORDERS + 1):
        yield tuple(tuple(row) for block in choice for row in block)


def _blocks(tokens: Sequence[Token], count: int) -> list[list[Block]] | None:
    """A run → its blocks, each with the ways to read it; None where it is none of whole rows.

    Empty lines part the columns of a block: 1 0 ⏎⏎ 2 0 ⏎⏎ 3 0 → the rows 1 2 3 and 0 0 0.
    """
    found: list[list[Block]] = []
    groups = _groups(tokens)
    at = 0
    while at < len(groups):
        own = groups[at : at + count]
        if len(own) == count and len({len(g) for g in own}) == 1:
            found.append([list(zip(*own, strict=True))])
            at += count
        elif len(groups[at]) % count == 0:
            found.append(_ways(groups[at], count))
            at += 1
        else:
            return [_ways(tokens, count)] if len(tokens) % count == 0 else None
    return found


def _groups(tokens: Sequence[Token]) -> list[list[Token]]:
    groups: list[list[Token]] = []
    for token in tokens:
        if groups and token.line <= groups[-1][-1].line + 1:
            groups[-1].append(token)
        else:
            groups.append([token])
    return groups


def _ways(tokens: Sequence[Token], count: int) -> list[Block]:
    rows = len(tokens) // count
    by_row = [tokens[i * count : (i + 1) * count] for i in range(rows)]
    by_column = [tokens[i::rows] for i in range(rows)]
    return [by_row] if rows == 1 else [by_row, by_column]


def fill_of(tokens: Sequence[Token]) -> Fill:
    return Fill(tuple(map(slot_of, tokens)), 0.0, "inferred")
