"""A reading, one damage undone: what the table would be had one row moved, two columns been exchanged, and so on.

Where the sums of a reading fail, and hold once a single damage is undone, the cells that it touched are in doubt: the text
may have suffered it.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import combinations, pairwise, permutations

from ...schemas.form import FormSection, Identity
from .solve import Counts, holds, sides

Changes = Mapping[str, object]
"""Cell path → what would stand there."""


def doubtful_by_damage(
    counts: Counts, section: FormSection, identities: Sequence[Identity]
) -> dict[str, tuple[object, ...]]:
    """Counts of which some sums fail, or lack their total → each cell that a single damage would explain, with what would stand there."""
    failing = {rule.id for rule in identities if not holds(rule, counts)}
    untold = {rule.id for rule in identities if _lacks_total(rule, counts)} - failing
    found: dict[str, list[object]] = {p: [count] for p, count in _printed_twice(counts).items()}
    if not failing and not untold:
        return {path: tuple(values) for path, values in found.items()}
    sums = {path for rule in identities for path in rule.right if rule.is_of_one_row}
    over: dict[str, list[Identity]] = {}
    for rule in identities:
        for path in rule.paths:
            over.setdefault(path, []).append(rule)
    for changes in _single_damages(counts, section):
        differing = {p: 0 if v is None and p in sums else v for p, v in changes.items() if counts[p] != v}
        rules = {rule.id: rule for path in differing for rule in over.get(path, ())} if any(differing.values()) else {}
        if not (failing | untold).isdisjoint(rules) and _mends({**counts, **differing}, rules, failing, untold):
            for path, value in differing.items():
                found.setdefault(path, []).append(value)
    return {path: tuple(dict.fromkeys(values)) for path, values in found.items()}


def _mends(counts: Counts, rules: Mapping[str, Identity], failing: Set[str], untold: Set[str]) -> bool:
    """Whether changed counts make some of the identities that fail hold, or give some their totals, and break none.

    A total that leaves room for a blank could be any number; several of them are none by chance.
    """
    if not all(holds(rule, counts) for name, rule in rules.items() if name not in failing):
        return False
    told = [_told(rule, counts) for name, rule in rules.items() if name in untold and rule.is_of_one_row]
    is_mended = any(holds(rule, counts) for name, rule in rules.items() if name in failing)
    return is_mended or _EXACT in told or told.count(_ROOMY) > _FEW


_EXACT, _ROOMY = "exact", "roomy"
_FEW = 2


def _told(rule: Identity, counts: Counts) -> str:
    """Whether an identity that holds has numbers on both sides, and adds up with its blanks as 0."""
    one, other = (sum(c for p in side if isinstance(c := counts[p], int)) for side in sides(rule, counts))
    return (_EXACT if one == other else _ROOMY) if one and other else ""


def _lacks_total(rule: Identity, counts: Counts) -> bool:
    left, right = sides(rule, counts)
    return all(counts[p] is None for p in right) and any(counts[p] for p in left)


def _single_damages(counts: Counts, section: FormSection) -> Iterator[Changes]:
    rows = [[row.cell(c.name) for c in row.columns if row.cell(c.name) in counts] for row in section.rows]
    rows = [row for row in rows if row]
    for row in rows:
        yield from _moved(row, counts)
        yield from _joined(row, counts)
    yield from (_exchanged(pair, counts) for row in rows for pair in pairwise(row))
    for one, other in pairwise(rows):
        if len(one) == len(other):
            yield _exchanged_all(zip(one, other, strict=True), counts)
            yield from (_exchanged(pair, counts) for pair in zip(one, other, strict=True))
    width = max(map(len, rows), default=0)
    full = [row for row in rows if len(row) == width]
    for i, j in combinations(range(width), 2):
        yield _exchanged_all(((row[i], row[j]) for row in full), counts)
    for group in (*rows, *zip(*full, strict=True), [p for row in rows for p in row]):
        yield {p: single for p in group if (single := _single(counts[p])) is not None}
    yield _all_of({p: counts[row[i - 1]] for i, p in enumerate(row)} for row in full)
    yield _all_of({p: counts[row[(i + 1) % width]] for i, p in enumerate(row)} for row in full)
    if section.spec.side_by_side:
        line = [p for row in rows for p in row]
        yield from _joined(line, counts)
        if counts[line[-1]] is None:
            yield from (
                {p: counts[line[i - 1]] if i > lost else None for i, p in enumerate(line) if i >= lost}
                for lost in range(len(line))
            )
        yield {p: counts[line[i - 1]] if i else None for i, p in enumerate(line)}
        yield {p: counts[line[i + 1]] if i + 1 < len(line) else None for i, p in enumerate(line)}
        for one, other in combinations(rows, 2):
            if len(one) == len(other):
                yield _exchanged_all(zip(one, other, strict=True), counts)


def _printed_twice(counts: Counts) -> dict[str, int]:
    """Counts of which each but 0 has every digit twice, with each once: no sum tells that from a table that prints them so."""
    said = {path: count for path, count in counts.items() if isinstance(count, int) and count}
    single = {path: once for path, count in said.items() if (once := _single(count)) is not None}
    return single if len(single) == len(said) and len(set(single.values())) > 1 else {}


def _single(count: object) -> int | None:
    """A count each of whose digits is printed twice → it with each once: 1155 → 15; None for any other."""
    digits = str(count) if isinstance(count, int) else ""
    return int(digits[::2]) if digits and digits[::2] == digits[1::2] else None


def _moved(row: Sequence[str], counts: Counts) -> Iterator[Changes]:
    """One cell of a row lost and another come in, so that those between stand one place further on, or back."""
    for out, into in permutations(range(len(row)), 2):
        step = 1 if out < into else -1
        yield {p: counts[row[i + step]] if i != into else None for i, p in _between(row, out, into)}
    for start, end in combinations(range(len(row)), 2):
        if end - start > 1:
            segment = row[start : end + 1]
            yield {p: counts[segment[i - 1]] for i, p in enumerate(segment)}
            yield {p: counts[segment[(i + 1) % len(segment)]] for i, p in enumerate(segment)}


def _joined(row: Sequence[str], counts: Counts) -> Iterator[Changes]:
    """Two numbers run together and an empty cell come in, so that those between stand one place further on, or back."""
    empty = [i for i, p in enumerate(row) if counts[p] is None]
    for path in row if empty else ():
        digits = str(counts[path]) if isinstance(counts[path], int) else ""
        for border in range(1, len(digits)):
            one, other = digits[:border], digits[border:]
            if other != "0" and other[0] == "0":
                continue
            for i in empty:
                rest = [p for k, p in enumerate(row) if k != i]
                values: list[object] = [counts[p] for p in rest]
                values[rest.index(path) : rest.index(path) + 1] = int(one), int(other)
                yield dict(zip(row, values, strict=True))


def _between(row: Sequence[str], one: int, other: int) -> Iterator[tuple[int, str]]:
    yield from ((i, row[i]) for i in range(min(one, other), max(one, other) + 1))


def _exchanged(pair: tuple[str, str], counts: Counts) -> Changes:
    return {pair[0]: counts[pair[1]], pair[1]: counts[pair[0]]}


def _exchanged_all(pairs: "Iterator[tuple[str, str]]", counts: Counts) -> Changes:
    return _all_of(_exchanged(pair, counts) for pair in pairs)


def _all_of(changes: "Iterator[Changes]") -> Changes:
    found: dict[str, object] = {}
    for change in changes:
        found |= change
    return found
