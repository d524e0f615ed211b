"""The rules as a reader: the form laid over each table of a page."""

from collections.abc import Mapping

from ...schemas.form import Form
from ..page import Page
from ..table.align import align
from ..table.alignment import Alignment

Alignments = Mapping[str, tuple[tuple[Alignment, ...], ...]]
"""Path of a section → for each of its tables the ways to lay the form over it."""


def read_by_rules(page: Page, form: Form) -> Alignments:
    """A page → its alignments, section by section."""
    return {
        section.path: tuple(
            align(page.source, table.tokens, section, form, table.region.lead)
            for table in page.tables.get(section.path, ())
        )
        for section in form.sections
    }
