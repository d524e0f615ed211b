"""Slots → record: the one place where a number of the record is made, and it is made from the source's own text."""

from collections.abc import Iterable, Mapping
from typing import Any

from ...schemas.form import Form
from ...schemas.report import Unit
from ..about.facts import as_fact
from ..page import Page
from ..source.decode import Source
from ..source.marks import COVERED
from ..table.fills import Slot
from ..table.values import as_amount, as_change, as_count
from .paths import put

Values = Mapping[str, Any]
"""Cell path → what the record holds there: int, Amount, or None for a blank. Absent cells are not in it."""


def value_of(source: Source, slot: Slot | None, kind: str, unit: Unit | None) -> Any:
    """What a slot prints: an int, an Amount, or None for a blank, and for what is no such number. unit: as its head prints it."""
    if slot is None or slot.is_blank:
        return None
    folded = source.folded[slot.start : slot.end]
    if kind == "count":
        return as_count(folded)
    return as_amount(folded, unit) if kind == "amount" else as_change(folded)


def build_record(page: Page, values: Values, forms: Iterable[str], form: Form) -> Any:
    """Values and passages → the pydantic record."""
    record: dict[str, Any] = {}
    if "form" in form.facts:
        record[form.facts["form"]] = _form_name(forms)
    facts = {path: what for what, path in form.facts.items()}
    lists = {prose.path for prose in form.proses if prose.spec.part_of}
    for path, spans in page.passages.items():
        texts = tuple(page.source.shown[s.start : s.end].replace(COVERED, "") for s in spans)
        put(record, path, as_fact(facts[path], texts) if path in facts else texts if path in lists else texts[0])
    for path, value in values.items():
        put(record, path, value)
    return form.model.model_validate(record)


def _form_name(forms: Iterable[str]) -> str | None:
    seen = sorted(set(forms))
    return None if not seen else seen[0] if len(seen) == 1 else "mixed"
