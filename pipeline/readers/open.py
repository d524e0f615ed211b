"""What a question to a model is worth: the sections of which some answer could change what is vouched for."""

from collections.abc import Iterator, Mapping, Sequence

from ...schemas.form import Form
from ..page import Page
from ..record.pointed import Pointed
from ..record.weigh import weigh
from ..record.weighed import Weighed
from ..table.fills import Slot
from .rules import Alignments

_MOST_ANSWERS = 8
"""So many answers are tried out."""
_UNREAD = frozenset(("section_missing", "label_missing", "needed_by_sums"))
"""Errors that say that rows may be somewhere in the text which the rules do not find."""


def worth_asking(
    page: Page, alignments: Alignments, weighed: Sequence[Weighed], form: Form, others: Sequence[Pointed] = ()
) -> frozenset[str]:
    """The paths of the sections of which an answer could change what is vouched for.

    Where the rules have readings of all that is open, each is offered as an answer: where the judge settles nothing by any of
    them, no model could. others: what was answered before.
    """
    unsure = [found.path or "" for found in page.findings]
    return frozenset(
        one.section.path
        for one in weighed
        if not any(one.section.path.startswith(path) for path in unsure)
        and _may_change(page, alignments, one, form, others)
    )


def _may_change(page: Page, alignments: Alignments, one: Weighed, form: Form, others: Sequence[Pointed]) -> bool:
    if not one.open and not _errors(one):
        return False
    if any(not open_.options for open_ in one.open) or _UNREAD.intersection(f.code for f in one.findings):
        return True
    tokens, readings = page.tokens(one.section.path), alignments.get(one.section.path, ())
    for slots in _answers(one):
        used = [(slot.start, slot.end) for slot in slots.values() if slot is not None]
        left = ((t.start, t.end) for t in tokens if t.kind == "number")
        aside = frozenset(place for place in left if not any(a < place[1] and place[0] < b for a, b in used))
        answer = Pointed("model", slots, (), aside)
        again = weigh(page, one.section, readings, form, [*others, answer])
        if _vouched(again) > _vouched(one) or _errors(again) < _errors(one):
            return True
    return False


def _answers(one: Weighed) -> Iterator[Mapping[str, Slot | None]]:
    """What is sure, with each of what is open."""
    sure = {path: cell.slot for path, cell in one.cells.items()}
    for i in range(min(_MOST_ANSWERS, max((len(open_.options) for open_ in one.open), default=1))):
        slots = dict(sure)
        for open_ in one.open:
            slots |= open_.options[min(i, len(open_.options) - 1)].slots
        yield slots


def _vouched(one: Weighed) -> int:
    return sum(cell.is_vouched for cell in one.cells.values())


def _errors(one: Weighed) -> int:
    return sum(found.severity == "error" for found in one.findings)
