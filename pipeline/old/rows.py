"""The rule reader for tables that stand in rows: a label, then its cells, over tabs, bars, spaces or lines.

The cells of a section are read as a stream of blocks: words, then a run of cells. The words' end names the row; what
stands before it in the first block of a table is the head. A row whose cells are more or fewer than its columns is a
choice that arithmetic may settle later.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...schemas.extraction import finding
from ...schemas.form import FormColumn, FormRow, FormSection
from ...schemas.report import Unit
from ..table.values import noted_unit
from ..table.words import ends_in_a_year, plain, plain_label, plain_wording
from .broken_heads import WholeHeads, words_of
from .cut import Cell
from .fit import Candidate, cut_off, fit, grids, keep_aligned, runs_across
from .labels import (
    UNITS,
    Head,
    Named,
    also_heads,
    closest,
    has_heads,
    heads_are_there,
    heads_in,
    heads_keep_order,
    heads_of,
    is_all_of_the_form,
    name_at_end,
    rows_in_order,
    stated_units,
    whole_name,
    wording,
)
from .lead import before_label, without_groups
from .pieces import is_glued, splits
from .reading import Choice, Draft

_LONGEST_HEAD = 400
"""A head is looked for in so much of the words before a table's first row, in characters."""

_NEAR = 2
"""Numbers on lines that are as near as this, with one empty line between them at most, may be of one row."""
_CHINESE = re.compile("[一-鿿]")
_OWN_LABEL = re.compile(r"[一-鿿]{3,16}")
"""What a row that the form does not have may be called."""


@dataclass(frozen=True, slots=True)
class Block:
    """Words, then the cells that follow them. unit: what stands alone in the field after the last cell, if it is a unit."""

    words: tuple[Cell, ...]
    run: tuple[Cell, ...]
    unit: Unit | None = None


def read_rows(
    section: FormSection, cells: Sequence[Cell], folded: str, *, empty_lines_are_blanks: bool = False
) -> Draft:
    """Cells of a section → its rows. Where a section's rows stand side by side, its one line of numbers is read too."""
    grid, head, stated = grids(cells), "", stated_units(cells, folded)
    draft, taken = Draft(), set[str]()
    blocks = [_clear(b, section, folded) for b in _blocks(cells, section, folded, empty_lines_are_blanks)]
    texts, mended = zip(*(_wording_of(block, section, folded) for block in blocks), strict=True) if blocks else ((), ())
    names = [named_by(text, block.words, section, folded) for text, block in zip(texts, blocks, strict=True)]
    there = {named.row.path for named in names if named}
    is_unsure, unnumbered = False, list[FormRow]()
    windows = _windows(names, section)
    for block, heads, text, read, window in zip(blocks, mended, texts, names, windows, strict=True):
        if read and not any(c.text for c in block.run) and there.intersection(read.row.parts):
            continue  # the label of a group, drawn over the width of the table
        named = read
        if read is None and not section.spec.side_by_side:
            named = closest(text, window, section)
        if named is not None and read is None:
            draft.findings.append(
                finding("label_misprinted", f"行名“{text[-named.length :]}”取作“{named.row.label}”", named.row.path)
            )
        before = text[: len(text) - (named.length if named else len(_last_words(block, section, folded)))]
        if _is_head(before, section, block.words, folded):
            head = before
            if heads and heads.lost:
                whole = " ".join(heads.words[-len(heads.lost.split()) :])
                draft.findings.append(finding("heads_cut_off", f"表头“{heads.lost}”取作“{whole}”", section.path))
        if section.spec.side_by_side and len(block.run) > len(section.rows[0].columns):
            _side_by_side(section, block, text, folded, draft)
        elif named is None:
            _unknown(block, text, section, head, draft, after_unsure=is_unsure)
        elif named.row.path in taken:
            draft.findings.append(
                finding("row_repeated", f"“{named.row.label}”出现不止一次，只取了第一处", named.row.path)
            )
        else:
            taken.add(named.row.path)
            is_unsure = name_at_end(text, section) is None
            unnumbered += [named.row] if named.row.parts and not named.numbered else []
            _row(section, block, named, head, stated, grid, folded, draft)
    for row in unnumbered:
        if taken.issuperset(row.parts):
            message = f"“{row.label}”没有写序号，它的各项又另有其行，不能确认是这一行"
            draft.findings.append(finding("label_doubtful", message, row.path))
    draft.choices = keep_aligned(draft.choices, cells, grid)
    return draft


