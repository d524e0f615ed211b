"""The rule reader for tables whose numbers stand apart from their labels, as `pdftotext` leaves them.

A block of numbers is read column by column where its paragraphs are its columns, else row by row; the rows that come out, in
the order of the text, are the table's rows in the form's order. That is taken only where their number is right and every label
that still stands by its numbers agrees. Sub-tables that print their own heads are read one by one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from ...schemas.extraction import finding
from ...schemas.form import FormRow, FormSection
from ...schemas.report import Unit
from ..table.words import ends_in_a_year, plain_label, plain_wording
from .cut import Cell
from .fit import as_rows, runs_across
from .labels import (
    UNITS,
    Head,
    Named,
    closest,
    has_heads,
    heads_are_there,
    heads_in,
    heads_keep_order,
    is_all_of_the_form,
    is_nearly_there,
    named_before,
    rows_in_order,
    stated_units,
    whole_name,
    wording,
)
from .lead import before_label
from .reading import Choice, Draft

FEWEST_ANCHORS = 3
"""A table is read in order only where so many of its rows still have their labels beside them."""


def read_in_order(section: FormSection, cells: Sequence[Cell], folded: str) -> Draft:
    """Cells of a section → its rows, or an empty draft where the order does not give them for certain."""
    if section.spec.side_by_side:
        return _one_line(section, cells, folded)
    if section.spec.heads == "fixed":
        return _one_table(section, cells, folded)
    return _sub_tables(section, cells, folded)


# --- Numbers → rows --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows of numbers with no words between them.

    named: the row that the words right before them name. beside: those words stand on the first row's own line. words: all the
    text since the block before.
    """

    vectors: tuple[tuple[Cell, ...], ...]
    named: Named | None
    beside: bool
    words: str


def _blocks(section: FormSection, cells: Sequence[Cell], folded: str, columns: int) -> list[_Block] | None:
    """The blocks of a table; None where a run of numbers does not divide into rows."""
    blocks: list[_Block] = []
    words: list[Cell] = []
    since: list[Cell] = []
    for is_words, group in groupby(cells, key=lambda c: c.kind == "words"):
        if is_words:
            words = list(group)
            since += words
            continue
        vectors = as_rows(list(group), columns)
        if vectors is None:
            return None
        if vectors:
            beside = bool(words) and words[-1].line == vectors[0][0].line
            text = _text(words, folded, section)
            named = named_before(text, section)
            if beside:
                named = named or closest(text, section.rows, section)
                named = named if named and before_label(words, named, section, folded) is None else None
            blocks.append(_Block(vectors, named, beside, _text(since, folded, section)))
            since = []
    return blocks


# --- The three kinds of table ----------------------------------------------------------------------------------------


def _one_table(section: FormSection, cells: Sequence[Cell], folded: str) -> Draft:
    """A table whose columns are the form's: as many rows of numbers as labels, and the labels that are left agree."""
    columns = section.rows[0].columns
    text = _text(cells, folded, section)
    rows = _printed_rows(section, text)
    blocks = _blocks(section, cells, folded, len(columns))
    headed = heads_are_there(text, section) and heads_keep_order(cells, folded, section)
    if not blocks or not headed or sum(len(b.vectors) for b in blocks) != len(rows):
        return Draft()
    draft, tail = Draft(), _tail(cells, folded, section)
    is_anchored = _agrees(blocks, [row.path for row in rows])
    is_anchored = is_anchored and all(_is_in_order(b.words, rows) for b in blocks) and _is_in_order(tail, rows)
    if is_anchored or _in_step(blocks, rows, tail):
        vectors = ((v, not is_anchored and len(b.vectors) > 1) for b in blocks for v in b.vectors)
        for row, (vector, must_add_up) in zip(rows, vectors, strict=True):
            choice = _choice(row, [c.name for c in columns], vector)
            draft.choices.append(replace(choice, must_add_up=must_add_up))
            draft.forms |= {row.form} if row.form else set()
    return draft


