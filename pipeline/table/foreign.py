"""Words in a table's stretch that are none of the form's, whole or broken off: by them the table may be of something else."""

import re
from collections.abc import Collection, Iterator
from functools import cache, lru_cache, partial
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from ...schemas.form import Form
from ..source.decode import Source
from .items import EXPLANATION
from .lexicon import CONTRARY, label_costs, lexicon_of, says_otherwise
from .regions import titles_of
from .tokens import with_tabs
from .words import plain, plain_label

_CELL = re.compile(r"[^\s|]+")
_PROSE_LINE = re.compile(r"[^|\t。]*[一-鿿,、;]\s*")
"""A line without cells that breaks off in a sentence."""
_LONGEST_SENTENCE = 300
_LONGEST_WORDS = 2_000
_LONGEST_LABEL = 100
_FEWEST_LETTERS = 6
_WIDEST = 8
"""So many cells at most stand from one to the one below it, in a table whose heads may be broken."""
_TURNS = CONTRARY | frozenset("内外本")
"""Letters that turn a head into another one, unlike most that are misprinted."""
_LETTERS_A_MISPRINT = 6
_SHORT = 4
_LONG = 25
"""So many letters with a comma between them are prose, whose sentence goes on elsewhere."""
_NUMBER = re.compile(
    r"(?<![一二三四五六七八九十])[一二三四五六七八九十]{1,3}、|[0-9]{4}年(?:[0-9]{1,2}月(?:[0-9]{1,2}日)?)?[至到]?"
    r"|(?<![0-9,.])[+-]?[0-9][0-9,.]*(?:\s?[十百千万亿美港欧]{0,6}元|\s?[百千万亿]?\s?[件项条个份次宗起部篇户](?![一-鿿]))?"
    r"|(?:增加?|减少?|负)\s?(?=[0-9])"
)
_YEAR = re.compile(r"(?<![0-9.])((?:19|20)[0-9]{2})年")
_ARTICLE = r"(?:中华人民共和国)?(?:政府信息公开条例)?第?[二廿]?十?[一二三四五六七八九十]{0,4}条?(?:第?[一二三四五六七八九十]{0,4}[项款])*"
_NOTE = re.compile(
    rf"(?:计量|填[报表]|编报|报告)?单位(?:名称)?[为是]?[件项个宗次条份起部篇]*[百千万亿]*(?:人民币)?元?|(?:人民币)?[百千万亿]*元|"
    r"(?:该部分)?(?:以表格形式报告)?(?:具体)?(?:情况|表格|数据)*(?:如下|见)(?:表|所示)?|[续附]?表|nan|项目|类别|名称|指标|事项|内容|序号|[无空]+|第?页共?页?|"
    r"(?:注|以上|本表)*数?据?统计(?:时间|期限|区间|截至?[至到]?)*(?:本年度|当年)?[年月日至止]*|[年月日度]+|[a-zA-Z_]+|"
    rf"(?:其中|包[括含]|含).{{1,8}}|[一-鿿]{{1,6}}率|{_ARTICLE}"
)
"""What may stand beside a table and says nothing of whose it is: its unit, its article, that it follows, a part of a number."""
_IN_BRACKETS = re.compile(r"\((?:19|20)[0-9]{2}年?度?\)")
"""A year by itself."""
_EXPLAINED = re.compile(rf"{EXPLANATION.pattern}(?:(?<=\))|[^()\n]*\)?)")
_OTHER = re.compile(
    r"(?:上一?|去|往|前|历)年度?|上?半年|同[期比]|[一二三四]季度|累计|计划|预[计算]|以下为?|作废|所属|下属|样[表例本]|示例|范例"
)
"""Words that make a head, or a table, one of another time, or of another body."""


_OTHERS = re.compile(r"含[上去前]一?年|[下所直附]属|全[省市县区]|近[一二三两]年|历年|累计|去年|同期|作废|笔误")
"""Wherever these stand, a number is not the body's own of the year."""


