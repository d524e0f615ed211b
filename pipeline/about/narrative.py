"""The report's prose: its sections verbatim, and the passages that name problems and improvements."""

import re
from collections.abc import Mapping
from itertools import pairwise

from ...schemas.form import Form, FormProse
from ..source.sections import Span, Stretch
from ..table.values import is_page_mark
from .facts import Line, iter_dates, lines_of

_ITEM = re.compile(
    r"(?:^|(?<=[。;:：；\n]))[ \t]*(?:[一二三四五六七八九十]{1,2}\n?是|\([一二三四五六七八九十]{1,2}\)|[0-9]{1,2}[、.]"
    r"|[一二三四五六七八九十]{1,2}、|第[一二三四五六七八九十],)",
    re.MULTILINE,
)
_SENTENCE_END = "。;!?\n"
_ENDS_IN_TEXT = ("。", ";", ":", "!", "?", '"', "”", ")")
_PAGE_CHROME = re.compile(
    r"附件:?|扫一扫.*|[\[【(]?(?:下载|打印|关闭|返回|分享|收藏|纠错)[\]】)]?.*|上一[篇条].*|下一[篇条].*|相关(?:链接|信息|文章|解读|阅读).*"
    r"|(?:主办|承办|版权所有|网站标识码|责任编辑|联系我们|网站地图|浏览次数|字号|生成时间|来源)(?::|单位|$).*|.*ICP备.*|.*公网安备.*"
)


def find_narrative(folded: str, sections: Mapping[str, Stretch], form: Form) -> dict[str, tuple[Span, ...]]:
    """Folded text and its sections → each part of the narrative: one stretch, or several for a list of passages."""
    found: dict[str, tuple[Span, ...]] = {}
    last = max((s.body.start for s in sections.values()), default=-1)
    for prose in form.proses:
        stretch = sections.get(prose.path)
        if stretch and (body := _stripped(folded, _own_text(folded, stretch.body, stretch.body.start == last))):
            found[prose.path] = (body,)
    for prose in form.proses:
        whole = found.get(_whole_of(prose))
        if prose.spec.part_of and whole:
            found |= _parts(folded, whole[0], _whole_of(prose), form)
    return {path: spans for path, spans in found.items() if spans}


def _whole_of(prose: FormProse) -> str:
    return f"{prose.path.rpartition('.')[0]}.{prose.spec.part_of}"


def _own_text(folded: str, span: Span, is_last: bool) -> Span:
    """The last section without what follows the report's own text: signature, date, the page around it."""
    if not is_last:
        return span
    lines = lines_of(folded, span)
    end = next((i for i, line in enumerate(lines) if _PAGE_CHROME.fullmatch(line.squeezed)), len(lines))
    dated = next(iter_dates(lines[:end]), None)
    if dated:
        end = lines.index(dated)
        while end > 1 and _is_signature(lines[end - 1]):
            end -= 1
    while end > 1 and is_page_mark(lines[end - 1].squeezed):
        end -= 1
    return Span(span.start, lines[end].start) if end < len(lines) else span


def _is_signature(line: Line) -> bool:
    return len(line.squeezed) <= 40 and not line.squeezed.endswith(_ENDS_IN_TEXT)


def _stripped(folded: str, span: Span) -> Span | None:
    text = folded[span.start : span.end]
    bare = text.strip()
    if not bare:
        return None
    start = span.start + text.index(bare[0])
    return Span(start, start + len(bare))


# --- Problems and improvements ---------------------------------------------------------------------------------------


def _parts(folded: str, whole: Span, path: str, form: Form) -> dict[str, tuple[Span, ...]]:
    """A section's text → the passages of each list that is part of it; nothing where it does not turn from one to the next."""
    parts = [p for p in form.proses if p.spec.part_of and _whole_of(p) == path]
    turning = next(p for p in parts if p.spec.turn)
    before = next(p for p in parts if not p.spec.turn)
    turn = _turn(folded, whole, turning.spec.turn)
    if turn is None:
        return {}
    return {
        before.path: _passages(folded, Span(whole.start, turn.start)),
        turning.path: _passages(folded, Span(turn.end, whole.end)),
    }


def _turn(folded: str, whole: Span, pattern: str) -> Span | None:
    """Where the prose turns: a short line that says so, else the first sentence that does. It ends where the new part begins."""
    says = re.compile(pattern)
    for line in lines_of(folded, whole):
        if len(line.squeezed) <= 25 and not line.squeezed.endswith("。") and says.search(line.squeezed):
            return Span(line.start, line.start + len(line.text))
    found = says.search(folded, whole.start, whole.end)
    if not found:
        return None
    start = max(folded.rfind(c, whole.start, found.start()) for c in _SENTENCE_END) + 1
    start = max(start, whole.start)
    ends = [e for c in "。\n:" if (e := folded.find(c, found.start(), whole.end)) >= 0]
    end = min(ends, default=whole.end)
    return Span(start, end + 1) if folded[end : end + 1] == ":" else Span(start, start)


def _passages(folded: str, span: Span) -> tuple[Span, ...]:
    """The numbered items of a stretch, or, without numbers, the whole of it; a heading of its own is left out."""
    lines = lines_of(folded, span)
    while lines and len(lines[0].squeezed) <= 25 and not lines[0].squeezed.endswith(_ENDS_IN_TEXT):
        lines = lines[1:]
    if not lines:
        return ()
    start = lines[0].start
    items = [m.start() for m in _ITEM.finditer(folded, start, span.end)]
    bounds = [*items, span.end] if len(items) > 1 else [start, span.end]
    spans = (_stripped(folded, Span(a, b)) for a, b in pairwise(bounds))
    return tuple(s for s in spans if s)