def read_rows_without_blanks(section: FormSection, cells: Sequence[Cell], folded: str) -> Draft:
    """Rows of a table whose blanks left no trace, where the form fixes the columns: a label alone is a row of blanks.

    An empty draft where a 0 is printed: a report that prints 0 for nothing leaves no blanks.
    """
    if section.spec.heads != "fixed" or section.spec.side_by_side or any(c.text == "0" for c in cells):
        return Draft()
    draft = read_rows(section, cells, folded)
    taken = {choice.path for choice in draft.choices}
    words = (plain_wording(folded[c.start : c.end]) for c in cells if c.kind == "words")
    named = (n for text in words if text not in also_heads(section) and (n := whole_name(text, section)))
    alone = {n.row.path: n.row for n in named if n.row.path not in taken}
    for row in alone.values():
        if taken.union(alone).isdisjoint(row.parts):
            paths = tuple(row.cell(c.name) for c in row.columns)
            draft.choices.append(Choice(row.path, paths, ((None,) * len(paths),), ()))
            draft.forms |= {row.form} if row.form else set()
    return draft


def _wording_of(block: Block, section: FormSection, folded: str) -> tuple[str, WholeHeads | None]:
    """The plain words of a block, and the heads among them that are broken.

    A year right before the numbers is not left out: they are of that year.
    """
    words, heads = words_of(block.words, folded, section)
    if block.words and ends_in_a_year(last := folded[block.words[-1].start : block.words[-1].end]):
        words[-1] = plain(last)
    return "".join(words), heads


def _last_words(block: Block, section: FormSection, folded: str) -> str:
    """The last words of a block, plain: the label of a row that is not the form's."""
    return wording(block.words[-1], folded, section) if block.words else ""


def _windows(names: Sequence[Named | None], section: FormSection) -> Iterator[Sequence[FormRow]]:
    """For each block the rows that could stand there: after the row named before it and before the one named after it."""
    order = {row.path: i for i, row in enumerate(section.rows)}
    at = [order[named.row.path] if named else None for named in names]
    before = _last_known(at, -1)
    after = reversed(_last_known(at[::-1], len(order)))
    return (section.rows[first + 1 : end] for first, end in zip(before, after, strict=True))


def _last_known(numbers: Sequence[int | None], start: int) -> list[int]:
    """For each place the last number before it that is known, or `start`."""
    found, last = [], start
    for number in numbers:
        found.append(last)
        last = last if number is None else number
    return found


# --- Blocks ----------------------------------------------------------------------------------------------------------


def _blocks(cells: Sequence[Cell], section: FormSection, folded: str, empty_lines: bool) -> Iterator[Block]:
    """Cells → blocks. A run of blank fields alone is a row only where words that name one stand before it."""
    words: list[Cell] = []
    run: list[Cell] = []
    lines = Counter(cell.line for cell in cells if cell.kind in ("number", "blank"))
    worded = {cell.line for cell in cells if cell.kind == "words"}
    adds_up = section.spec.heads == "fixed" and not section.spec.side_by_side
    columns = len(section.rows[0].columns) if adds_up else 0
    for cell in _in_play(cells, empty_lines):
        if cell.kind == "words":
            unit = UNITS.get(cell.text.strip()) if run and cell.line <= run[-1].line + cell.fields % 2 else None
            if run and _is_block(words, run, section, folded):
                yield Block(tuple(words), tuple(run), unit)
                words = []
            run = []
            words += [] if unit else [cell]
        elif run and run[-1].fields > 1 and cell.line != run[-1].line and cell.line in worded:
            if _is_block(words, run, section, folded):
                yield Block(tuple(words), tuple(run))
                words = []
            run = [cell] if cell.kind == "number" else []
        elif (words or cell.kind == "number") and _goes_on(
            run, cell, lines, 0 if run and run[0].line in worded else columns
        ):
            run.append(cell)
    if run and _is_block(words, run, section, folded):
        yield Block(tuple(words), tuple(run))


def _clear(block: Block, section: FormSection, folded: str) -> Block:
    """A block whose words name a row once they are clear of a group's label, so; else as it is."""
    if section.spec.heads != "fixed" or section.spec.side_by_side or len(block.words) < 2:
        return block
    words = without_groups(block.words, section, folded)
    if len(words) == len(block.words) and words == block.words:
        return block
    before, after = ("".join(wording(c, folded, section) for c in own) for own in (block.words, words))
    is_named = named_by(before, block.words, section, folded) is None and named_by(after, words, section, folded)
    return replace(block, words=words) if is_named else block


