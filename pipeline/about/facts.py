"""What the report says of itself: title, agency, year, date. Each is a stretch of the source, or is not there.

Nothing is guessed: a report that does not name its agency or its year has none.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain

from ...schemas.form import FactKind
from ..source.decode import fold
from ..source.sections import Span, Stretch

_HEAD = 6_000
"""How far into a text its title is looked for, in characters."""
_LONGEST_TITLE = 80
_LONGEST_END = 14
"""What of a title stands on a second line is no longer than this."""

_TITLE = re.compile(
    r"[#*《]*(?P<before>[^。;]{0,60}?)(?:政府)?信息公开(?:工作)?(?:情况)?(?:的)?(?:年度)?(?:工作)?(?:情况)?(?:的)?报告"
    r"(?:的(?:公示|公告|通告|通知))?(?:\([^()]{0,20}\))?[*#》]*"
)
_HANZI = "〇零○Oo一二三四五六七八九"
_YEAR = re.compile(r"(?<![0-9])20[0-9]{2}(?![0-9])年?度?|二[〇零○Oo][〇零○Oo一二三四五六七八九]{2}年?度?")
_YEARS = re.compile(r"(?<![0-9])(20[0-9]{2})(?:年度?)?[\-—~至到、和](?!\1)20[0-9]{2}(?![0-9])")
"""A title of several years."""
_NEARLY_OVER = 12
"""In this month of a year the first reports on it are written."""
_LAST_MONTH = 6
"""Until this month reports on the year before are written, late ones too."""
_PERIOD = re.compile(r"(20[0-9]{2})年1月1日起?(?:至|到|-|—)(?:\1年)?12月31日")
_FIELD_NAME = re.compile(r"^(?:标题|名称|文件名称|信息名称|当前位置|您的位置|您现在的位置|索引号|首页|来源|主题词)")
_NOT_AN_AGENCY = re.compile(r"^(?:关于|本|我|该|全)|[,.:!?、\[\]]|第[一二三四五六七八九十]+部分")
_AUTHOR = re.compile(r"本(?:年度)?报告(?:是)?由(?P<agency>[^,。;\s]{3,30}?)(?:根据|按照|依据|依照|编制)")
_PLACE = r"[^\W\d由与是为对和向据照本]{2,9}(?:省|市|州|盟|县|区|旗)"
_DATE = re.compile(
    r"(?P<by>[^0-9:,。;]{0,30})\(?"
    r"(?:(?P<year>20[0-9]{2})[年\-./](?P<month>[0-9]{1,2})[月\-./](?P<day>[0-9]{1,2})日?"
    rf"|(?P<hanzi>二[{_HANZI}]{{3}})年(?P<month_>[一二三四五六七八九十]{{1,2}})月(?P<day_>[一二三四五六七八九十]{{1,3}})日)\)?"
)
_NOT_ITS_OWN = re.compile(r"发布|更新|公开|生成|时间|日期|来源|打印|截至|施行")


@dataclass(frozen=True)
class Line:
    """A line of folded text without its white space, and how to get back to the source."""

    text: str
    start: int

    @cached_property
    def squeezed(self) -> str:
        return "".join(self.text.split())

    def span(self, start: int, end: int) -> Span:
        """A stretch of `squeezed` → the stretch of the source."""
        places = [i for i, c in enumerate(self.text) if not c.isspace()]
        return Span(self.start + places[start], self.start + places[end - 1] + 1)


def lines_of(folded: str, span: Span) -> list[Line]:
    """The lines of a stretch that are not empty."""
    found, start = [], span.start
    for text in folded[span.start : span.end].split("\n"):
        if text and not text.isspace():
            found.append(Line(text, start))
        start += len(text) + 1
    return found


def find_facts(folded: str, sections: Mapping[str, Stretch]) -> dict[FactKind, tuple[Span, ...]]:
    """Folded text and its sections → where the report says what it is."""
    first = min((s.heading.start for s in sections.values()), default=len(folded))
    head = lines_of(folded, Span(0, min(first, _HEAD)))
    last = max((s.body.start for s in sections.values()), default=0)
    title = _title(head)
    found: dict[FactKind, tuple[Span, ...]] = {}
    if title:
        found["title"] = tuple(line.span(*_bare(line)) for line in title)
    if agency := _agency(title, folded[: first + _HEAD]):
        found["agency"] = (agency,)
    issued = _issued_on(head, title, lines_of(folded, Span(last, len(folded))))
    years = _years(title, folded, sections, first)
    foremost = next(years, None)
    before = next((y for y in chain([foremost], years) if y and _could_follow(folded, y, issued)), None)
    if year := before or foremost:
        found["year"] = (year,)
    if issued and (before or not year or _is_early(folded, issued)):
        found["date"] = (issued,)
    return found


def _bare(line: Line) -> tuple[int, int]:
    """Where a title stands in its line, without the marks of a heading."""
    text = line.squeezed
    return len(text) - len(text.lstrip("#*")), len(text.rstrip("#*"))


def titled_years(folded: str) -> set[str]:
    """The year of the first title in running text."""
    return set(_TITLED_YEAR.findall(folded)[:1])


_TITLED_YEAR = re.compile(r"(20[0-9]{2})\s*(?:(?:年度?|度)\s*)?政府信息公开[^。;,]{0,12}报告")
_BEGINS = re.compile(r"(?:一、)?(?:总体情况|总体概况|基本情况|概述)[:：]?|二、主动公开政府信息.{0,6}")
_RUNNING = re.compile(
    r"(?P<before>[^\s。;,:、]{2,40}?)政府信息公开(?:工作)?(?:情况)?(?:年度)?(?:工作)?报告[^\S\n]*(?:一、[^\S\n]*)?(?:总体情况|总体概况|基本情况|概述)"
)
"""A title in running text, its report's first heading right behind it."""
_SOON = 3_000
"""How far behind its title a report's first heading stands at most."""


