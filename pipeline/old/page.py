"""A source laid out: its sections, the cells of its tables, and the passages of its prose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ...schemas.extraction import Finding, finding
from ...schemas.form import Form
from ..about.facts import find_facts
from ..about.narrative import find_narrative
from ..source.decode import Source
from ..source.sections import Span, Stretch, find_sections
from ..table.words import plain
from .cut import Cell, cut
from .labels import head_years
from .merged import each_once
from .reading import Passages, Tables


@dataclass(frozen=True, slots=True)
class Page:
    """What every reader starts from. doubts: what is in doubt whoever reads it."""

    source: Source
    sections: Mapping[str, Stretch]
    tables: Tables
    passages: Passages
    doubts: tuple[Finding, ...]


def lay_out(source: Source, form: Form) -> Page:
    """Source → page; raises InputError where a section has more cells than any report."""
    sections = find_sections(source.folded, form)
    tables: dict[str, tuple[Cell, ...]] = {}
    count = 0
    for section in form.sections:
        if section.path in sections:
            cells = cut(source, sections[section.path].body, first_id=count)
            tables[section.path] = each_once(cells, source.folded, section)
            count += len(cells)
    doubts = (*_again(sections, form), *_of_two_years(source, tables, form))
    return Page(source, sections, tables, _passages(source, sections, form), doubts)


def with_all_text(page: Page, form: Form) -> Page:
    """A page on which a table that was not found may stand anywhere outside the tables that were."""
    missing = [section.path for section in form.sections if section.path not in page.tables]
    if not missing:
        return page
    taken = [page.sections[path].body for path in page.tables]
    first = max((cell.id + 1 for cells in page.tables.values() for cell in cells), default=0)
    cells = cut(page.source, Span(0, len(page.source.folded)), first_id=first)
    outside = tuple(c for c in cells if not any(s.start <= c.start and c.end <= s.end for s in taken))
    return replace(page, tables={**page.tables, missing[0]: outside, **dict.fromkeys(missing[1:], ())})


def _again(sections: Mapping[str, Stretch], form: Form) -> tuple[Finding, ...]:
    """A finding for each table that the text holds more than once."""
    return tuple(
        finding("section_repeated", f"“{form.label(path)}”的表格不止一处，只读了一处", path)
        for path, stretch in sections.items()
        if stretch.rivals
    )


def _of_two_years(source: Source, tables: Tables, form: Form) -> Iterator[Finding]:
    """A finding for each table whose printed heads name two years: a head of another year is another column."""
    for section in form.sections:
        if section.spec.heads == "printed":
            words = (source.folded[c.start : c.end] for c in tables.get(section.path, ()) if c.kind == "words")
            years = head_years(plain(" ".join(words)), section)
            if len(years) > 1:
                told = "、".join(sorted(years))
                yield finding(
                    "heads_unreadable", f"“{section.title}”的表头写有几个年度：{told}，不能确认各列", section.path
                )


def _passages(source: Source, sections: Mapping[str, Stretch], form: Form) -> Passages:
    """What the report says of itself, and its prose."""
    facts = find_facts(source.folded, sections)
    found = {form.facts[what]: spans for what, spans in facts.items() if what in form.facts}
    return found | find_narrative(source.folded, sections, form)
