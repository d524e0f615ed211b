"""What a cell prints: numbers with signs, units and notes, and the marks that stand for a blank."""

import re
from decimal import Decimal
from functools import lru_cache

from ...schemas.report import YUAN, Amount, Unit

_VALUE = re.compile(
    r"(?P<sign>[+-]|增加?|减少?)?\s*"
    r"(?P<figure>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)"
    r"\s*(?P<unit>万元|亿元|元)?(?P<counter>件|项|項|条|个|份|次|宗|起|部|篇|户|人次|人)?"
    r"(?:(?:\s?(?=\([^()]*[一-鿿]))?(?P<note>\((?:(?:其中|不?含|包[括含]|指|注|详?见|按|均|全部|共|单位|金额|计量|人民币)[^()]{0,60}|[十百千万亿]*元)\)))?"
)
"""A note may say of what a number is the sum; any other may take it back: 12(上年), 12(应为15)."""
_NOTED_UNIT = re.compile(r"\((?:金额|计量)?(?:单位)?[: ]*(?:人民币)?(?P<unit>[十百千万亿美港欧]*元)\)")
_LESS = re.compile(r"[减降负]")
"""Said in a note, it may give an unsigned number another sign."""
_LONGEST_VALUE = 100
_BLANK_MARKS = frozenset(("/", "-", "--", "—", "——", "无", "無", "\\", "&nbsp;", "空", "nan", "NaN", "None", "null"))
_PAGE_MARK = re.compile(
    r"[-—]\s*[0-9]{1,4}\s*[-—]|第\s*[0-9]{1,4}\s*页(?:\s*(?:,\s*)?共\s*[0-9]{1,4}\s*页)?|P\.?\s*[0-9]{1,4}"
)
_TOO_LONG_A_NUMBER = 18


def is_value(folded: str) -> bool:
    """Whether a field prints one number."""
    if folded.isdigit() and folded.isascii():
        return True
    return len(folded) <= _LONGEST_VALUE and _VALUE.fullmatch(folded) is not None


def is_blank_mark(folded: str) -> bool:
    """Whether a field prints a mark for "nothing": / - — 无."""
    return folded in _BLANK_MARKS


def is_page_mark(folded: str) -> bool:
    """Whether a field is a page number with its ornaments: - 3 -, 第3页."""
    return len(folded) <= 20 and _PAGE_MARK.fullmatch(folded) is not None


def is_annotated(folded: str) -> bool:
    """Whether a number carries a note in brackets: 22（其中修订16件）."""
    found = _VALUE.fullmatch(folded)
    return found is not None and found["note"] is not None


@lru_cache(maxsize=4096)
def as_count(folded: str) -> int | None:
    """The count that a field prints; None where it is no whole number from 0 up, or could be several, glued: 00, 01."""
    digits = folded.replace(" ", "")
    if digits.isdigit() and digits.isascii() and len(digits) <= _TOO_LONG_A_NUMBER:
        return int(digits) if digits[0] != "0" or digits == "0" else None
    number = _whole(folded)
    return number if number is not None and number >= 0 and not folded.startswith(("+", "增")) else None


def as_change(folded: str) -> int | None:
    """The signed change that a field prints: +21, -417, 减3; None where it is no whole number.

    Nor where it has a note and no sign: the note may give it one, 5（取消5项）.
    """
    found = _VALUE.fullmatch(folded)
    return None if found is not None and found["note"] and not found["sign"] else _whole(folded)


def as_amount(folded: str, head_unit: Unit | None) -> Amount | None:
    """The amount that a field prints, its unit from the field or else from its head; None where it is no amount."""
    found = _VALUE.fullmatch(folded)
    if found is None or found["counter"] or found["sign"] not in (None, "-"):
        return None
    noted = _NOTED_UNIT.fullmatch(found["note"] or "")
    stated = {unit for unit in (found["unit"], noted and noted["unit"]) if unit}
    if len(stated) > 1 or not stated <= YUAN.keys():
        return None
    figure = (found["sign"] or "") + found["figure"].replace(",", "")
    unit = next((u for u in YUAN if u in stated), head_unit)
    yuan = _shortest(Decimal(figure) * YUAN[unit]) if unit else None
    return Amount(figure=figure, unit=unit, yuan=yuan)


def _whole(folded: str) -> int | None:
    found = _VALUE.fullmatch(folded)
    if found is None or found["unit"] or "." in found["figure"] or len(found["figure"]) > _TOO_LONG_A_NUMBER:
        return None
    if not found["sign"] and _LESS.search(found["note"] or ""):
        return None
    number = int(found["figure"].replace(",", ""))
    return -number if (found["sign"] or "").startswith(("-", "减")) else number


def _shortest(number: Decimal) -> str:
    """A decimal without exponent and without zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