def reports_in(folded: str) -> tuple[Span, ...]:
    """The titles in a text that begin a report: each another one, with the first headings of a report behind it and no title between."""
    found: dict[str, Span] = {}
    title: tuple[str, Line] | None = None
    if "报告" not in folded:
        return ()
    for running in _RUNNING.finditer(folded):
        found.setdefault(running["before"], Span(running.start(), running.end()))
    for line in lines_of(folded, Span(0, len(folded))):
        text = line.squeezed if len(line.text) <= 2 * _LONGEST_TITLE else ""
        if not text:
            continue
        match = _TITLE.fullmatch(text) if len(text) <= _LONGEST_TITLE and "报告" in text else None
        if match and match["before"] and not _FIELD_NAME.match(text):
            title = (match["before"], line)
        elif title and _BEGINS.fullmatch(text.strip("#*")) and line.start - title[1].start < _SOON:
            found.setdefault(title[0], Span(title[1].start, title[1].start + len(title[1].text)))
            title = None
    return tuple(found.values())


def title_of_another(folded: str, table: int) -> str:
    """The last title on a line of its own before a table, where it names another body than the text's first; else "".

    沭阳县发展和改革局 2023年政府信息公开工作年度报告 … 平湖市人民政府2023年政府信息公开工作年度报告 … → the second.
    """
    titles = [
        (_WHOSE.sub("", match["before"]), line.text.strip())
        for line in lines_of(folded, Span(0, table))
        if "报告" in line.text and (match := _TITLE.fullmatch(line.squeezed)) and not _FIELD_NAME.match(line.squeezed)
    ]
    bodies = [body for body, _ in titles if _could_be_agency(body)]
    if not bodies or titles[-1][0] not in bodies or bodies[0] in bodies[-1] or bodies[-1] in bodies[0]:
        return ""
    return titles[-1][1]


_WHOSE = re.compile(r"\W|20[0-9]{2}|年度?|关于|公布|发布")
"""What of the words before a title's name is no body's."""


_CAPTION_YEAR = re.compile(r"(?<![0-9])(20[0-9]{2})年(?!\s*[0-9])")
_LONGEST_CAPTION = 8
"""A caption that names a year has no more letters beside it."""
_LONGEST_LABEL = 24
"""Nor has a label or a head that begins with one."""
_BEGINS_WITH_YEAR = re.compile(r"(?:[一二三四五六七八九十]+[、.])?20[0-9]{2}年")


