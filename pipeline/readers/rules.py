"""The rules as a reader: the form laid over each table of a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...schemas.extraction import Extraction
from ...schemas.form import Form
from ..page import Page
from ..record.judge import judge
from ..record.weigh import weigh_all
from ..record.weighed import Weighed
from ..table.align import align
from ..table.alignment import Alignment

Alignments = Mapping[str, tuple[tuple[Alignment, ...], ...]]
"""Path of a section → for each of its tables the ways to lay the form over it."""


@dataclass(frozen=True, slots=True)
class ByRules:
    """A page as the rules read it, and what the judge says of that."""

    page: Page
    alignments: Alignments
    weighed: Sequence[Weighed]
    extraction: Extraction


def judge_rules(page: Page, form: Form) -> ByRules:
    """A page → what the rules read there, weighed and judged."""
    alignments = read_by_rules(page, form)
    weighed = weigh_all(page, alignments, form)
    return ByRules(page, alignments, weighed, judge(page, weighed, form))


def read_by_rules(page: Page, form: Form) -> Alignments:
    """A page → its alignments, section by section."""
    return {
        section.path: tuple(
            align(page.source, table.tokens, section, form, table.region.lead)
            for table in page.tables.get(section.path, ())
        )
        for section in form.sections
    }
