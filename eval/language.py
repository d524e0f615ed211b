"""What the page of a run says, in the reader's language: `page.zh.txt` holds every message in both.

A message is written once, in English, where it is said. A place {n}, {n2} of it holds a number, any other what is nobody's to
translate, but for {what}, which holds a message itself.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["en", "zh"]
Told = Callable[[str], str]

_PLACE = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"n\d*")
_VALUES = "[-+0-9.,]+"


def of_locale(environment: Mapping[str, str]) -> Language:
    """The language of a locale: "zh_CN.UTF-8" → "zh"; "en" where it is none that is spoken here."""
    said = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "") or ""
    return "zh" if said.lower().startswith("zh") else "en"


def speaker(language: Language) -> Told:
    """A language → what says a message in it; what is no message of ours stays as it is.

    speaker("zh")("3 reports") → "3 份报告"
    """
    return _in_chinese if language == "zh" else lambda text: text


def _in_chinese(text: str) -> str:
    for pattern, chinese in _catalogue():
        if found := pattern.fullmatch(text):
            return _filled(chinese, found.groupdict())
    return text


def _filled(chinese: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: _in_chinese(values[place[1]]) if place[1] == "what" else values[place[1]], chinese)


@cache
def _catalogue() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Each message as a pattern, and in Chinese; those of the most fixed words first."""
    pairs = sorted(messages(), key=lambda pair: -len(_PLACE.sub("", pair[0])))
    return tuple((re.compile("".join(_pattern(english)), re.DOTALL), chinese) for english, chinese in pairs)


def _pattern(english: str) -> Iterator[str]:
    for number, part in enumerate(_PLACE.split(english)):
        if number % 2:
            yield f"(?P<{part}>{_VALUES if _NUMBER.fullmatch(part) else '.+?'})"
        else:
            yield re.escape(part)


def messages() -> list[tuple[str, str]]:
    """Every message in English and in Chinese."""
    lines = (files(__package__) / "page.zh.txt").read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if line and not line.startswith("# ")]
    return list(zip(told[::2], told[1::2], strict=True))
