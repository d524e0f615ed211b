"""A pointing answer → the slots that it points at; and slots → the pointing answer that would give them."""

from collections.abc import Iterator, Mapping, Sequence

from ...schemas.extraction import Finding, finding
from ...schemas.form import Form
from ..llm.wire import Pointing, Run, Shown, wire_rows
from ..page import Page
from ..record.pointed import Pointed
from ..table.fills import Slot, slot_of

MOST_IDS = 40
"""More cells than any row has."""


def read_pointing(page: Page, shown: Shown, answer: Pointing, form: Form) -> Pointed:
    """What a model pointed at → its slots; what cannot be meant is left out, with a finding."""
    slots: dict[str, Slot | None] = {}
    findings: list[Finding] = []
    known = {wire.number: wire for wire in wire_rows(form)}
    taken: set[str] = set()
    for number in sorted(answer.rows, key=lambda n: (len(n), n)):
        run, wire = answer.rows[number], known.get(number)
        ids = list(_ids(run))
        pointed = [i for i in ids if i is not None]
        is_known = wire is not None and 0 < len(ids) <= MOST_IDS and all(1 <= i <= len(shown.values) for i in pointed)
        if wire is None or not is_known or len(ids) != len(wire.columns):
            findings.append(finding("answer_unusable", f"模型所答“{number}”: {_shown(run)} 无法理解", None))
        elif wire.row.path in taken:
            findings.append(finding("answer_unusable", f"模型对“{wire.row.label}”答了两次", wire.row.path))
        elif not _is_of(page, wire.row.path, [shown.values[i - 1].id for i in pointed]):
            message = f"“{wire.row.label}”所指的单元格不在它的表格里"
            findings.append(finding("place_doubtful", message, wire.row.path))
        else:
            taken.add(wire.row.path)
            cells = [None if i is None else slot_of(shown.values[i - 1]) for i in ids]
            slots |= {wire.row.cell(c.name): s for c, s in zip(wire.columns, cells, strict=True)}
    twice = {s for s in slots.values() if s is not None and list(slots.values()).count(s) > 1}
    slots = {path: slot for path, slot in slots.items() if slot not in twice}
    return Pointed("model", slots, tuple(findings))


def _is_of(page: Page, row: str, ids: Sequence[int]) -> bool:
    """Whether tokens stand in the tables of a row's section."""
    own = {token.id for token in page.tokens(row.partition(".")[0])}
    return own.issuperset(ids)


def _ids(run: Run | list[int | None]) -> Iterator[int | None]:
    """The ids that an answer gives for a row, in order: of "52-58", each from 52 to 58; of a list, its own."""
    if not isinstance(run, str):
        yield from run
        return
    first, _, last = run.partition("-")
    yield from range(int(first), min(int(last or first), int(first) + MOST_IDS) + 1)


def ids_of(run: Run | list[int | None]) -> Iterator[int]:
    """The ids that an answer points at, without nulls."""
    yield from (i for i in _ids(run) if i is not None)


def _shown(run: Run | list[int | None]) -> str:
    return str(run)[:60]


# --- The other way ---------------------------------------------------------------------------------------------------


def point(slots: Mapping[str, Slot | None], shown: Shown, form: Form) -> Pointing:
    """Cell path → slot, to the answer of a model that sees it so: a run where its ids follow each other, else a list."""
    rows: dict[str, Run | list[int | None]] = {}
    for row in form.rows.values():
        present = {c.name for c in row.columns if row.cell(c.name) in slots}
        ways = [w for w in wire_rows(form) if w.row is row and present and present <= {c.name for c in w.columns}]
        for wire in sorted(ways, key=lambda w: len(w.columns))[:1]:
            own = [slots.get(row.cell(c.name)) for c in wire.columns]
            ids = [shown.ids.get((s.start, s.end)) if s else None for s in own]
            if any(i is not None for i in ids):
                rows[wire.number] = _as_run(ids)
    return Pointing(rows=rows)


def _as_run(ids: Sequence[int | None]) -> Run | list[int | None]:
    first = ids[0]
    if first is None or list(ids) != list(range(first, first + len(ids))):
        return list(ids)
    return f"{first}-{ids[-1]}" if len(ids) > 1 else f"{first}"
