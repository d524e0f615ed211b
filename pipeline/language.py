"""The language in which a person is told things: one switch, one catalogue.

Whatever the program says is written once, where it is said: in Chinese what goes into an extraction, as the reports are Chinese, all
else in English. `messages.txt` holds every message in both. What is shown to a person passes `told`, which knows a message by its fixed
words and says it in the person's language, whichever process, file or year it comes from. What a machine reads does not pass it,
and so is the same in every language.

    told("a.txt: no such file; check the path") → "a.txt：没有这个文件；请核对路径"      where Chinese is spoken
"""

import locale
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, get_args

from .errors import SettingsError

Language = Literal["en", "zh"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
VARIABLE = "NIANBAO_LANG"
_PLACE = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"n\d*")
_OF_A_NUMBER = re.compile(r"\s*[-+0-9.,]+")
_BETWEEN: Mapping[Language, Mapping[str, str]] = {
    "zh": {"; ": "；", ", ": "，"},
    "en": {"；": "; ", "、": ", ", "，": ", "},
}
"""Language → what stands between things that are told together in the other one, and how it is written in this one."""

_spoken: ContextVar[Language | None] = ContextVar("spoken", default=None)


def language(flag: str | None, find: Callable[[str], str | None]) -> Language:
    """The language that is to be spoken: the flag's, else the one that NIANBAO_LANG names, else the locale's.

    find: the value of a variable of the environment. Raises SettingsError where NIANBAO_LANG names neither.
    """
    said = flag or find(VARIABLE)
    if said:
        return _named(said)
    variables = (find(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    here = next(filter(None, variables), None) or locale.getlocale()[0] or ""
    return "zh" if here.lower().startswith(("zh", "chinese")) else "en"


def _named(said: str) -> Language:
    for each in LANGUAGES:
        if re.split("[-_.]", said.lower())[0] == each:
            return each
    raise SettingsError(f"{VARIABLE}={said}: no language that is spoken here; set zh or en")


@contextmanager
def speaking(spoken: Language | None) -> Iterator[None]:
    """Within, `told` speaks this language; None: it leaves everything as it is written."""
    token = _spoken.set(spoken)
    try:
        yield
    finally:
        _spoken.reset(token)


def first_named(accept_language: str) -> Language | None:
    """An Accept-Language header → the first language it names, where that is spoken here; None where it names none.

    "zh-CN,zh;q=0.9,en;q=0.8" → "zh"
    """
    first = re.split("[-,;]", accept_language.strip().lower())[0]
    return next((each for each in LANGUAGES if each == first), None)


def spoken() -> Language | None:
    """The language that is spoken here; None where nobody said."""
    return _spoken.get()


def told(text: str) -> str:
    """A message as the person is told it. What is no message of ours, or is in the language already, stays as it is."""
    into = spoken()
    return text if into is None else _in(into, text) or text


def told_lines(text: str) -> str:
    """Lines, each a message."""
    return "\n".join(map(told, text.split("\n")))


def in_chinese(text: str) -> str:
    """A message as it goes into an extraction."""
    return _in("zh", text) or text


@lru_cache(1000)
def _in(into: Language, text: str) -> str | None:
    """A message, or several that are told together, in the other language; None where nothing of it is a message."""
    for ours, theirs in _catalogue(into):
        values = ours.values(text)
        if values is not None:
            return theirs.filled({name: _carried(into, name, value) for name, value in values.items()})
    for between, written in _BETWEEN[into].items():
        parts = text.split(between)
        told = [_in(into, part) for part in parts] if len(parts) > 1 else []
        if any(told):
            return written.join(one or part for one, part in zip(told, parts, strict=True))
    return None


def _carried(into: Language, name: str, value: str) -> str:
    """The value of a place: a message itself where its name begins with what or why, else as it is."""
    return _in(into, value) or value if name.startswith(("what", "why")) else value


@dataclass(frozen=True, slots=True)
class Phrase:
    """A message in one language: fixed words, and named places between them, as "{path}: no such file; check the path".

    A place called n, n2 and so on holds a number; what… and why… hold messages, the others what is nobody's to translate.
    """

    words: tuple[str, ...]
    places: tuple[str, ...]

    @classmethod
    def of(cls, line: str) -> "Phrase":
        parts = _PLACE.split(line)
        return cls(tuple(parts[::2]), tuple(parts[1::2]))

    def values(self, text: str) -> Mapping[str, str] | None:
        """What a text has in the places; None where it is another message. Each word is looked for once, from left to right."""
        first, *rest = self.words
        if not text.startswith(first):
            return None
        found: dict[str, str] = {}
        at = len(first)
        for number, (place, word) in enumerate(zip(self.places, rest, strict=True), 1):
            is_last = number == len(rest)
            end = len(text) - len(word) if is_last else text.find(word, at)
            if end < at or not text.endswith(word, at, end + len(word)):
                return None
            value = text[at:end]
            if found.setdefault(place, value) != value:
                return None
            if _NUMBER.fullmatch(place) and not _OF_A_NUMBER.fullmatch(value):
                return None
            at = end + len(word)
        return found if at == len(text) else None

    def filled(self, values: Mapping[str, str]) -> str:
        first, *rest = self.words
        return first + "".join(values[place] + word for place, word in zip(self.places, rest, strict=True))


@cache
def _catalogue(into: Language) -> Sequence[tuple[Phrase, Phrase]]:
    """Each message in the other language, and in this one; those of the most fixed words first."""
    pairs = [(Phrase.of(en), Phrase.of(zh)) for en, zh in catalogue()]
    turned = pairs if into == "zh" else [(zh, en) for en, zh in pairs]
    return sorted(turned, key=lambda pair: -sum(map(len, pair[0].words)))


def catalogue() -> list[tuple[str, str]]:
    """Every message, in English and in Chinese, as `messages.txt` has them: two lines each, between blank lines and remarks."""
    text = (files(__package__ or "") / "messages.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("# ")]
    return list(zip(lines[::2], lines[1::2], strict=True))
