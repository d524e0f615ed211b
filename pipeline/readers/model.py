"""The models as readers, in turn: each is asked about what those before it leave in doubt, and once more where its answer cannot be meant."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from ...prompts import VERSION
from ...schemas.extraction import Extraction, Finding, ModelUse, finding
from ...schemas.form import Form
from ..errors import EndpointError, InputError
from ..language import in_chinese
from ..llm.ask import Answered, Message, ask, ask_again, missing_prose, shown_of
from ..llm.client import Client
from ..llm.reply import Reply
from ..llm.shown import Shown
from ..llm.wire import Pointing
from ..page import Page, with_all_text
from ..record.judge import judge
from ..record.pointed import Pointed
from ..record.weigh import weigh_all
from ..record.weighed import Weighed
from ..source.sections import Span
from .open import worth_asking
from .pointing import paragraphs_of, read_pointing
from .rules import ByRules


async def read_by_models(rules: ByRules, client: Client, form: Form, *, first: bool) -> Extraction:
    """A page, as the rules read it → the extraction with what the models point at.

    first: the first model is asked about everything, and the record is to be its own; else each is asked only where something is
    open that an answer could settle. A failure is a finding, whatever it is; `client.unusable` says if it is for good.
    """
    try:
        asking = Asking.of(rules, form, first=first)
    except InputError as error:
        told = finding("model_failed", f"模型没有读：{in_chinese(str(error))}")
        return rules.extraction.model_copy(update={"findings": (*rules.extraction.findings, told)})
    uses: list[ModelUse] = []
    for one in client.chain:
        if not (sections := asking.sections()):
            break
        uses.append(await asking.ask(one, sections))
    found = asking.result()
    return found.model_copy(update={"model": _sum(uses), "models": tuple(uses) if len(uses) > 1 else ()})


@dataclass(slots=True)
class Asking:
    """A page while models are asked about it. pointed: what each has answered; best: the extraction with all of them."""

    rules: ByRules
    form: Form
    first: bool
    page: Page
    """Where a table that was not found may stand anywhere outside the others."""
    shown: Shown
    best: Extraction
    weighed: Sequence[Weighed]
    pointed: list[Pointed] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    passages: dict[str, tuple[Span, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: ByRules, form: Form, *, first: bool) -> "Asking":
        """Raises InputError where the text outside the tables is longer than any report's."""
        page = with_all_text(rules.page, form)
        return cls(rules, form, first, page, shown_of(page, form), rules.extraction, rules.weighed)

    def sections(self) -> frozenset[str]:
        """The paths of the sections to ask about next."""
        if self.first and not self.pointed:
            return frozenset(self.shown.parts)
        if self.best.status != "unresolved":
            return frozenset()
        worth = worth_asking(self.page, self.rules.alignments, self.weighed, self.form, self.pointed)
        return worth & self.shown.parts.keys()

    def question(self, sections: Collection[str]) -> tuple[list[Message], type[Pointing]]:
        return ask(self.page, self.shown, self.form, sections)

    async def ask(self, client: Client, sections: Collection[str]) -> ModelUse:
        """Ask one model, and take what it answers."""
        replies: list[Reply[Pointing]] = []
        lost = 0
        messages, answer = self.question(sections)
        before, found = list(self.pointed), None
        try:
            while messages and len(replies) < 2:
                reply = await client.ask(messages, answer)
                replies.append(reply)
                if reply.answer is None:
                    self._failed(f"模型没有给出可用的回答：{in_chinese(reply.failure)}")
                    break
                pointed = read_pointing(self.page, self.shown, reply.answer, self.form)
                again, weighed = self._judged([*before, pointed], reply.answer, sections)
                if found is None or again.coverage.vouched > found.coverage.vouched:
                    found, self.best, self.weighed, self.pointed = again, again, weighed, [*before, pointed]
                if again.status != "unresolved":
                    break
                messages = ask_again(
                    messages, Answered(reply.answer, pointed, again, self.page, self.shown, self.form, sections)
                )
        except EndpointError as error:
            lost = error.requests
            self._failed(f"模型没有读：{in_chinese(str(error))}")
        return _use(client, replies, lost)

    def result(self) -> Extraction:
        return self.best.model_copy(update={"findings": (*self.best.findings, *self.findings)})

    def _failed(self, message: str) -> None:
        self.findings.append(finding("model_failed", message))

    def _judged(
        self, pointed: Sequence[Pointed], answer: Pointing, sections: Collection[str]
    ) -> tuple[Extraction, Sequence[Weighed]]:
        """What comes of the page with what the models point at, the last of them by an answer about these sections."""
        weighed = weigh_all(self.page, self.rules.alignments, self.form, pointed, "model" if self.first else "rules")
        self.passages = self._passages(answer) | self.passages
        page = replace(self.rules.page, passages={**self.rules.page.passages, **self.passages})
        is_models = self.first or any(cell.by != "rules" for section in weighed for cell in section.cells.values())
        told = [f for one in pointed for f in one.findings]
        compared = _compared(self.rules.extraction, pointed[-1], page, self.form, sections)
        found = judge(
            page,
            weighed,
            self.form,
            reader="model" if is_models else "rules",
            others=pointed,
            findings=[*told, compared],
        )
        return found, weighed

    def _passages(self, answer: Pointing) -> dict[str, tuple[Span, ...]]:
        """The parts of the prose that were pointed at, each as one stretch from its first paragraph to its last."""
        found: dict[str, tuple[Span, ...]] = {}
        paragraphs = self.shown.paragraphs
        for prose in missing_prose(self.page, self.form):
            ids = paragraphs_of(answer, prose.spec.number)
            if ids and all(1 <= i <= len(paragraphs) for i in ids):
                found[prose.path] = (Span(paragraphs[ids[0] - 1].start, paragraphs[ids[-1] - 1].end),)
        return found


