"""A source laid out: the tokens of its tables, and the passages of its prose. What every reader starts from."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain

from ..schemas.extraction import Finding, finding
from ..schemas.form import Form, FormSection
from .about.corrections import corrections, doubtful_notes, notes_above
from .about.facts import as_fact, caption_years, find_facts, reports_in, title_of_another, titled_years
from .about.narrative import find_narrative
from .errors import InputError
from .source.decode import Source
from .source.marks import UNKNOWN
from .source.sections import Span, Stretch, find_sections, heads_elsewhere
from .table.foreign import Foreign, foreign_words
from .table.lexicon import lexicon_of
from .table.regions import Region, find_regions
from .table.tokens import Token, tokenize
from .table.words import plain

Passages = Mapping[str, tuple[Span, ...]]
"""Path of a fact or of prose → the stretches of the source that it stands in."""


@dataclass(frozen=True, slots=True)
class Table:
    """A stretch of the source that holds a section's table, and its tokens; their ids are the page's."""

    region: Region
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """tables: a section's path → its tables, in the order of the text. foreign: the words in them that are none of the form's.

    findings: what is in doubt whoever reads the page: in the section that a finding names, or everywhere.
    """

    source: Source
    tables: Mapping[str, tuple[Table, ...]]
    passages: Passages
    findings: tuple[Finding, ...] = ()
    foreign: Mapping[str, tuple[Foreign, ...]] = field(default_factory=dict)

    def tokens(self, section: str) -> tuple[Token, ...]:
        """The tokens of a section's tables."""
        return tuple(token for table in self.tables.get(section, ()) for token in table.tokens)


def lay_out(source: Source, form: Form) -> Page:
    """Source → page; raises InputError where the text is no such report, or a table has more cells than any report."""
    sections = find_sections(source.folded, form)
    regions = find_regions(source.folded, form)
    if not regions and len(sections) < 2:
        if address := source.shows_document:
            raise InputError(f"{source.name}: a page that shows or links to a file, {address}; save that, and give it")
        raise InputError(
            f"{source.name}: no yearly report on open government information:"
            " neither its headings nor its tables were found; give the text of one report"
        )
    tables: dict[str, tuple[Table, ...]] = {}
    count = 0
    for section in form.sections:
        own = []
        for region in regions.get(section.path, ()):
            own.append(Table(region, tokenize(source, region.start, region.end, first_id=count)))
            count += len(own[-1].tokens)
        if own:
            tables[section.path] = tuple(own)
    passages = _passages(source, sections, form)
    foreign = _foreign(source, tables, passages, form)
    doubts = (
        *_several(source.folded),
        *_of_other_years(source, tables, passages, form),
        *_of_others(source.folded, tables, foreign, form),
        *_corrected(source.folded, tables, form, next(iter(_own_years(source, passages, form)), "")),
        *_images(source, tables, form),
        *_unknown(source, tables, form),
    )
    return Page(source, tables, passages, doubts, foreign)


def with_all_text(page: Page, form: Form) -> Page:
    """A page on which a table that was not found may stand anywhere outside the tables that were."""
    missing = [section.path for section in form.sections if section.path not in page.tables]
    if not missing:
        return page
    taken = [table.region for own in page.tables.values() for table in own]
    first = max((t.id + 1 for own in page.tables.values() for table in own for t in table.tokens), default=0)
    whole = Region(0, len(page.source.folded), 0, 0)
    tokens = tokenize(page.source, whole.start, whole.end, first_id=first)
    outside = tuple(t for t in tokens if not any(r.start <= t.start and t.end <= r.end for r in taken))
    return replace(page, tables={**page.tables, missing[0]: (Table(whole, outside),)})


def _foreign(
    source: Source, tables: Mapping[str, tuple[Table, ...]], passages: Passages, form: Form
) -> dict[str, tuple[Foreign, ...]]:
    """The words of each section's tables that are none of the form's, nor what the report says of itself."""
    own = {plain(source.folded[s.start : s.end]) for path in form.facts.values() for s in passages.get(path, ())}
    years = _own_years(source, passages, form)
    return {
        path: tuple(
            word
            for table in own_tables
            for word in foreign_words(
                source, _with_title(source.folded, table), table.region.end, form, own, next(iter(years), "")
            )
        )
        for path, own_tables in tables.items()
    }


def _with_title(folded: str, table: Table) -> int:
    """Where a table's stretch begins with what stands on its title's line before the title's own words."""
    lead = table.region.lead
    return max(folded.rfind("\n", 0, max(0, lead - 1)) + 1, lead - _LONGEST_TITLE)


_LONGEST_TITLE = 40


def _own_years(source: Source, passages: Passages, form: Form) -> set[str]:
    spans = passages.get(form.facts.get("year", ""), ())
    if not spans:
        return titled_years(source.folded)
    return {str(as_fact("year", [source.shown[s.start : s.end] for s in spans]))}


def _several(folded: str) -> Iterator[Finding]:
    """A finding where the text holds the beginnings of several reports."""
    titles = reports_in(folded)
    if len(titles) > 1:
        told = "；".join(folded[t.start : t.end].strip() for t in titles[:4])
        yield finding(
            "several_reports",
            f"文中有 {len(titles)} 份报告的开头（{told}），不能确认表格属于哪一份；把各份报告分开再读",
        )