def _goes_on(run: Sequence[Cell], cell: Cell, lines: Mapping[int, int], room: int) -> bool:
    """Whether a run goes on with a cell: a cell alone on its line does not belong to a run of lines with several.

    But where rows add up, so that this can be held against their sums, numbers below a label may stand now one a line, now
    several, until there are as many as the row has columns. room: how many that are; 0 where it is otherwise.
    """
    if not run or (lines.get(run[0].line, 1) > 1) == (lines.get(cell.line, 1) > 1):
        return True
    return len(run) < room and cell.kind == run[-1].kind == "number" and cell.line <= run[-1].line + _NEAR


def _in_play(cells: Sequence[Cell], empty_lines: bool) -> Iterator[Cell]:
    """The cells that can be labels or values: without page numbers, the indent of a line, and empty lines.

    empty_lines: an empty line is a blank where cells stand one a line.
    """
    indent: list[Cell] = []
    in_column = False
    for cell in cells:
        if cell.kind == "empty_line" and not (empty_lines and in_column):
            continue
        in_column = cell.fields == 1
        if cell.kind == "page":
            continue
        if cell.kind == "blank" and not cell.text and (cell.field == 0 or (indent and indent[0].line == cell.line)):
            indent.append(cell)
            continue
        if indent and not (cell.kind == "words" and indent[0].line == cell.line):
            yield from indent
        indent = []
        yield cell
    yield from indent


def _is_block(words: list[Cell], run: list[Cell], section: FormSection, folded: str) -> bool:
    if any(c.kind == "number" for c in run):
        return True
    text = plain_wording(folded[words[-1].start : words[-1].end]) if words else ""
    named = named_by(text, words[-1:], section, folded)
    return named is not None and (named.numbered or text not in also_heads(section)) and not section.spec.side_by_side


def _is_head(text: str, section: FormSection, words: Sequence[Cell], folded: str) -> bool:
    if section.spec.heads == "printed":
        return has_heads(text, section)
    return heads_are_there(text, section) and heads_keep_order(words, folded, section)


# --- Rows ------------------------------------------------------------------------------------------------------------


def named_by(text: str, words: Sequence[Cell], section: FormSection, folded: str) -> Named | None:
    """The row that words name at their end; a bracketed explanation after the label counts as part of its name.

    What is bracketed in a field of its own beside the label stands where a value would.
    """
    named = name_at_end(text, section)
    if named is None and words:
        last = folded[words[-1].start : words[-1].end].strip()
        is_beside = last.startswith("(") and any(c.line == words[-1].line for c in words[:-1])
        if last.endswith(")") and "(" in last and _CHINESE.search(last, last.rindex("(")) and not is_beside:
            explanation = len(plain_wording(last)) - len(plain_wording(last[: last.rindex("(")]))
            if found := name_at_end(text[: len(text) - explanation], section):
                named = replace(found, length=found.length + explanation)
    return named


def _row(
    section: FormSection,
    block: Block,
    named: Named,
    head: str,
    stated: frozenset[str],
    grid: Mapping[int, int],
    folded: str,
    draft: Draft,
) -> None:
    row = named.row
    if (stray := before_label(block.words, named, section, folded)) is not None:
        draft.findings.append(finding("label_doubtful", f"“{row.label}”之前有“{stray}”，不能确认是这一行", row.path))
    heads = _columns(section, row, head, stated)
    if not heads:
        path, name = (row.path, row.label) if section.spec.heads == "printed" else (section.path, section.title)
        problem = finding("heads_unreadable", f"“{name}”的表头无法辨认：“{head[-60:]}”", path)
        draft.findings += [problem] if problem not in draft.findings else []
        return
    columns = [h.column for h in heads]
    candidates = _candidates(block.run, len(columns))
    if first := cut_off(block.run, len(columns), grid):
        candidates = (first,)
        draft.findings.append(
            finding("row_cut_off", f"“{row.label}”在表格右缘被截断：只印出前 {len(block.run)} 格", row.path)
        )
    draft.forms |= {label.form for label in (named.label, *(h.label for h in heads)) if label.form}
    choice = _choice(row, columns, candidates, block, heads)
    draft.choices.append(replace(choice, must_add_up=_is_mixed(block.run)))
    noted = noted_unit(folded[block.words[-1].start : block.words[-1].end]) if block.words else None
    if noted is not None:
        note_unit(draft, row, columns, noted)


def _is_mixed(run: Sequence[Cell]) -> bool:
    """Whether some cells of a run stand alone on their line, and others do not."""
    return 1 in (sizes := set(Counter(c.line for c in run).values())) and len(sizes) > 1


