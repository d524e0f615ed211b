"""A pointing answer → a reading; and a record → the pointing answer that would give it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...schemas.extraction import Finding, Reader, finding
from ...schemas.form import Form
from ..llm.wire import Pointing, Run, Shown, wire_rows
from ..old.claims import Claim, draft_claims
from ..old.cut import Cell
from ..old.page import Page
from ..old.parts import Part, part_of, reading_of
from ..old.reading import Reading

MOST_IDS = 40
"""More cells than any row has."""


def read_pointing(page: Page, shown: Shown, answer: Pointing, form: Form) -> Reading:
    """What a model pointed at → the reading; what cannot be meant is left out, with a finding."""
    claims, findings = _claims(shown, answer, form)
    reading = read_claims(page, claims, form, "model")
    return replace(reading, findings=(*findings, *reading.findings))


def read_claims(page: Page, claims: Sequence[Claim], form: Form, reader: Reader) -> Reading:
    """Claims in the form's order → the reading, with everything that the text has against them."""
    parts: list[Part] = []
    findings: list[Finding] = []
    for section in form.sections:
        cells = page.tables.get(section.path, ())
        own = {c.id for c in cells}
        rows = [c for c in claims if c.row in section.rows]
        findings += [_elsewhere(c) for c in rows if any(cell.id not in own for cell in c.values)]
        here = [c for c in rows if c.values and all(cell.id in own for cell in c.values)]
        draft = draft_claims(section, cells, here, page.source.folded)
        parts.append(part_of(page.source, cells, draft, form, reader))
    reading = reading_of(parts, page.passages)
    return replace(reading, findings=(*findings, *reading.findings), reader=reader)


def _claims(shown: Shown, answer: Pointing, form: Form) -> tuple[list[Claim], list[Finding]]:
    """The rows of an answer in the form's order, and a finding for each that cannot be meant."""
    claims: list[Claim] = []
    findings: list[Finding] = []
    known = {wire.number: wire for wire in wire_rows(form)}
    taken: set[str] = set()
    for number in sorted(answer.rows, key=lambda n: (len(n), n)):
        run, wire = answer.rows[number], known.get(number)
        ids = list(ids_of(run))
        if wire is None or not 0 < len(ids) <= MOST_IDS or any(not 1 <= i <= len(shown.values) for i in ids):
            findings.append(finding("answer_unusable", f"模型所答“{number}”: {_shown(run)} 无法理解", None))
        elif wire.row.path in taken:
            findings.append(finding("answer_unusable", f"模型对“{wire.row.label}”答了两次", wire.row.path))
        else:
            taken.add(wire.row.path)
            claims.append(Claim(wire.row, wire.label, wire.columns, tuple(_cells(run, shown))))
    order = {path: i for i, path in enumerate(form.rows)}
    return sorted(claims, key=lambda c: order[c.row.path]), findings


def ids_of(run: Run | list[int | None]) -> Iterator[int]:
    """The ids that an answer gives for a row: of "52-58", each from 52 to 58; of a list, those that are no null."""
    if not isinstance(run, str):
        yield from (i for i in run if i is not None)
        return
    first, _, last = run.partition("-")
    yield from range(int(first), min(int(last or first), int(first) + MOST_IDS) + 1)


def _cells(run: Run | list[int | None], shown: Shown) -> Iterator[Cell | None]:
    for i in ids_of(run) if isinstance(run, str) else run:
        yield None if i is None else shown.values[i - 1]


def _shown(run: Run | list[int | None]) -> str:
    return str(run)[:60]


def _elsewhere(claim: Claim) -> Finding:
    return finding("place_doubtful", f"“{claim.row.label}”所指的单元格不在它的表格里", claim.row.path)


# --- The other way ---------------------------------------------------------------------------------------------------


def point(reading: Reading, shown: Shown, form: Form) -> Pointing:
    """A reading → the answer of a model that sees it so: a run where its ids follow each other, else a list."""
    rows: dict[str, Run | list[int | None]] = {}
    for row in form.rows.values():
        present = {c.name for c in row.columns if row.cell(c.name) in reading.places}
        ways = [w for w in wire_rows(form) if w.row is row and present and present <= {c.name for c in w.columns}]
        for wire in sorted(ways, key=lambda w: len(w.columns))[:1]:
            places = [reading.places.get(row.cell(c.name)) for c in wire.columns]
            ids = [shown.ids.get(p.cell.id) if p and p.cell else None for p in places]
            if any(i is not None for i in ids):
                rows[wire.number] = _as_run(ids)
    return Pointing(rows=rows)


def _as_run(ids: Sequence[int | None]) -> Run | list[int | None]:
    first = ids[0]
    if first is None or list(ids) != list(range(first, first + len(ids))):
        return list(ids)
    return f"{first}-{ids[-1]}" if len(ids) > 1 else f"{first}"
