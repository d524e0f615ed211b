"""The figures that a report's prose states, beside those of its tables: a difference is said, and changes nothing."""

from collections.abc import Iterator

from ...schemas.extraction import Finding, finding
from ...schemas.form import Form, Statement
from ..page import Passages
from ..source.decode import Source
from .copy import Values


def stated(source: Source, passages: Passages, values: Values, form: Form) -> Iterator[Finding]:
    """A finding for each figure of the first prose section that differs from its table; the first mention of it counts."""
    spans = passages.get(form.proses[0].path, ()) if form.proses else ()
    for span in spans:
        text = source.folded[span.start : span.end].replace("\n", " ")
        for statement in form.statements:
            if found := statement.says.search(text):
                yield from _compared(found.group().strip(), int(found[1]), statement, values, form)


def _compared(said: str, figure: int, statement: Statement, values: Values, form: Form) -> Iterator[Finding]:
    printed = _sum(statement.terms, values)
    if printed is None or printed == figure:
        return
    message = f"文字说“{said}”，表格“{form.label(statement.terms[0])}”为 {printed}"
    reason = next((reason for reason, terms in statement.instead if _sum(terms, values) == figure), None)
    if reason:
        yield finding("text_counts_otherwise", f"{message}：文字所说恰好{reason}", statement.terms[0])
    else:
        yield finding("text_differs", message, statement.terms[0])


def _sum(terms: tuple[str, ...], values: Values) -> int | None:
    """What the terms come to; None where a cell is blank or absent."""
    total = 0
    for term in terms:
        number = values.get(term.removeprefix("-"))
        if number is None:
            return None
        total += -number if term.startswith("-") else number
    return total
