"""A made-up report as a document: title, prose and tables, and what stands on the page around them."""

from dataclasses import dataclass
from random import Random
from typing import Any

from ...schemas.form import Form, form_of
from ...schemas.report import Report
from .document import Block, Document, Paragraph
from .filling import Filling, fill, gold_of
from .tables import look_for, tables_of

REPORT = form_of(Report)

_SENTENCES = (
    "{year}年，{agency}认真贯彻落实《中华人民共和国政府信息公开条例》，坚持以公开为常态、不公开为例外，扎实推进政务公开工作。",
    "（一）主动公开。全年通过政府网站主动公开政府信息{n}条，政务新媒体发布{m}条，阅读量{k}次。",
    "（二）政府信息管理。严格执行“三审三校”制度，对已公开信息动态更新，未发生失泄密问题。",
    "（三）平台建设。对网站栏目进行优化调整，新增专栏{m}个，及时更新机构职能、领导分工和办事指南。",
    "（四）监督保障。组织培训{m}次，培训{n}人次，接待群众咨询{k}人次。",
    "一是公开内容还不够全面，解读形式较为单一；二是工作人员业务能力有待提高。",
    "下一步，我们将加强业务培训，健全工作机制，进一步提升政府信息公开工作质量。",
    "按照《政府信息公开信息处理费管理办法》规定，本年度未收取信息处理费。",
    "无其他需要报告的事项。",
)
_LEAD = (
    "根据《中华人民共和国政府信息公开条例》和国务院办公厅政府信息与政务公开办公室有关通知要求，现公布{agency}{year}年"
    "政府信息公开工作年度报告。本报告所列数据的统计期限自{year}年1月1日起至{year}年12月31日止。如有疑问，请与本单位"
    "办公室联系（电话：0{n}-8{k:07}）。"
)


_AFTER = ("（盖章）", "（此件公开发布）", "附件：1.指标统计表", "抄送：市政府办公室。", "{agency}办公室 共印10份")
"""What stands below the signature: of the seal, and of the letter."""

_TITLES = {
    "二、主动公开政府信息情况": "二、主动公开情况",
    "三、收到和处理政府信息公开申请情况": "三、政府信息公开申请办理情况",
    "四、政府信息公开行政复议、行政诉讼情况": "四、因政府信息公开工作被申请行政复议、提起行政诉讼情况",
}
"""Other titles that agencies print."""


@dataclass(frozen=True, slots=True)
class MadeReport:
    """document: as printed. gold: the record of it. pages: what a web page says around it."""

    document: Document
    filling: Filling
    gold: dict[str, Any]
    issued_on: str


def make_report(rng: Random, zeros: str) -> MadeReport:
    """A made-up report; zeros: how its zeros are printed, one of `filling.ZEROS`."""
    filling = fill(REPORT, rng, zeros)
    title = _title(filling, rng)
    month, day = rng.randint(1, 3), rng.randint(1, 28)
    signed = (filling.agency, f"{filling.year + 1}年{month}月{day}日")
    blocks = [
        Paragraph(title, "title"),
        *([Paragraph(_said(_LEAD, filling, rng))] if rng.random() < 0.6 else []),
        *_sections(filling, REPORT, rng),
        *(Paragraph(line, "sign") for line in signed),
        *([Paragraph(rng.choice(_AFTER).format(agency=filling.agency), "sign")] if rng.random() < 0.2 else []),
    ]
    running = title if rng.random() < 0.25 else ""
    issued_on = f"{filling.year + 1}-{month:02}-{day:02}"
    gold = gold_of(filling, REPORT, title, issued_on)
    return MadeReport(Document(title, tuple(blocks), running), filling, gold, issued_on)


def _title(filling: Filling, rng: Random) -> str:
    between = rng.choice(("", "", " "))
    what = rng.choice(("年政府信息公开工作年度报告", "年度政府信息公开工作年度报告", "年政府信息公开年度报告"))
    return f"{filling.agency}{between}{filling.year}{what}"


def _sections(filling: Filling, form: Form, rng: Random) -> list[Block]:
    look = look_for(rng, form)
    numbered: dict[str, list[Block]] = {}
    for prose in form.proses:
        if prose.spec.number:
            lines = [_said(rng.choice(_SENTENCES), filling, rng) for _ in range(rng.randint(1, 4))]
            if not numbered and rng.random() < 0.5:
                lines.append(_statement(filling, rng))
            heading = Paragraph(f"{prose.spec.number}、{prose.spec.labels[0].text}", "heading")
            numbered[prose.spec.number] = [heading, *map(Paragraph, lines)]
    titles = _TITLES if rng.random() < 0.2 else {}
    for section in form.sections:
        tables = tables_of(filling, section, look)
        between = [Paragraph("注：数据统计截至本年度12月31日。", "note")] if rng.random() < 0.08 else []
        numbered[section.spec.number] = [
            Paragraph(titles.get(section.title, section.title), "heading"),
            *tables,
            *between,
        ]
    return [block for number in "一二三四五六" for block in numbered.get(number, [])]


def _statement(filling: Filling, rng: Random) -> str:
    """A sentence that states figures of section 三; one in five states another."""
    totals = ("requests.received.total", "requests.processed_total.total", "requests.carried_out.total")
    off = rng.randint(1, 9) if rng.random() < 0.2 else 0
    received, done, left = (int(filling.figures.get(path) or 0) for path in totals)
    return f"（五）依申请公开。{filling.year}年共收到政府信息公开申请{received + off}件，办结{done}件，结转下年度{left}件。"


def _said(sentence: str, filling: Filling, rng: Random) -> str:
    n, m, k = rng.randint(10, 999), rng.randint(1, 60), rng.randint(100, 99999)
    return sentence.format(year=filling.year, agency=filling.agency, n=n, m=m, k=k)