def note_unit(draft: Draft, row: FormRow, columns: Sequence[FormColumn], noted: str) -> None:
    """Give the row's amount the unit that its label states, or say that it cannot be that."""
    paths = [row.cell(c.name) for c in columns if c.kind == "amount"]
    choice, unit = draft.choices[-1], UNITS.get(noted)
    for path in paths:
        if unit is not None and choice.units.get(path, unit) == unit:
            draft.choices[-1] = choice = replace(choice, units={**choice.units, path: unit})
        else:
            draft.findings.append(
                finding(
                    "heads_unreadable",
                    f"“{row.label}”的单位不能确认：行名写作“{noted}”，与表头不同或不是元、万元、亿元",
                    path,
                )
            )


def _candidates(run: Sequence[Cell], columns: int) -> tuple[Candidate, ...]:
    return splits(run[0], columns) if len(run) == 1 and is_glued(run[0]) else fit(run, columns)


def _choice(
    row: FormRow,
    columns: Sequence[FormColumn],
    candidates: tuple[tuple[Cell | None, ...], ...],
    block: Block,
    heads: Sequence[Head],
) -> Choice:
    units: dict[str, Unit] = {row.cell(h.column.name): h.unit for h in heads if h.unit and h.column.kind == "amount"}
    if block.unit and columns[-1].kind == "amount":
        units[row.cell(columns[-1].name)] = block.unit
    return Choice(row.path, tuple(row.cell(c.name) for c in columns), candidates, block.run, units)


def _columns(section: FormSection, row: FormRow, head: str, stated: frozenset[str]) -> tuple[Head, ...]:
    """The columns of a row: as its sub-table's head prints them, or in the form's order where that is fixed."""
    if section.spec.heads == "fixed":
        return heads_of(row.columns) if head else ()
    heads = heads_in(head[-_LONGEST_HEAD:], section, row.columns, stated)
    names = [h.column.name for h in heads]
    return heads if len(set(names)) == len(names) else ()


def _unknown(block: Block, text: str, section: FormSection, head: str, draft: Draft, *, after_unsure: bool) -> None:
    """Numbers after words that name no row: a row of the report's own, where they fill its sub-table's columns, or a doubt.

    after_unsure: the row before was named with an explanation, or misprinted, so that this could be another part of it.
    """
    numbers = [c for c in block.run if c.kind == "number"]
    run = block.run[: max((i + 1 for i, c in enumerate(block.run) if c.text), default=0)]
    if not numbers or not text or _is_apart(block, text, section):
        return
    label, shown = block.words[-1].text, " ".join(c.text for c in block.run[:8])
    message = f"{section.title}：“{label[-30:]}”不是官方格式的行名，其后为 {shown}"
    columns = (
        max(len(heads_in(head, section, row.columns)) for row in section.rows) if section.spec.heads == "printed" else 0
    )
    is_own = _OWN_LABEL.fullmatch("".join(label.split())) and not has_heads(plain_label(label), section)
    if is_own and not after_unsure and len(numbers) == len(run) == columns:
        draft.explained |= {c.id for c in numbers}
        draft.findings.append(finding("row_of_its_own", message, section.path))
    else:
        draft.findings.append(finding("row_unknown", message, section.path))


def _is_apart(block: Block, text: str, section: FormSection) -> bool:
    """Whether a number alone on its line comes after words about the table, and not after a label: if it is no cell, it is left over."""
    is_alone = len(block.run) == 1 and block.run[0].fields == 1 and block.run[0].line > block.words[-1].line
    return is_alone and is_all_of_the_form(text, section)


# --- Rows side by side -----------------------------------------------------------------------------------------------


def _side_by_side(section: FormSection, block: Block, text: str, folded: str, draft: Draft) -> None:
    """One line of numbers for all rows of a section, one row after the other in the order of their labels."""
    order = rows_in_order(section, text)
    if order is None and (down := _down_the_columns(block.words, folded, section)):
        text, order = down, rows_in_order(section, down)
    columns = section.rows[0].columns
    of_words = {c.line for c in block.words}
    run = tuple(c for c in block.run if c.text or c.line not in of_words)
    across = runs_across(run, len(run))
    headed = heads_are_there(text, section, len(section.rows)) and heads_keep_order(block.words, folded, section)
    if order is None or not across or not headed:
        draft.findings.append(
            finding("groups_unreadable", f"{section.title}：表头无法辨认：“{text[-80:]}”", section.path)
        )
        return
    paths = tuple(row.cell(c.name) for row in order for c in columns)
    draft.choices.append(Choice(section.path, paths, fit(run, len(paths)), run))


def _down_the_columns(words: Sequence[Cell], folded: str, section: FormSection) -> str:
    """The plain words of a head drawn as a grid, column after column: each head that is broken over its lines is whole there."""
    grid = sorted((cell for cell in words if cell.fields > 1), key=lambda c: (c.field, c.line))
    return "".join(wording(cell, folded, section) for cell in grid)