class _Known(NamedTuple):
    """What the form prints, plain. lines: its wordings, one a line. starts, ends: what a wording may be broken into."""

    whole: frozenset[str]
    lines: str
    starts: frozenset[str]
    ends: frozenset[str]
    longest: int


class Foreign(NamedTuple):
    """Words that are none of the form's. place: where they begin in the source."""

    place: int
    words: str

    @property
    def is_other(self) -> bool:
        """Whether the words are of another time or body."""
        return _OTHER.search(self.words) is not None


def foreign_words(
    source: Source, start: int, end: int, form: Form, own: Collection[str] = (), year: str = ""
) -> Iterator[Foreign]:
    """The words of a table's half-open stretch that no wording of the form explains.

    own: what the report says of itself, plain. year: its own, as printed.
    "上年 制发件数  3" → (0, "上年")
    """
    for at, words in _foreign(with_tabs(source, start, end), form, own, year):
        yield Foreign(start + at, words)


def _foreign(folded: str, form: Form, own: Collection[str], year: str) -> Iterator[tuple[int, str]]:
    known = frozenset(own)
    for pattern in (titles_of(form), _EXPLAINED):
        folded = pattern.sub(partial(_blanked, year=year), folded)
    folded = _without_sentences(folded)
    cells = list(_CELL.finditer(folded))
    for i, cell in enumerate(cells):
        text = cell.group()
        if other := next((m for m in _YEAR.finditer(text) if year and m[1] != year and plain(text) not in known), None):
            yield cell.start() + other.start(), other.group()
        following = cells[i + 1 : i + 1 + _WIDEST] if _OTHER.search(text) else ()
        after = "\n".join(plain(c.group()[:_LONGEST_LABEL]) for c in following)
        at = 0
        for number in (*_NUMBER.finditer(text), None):
            end = number.start() if number else len(text)
            words = plain(text[at:end])[:_LONGEST_WORDS]
            if words and not _is_explained(words, after, form, known) and not _is_prose(text):
                yield cell.start() + at, words
            at = number.end() if number else end


def _blanked(found: re.Match[str], year: str) -> str:
    """Spaces for the form's own words, unless they are of another time or body."""
    text = found.group()
    is_other = _OTHERS.search(text) or (year and _IN_BRACKETS.fullmatch(text) and year not in text)
    return text if is_other else " " * len(text)


def _without_sentences(folded: str) -> str:
    """A text with spaces for its sentences: on one line, on several that are nothing but words, or without spaces in running text."""
    lines = folded.split("\n")
    first = 0
    for i, line in enumerate(lines):
        end = _end_of_sentences(line)
        if end:
            lines[first:i] = [" " * len(x) for x in lines[first:i]]
            lines[i] = " " * end + line[end:]
        is_prose = not end and _PROSE_LINE.fullmatch(line) and sum(c.isalpha() for c in line) >= _FEWEST_LETTERS
        first = first if is_prose else i + 1
    return _CELL.sub(lambda m: " " * (end := m.group().rfind("。") + 1) + m.group()[end:], "\n".join(lines))


def _end_of_sentences(line: str) -> int:
    """Where the sentences end with which a line begins."""
    end = 0
    while (stop := line.find("。", end, end + _LONGEST_SENTENCE)) >= 0:
        end = stop + 1
    return end


def _is_prose(text: str) -> bool:
    return len(text) >= _LONG and any(c in text for c in ",;") and not _OTHER.search(text)


