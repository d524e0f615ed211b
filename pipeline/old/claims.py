"""What a reader claims of a section, held against what stands there: labels, heads, and the order of the cells.

A model or a caller says which cells are which row. Sums cannot see rows or columns that changed places, as most cells are
0; so a claim is drafted as it is, and everything that the text has against it is said beside it, as a finding that keeps
it from being vouched for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...schemas.extraction import Finding, finding
from ...schemas.form import FormColumn, FormRow, FormSection, Label
from ...schemas.report import Unit
from ..table.values import noted_unit
from ..table.words import plain_wording
from .broken_heads import words_of
from .cut import Cell
from .fit import Candidate, as_rows, cut_off, fit, grids, keep_aligned, runs_across
from .labels import (
    UNITS,
    Head,
    also_heads,
    closest,
    heads_are_there,
    heads_in,
    heads_keep_order,
    heads_of,
    rows_in_order,
    stated_units,
    whole_name,
)
from .lead import before_label
from .order import FEWEST_ANCHORS, is_there, sub_tables
from .reading import Choice, Draft
from .rows import named_by, note_unit, read_rows


@dataclass(frozen=True, slots=True)
class Claim:
    """A row of the form and its cells, one for each of `columns`, None for a blank; or, where they are fewer, its cells in order.

    label: the wording of the form that it is read by.
    """

    row: FormRow
    label: Label
    columns: tuple[FormColumn, ...]
    cells: Candidate
    values: tuple[Cell, ...] = field(init=False)
    """The cells that are there."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(c for c in self.cells if c is not None))


def draft_claims(section: FormSection, cells: Sequence[Cell], claims: Sequence[Claim], folded: str) -> Draft:
    """The claims of a section, each with a value, in the form's order → a draft: a choice for each, a finding for each doubt."""
    draft = Draft()
    if not claims:
        return draft
    grid, stated = grids(cells), stated_units(cells, folded)
    tables = list(sub_tables(section, cells, folded)) if section.spec.heads == "printed" else [list(cells)]
    for table in tables:
        inside = {c.id for c in table}
        own = [c for c in claims if c.values[0].id in inside]
        if own:
            printed = _printed(section, table, own, stated, folded)
            _draft_table(section, table, own, printed, grid, folded, draft)
    aligned = keep_aligned(draft.choices, cells, grid)
    draft.choices = [_as_claimed(a, d, claims) for a, d in zip(aligned, draft.choices, strict=True)]
    claimed = {c.id for claim in claims for c in claim.values}
    rules = read_rows(section, cells, folded)
    if rules.explained and rules.explained.isdisjoint(claimed):
        draft.explained |= rules.explained
        draft.findings += (f for f in rules.findings if f.code == "row_of_its_own")
    return draft


def _draft_table(
    section: FormSection,
    table: Sequence[Cell],
    claims: Sequence[Claim],
    printed: "_Printed",
    grid: Mapping[int, int],
    folded: str,
    draft: Draft,
) -> None:
    """The claims of one table with its own heads."""
    in_one = _in_one_line(section, table, claims, folded)
    for claim in claims:
        heads = _heads(section, claim, printed, len(section.rows) if in_one else 1)
        if heads is None:
            message = f"“{claim.row.label}”的表头与所指的列不符：“{printed.text[-60:]}”"
            draft.findings.append(finding("heads_unreadable", message, claim.row.path))
        columns = tuple(h.column for h in heads) if heads else claim.columns
        paths = tuple(claim.row.cell(c.name) for c in columns)
        run = _run(claim, len(columns), table, claims, in_one=in_one)
        first = None if in_one else _cut_off(claim, run, len(columns), grid)
        if first:
            message = f"“{claim.row.label}”在表格右缘被截断：只印出前 {len(run)} 格"
            draft.findings.append(finding("row_cut_off", message, claim.row.path))
        units = {claim.row.cell(h.column.name): h.unit for h in heads or () if h.unit and h.column.kind == "amount"}
        units |= _units_beside(claim, columns, table)
        draft.choices.append(Choice(claim.row.path, paths, (first,) if first else fit(run, len(paths)), run, units))
        if noted := _noted(claim, table, folded):
            note_unit(draft, claim.row, columns, noted)
        draft.forms |= {x.form for x in (claim.label, *(h.label for h in heads or ())) if x.form}
    draft.findings += _out_of_place(section, table, claims, folded, in_one=in_one)


def _units_beside(claim: Claim, columns: Sequence[FormColumn], table: Sequence[Cell]) -> dict[str, Unit]:
    """The unit that stands alone after a claim's last value, on its line or the next."""
    last = claim.values[-1]
    after = next((c for c in table if c.start >= last.end and c.kind != "empty_line"), None)
    unit = UNITS.get(after.text.strip()) if after and after.line <= last.line + 1 else None
    return {claim.row.cell(columns[-1].name): unit} if unit and columns[-1].kind == "amount" else {}


def _noted(claim: Claim, table: Sequence[Cell], folded: str) -> str | None:
    """The unit that the words before a claim's first value state in a bracket."""
    words = [c for c in table if c.kind == "words" and c.end <= claim.values[0].start]
    return noted_unit(folded[words[-1].start : words[-1].end]) if words else None