def _use(client: Client, replies: Sequence[Reply[Pointing]], lost: int) -> ModelUse:
    """lost: requests that gave no reply at all."""
    if client.by_answer:
        replies = [replace(r, usages=r.usages or r.kept, is_cached=False, requests=1) for r in replies]
    usages = [usage for reply in replies for usage in reply.usages]
    costs = [usage.cost for usage in usages]
    return ModelUse(
        name=client.settings.model or "",
        prompt=VERSION,
        calls=lost + sum(reply.requests for reply in replies),
        cached_calls=sum(reply.is_cached for reply in replies),
        input_tokens=sum(usage.tokens.input for usage in usages),
        output_tokens=sum(usage.tokens.output for usage in usages),
        cached_input_tokens=sum(usage.tokens.cached for usage in usages),
        cost=None if any(c is None for c in costs) else sum((c for c in costs if c is not None), Decimal(0)),
    )


def _sum(uses: Sequence[ModelUse]) -> ModelUse | None:
    """What all models were asked for together; None where none was asked."""
    if len(uses) < 2:
        return uses[0] if uses else None
    costs = [use.cost for use in uses]
    return ModelUse(
        name=",".join(use.name for use in uses),
        prompt=VERSION,
        calls=sum(use.calls for use in uses),
        cached_calls=sum(use.cached_calls for use in uses),
        input_tokens=sum(use.input_tokens for use in uses),
        output_tokens=sum(use.output_tokens for use in uses),
        cached_input_tokens=sum(use.cached_input_tokens for use in uses),
        cost=None if None in costs else sum((c for c in costs if c is not None), Decimal(0)),
    )


def _compared(rules: Extraction, model: Pointed, page: Page, form: Form, sections: Collection[str]) -> Finding:
    """The finding that says where the rules and the model agree, cell by cell, in the sections that it was asked about."""
    place = page.source.place
    said = {p: place(s.start, s.end) if s is not None and not s.is_blank else None for p, s in model.slots.items()}
    read = {
        p: None if e.basis == "blank" or e.start is None or e.end is None else (e.start, e.end)
        for p, e in rules.evidence.items()
    }
    paths = [p for p in form.columns if p.partition(".")[0] in sections and (p in read or p in said)]
    differ = [p for p in paths if read.get(p, ...) != said.get(p, ...)]
    if not differ:
        return finding("readers_agree", f"规则与模型在全部 {len(paths)} 格上一致")
    shown = "；".join(f"{form.label(p)}：{_told(page, read, p)} / {_told(page, said, p)}" for p in differ[:8])
    rest = f"等 {len(differ)} 格" if len(differ) > 8 else ""
    return finding(
        "readers_differ", f"规则与模型在 {len(paths) - len(differ)} 格上一致，不同者：{shown}{rest}", differ[0]
    )


def _told(page: Page, places: "dict[str, tuple[int, int] | None]", path: str) -> str:
    if path not in places:
        return "无此行"
    place = places[path]
    return "空" if place is None else page.source.text[place[0] : place[1]]
