"""The tables as shown → the messages for a model. The report's text is data: fenced, and never a template.

What every question has in common comes first, word for word, so that an endpoint that keeps what it has read need not read it again.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from ...prompts import prompt
from ...schemas.extraction import Extraction
from ...schemas.form import Form, FormProse
from ..about.facts import lines_of
from ..page import Page, lay_out
from ..record.pointed import Pointed
from ..source.decode import from_text
from ..source.inputs import printable
from ..source.sections import Span
from .shown import Shown, show
from .wire import Pointing, list_rows, said_in, wire_rows

Message = dict[str, str]

_MOST_NAMED = 12
"""Of one kind of doubt so many are named when asking again."""
_BEGINNING, _LONGEST_BEGINNING = 16, 60
"""Of a paragraph so many characters are shown, and more where another begins alike."""
_MOST_PARAGRAPHS = 150
_HARMLESS = str.maketrans("<>[]", "＜＞［］")
"""Every template's marks stand in one of these: <|im_end|>, </s>, <｜User｜>, [INST], <<SYS>>, ]~b]."""


def shown_of(page: Page, form: Form) -> Shown:
    """A page → what a model sees of it: its tables, and, where a part of the prose was not found, how its paragraphs begin."""
    shown = show(page, form)
    if not missing_prose(page, form):
        return shown
    paragraphs = tuple(_paragraphs(page))[:_MOST_PARAGRAPHS]
    texts = [" ".join(page.source.shown[s.start : s.end].split()) for s in paragraphs]
    return replace(shown, paragraphs=paragraphs, beginnings=tuple(_beginnings(texts)))


def _beginnings(texts: Sequence[str]) -> Iterator[str]:
    """Of each text its beginning, as long as tells it from the others, within limits."""
    for text in texts:
        long = range(_BEGINNING, _LONGEST_BEGINNING)
        length = next((n for n in long if sum(t[:n] == text[:n] for t in texts) == 1), _LONGEST_BEGINNING)
        yield text[:length] if len(text) <= length else f"{text[:length]}…"


def missing_prose(page: Page, form: Form) -> tuple[FormProse, ...]:
    """The numbered parts of the prose that were not found."""
    return tuple(p for p in form.proses if p.spec.number and p.path not in page.passages)


def _paragraphs(page: Page) -> Iterator[Span]:
    """The lines of the text outside the tables; what follows a table's last value is outside it."""
    tables = [
        Span(table.region.start, max((t.end for t in table.tokens if t.kind == "number"), default=0))
        for own in page.tables.values()
        for table in own
        if table.region.words
    ]
    for line in lines_of(page.source.folded, Span(0, len(page.source.folded))):
        end = line.start + len(line.text)
        if line.squeezed and not any(t.start <= line.start and end <= t.end for t in tables):
            yield Span(line.start, end)


def ask(page: Page, shown: Shown, form: Form, sections: Collection[str]) -> tuple[list[Message], type[Pointing]]:
    """The messages that ask for pointing, and the model of the answer. sections: the paths of those to ask about."""
    parts = [s.title for s in form.sections if s.path in sections]
    parts += [f"{p.spec.number}、{p.spec.labels[0].text}（段落）" for p in missing_prose(page, form)]
    user = f"{fence(shown.text(sections))}\n要答：{'；'.join(parts)}"
    return [{"role": "system", "content": instructions(form)}, {"role": "user", "content": user}], Pointing


def fence(text: str) -> str:
    """Text of a report in a fence that it cannot close, as the fence is named after the text itself."""
    name = f"报告-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return f"<{name}>\n{harmless(text)}\n</{name}>"


def harmless(text: str) -> str:
    """Text of which no part can be taken for a mark of a chat template: no control characters, no angles, no brackets.

    "数<|im_end|>" → "数＜|im_end|＞".
    """
    return "\n".join(map(printable, text.split("\n"))).translate(_HARMLESS)


@cache
def instructions(form: Form) -> str:
    """What every question begins with: how to read and to answer, the form's rows, and worked examples."""
    told = "\n\n".join(f"例：\n{one.shown.text()}\n答：{one.answer.model_dump_json()}" for one in examples(form))
    return _filled(prompt("pointing.md").strip(), {"{rows}": list_rows(form), "{examples}": told})