@dataclass(frozen=True, slots=True)
class _Printed:
    """What a table prints of its heads. text: all its words. before: those before the label of its first value.

    in_order: whether heads that begin on one line follow each other as in the form. stated: the units of the whole section.
    """

    text: str
    before: str
    in_order: bool
    stated: frozenset[str]


def _printed(
    section: FormSection, table: Sequence[Cell], claims: Sequence[Claim], stated: frozenset[str], folded: str
) -> _Printed:
    owned = {c.id for claim in claims for c in claim.values}
    first = next((i for i, c in enumerate(table) if c.id in owned), len(table))
    words = [c for c in table[:first] if c.kind == "words"]
    text = _text(words, folded, section)
    named = named_by(text, words, section, folded)
    label = named.length if named else len(_text(words[-1:], folded, section))
    in_order = heads_keep_order(table, folded, section)
    return _Printed(_text(table, folded, section), text[: len(text) - label], in_order, stated)


def _heads(section: FormSection, claim: Claim, table: _Printed, times: int) -> tuple[Head, ...] | None:
    """The heads of a claim's columns as its table prints them, `times` over; None where it prints others.

    A column that the table does not print must be claimed to be blank.
    """
    if section.spec.heads == "fixed":
        is_there = table.in_order and heads_are_there(table.text, section, times)
        return heads_of(claim.columns) if is_there else None
    heads = heads_in(table.before, section, claim.row.columns, table.stated)
    printed = [h.column for h in heads]
    claimed = [c for c, cell in zip(claim.columns, claim.cells, strict=False) if cell is not None]
    fits = printed == [c for c in claim.columns if c in printed] and set(claimed) <= set(printed)
    return heads if printed and fits else None


def _in_one_line(section: FormSection, table: Sequence[Cell], claims: Sequence[Claim], folded: str) -> bool:
    """Whether rows stand side by side: no row's label stands between their values."""
    owned = {c.id for claim in claims for c in claim.values}
    at = [i for i, c in enumerate(table) if c.id in owned]
    between = _text(table[at[0] : at[-1]], folded, section)
    return section.spec.side_by_side and not any(is_there(row, between) for row in section.rows)


def _run(
    claim: Claim, columns: int, table: Sequence[Cell], claims: Sequence[Claim], *, in_one: bool
) -> tuple[Cell, ...]:
    """A claim's values with the blanks, and the values that nobody claims, that stand with them.

    Where they are a line of their own, what stands beside them there; else the blanks between them, and empty lines where only
    with those the row is full.
    """
    own = {c.id for c in claim.values}
    others = {c.id for other in claims if other is not claim for c in other.values}
    at = [i for i, c in enumerate(table) if c.id in own]
    first, last = at[0], at[-1]
    between = table[first : last + 1]
    if not in_one and table[first].line == table[last].line and all(c.kind != "words" for c in between):
        while first and _goes_on(table[first - 1], table[at[0]], others):
            first -= 1
        while last + 1 < len(table) and _goes_on(table[last + 1], table[at[-1]], others):
            last += 1
        return tuple(c for c in table[first : last + 1] if c.id in own or c.id not in others)
    run = tuple(c for c in between if c.id in own or c.kind == "blank")
    full = tuple(c for c in between if c.id in own or c.kind in ("blank", "empty_line"))
    return full if len(run) < columns == len(full) else run


def _cut_off(claim: Claim, run: Sequence[Cell], columns: int, grid: Mapping[int, int]) -> Candidate | None:
    """A claim's row as one that ends at the table's edge, where it is none that its claim has blanks in elsewhere.

    Rows side by side are never read so: their line may as well lack a cell of any other row.
    """
    first = cut_off(run, columns, grid)
    return None if first and len(claim.cells) == columns and _differs(first, claim) else first


def _goes_on(cell: Cell, other: Cell, others: set[int]) -> bool:
    """Whether a cell stands in another one's line as part of its row."""
    is_own = cell.kind == "number" or (cell.kind == "blank" and (bool(cell.text) or cell.field > 0))
    return is_own and cell.line == other.line and cell.id not in others


def _as_claimed(aligned: Choice, drafted: Choice, claims: Sequence[Claim]) -> Choice:
    """A choice with the candidate first that is as claimed; the only one, if it is as claimed, needs no other witness."""
    claim = next(c for c in claims if c.row.path == drafted.path)
    is_sure = len(drafted.candidates) == 1 and not _differs(drafted.candidates[0], claim)
    candidates = drafted.candidates if is_sure else aligned.candidates
    return replace(drafted, candidates=tuple(sorted(candidates, key=lambda c: _differs(c, claim))))


def _differs(candidate: Candidate, claim: Claim) -> bool:
    """Whether a candidate has a number elsewhere than the claim has it."""
    one, other = ([c.id if c is not None and c.kind == "number" else None for c in x] for x in (candidate, claim.cells))
    return one != other


# --- Place -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Block:
    """Claimed values with no words between them: the claims they belong to, in the order of their first cells."""

    claims: tuple[Claim, ...]
    cells: tuple[Cell, ...]
    words: tuple[Cell, ...]


