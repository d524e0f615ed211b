"""The model as a reader: asked once, and once more, with the doubtful places named, where the judge is not content."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from ...prompts import VERSION
from ...schemas.extraction import Extraction, Finding, ModelUse, finding
from ...schemas.form import Form
from ..errors import EndpointError, InputError
from ..language import in_chinese
from ..llm.ask import ask, ask_again, missing_prose, shown_of
from ..llm.client import Client, Reply
from ..llm.shown import Shown
from ..llm.wire import Pointing
from ..page import Page, with_all_text
from ..record.judge import judge
from ..record.pointed import Pointed
from ..record.weigh import weigh_all
from ..source.sections import Span
from .pointing import paragraphs_of, read_pointing
from .rules import Alignments


async def read_by_model(
    page: Page, alignments: Alignments, by_rules: Extraction, client: Client, form: Form, *, first: bool
) -> Extraction:
    """A page, as the rules read it → the extraction with what the model points at. first: the record is to be the model's.

    A failure is a finding, whatever it is; `client.unusable` says if it is for good.
    """
    replies: list[Reply[Pointing]] = []
    found: Extraction | None = None
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
                findings.append(finding("model_failed", f"模型没有给出可用的回答：{in_chinese(reply.failure)}"))
                break
            pointed = read_pointing(whole, shown, reply.answer, form)
            read = _with_passages(page, whole, shown, reply.answer, form)
            again = _judged(read, whole, alignments, pointed, by_rules, form, first=first)
            found = again if found is None or _is_better(again, found) else found
            if found.status != "unresolved":
                break
            messages = ask_again(messages, reply.answer, pointed, again, shown, form)
    except (EndpointError, InputError) as error:
        lost = error.requests if isinstance(error, EndpointError) else 0
        findings.append(finding("model_failed", f"模型没有读：{in_chinese(str(error))}"))
    best = found or by_rules
    return best.model_copy(update={"findings": (*best.findings, *findings), "model": _use(client, replies, lost)})


def _judged(
    page: Page, whole: Page, alignments: Alignments, pointed: Pointed, by_rules: Extraction, form: Form, *, first: bool
) -> Extraction:
    weighed = weigh_all(whole, alignments, form, [pointed], "model" if first else "rules")
    is_models = first or any(cell.by != "rules" for section in weighed for cell in section.cells.values())
    told = [*pointed.findings, _compared(by_rules, pointed, page, form)]
    return judge(page, weighed, form, reader="model" if is_models else "rules", others=[pointed], findings=told)


def _is_better(one: Extraction, other: Extraction) -> bool:
    return one.coverage.vouched > other.coverage.vouched


def _with_passages(page: Page, whole: Page, shown: Shown, answer: Pointing, form: Form) -> Page:
    return replace(page, passages={**page.passages, **_passages(whole, shown, answer, form)})


def _passages(page: Page, shown: Shown, answer: Pointing, form: Form) -> dict[str, tuple[Span, ...]]:
    """The parts of the prose that were pointed at, each as one stretch from its first paragraph to its last."""
    found: dict[str, tuple[Span, ...]] = {}
    for prose in missing_prose(page, form):
        ids = paragraphs_of(answer, prose.spec.number)
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


def _compared(rules: Extraction, model: Pointed, page: Page, form: Form) -> Finding:
    """The finding that says where the rules and the model agree, cell by cell."""
    place = page.source.place
    said = {p: place(s.start, s.end) if s is not None and not s.is_blank else None for p, s in model.slots.items()}
    read = {
        p: None if e.basis == "blank" or e.start is None or e.end is None else (e.start, e.end)
        for p, e in rules.evidence.items()
    }
    paths = [p for p in form.columns if p in read or p in said]
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