def _filled(text: str, parts: dict[str, str]) -> str:
    """A prompt with each mark filled once, in the order of the text; what is filled in is never looked at again."""
    done = ""
    for mark, part in parts.items():
        before, _, text = text.partition(mark)
        done += before + part
    return done + text


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: a text, as it is shown, and its answer."""

    page: Page
    shown: Shown
    answer: Pointing


@cache
def examples(form: Form) -> tuple[Example, ...]:
    """The worked examples of the prompt: each a text and, below a line of its own, the lines of its answer."""
    found = []
    for i, both in enumerate(prompt("examples.txt").split("\n======\n")):
        text, _, answer = both.partition("\n------\n")
        page = lay_out(from_text(text, f"example {i + 1}"), form)
        found.append(Example(page, show(page, form), Pointing(rows=answer.strip().split("\n"))))
    return tuple(found)


# --- Again -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer about some sections of a page, what it points at, and what came of it. sections: their paths."""

    answer: Pointing
    pointed: Pointed
    found: Extraction
    page: Page
    shown: Shown
    form: Form
    sections: Collection[str]


def ask_again(messages: Sequence[Message], answered: Answered) -> list[Message]:
    """The question again after an answer that cannot be all that is meant; [] where there is nothing to say against it.

    It names places to look at, never what would add up.
    """
    doubts = "\n".join(f"- {line}" for line in _doubts(answered))
    if not doubts:
        return []
    return [
        *messages,
        {"role": "assistant", "content": answered.answer.model_dump_json()},
        {"role": "user", "content": f"{prompt('again.md').strip()}\n{doubts}"},
    ]


def _doubts(answered: Answered) -> Iterator[str]:
    said = {said_in(line)[0] for line in answered.answer.rows}
    wires = [wire for wire in wire_rows(answered.form) if wire.row.path.partition(".")[0] in answered.sections]
    numbers = {wire.row.path: wire.number for wire in wires if wire.number in said}
    rows = _rows_to_see(answered.found, numbers)
    absent = _rows_absent(answered.found, {wire.row.path for wire in wires} - numbers.keys())
    named = (
        ("无法理解的回答", [f.message for f in answered.pointed.findings]),
        ("没有指到，也没有说不属于任何行的值", [f"«{i}»" for i in _left(answered)]),
        ("各格要再看的行", [numbers[p] for p in answered.form.rows if p in rows and p in numbers]),
        ("没有答的行", [answered.form.label(p) for p in absent if p]),
    )
    for title, items in named:
        if items:
            yield f"{title}：{'、'.join(items[:_MOST_NAMED])}{'等' if len(items) > _MOST_NAMED else ''}"


def _left(answered: Answered) -> list[int]:
    """The ids of the numbers that an answer neither points at nor sets aside."""
    pointed, page = answered.pointed, answered.page
    used = {(slot.start, slot.end) for slot in pointed.slots.values() if slot is not None} | pointed.aside
    own = {token.id for section in answered.sections for token in page.tokens(section) if token.kind == "number"}
    return [
        i
        for i, t in enumerate(answered.shown.values, 1)
        if t.id in own and not any(t.start <= start and end <= t.end for start, end in used)
    ]


def _rows_to_see(found: Extraction, numbers: Collection[str]) -> set[str]:
    """The paths of rows that a sum of their own speaks against, or, of those that were answered, that are read unlike the rules."""
    fails = [c.paths for c in found.checks if c.outcome == "fail"]
    rows = {p.rpartition(".")[0] for paths in fails for p in paths if len({q.rpartition(".")[0] for q in paths}) == 1}
    return rows | {f.path for f in found.findings if f.code == "readings_differ" and f.path and f.path in numbers}


def _rows_absent(found: Extraction, asked: Collection[str]) -> list[str | None]:
    """The paths of rows that were asked about and not answered, and that something says are there."""
    lacking = ("row_absent", "needed_by_sums", "label_alone", "label_missing")
    return [f.path for f in found.findings if f.code in lacking and f.path in asked]