def caption_years(folded: str) -> tuple[str, ...]:
    """Words around a table → the years that they name in captions, not in sentences: 2022年情况: 规章 → 2022."""
    return tuple(
        year
        for words in re.split(r"[\s:|]+", folded if _CAPTION_YEAR.search(folded) else "")
        if sum(c.isalpha() for c in words) <= (_LONGEST_LABEL if _BEGINS_WITH_YEAR.match(words) else _LONGEST_CAPTION)
        and "," not in words
        for year in _CAPTION_YEAR.findall(words)
    )


# --- Title and agency ------------------------------------------------------------------------------------------------


def _title(head: Sequence[Line]) -> tuple[Line, ...]:
    """The line that names the report, with the lines above it that hold the rest of its name."""
    best: tuple[tuple[bool, bool, int], tuple[Line, ...]] | None = None
    for i, line in enumerate(head):
        text = line.squeezed
        if len(text) > _LONGEST_TITLE or _FIELD_NAME.match(text):
            continue
        lines: tuple[Line, ...] = (line,)
        found = _TITLE.fullmatch(text)
        if found is None and (lines := _with_its_end(line, head[i + 1 : i + 2])):
            found = _TITLE.fullmatch("".join(x.squeezed for x in lines))
        if found is None:
            continue
        if not _YEAR.sub("", found["before"]):
            lines = (*_above(head[:i], bool(found["before"])), *lines)
        whole = "".join(x.squeezed for x in lines)
        rank = (_YEAR.search(whole) is not None, len(lines) > 1 or bool(_YEAR.sub("", found["before"])), -len(whole))
        if best is None or rank > best[0]:
            best = (rank, lines)
    return best[1] if best else ()


def _with_its_end(line: Line, after: Sequence[Line]) -> tuple[Line, ...]:
    """A line and the short one after it, which may be the end of a title too long for one line; () where it is not."""
    is_end = after and len(after[0].squeezed) <= _LONGEST_END and not _TITLE.fullmatch(after[0].squeezed)
    return (line, after[0]) if is_end else ()


def _above(lines: Sequence[Line], year_known: bool) -> tuple[Line, ...]:
    """The lines just above a bare title that are a year or an agency."""
    taken: tuple[Line, ...] = ()
    for line in reversed(lines[-2:]):
        text = line.squeezed.strip("#*")
        is_year = _YEAR.fullmatch(text) is not None
        if is_year and not year_known:
            taken, year_known = (line, *taken), True
        elif not is_year and _could_be_agency(text):
            return (line, *taken)
        else:
            break
    return taken


def _could_be_agency(text: str) -> bool:
    return 2 <= len(text) <= 40 and not re.search(r"[0-9]", _YEAR.sub("", text)) and not _NOT_AN_AGENCY.search(text)


def _agency(title: Sequence[Line], folded: str) -> Span | None:
    """The reporting body, as the title names it or, more fully, as the text names the same body."""
    for i, line in enumerate(title):
        text = line.squeezed
        found = _TITLE.fullmatch("".join(x.squeezed for x in title[i:]))
        start, end = found.span("before") if found else _bare(line)
        end = min(end, len(text))
        if text[start:end].endswith("人民"):
            end += len("政府")
        if (span := _without_year(line, start, end)) is not None:
            return _fuller(folded, span) or span
    author = _AUTHOR.search(folded)
    return Span(*author.span("agency")) if author else None


def _without_year(line: Line, start: int, end: int) -> Span | None:
    """A stretch of a title line → the part of it that is an agency: before or after the year."""
    text = line.squeezed
    year = _YEAR.search(text, start, end)
    parts = [(start, year.start()), (year.end(), end)] if year else [(start, end)]
    for a, b in parts:
        while a < b and text[a] in '《"“#*(':
            a += 1
        while b > a and text[b - 1] in "的()":
            b -= 1
        a += 2 * text.startswith("关于", a, b)
        b -= 2 * text.endswith("关于", a, b)
        if _could_be_agency(text[a:b]):
            return line.span(a, b)
    return None


def _fuller(folded: str, span: Span) -> Span | None:
    """The same name with the place it lies in before it, where the text gives it so."""
    name = re.escape(folded[span.start : span.end])
    found = re.search(rf"(?:(?<=[由与是为对和,。、;:(\s])|^)(?P<name>{_PLACE}{name})", folded)
    return Span(*found.span("name")) if found else None


