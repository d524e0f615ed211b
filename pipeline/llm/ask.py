"""The tables as shown → the messages for a model. The report's text is data: fenced, and never a template."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from ...prompts import prompt
from ...schemas.extraction import Extraction
from ...schemas.form import Form, FormProse
from ..about.facts import lines_of
from ..page import Page, lay_out
from ..readers.pointing import point
from ..readers.rules import read_by_rules
from ..record.pointed import Pointed
from ..record.weigh import weigh_all
from ..source.decode import from_text
from ..source.inputs import printable
from ..source.sections import Span
from .wire import Pointing, PointingToo, Shown, list_rows, show, wire_rows

Message = dict[str, str]

_MOST_NAMED = 12
"""Of one kind of doubt so many are named when asking again."""
_BEGINNING = 16
"""Of a paragraph so many characters are shown."""
_MOST_PARAGRAPHS = 150
_HARMLESS = str.maketrans("<>[]", "＜＞［］")
"""Every template's marks stand in one of these: <|im_end|>, </s>, <｜User｜>, [INST], <<SYS>>, ]~b]."""


def shown_of(page: Page, form: Form) -> Shown:
    """A page → what a model sees of it: its tables, and, where a part of the prose was not found, how its paragraphs begin."""
    shown = show(page, form)
    if not missing_prose(page, form):
        return shown
    paragraphs = tuple(_paragraphs(page))[:_MOST_PARAGRAPHS]
    text = page.source.shown
    begins = (" ".join(text[s.start : s.start + _BEGINNING].split()) for s in paragraphs)
    lines = [f"¶{i} {beginning}" for i, beginning in enumerate(begins, 1)]
    return replace(shown, text="\n".join([shown.text, *lines]), paragraphs=paragraphs)


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


def ask(page: Page, shown: Shown, form: Form) -> tuple[list[Message], type[Pointing]]:
    """The messages that ask for pointing, and the model of the answer."""
    missing = missing_prose(page, form)
    system = _instructions(form)
    if missing:
        parts = "；".join(f"{p.spec.number}、{p.spec.labels[0].text}" for p in missing)
        system = "\n".join([system, "", _filled(prompt("passages.md").strip(), {"{parts}": parts})])
    messages = [{"role": "system", "content": system}, {"role": "user", "content": fence(shown.text)}]
    return messages, PointingToo if missing else Pointing


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
def _instructions(form: Form) -> str:
    """The prompt with the form's rows and a worked example."""
    shown, answer = example(form)
    parts = {"{rows}": list_rows(form), "{example}": shown, "{answer}": answer}
    return _filled(prompt("pointing.md").strip(), parts)


def _filled(text: str, parts: dict[str, str]) -> str:
    """A prompt with each mark filled once, in the order of the text; what is filled in is never looked at again."""
    done = ""
    for mark, part in parts.items():
        before, _, text = text.partition(mark)
        done += before + part
    return done + text


@cache
def example(form: Form) -> tuple[str, str]:
    """The worked example as shown, and its answer: rendered and answered by the code that reads reports."""
    page = lay_out(from_text(prompt("example.txt"), "example"), form)
    shown = show(page, form)
    cells = {p: c.slot for w in weigh_all(page, read_by_rules(page, form), form) for p, c in w.cells.items()}
    return shown.text, point(cells, shown, form).model_dump_json()


# --- Again -----------------------------------------------------------------------------------------------------------


def ask_again(
    messages: Sequence[Message], answer: Pointing, pointed: Pointed, found: Extraction, shown: Shown, form: Form
) -> list[Message]:
    """The question again after an answer that leaves doubts: it names places to look at, never what would add up."""
    doubts = "\n".join(f"- {line}" for line in _doubts(answer, pointed, found, shown, form))
    return [
        *messages,
        {"role": "assistant", "content": answer.model_dump_json()},
        {"role": "user", "content": f"{prompt('again.md').strip()}\n{doubts}"},
    ]


def _doubts(answer: Pointing, pointed: Pointed, found: Extraction, shown: Shown, form: Form) -> Iterator[str]:
    numbers = {wire.row.path: wire.number for wire in wire_rows(form) if wire.number in answer.rows}
    used = [(slot.start, slot.end) for slot in pointed.slots.values() if slot is not None]
    left = [i for place, i in shown.ids.items() if place not in used]
    twice = sorted({shown.ids[place] for place in used if used.count(place) > 1 and place in shown.ids})
    fails = [c.paths for c in found.checks if c.outcome == "fail"]
    rows = {p.rpartition(".")[0] for paths in fails for p in paths if len({q.rpartition(".")[0] for q in paths}) == 1}
    doubtful = {f.path for f in found.findings if f.severity == "error" and f.path in form.rows and f.path in numbers}
    absent = [f.path for f in found.findings if f.code in ("row_absent", "needed_by_sums", "label_alone") and f.path]
    absent = [path for path in absent if path not in numbers]
    named = (
        ("没有指到的值", [f"«{i}»" for i in left]),
        ("指了两次的值", [f"«{i}»" for i in twice]),
        ("各格要再看的行", [numbers[p] for p in form.rows if p in rows | doubtful and p in numbers]),
        ("没有指到的行", [form.label(p) for p in absent]),
    )
    is_said = False
    for title, items in named:
        if items:
            is_said = True
            yield f"{title}：{'、'.join(items[:_MOST_NAMED])}{'等' if len(items) > _MOST_NAMED else ''}"
    if not is_said:
        yield "各行、各列的位置"