@lru_cache(maxsize=16384)
def _is_explained(words: str, after: str, form: Form, own: frozenset[str]) -> bool:
    known = _known(form)
    if words not in known.lines and _OTHERS.search(words):
        return False
    if words in known.whole or _NOTE.fullmatch(words) or (len(words) == 1 and words not in _TURNS):
        return True
    if any(words in one for one in own if len(one) > 1):
        return True
    if named := next((one for one in sorted(own, key=len, reverse=True) if len(one) > 1 and one in words), None):
        return all(_is_explained(rest, after, form, own) for rest in words.split(named) if rest)
    unexplained, parts = _parts(words, known)
    is_short = len(words) <= _SHORT or any(len(part) == 1 for part in parts)
    if len(unexplained) > 1 or unexplained in _TURNS or (unexplained and is_short):
        return _is_misprinted(words, form)
    return not any(_OTHER.fullmatch(p) and not _goes_on(p, after, known) for p in parts if p not in known.whole)


def _goes_on(words: str, after: str, known: _Known) -> bool:
    """Whether a wording that breaks off goes on in one of the next cells: the one behind it, or the one below."""
    return any(words + cell[:n] in known.starts for cell in after.split("\n") for n in range(2, 1 + len(cell)))


def _parts(words: str, known: _Known) -> tuple[str, tuple[str, ...]]:
    """Words → the fewest of their letters that no wording explains, and the wordings, whole or broken off, that explain the rest.

    A wording may end at the beginning, where it is broken; break off anywhere; a letter may be misprinted.
    """
    if words in known.lines:
        return "", (words,)
    best: list[tuple[str, tuple[str, ...]] | None] = [("", ()), *[None] * len(words)]
    for at in range(len(words)):
        here = best[at]
        if here is None:
            continue
        _keep(best, at + 1, (here[0] + words[at], here[1]))
        for end in range(at + 1, min(len(words), at + known.longest) + 1):
            piece = words[at:end]
            is_broken = piece in known.starts and (len(piece) > 1 or end == len(words))
            is_end = at == 0 or (len(piece) > 2 and here[0][-1:] == words[at - 1])
            if piece in known.whole or is_broken or (is_end and piece in known.ends) or _is_note(piece):
                _keep(best, end, (here[0], (*here[1], piece)))
    return best[-1] or (words, ())


def _keep(best: list[tuple[str, tuple[str, ...]] | None], at: int, found: tuple[str, tuple[str, ...]]) -> None:
    there = best[at]
    if there is None or len(found[0]) < len(there[0]):
        best[at] = found


@lru_cache(maxsize=16384)
def _is_note(piece: str) -> bool:
    return len(piece) > 1 and _NOTE.fullmatch(piece) is not None


def _is_misprinted(words: str, form: Form) -> bool:
    """Whether words are a wording of the form, with a letter or two misprinted that say nothing else."""
    if any(not m.is_other for s in form.sections for m in label_costs(words, lexicon_of(s), with_more=False).values()):
        return True
    is_group_like = len(words) >= _SHORT and not _OTHER.search(words)
    groups = (w for s in form.sections for w in lexicon_of(s).groups) if is_group_like else ()
    if any(Levenshtein.distance(words, w, score_cutoff=1) <= 1 for w in groups):
        return True
    most = max(len(words) // _LETTERS_A_MISPRINT, int(is_group_like))
    return any(
        Levenshtein.distance(words, wording, score_cutoff=most) <= most and not says_otherwise(words, wording, _TURNS)
        for wording in (_known(form).whole if most else ())
    )


@cache
def _known(form: Form) -> _Known:
    words: set[str] = set()
    for section in form.sections:
        lexicon = lexicon_of(section)
        words |= {*lexicon.labels, *lexicon.heads, *lexicon.unders, *lexicon.groups}
    titles = [(s.spec.number, s.spec.labels) for s in form.sections] + [
        (p.spec.number, p.spec.labels) for p in form.proses
    ]
    for numeral, labels in titles:
        words |= {plain_label(f"{n}{w}") for label in labels for w in label.wordings for n in ("", numeral)}
    words.discard("")
    starts = frozenset(w[:i] for w in words for i in range(1, len(w)))
    ends = frozenset(w[i:] for w in words for i in range(1, len(w)))
    return _Known(frozenset(words), "\n".join(sorted(words)), starts, ends, max(map(len, words)))
