"""What stands before a row's label in the label's own field: its number and its groups' labels, or a doubt."""

import re
from collections.abc import Sequence
from functools import cache

from ...schemas.form import FormSection, enumerator
from ..table.words import plain, plain_label, plain_wording
from .cut import Cell
from .labels import NUMERALS, Named

_LONGEST_GROUP = 12
_FIRST_WORD = re.compile(r"(?P<word>\S+)\s*")


def before_label(words: Sequence[Cell], named: Named, section: FormSection, folded: str) -> str | None:
    """What stands before a label in its own field, where it is neither its number nor a group's label; else None.

    Of a group's label that is cut up among the rows, a part counts where white space or the row's number parts it from them.
    """
    left = named.length
    for cell in reversed(words):
        text = plain_wording(folded[cell.start : cell.end])
        if left <= len(text):
            before = text[: len(text) - left]
            lead = before.removesuffix(named.number)
            if not lead or _is_lead(lead, section):
                return None
            is_parted = named.number or _is_parted(folded[cell.start : cell.end], len(before))
            return None if is_parted and _characters(section).issuperset(lead) else before
        left -= len(text)
    return None


def without_groups(words: Sequence[Cell], section: FormSection, folded: str) -> tuple[Cell, ...]:
    """Words of a row without the pieces of a group's label that stand left of them, or between them, on lines of their own.

    A group's label is drawn down the left side of its rows: each line of the text begins with a piece of it.
    """
    kept = []
    for cell in words:
        first = _FIRST_WORD.match(folded, cell.start, cell.end)
        if first and _is_piece_of_group(plain_wording(first["word"]), section):
            cell = cell._replace(start=first.end(), text=cell.text[first.end() - cell.start :])
        kept += [cell] if cell.text else []
    return tuple(kept)


def _is_piece_of_group(text: str, section: FormSection) -> bool:
    return text != "" and any(text in label for label in _drawn_groups(section))


@cache
def _drawn_groups(section: FormSection) -> frozenset[str]:
    """The labels of groups that have a number, plain."""
    groups = {w for row in section.rows for label in row.groups for w in label.wordings} | {*section.spec.words}
    return frozenset(plain_label(group) for group in groups if enumerator(group)[0])


def _is_parted(text: str, count: int) -> bool:
    """Whether white space stands after so many characters of plain text."""
    for at, character in enumerate(text):
        count -= bool(plain(character))
        if count < 0:
            return at > 0 and text[at - 1].isspace()
    return False


def _is_lead(text: str, section: FormSection) -> bool:
    """Whether plain text is the labels of groups and numbers, whole."""
    return _leads_of(section).fullmatch(text) is not None


@cache
def _leads_of(section: FormSection) -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(map(re.escape, sorted(_group_labels(section), key=len, reverse=True)))})*")


@cache
def _characters(section: FormSection) -> frozenset[str]:
    """Characters of what may stand before a row's label and its number in their field: groups' numbers and labels."""
    return frozenset("".join(_group_labels(section)))


@cache
def _group_labels(section: FormSection) -> frozenset[str]:
    groups = {w for row in section.rows for label in row.groups for w in label.wordings}
    groups |= {word for word in section.spec.words if len(word) <= _LONGEST_GROUP}
    whole = {plain_label(group) for group in groups}
    return NUMERALS | whole | {plain_label(enumerator(group)[1]) for group in groups}
