"""What a report says of its own tables: that they are wrong, or are to be read otherwise."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from ...schemas.form import Form, FormSection
from ..source.sections import Span
from ..table.lexicon import lexicon_of, pattern_of

_SENTENCE = re.compile(r"[^。\n|](?:(?![一二三四五六]、)[^。\n|]){0,199}")
"""It ends at the title of another section, too."""
_HERALDED = re.compile(r"\W*(?:[更订]正|勘误|笔误)(?:说明|表|如下|:)")
_OF_A_TABLE = re.compile(
    r"[上本此下]表|表[格中内]|以上(?:[为系均]|数据|所列)|上述(?:数据|表)|[一本该此两这][栏列]|[栏列](?:数据|标题)"
)
_IS_WRONG = re.compile(
    r"有误|错误|[更订]正|勘误|颠倒|对调|互换|[调交]换|[印写填列]反|为准|作废|累计|非本年|应[均为改]|近[一二三两]年|去年|同期|汇总|笔误|[下所]属|仅供"
)
_OUGHT_TO_BE = re.compile(r"应(?:当?为|改为|更正为)|[更改]正为|(?<!失)误[:为填写报作]")


def corrections(folded: str, start: int, form: Form) -> Iterator[tuple[Span, FormSection | None]]:
    """Folded text, from where its tables start → the sentences that correct them, each with the section that its words name.

    None where it names none, so that it may be any before it. 更正:行政许可应为536件。 → disclosure.
    """
    for sentence in _SENTENCE.finditer(folded, start):
        text = sentence.group()
        sections = [s for s in form.sections if _names(s).search(text)]
        says_what = _OUGHT_TO_BE.search(text) and any(c.isdigit() for c in text) and sections
        if _HERALDED.match(text) or says_what or (_OF_A_TABLE.search(text) and _IS_WRONG.search(text)):
            for section in sections or (None,):
                yield Span(*sentence.span()), section


def notes_above(folded: str, start: int, end: int, year: str, form: Form) -> Iterator[Span]:
    """A half-open stretch between a title and its table, folded → the sentences that say of the table that its numbers are others.

    以下为填报示例,非实际数据。 → itself
    """
    for span in _doubtful(folded, start, end, year, form):
        sentence = folded[span.start : span.end]
        if _FOLLOWS.search(sentence) and _SAYS_OTHERWISE.search(sentence):
            yield span


_FOLLOWS = re.compile(r"以下|下表|下列|如下|[本此该]表")


def doubtful_notes(folded: str, start: int, year: str, form: Form) -> Iterator[Span]:
    """Folded text, from behind a table's last number → what stands there, before the next section's title, and says something of the numbers.

    year: the report's own. 注:以上数据为上年数据。四、 → the first sentence
    """
    title = _TITLE.search(folded, start, start + _FARTHEST)
    end = title.start() if title else min(len(folded), start + _FARTHEST)
    yield from _doubtful(folded, start, end, year, form)


def _doubtful(folded: str, start: int, end: int, year: str, form: Form) -> Iterator[Span]:
    for sentence in _SENTENCE.finditer(folded, start, end):
        text = "".join(clause for clause in _CLAUSE.findall("".join(sentence.group().split())) if "结转" not in clause)
        bare = _without_names(_SAYS_NOTHING.sub("", text), form.sections)
        of_others = any(c in text for c in "数统") and any(y != year for y in _YEAR.findall(text) if year)
        if not _EXPLAINS.search(text) and (of_others or _OF_NUMBERS.search(bare)):
            yield Span(*sentence.span())


_TITLE = re.compile(r"[一二三四五六七]、|[\n|] {0,8}[一二三四五六七][.．:]")
_FARTHEST = 300
_YEAR = re.compile(r"(20[0-9]{2})年")
_EXPLAINS = re.compile(r"是指|依次填写")
_CLAUSE = re.compile(r"[^,。;:]+[,。;:]?")
"""One that tells what was carried over says nothing of the other numbers."""
_SAYS_NOTHING = re.compile(
    r"(?:以上)?(?:数据)?统计[^0-9]{0,8}(?:20[0-9]{2}年)?(?:1月1日[^0-9]{0,3})?(?:20[0-9]{2}年)?12月31日|统计[单表]位?"
    r"|\(?本列(?:数据?|资料)的?[^()]*|该?部分?以表格形式报告|列印"
)
"""That the numbers are of the whole year, whose they are, and the form's own words on its sums."""
_OTHERWISE = (
    r"样表|样本|示例|测试|模拟|作废|非实际|[有笔误]误|误[贴填写]|错|乘以?|[0-9一二三四五六七八九十百千]倍|[百千万]件|为准|[实应][为是]"
    r"|去年|上年|往年|同期|半年|季度|[仅含][供含上下各所]"
)
_SAYS_OTHERWISE = re.compile(_OTHERWISE)
"""Of numbers, that they are others than they are printed."""
_OF_NUMBERS = re.compile(
    rf"数[据字值]|[上本此下该附内]表|表[格中内]|[一本该此两这]?[列栏](?![入举])|统计|口径|{_OTHERWISE}"
)


def _without_names(text: str, sections: Sequence[FormSection]) -> str:
    for section in sections:
        text = _names(section).sub(" ", text)
    return text


def is_correction(words: str) -> bool:
    """Whether the words before numbers say that these stand for those of the row above: 应为, 更正后."""
    return _CORRECTS.search(words) is not None


_CORRECTS = re.compile(r"应为|应是|[更订修]正|修订|勘误")


@cache
def _names(section: FormSection) -> re.Pattern[str]:
    """The wording of a section's rows and heads, as it may stand in a sentence."""
    lexicon = lexicon_of(section)
    return pattern_of({w for w in (*lexicon.labels, *lexicon.heads) if len(w) >= _LONG})


_LONG = 4