def _printed_rows(section: FormSection, text: str) -> list[FormRow]:
    """The rows that a report has, by its labels: of a row that may be split, the parts where a part's label is there.

    Empty where a label that must be there is not, not even misprinted.
    """
    split = {part for row in section.rows for part in row.parts if is_there(_row(section, part), text)}
    rows = [r for r in section.rows if not (split.intersection(r.parts) if r.parts else _is_part(r, section, split))]
    return rows if all(is_there(row, text) or is_nearly_there(row, text) for row in rows) else []


def _row(section: FormSection, path: str) -> FormRow:
    return next(row for row in section.rows if row.path == path)


def _is_part(row: FormRow, section: FormSection, split: set[str]) -> bool:
    """Whether a row is a part of one that this report does not split."""
    whole = next((r for r in section.rows if row.path in r.parts), None)
    return whole is not None and not split.intersection(whole.parts)


def is_there(row: FormRow, text: str) -> bool:
    return any(label in text for label in _plain_labels(row))


def _agrees(blocks: Sequence[_Block], paths: Sequence[str]) -> bool:
    """Whether every block holds the row that its label names; none may stand beside other words, no two unnamed change places."""
    at = anchors = unnamed = 0
    for block in blocks:
        held = paths[at : at + (1 if block.beside else len(block.vectors))]
        at += len(block.vectors)
        if block.named is None:
            if block.beside:
                return False
            unnamed += 1
        elif block.named.row.path not in held:
            return False
        else:
            anchors, unnamed = anchors + 1, 0
        if unnamed > 1:
            return False
    return anchors >= FEWEST_ANCHORS


def _in_step(blocks: Sequence[_Block], rows: Sequence[FormRow], tail: str) -> bool:
    """Whether rows and their labels, each in the form's order, keep step: no block runs ahead of its labels, or falls behind.

    Each row of a block has its label right before the block or right after it. tail: the text after the last block.
    """
    used = 0
    order: list[FormRow] = []
    for block in blocks:
        order += _labels_in(block.words, rows)
        if not 0 <= len(order) - used <= len(block.vectors):
            return False
        if block.beside and (block.named is None or list(rows[used : used + 1]) != [block.named.row]):
            return False
        used += len(block.vectors)
    order += _labels_in(tail, rows)
    return used == len(rows) and order == list(rows)


def _is_in_order(text: str, rows: Sequence[FormRow]) -> bool:
    """Whether the labels that stand together in plain text are in the form's order."""
    printed = _labels_in(text, rows)
    return printed == [row for row in rows if row in printed]


def _labels_in(text: str, rows: Sequence[FormRow]) -> list[FormRow]:
    """The rows whose labels stand in plain text, in its order."""
    found = [(min(at), row) for row in rows if (at := [i for w in _plain_labels(row) if (i := text.find(w)) >= 0])]
    return [row for _, row in sorted(found, key=lambda f: f[0])]


def _plain_labels(row: FormRow) -> list[str]:
    return [plain_label(wording) for label in row.labels for wording in label.wordings]


def _tail(cells: Sequence[Cell], folded: str, section: FormSection) -> str:
    """The text after the last number."""
    last = max((i for i, c in enumerate(cells) if c.kind == "number"), default=-1)
    return _text(cells[last + 1 :], folded, section)


def _one_line(section: FormSection, cells: Sequence[Cell], folded: str) -> Draft:
    """Rows side by side: exactly as many numbers as they have cells, under heads that are all there, or all lost."""
    text = _text(cells, folded, section)
    rows = rows_in_order(section, text) or section.rows
    numbers = tuple(c for c in cells if c.kind == "number" or (c.kind == "blank" and c.text))
    paths = tuple(row.cell(c.name) for row in rows for c in row.columns)
    headed = rows_in_order(section, text) is not None and heads_are_there(text, section, len(rows))
    headed = headed and heads_keep_order(cells, folded, section)
    if len(numbers) != len(paths) or (text and not headed) or not runs_across(numbers, len(paths)):
        return Draft()
    draft = Draft(choices=[Choice(section.path, paths, (numbers,), numbers, must_add_up=not headed)])
    if not headed:
        draft.findings.append(
            finding("heads_lost", f"“{section.title}”表头丢失，按个数和官方格式的次序读取", section.path)
        )
    return draft


