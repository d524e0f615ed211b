"""The model as a reader: asked once, and once more, with the doubtful places named, where the judge is not content."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ...prompts import VERSION
from ...schemas.extraction import Finding, ModelUse, finding
from ...schemas.form import Form
from ..errors import EndpointError, InputError
from ..llm.ask import ask, ask_again, missing_prose, shown_of
from ..llm.client import Client, Reply
from ..llm.wire import Pointing, PointingToo, Shown
from ..old.page import Page, with_all_text
from ..record.judge import Case, weigh
from ..source.sections import Span
from .pointing import ids_of, read_pointing


@dataclass(frozen=True, slots=True)
class ModelReading:
    """What a model gave for one report: its readings, weighed, what went wrong, and what was used."""

    cases: tuple[Case, ...]
    findings: tuple[Finding, ...]
    use: ModelUse


async def read_by_model(page: Page, form: Form, client: Client) -> ModelReading:
    """A page → what the model points at. A failure is a finding, whatever it is; `client.unusable` says if it is for good."""
    replies: list[Reply[Pointing]] = []
    cases: list[Case] = []
    findings: list[Finding] = []
    lost = 0
    try:
        whole = with_all_text(page, form)
        shown = shown_of(whole, form)
        messages, answer = ask(whole, shown, form)
        while len(replies) < 2:
            reply = await client.ask(messages, answer)
            replies.append(reply)
            if reply.answer is None:
                findings.append(finding("model_failed", f"模型没有给出可用的回答：{reply.failure}"))
                break
            cases.append(_weighed(whole, shown, reply.answer, form))
            if cases[-1].holds:
                break
            messages = ask_again(messages, reply.answer, cases[-1], shown, form)
    except (EndpointError, InputError) as error:
        lost = error.requests if isinstance(error, EndpointError) else 0
        findings.append(finding("model_failed", f"模型没有读：{error}"))
    return ModelReading(tuple(cases), tuple(findings), _use(client, replies, lost))


def _weighed(page: Page, shown: Shown, answer: Pointing, form: Form) -> Case:
    reading = read_pointing(page, shown, answer, form)
    if isinstance(answer, PointingToo):
        reading = replace(reading, passages={**reading.passages, **_passages(page, shown, answer, form)})
    return weigh(page, reading, form)


def _passages(page: Page, shown: Shown, answer: PointingToo, form: Form) -> dict[str, tuple[Span, ...]]:
    """The parts of the prose that were pointed at, each as one stretch from its first paragraph to its last."""
    found: dict[str, tuple[Span, ...]] = {}
    for prose in missing_prose(page, form):
        ids = list(ids_of(answer.passages.get(prose.spec.number, "0")))
        if ids and all(1 <= i <= len(shown.paragraphs) for i in ids):
            found[prose.path] = (Span(shown.paragraphs[ids[0] - 1].start, shown.paragraphs[ids[-1] - 1].end),)
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
        input_tokens=sum(u.input_tokens for u in usages),
        output_tokens=sum(u.output_tokens for u in usages),
        cost=None if any(c is None for c in costs) else sum((c for c in costs if c is not None), Decimal(0)),
    )


def compared(rules: Case, model: Case, form: Form) -> Finding:
    """The finding that says where the rules and the model agree, cell by cell."""
    paths = [p for p in form.columns if p in rules.values or p in model.values]
    missing = object()
    differ = [p for p in paths if rules.values.get(p, missing) != model.values.get(p, missing)]
    if not differ:
        return finding("readers_agree", f"规则与模型在全部 {len(paths)} 格上一致")
    shown = "；".join(f"{form.label(p)}：{_said(rules, p)} / {_said(model, p)}" for p in differ[:8])
    rest = f"等 {len(differ)} 格" if len(differ) > 8 else ""
    return finding(
        "readers_differ", f"规则与模型在 {len(paths) - len(differ)} 格上一致，不同者：{shown}{rest}", differ[0]
    )


def _said(case: Case, path: str) -> str:
    if path not in case.values:
        return "无此行"
    value = case.values[path]
    return "空" if value is None else str(getattr(value, "figure", value))