# --- Year and date ---------------------------------------------------------------------------------------------------


def _years(title: Sequence[Line], folded: str, sections: Mapping[str, Stretch], first: int) -> Iterator[Span]:
    """The year in the title; that of the period that the report says it covers; that its text opens with."""
    for line in title:
        if _YEARS.search(line.squeezed):
            return
        if found := _YEAR.search(line.squeezed):
            yield line.span(*found.span())
            break
    opening = Span(0, first)
    for stretch in sorted(sections.values(), key=lambda s: s.heading.start)[:1]:
        opening = Span(0, stretch.body.end)
    lines = lines_of(folded, opening)
    for line in lines:
        if found := _PERIOD.search(line.squeezed):
            yield line.span(*found.span(1))
            break
    body = [line for line in lines if line.start >= first] or lines
    for line in body[1:3] if body and body[0].start == first else body[:2]:
        if found := _YEAR.match(line.squeezed):
            yield line.span(*found.span())
            break


def _could_follow(folded: str, year: Span, issued: Span | None) -> bool:
    """Whether a report on a year could bear a date: it is written when the year is over, or nearly."""
    on = _date_at(folded, issued)
    of = as_year(folded[year.start : year.end])
    return on is None or of is None or (on.year, on.month) >= (of, _NEARLY_OVER)


def _is_early(folded: str, issued: Span | None) -> bool:
    """Whether a date is in the months in which reports on the year before are written, so that it is likely to be the report's."""
    on = _date_at(folded, issued)
    return on is not None and on.month <= _LAST_MONTH


def _date_at(folded: str, span: Span | None) -> date | None:
    text = as_date("".join(folded[span.start : span.end].split())) if span else None
    return date.fromisoformat(text) if text else None


def _issued_on(head: Sequence[Line], title: Sequence[Line], foot: Sequence[Line]) -> Span | None:
    """A date that stands alone, or after the agency alone, at the foot or right under the title."""
    after_title = [line for line in head if title and line.start > title[-1].start][:3]
    for line in (*foot, *after_title):
        found = _DATE.fullmatch(line.squeezed) if len(line.squeezed) <= _LONGEST_TITLE else None
        if found and not _NOT_ITS_OWN.search(found["by"]) and as_date(line.squeezed):
            start = found.start("year") if found["year"] else found.start("hanzi")
            return line.span(start, len(line.squeezed.rstrip(")")))
    return None


# --- What a stretch says ---------------------------------------------------------------------------------------------


def as_fact(what: FactKind, texts: Sequence[str]) -> str | int | None:
    """The text of a fact's stretches → its value in the record."""
    if what == "year":
        return as_year(fold("".join(texts)))
    if what == "date":
        return as_date(fold("".join("".join(texts).split())))
    return "".join("".join(texts).split()) if what == "agency" else " ".join(" ".join(texts).split())


def as_year(text: str) -> int | None:
    """2023年, 二〇二三年 → 2023."""
    digits = "".join(_digit(c) for c in "".join(text.split())[:4])
    return int(digits) if len(digits) == 4 else None


def as_date(text: str) -> str | None:
    """2024年1月9日, 2024-01-09, 二〇二四年一月九日 → "2024-01-09"; None where there is no such day."""
    found = _DATE.fullmatch(text)
    if not found:
        return None
    if found["year"]:
        parts = (int(found["year"]), int(found["month"]), int(found["day"]))
    else:
        parts = (as_year(found["hanzi"]) or 0, _small(found["month_"]), _small(found["day_"]))
    try:
        return date(*parts).isoformat()
    except ValueError:
        return None


def _digit(c: str) -> str:
    return c if c.isdigit() else str(max(0, "〇一二三四五六七八九".find(c))) if c in _HANZI else ""


def _small(text: str) -> int:
    """一 to 三十一 → 1 to 31."""
    tens, found, ones = text.partition("十")
    return ("一二三四五六七八九".find(tens) + 1 or 1) * 10 * bool(found) + (
        "一二三四五六七八九".find(ones if found else tens) + 1
    )


def iter_dates(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines that are a date, or an agency and a date."""
    for line in lines:
        if len(line.squeezed) <= _LONGEST_TITLE and _DATE.fullmatch(line.squeezed):
            yield line