def _sub_tables(section: FormSection, cells: Sequence[Cell], folded: str) -> Draft:
    """Sub-tables with heads of their own, each read by itself; none is read where one cannot be."""
    draft = Draft()
    stated = stated_units(cells, folded)
    for table in sub_tables(section, cells, folded):
        found = list(_sub_table(section, table, folded, stated))
        if not found:
            return Draft()
        draft.choices += (choice for choice, _ in found)
        draft.forms |= {head.label.form for _, heads in found for head in heads if head.label.form}
    return draft


def sub_tables(section: FormSection, cells: Sequence[Cell], folded: str) -> Iterator[list[Cell]]:
    """Cells → sub-tables: a head begins one where the cell before it was no head."""
    table: list[Cell] = []
    was_head = True
    for cell in cells:
        text = plain_wording(folded[cell.start : cell.end]) if cell.kind == "words" else ""
        is_head = has_heads(text, section) or text.startswith(section.spec.words)
        if is_head and not was_head and any(c.kind == "number" for c in table):
            yield table
            table = []
        if cell.kind != "empty_line":
            was_head = is_head
        table.append(cell)
    yield table


def _sub_table(
    section: FormSection, cells: Sequence[Cell], folded: str, stated: frozenset[str]
) -> Iterator[tuple[Choice, tuple[Head, ...]]]:
    """One sub-table → its rows with their heads: labels beside their numbers, or, under one head, labels in order."""
    labelled = [
        (c.line, n.row)
        for c in cells
        if c.kind == "words" and (n := whole_name(plain_wording(folded[c.start : c.end]), section))
    ]
    named, beside = [row for _, row in labelled], dict(labelled)
    heads = heads_in(_text(cells, folded, section), section, named[0].columns, stated) if named else ()
    if (
        not heads
        or _has_years_of_rows(cells, folded)
        or not is_all_of_the_form(_text(cells, folded, section), section)
        or _is_followed_by_a_unit(cells)
    ):
        return
    rows, vectors = named, as_rows([c for c in cells if c.kind in ("number", "blank")], 1)
    if len(heads) > 1:
        blocks = _blocks(section, cells, folded, len(heads)) or []
        vectors = tuple(v for b in blocks for v in b.vectors)
        if not _in_step(blocks, rows, _tail(cells, folded, section)):
            rows = [b.named.row for b in blocks if b.named]
    known = all({h.column.name for h in heads} <= {c.name for c in row.columns} for row in rows)
    if known and vectors is not None and len(vectors) == len(rows) == len(named):
        if any(beside.get(v[0].line, row) is not row for row, v in zip(rows, vectors, strict=True)):
            return
        for row, vector in zip(rows, vectors, strict=True):
            units = {row.cell(h.column.name): h.unit for h in heads if h.unit and h.column.kind == "amount"}
            yield _choice(row, [h.column.name for h in heads], vector, units), heads


def _choice(
    row: FormRow, columns: Sequence[str], vector: tuple[Cell, ...], units: Mapping[str, Unit] | None = None
) -> Choice:
    return Choice(row.path, tuple(row.cell(c) for c in columns), (vector,), vector, units or {})


def _has_years_of_rows(cells: Sequence[Cell], folded: str) -> bool:
    """Whether a year stands right before a number: the row is split by years."""
    words = (a for a, b in pairwise(cells) if a.kind == "words" and b.kind in ("number", "blank"))
    return any(ends_in_a_year(folded[c.start : c.end]) for c in words)


def _is_followed_by_a_unit(cells: Sequence[Cell]) -> bool:
    """Whether a unit stands alone after a number."""
    there = [c for c in cells if c.kind != "empty_line"]
    return any(a.kind == "number" and b.text.strip() in UNITS for a, b in pairwise(there))


def _text(cells: Sequence[Cell], folded: str, section: FormSection) -> str:
    return "".join(wording(c, folded, section) for c in cells if c.kind == "words")