def _blocks(table: Sequence[Cell], claims: Sequence[Claim], *, in_one: bool) -> Iterator[_Block]:
    """A table's cells → blocks; values that nobody claims are passed over. in_one: whatever words stand between them."""
    owner = {c.id: claim for claim in claims for c in claim.values}
    words: list[Cell] = []
    run: list[Cell] = []
    for cell in [*table, None]:
        if cell is not None and cell.id in owner:
            run.append(cell)
        elif cell is None or (cell.kind == "words" and not (in_one and run)):
            if run:
                by_path = {owner[c.id].row.path: owner[c.id] for c in run}
                yield _Block(tuple(by_path.values()), tuple(run), tuple(words))
                words = []
            run = []
            words += [cell] if cell else []


def _out_of_place(
    section: FormSection, table: Sequence[Cell], claims: Sequence[Claim], folded: str, *, in_one: bool
) -> Iterator[Finding]:
    """What order, labels and the number of labels say against the claims of one table."""
    order = {row.path: i for i, row in enumerate(section.rows)}
    labelled = _labelled(section, table, claims, folded)
    last, unnamed, anchors = -1, 0, 0
    for block in _blocks(table, claims, in_one=in_one):
        if not _is_whole(block, in_one=in_one):
            yield _doubt(block.claims[0], "单元格的先后与各列不符")
        for claim in block.claims:
            if order[claim.row.path] <= last:
                yield _doubt(claim, "与官方格式的行序不符")
            last = order[claim.row.path]
        if in_one:
            anchors += len(block.claims)
            if not _beside_each_other(section, block, claims, _text(table, folded, section)):
                yield _doubt(block.claims[0], "并列各组的先后无法确认")
            continue
        row, doubt = _named(section, block, folded)
        held = block.claims[:1] if _is_beside(block) else block.claims
        anchors += row is not None or labelled
        unnamed = 0 if row is not None or labelled else unnamed + 1
        if doubt:
            yield _doubt(held[0], doubt)
        elif row is not None and all(row is not c.row for c in held):
            yield _doubt(held[0], f"其前的行名是“{row.label}”")
        elif unnamed > 1:
            yield _doubt(held[0], "其前没有可辨认的行名")
    if anchors < min(FEWEST_ANCHORS, len(claims)):
        yield _doubt(claims[0], "可辨认的行名太少")


def _labelled(section: FormSection, table: Sequence[Cell], claims: Sequence[Claim], folded: str) -> bool:
    """Whether a table that prints its own heads has just the claimed rows' labels, each whole, in their order."""
    texts = (plain_wording(folded[c.start : c.end]) for c in table if c.kind == "words")
    named = [n.row.path for text in texts if (n := whole_name(text, section))]
    return section.spec.heads == "printed" and named == [claim.row.path for claim in claims]


def _is_whole(block: _Block, *, in_one: bool) -> bool:
    """Whether a block holds its claims' values whole, one row after the other, or column by column, and only so."""
    rows = [[c.id for c in claim.values] for claim in block.claims]
    in_rows = [i for row in rows for i in row] == [c.id for c in block.cells]
    if in_rows and (len(rows) == 1 or in_one):
        return True
    printed = as_rows(block.cells, len(block.claims[0].columns))
    return in_rows if printed is None else rows == [[c.id for c in row] for row in printed]


def _is_beside(block: _Block) -> bool:
    """Whether the words before a block are its first row's own: on its line, or before its only row."""
    return bool(block.words) and (block.words[-1].line == block.cells[0].line or len(block.claims) == 1)


def _named(section: FormSection, block: _Block, folded: str) -> tuple[FormRow | None, str]:
    """The row that the words before a block name, and what makes that name doubtful."""
    text = _text(block.words, folded, section)
    if section.spec.side_by_side:
        there = [row for row in section.rows if is_there(row, text)]
        return (there[0] if len(there) == 1 else None), ""
    named = named_by(text, block.words, section, folded)
    if named is None or (not named.number and text[-named.length :] in also_heads(section)):
        at = [section.rows.index(claim.row) for claim in block.claims]
        near = closest(text, section.rows[max(0, min(at) - 1) : max(at) + 2], section)
        return (near.row if near else None), ""
    lead = before_label(block.words, named, section, folded)
    return named.row, "" if lead is None else f"其行名前有“{lead}”"


def _beside_each_other(section: FormSection, block: _Block, claims: Sequence[Claim], text: str) -> bool:
    """Whether rows stand side by side in one line of values, in the order of their labels."""
    rows = rows_in_order(section, text)
    return rows == tuple(c.row for c in claims) and runs_across(block.cells, len(block.cells))


def _doubt(claim: Claim, why: str) -> Finding:
    shown = " ".join(c.text for c in claim.values[:8])
    return finding("place_doubtful", f"“{claim.row.label}”所指的单元格（{shown}）不能确认：{why}", claim.row.path)


def _text(cells: Sequence[Cell], folded: str, section: FormSection) -> str:
    words = [c for c in cells if c.kind == "words"]
    return "".join(words_of(words, folded, section)[0])
