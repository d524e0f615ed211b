"""One report: text in, extraction out. The whole flow, a line a step."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from ..schemas.extraction import Extraction, Finding, finding
from ..schemas.form import Form, form_of
from ..schemas.report import Report
from .about import find_facts
from .cut import Cell, cut
from .decode import Source, decode, from_text
from .errors import EndpointError, InputError
from .judge import Case, judge, weigh
from .narrative import find_narrative
from .reading import Passages, Tables
from .rules import read_by_rules
from .sections import Stretch, find_sections

REPORT = form_of(Report)

Engine = Literal["auto", "rules", "model"]


def extract(text: str | bytes, engine: Engine = "auto", *, name: str = "text") -> Extraction:
    """The text of one report (or its bytes, in any common Chinese encoding) → its extraction.

    engine: "rules" reads without a model; "auto" does so too, as this version has no model reader yet. name: what
    `source.name` is to say. Raises InputError where the input is no such report, EndpointError for engine "model".
    """
    if engine == "model":
        raise EndpointError("engine 'model': this version reads by rules only; use engine='rules'")
    return extract_source(from_text(text, name) if isinstance(text, str) else decode(text, name))


async def extract_async(text: str | bytes, engine: Engine = "auto", *, name: str = "text") -> Extraction:
    """`extract`, in a thread of its own, for callers in an event loop."""
    return await asyncio.to_thread(extract, text, engine, name=name)


def extract_source(source: Source, form: Form = REPORT) -> Extraction:
    """Source → extraction; raises InputError where the text is no such report."""
    sections = find_sections(source.folded, form)
    tables = cut_tables(source, sections, form)
    passages = find_passages(source, sections, form)
    cases: list[Case] = []
    again = tables_again(sections, form)
    for reading in read_by_rules(source, tables, passages, form):
        cases.append(weigh(source, tables, replace(reading, findings=(*again, *reading.findings)), form))
        if cases[-1].holds:
            break
    if len(sections) < 2 and not any(case.reading.places for case in cases):
        raise InputError(
            f"{source.name}: no yearly report on open government information:"
            " neither its headings nor its tables were found; give the text of one report"
        )
    return judge(source, cases, form, "rules")


def cut_tables(source: Source, sections: Mapping[str, Stretch], form: Form) -> Tables:
    """The cells of each section that holds a table, numbered through."""
    tables: dict[str, tuple[Cell, ...]] = {}
    count = 0
    for section in form.sections:
        if section.path in sections:
            tables[section.path] = cut(source, sections[section.path].body, first_id=count)
            count += len(tables[section.path])
    return tables


def tables_again(sections: Mapping[str, Stretch], form: Form) -> tuple[Finding, ...]:
    """A finding for each table that the text holds more than once."""
    return tuple(
        finding("section_repeated", f"“{form.label(path)}”的表格不止一处，只读了一处", path)
        for path, stretch in sections.items()
        if stretch.rivals
    )


def find_passages(source: Source, sections: Mapping[str, Stretch], form: Form) -> Passages:
    """What the report says of itself, and its prose."""
    facts = find_facts(source.folded, sections)
    found = {form.facts[what]: spans for what, spans in facts.items() if what in form.facts}
    return found | find_narrative(source.folded, sections, form)
