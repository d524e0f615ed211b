"""The tables as shown → the messages for a model. The report's text is data: fenced, and never a template."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from ...prompts import prompt
from ...schemas.form import Form, FormProse
from ..about.facts import lines_of
from ..old.page import Page, lay_out
from ..old.rules import read_by_rules
from ..readers.pointing import point
from ..record.judge import Case
from ..source.decode import from_text
from ..source.sections import Span
from .wire import Pointing, PointingToo, Shown, list_rows, show, wire_rows

Message = dict[str, str]

_MOST_NAMED = 12
"""Of one kind of doubt so many are named when asking again."""
_BEGINNING = 16
"""Of a paragraph so many characters are shown."""
_MOST_PARAGRAPHS = 150


def shown_of(page: Page, form: Form) -> Shown:
    """A page → what a model sees of it: its tables, and, where a part of the prose was not found, how its paragraphs begin."""
    shown = show(page.tables, form)
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
    ends = {path: max((c.end for c in cells if c.kind == "number"), default=0) for path, cells in page.tables.items()}
    tables = [Span(page.sections[path].body.start, end) for path, end in ends.items() if path in page.sections]
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
    """Text in a fence that it cannot close, as the fence is named after the text itself."""
    name = f"报告-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return f"<{name}>\n{text}\n</{name}>"


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
    shown = show(page.tables, form)
    reading = next(iter(read_by_rules(page, form)))
    return shown.text, point(reading, shown, form).model_dump_json()


# --- Again -----------------------------------------------------------------------------------------------------------


def ask_again(messages: Sequence[Message], answer: Pointing, case: Case, shown: Shown, form: Form) -> list[Message]:
    """The question again after an answer that leaves doubts: it names places to look at, never what would add up."""
    doubts = "\n".join(f"- {line}" for line in _doubts(answer, case, shown, form))
    return [
        *messages,
        {"role": "assistant", "content": answer.model_dump_json()},
        {"role": "user", "content": f"{prompt('again.md').strip()}\n{doubts}"},
    ]


def _doubts(answer: Pointing, case: Case, shown: Shown, form: Form) -> Iterator[str]:
    numbers = {wire.row.path: wire.number for wire in wire_rows(form) if wire.number in answer.rows}
    used = [p.cell.id for p in case.reading.places.values() if p.cell is not None]
    values = {cell.id: i for i, cell in enumerate(shown.values, 1)}
    left = [i for cell, i in values.items() if cell not in used and cell not in case.reading.explained]
    twice = sorted({values[i] for i in used if used.count(i) > 1 and i in values})
    fails = [c.paths for c in case.checks if c.outcome == "fail"]
    rows = {p.rpartition(".")[0] for paths in fails for p in paths if len({q.rpartition(".")[0] for q in paths}) == 1}
    doubtful = {f.path for f in case.findings if f.severity == "error" and f.path in form.rows and f.path in numbers}
    absent = [f.path for f in case.findings if f.code in ("row_missing", "row_without_cells") and f.path]
    named = (
        ("没有指到的值", [f"«{i}»" for i in left]),
        ("指了两次的值", [f"«{i}»" for i in twice]),
        ("各格要再看的行", [numbers[p] for p in form.rows if p in rows | doubtful and p in numbers]),
        ("没有指到的行", [form.label(p) for p in absent]),
    )
    found = False
    for title, items in named:
        if items:
            found = True
            yield f"{title}：{'、'.join(items[:_MOST_NAMED])}{'等' if len(items) > _MOST_NAMED else ''}"
    if not found:
        yield "各行、各列的位置"