def _of_other_years(
    source: Source, tables: Mapping[str, tuple[Table, ...]], passages: Passages, form: Form
) -> Iterator[Finding]:
    """A finding for each section whose table has a caption that names another year than the report's."""
    own = _own_years(source, passages, form)
    for section in form.sections:
        own_tables = tables.get(section.path, ())
        words = [source.folded[table.region.lead : table.region.end] for table in own_tables]
        years = {year for text in words for year in (*caption_years(text), *_years_of_heads(text, section))}
        if years - own and len(years | own) > 1:
            told = "、".join(sorted(years))
            yield finding(
                "heads_unreadable", f"“{section.title}”的表格写有年度 {told}，不能确认所列是本年度的数", section.path
            )


def _years_of_heads(text: str, section: FormSection) -> Iterator[str]:
    """The years that stand right before the words of a head: 2022年处理决定数量 → 2022."""
    heads = lexicon_of(section).heads
    for match in _YEAR_BEFORE.finditer(text):
        if any(match["head"] in head for head in heads):
            yield match["year"]


_YEAR_BEFORE = re.compile(r"(?<![0-9])(?P<year>20[0-9]{2})年度?(?P<head>[^\W\d_]{4})")


def _of_others(
    folded: str, tables: Mapping[str, tuple[Table, ...]], foreign: Mapping[str, tuple[Foreign, ...]], form: Form
) -> Iterator[Finding]:
    """A finding for each section whose table may be another's: it stands elsewhere than its heading, or words before it are none of the form's."""
    begin = min((table.region.start for own in tables.values() for table in own), default=0)
    for section in form.sections:
        for table in tables.get(section.path, ())[:1]:
            first = next((t.start for t in table.tokens if t.kind == "number"), table.region.lead)
            words = next((f.words for f in foreign[section.path] if _with_title(folded, table) <= f.place < first), "")
            if heads_elsewhere(folded, section, form, begin, table.region.start):
                message = f"“{section.title}”的表格不在该标题之下，不能确认是本报告的"
                yield finding("several_reports", message, section.path)
            elif another := words or title_of_another(folded, first):
                message = f"“{section.title}”的表格前写有“{another}”，不能确认是本报告的"
                yield finding("several_reports", message, section.path)


def _corrected(folded: str, tables: Mapping[str, tuple[Table, ...]], form: Form, year: str) -> Iterator[Finding]:
    """A finding for each section of whose table the text says that it is wrong, or to be read otherwise."""
    starts = {path: own[0].region.start for path, own in tables.items()}
    found: dict[str, str] = {}
    for span, section in corrections(folded, min(starts.values(), default=len(folded)), form):
        before = [path for path, start in starts.items() if start < span.start]
        for path in [section.path] if section else before:
            found.setdefault(path, folded[span.start : span.end].strip())
    for path, own in tables.items():
        below = doubtful_notes(folded, max(map(partial(_last_number, folded), own)), year, form)
        above = (notes_above(folded, t.region.lead, _first_number(t), year, form) for t in own)
        for span in chain(below, *above):
            found.setdefault(path, folded[span.start : span.end].strip())
    for path, sentence in found.items():
        yield finding("corrected_in_text", f"文中说“{sentence}”，表格所印可能不是最终的数", path)


def _first_number(table: Table) -> int:
    return next((t.start for t in table.tokens if t.kind == "number"), table.region.start)


def _last_number(folded: str, table: Table) -> int:
    """Where the last number of a table ends, but for those that a note or a sentence behind it states."""
    numbers = [t for t in table.tokens if t.kind in ("number", "blank")]
    for token in reversed(numbers):
        start = folded.rfind("\n", 0, token.start) + 1
        end = folded.find("\n", token.end)
        line = folded[start : end if end >= 0 else len(folded)]
        if not _NOTE.match(line) and "。" not in line:
            return token.end
    return numbers[-1].end if numbers else table.region.end


_NOTE = re.compile(r"[\s|(\[【]*(?:[注※*]|备注|说明|[本上下此]表|以上|上述|统计|表)")


def _images(source: Source, tables: Mapping[str, tuple[Table, ...]], form: Form) -> Iterator[Finding]:
    """A finding where there is not one table, and for each section without one in a text that has images."""
    if not tables:
        yield finding("tables_are_images", "文中有各部分的标题，但没有一张表格：表格是图片，或没有被抽取")
    elif source.has_images:
        for section in form.sections:
            if section.path not in tables:
                told = f"“{section.title}”没有表格，而文中有图片：表格可能是图片"
                yield finding("tables_are_images", told, section.path)


def _unknown(source: Source, tables: Mapping[str, tuple[Table, ...]], form: Form) -> Iterator[Finding]:
    """A finding for each section in whose tables a document does not say what its characters are."""
    for section in form.sections if source.made else ():
        count = sum(source.shown.count(UNKNOWN, t.region.start, t.region.end) for t in tables.get(section.path, ()))
        if count:
            told = f"“{section.title}”的表格中有 {count} 个字，文件的字体没有说明是什么字"
            yield finding("characters_unknown", told, section.path)


def _passages(source: Source, sections: Mapping[str, Stretch], form: Form) -> Passages:
    """What the report says of itself, and its prose."""
    facts = find_facts(source.folded, sections)
    found = {form.facts[what]: spans for what, spans in facts.items() if what in form.facts}
    return found | find_narrative(source.folded, sections, form)
