"""Texts that look readable, and whose numbers could belong elsewhere: not one of them may be vouched for."""

from collections.abc import Callable

import pytest

from nianbao import extract

from .made_up import report


def swapped(*pairs: tuple[str, str], form: str = "2021", write: Callable[[list[str]], str] = "\t".join) -> str:
    """A report with words in it replaced by others, each once."""
    text = report(form, write=write)
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def spaced(line: list[str]) -> str:
    return "\n\n".join(line) + "\n"


def marked_up(*pairs: tuple[str, str]) -> str:
    """A report as HTML, with parts of its source replaced, each once."""
    lines = (f"<tr><td>{line}</td></tr>".replace("\t", "</td><td>") for line in report("2021").splitlines())
    text = f"<html><body><table>{''.join(lines)}</table></body></html>"
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


RULES = "规章\t0\t0\t0"
NEW, CARRIED_IN, GRANTED, TOTAL, CARRIED_OUT = (
    "一、本年新收政府信息公开申请数量",
    "二、上年结转政府信息公开申请数量",
    "（一）予以公开",
    "（七）总计",
    "四、结转下年度继续办理",
)
LICENSING = "第二十条第（五）项\n信息内容\t本年处理决定数量"
TITLES = ("二、主动公开政府信息情况", "三、收到和处理政府信息公开申请情况", "四、政府信息公开行政复议、行政诉讼情况")
DISCLOSURE = report("2021").partition(TITLES[0] + "\n")[2].partition(TITLES[1])[0]
HEADS_2019 = "本年新制作数量\t本年新公开数量"

TEXTS = {
    # a head of something else
    "last year's": swapped(("现行有效件数", "上年现行有效件数")),
    "last year's first": swapped((HEADS_2019, "上年新制作数量\t本年新制作数量"), form="2019"),
    "another year's first": swapped((HEADS_2019, "2018年新制作数量\t2019年新制作数量"), form="2019"),
    "another year's, its year a line above": swapped((HEADS_2019, "2018年\n新制作数量\t2019年\n新制作数量"), form="2019"),
    "decisions not to": swapped((LICENSING, LICENSING.replace("本年处理", "本年不予处理"))),
    "fees waived": swapped(("本年收费金额", "本年减免收费金额")),
    "fees since the beginning": swapped(("本年收费金额", "累计收费金额")),
    "decisions of last year": swapped(("处理决定数量", "上一年处理决定数量"), form="2019"),
    "another applicant": swapped(("自然人", "法人")),
    "another result": swapped(("尚未审结", "已审结")),
    # a unit of something else
    "a thousand yuan": swapped(("单位：万元", "单位：千元")),
    "two units in a head": swapped(("单位：万元", "元/万元")),
    "two units in a cell": swapped(("行政事业性收费\t0", "行政事业性收费\t12元（万元）")),
    # a value that could be a note, or a note that could be a value
    "a first value in brackets": swapped((RULES, "规章\t（51）\t243\t203")),
    "a first blank in brackets": swapped((RULES, "规章\t（无）\t243\t203")),
    # a head printed again
    "the second head instead of the first": swapped(("本年制发件数\t", "本年废止件数\t")),
    # a label of something else
    "not granted": swapped(("（一）予以公开", "（一）不予以公开")),
    "no secret": swapped(("1.属于国家秘密", "1.不属于国家秘密")),
    "carried out of last year": swapped(("四、结转下年度", "四、结转上年度")),
    "not repeated": swapped(("2.重复申请", "2.非重复申请")),
    "repealed documents": swapped(("规范性文件", "废止规范性文件")),
    # a printed mark is a cell, and no page number takes its place
    "an amount marked as nothing, then a page number": swapped(("行政事业性收费\t0", "行政事业性收费\t/\n3")),
    "a count marked as nothing, then a page number": swapped(("行政强制\t0", "行政强制\t-\n12")),
    "eight cells, one a mark": swapped(("（一）予以公开\t0", "（一）予以公开\t0\t-")),
    "fifteen cells in one line, one a mark, then a page number": swapped(("0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\n", "0\t0\t-\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\n3\n")),
    # empty lines that are no blanks
    "one value of three, empty lines between all cells": swapped(("规章\n\n0\n\n0\n\n0\n", "规章\n\n3\n"), write=spaced),
    "the last number lost before an empty line": swapped(("行政强制\n0\n0\n0\n", "行政强制\n0\n0\n\n"), form="2019", write="\n".join),
    "a row without its total, and a page number after it": swapped(
        ("四、结转下年度继续办理\n0\n0\n0\n0\n0\n0\n0\n", "四、结转下年度继续办理\n0\n0\n0\n0\n0\n0\n\n8\n"), write="\n".join),
    # a row on a line of its own is no grid that could be cut off
    "five of seven, the row alone between empty lines": swapped(("（一）予以公开\t0\t0\t0\t0\t0\t0\t0", "\n办理结果\t（一）予以公开\t0\t0\t0\t0\t0\n")),
    # a sign in a note
    "a change with its sign behind it": swapped(("行政许可\t0\t0", "行政许可\t0\t3（减）"), form="2019"),
    # a number that broke off, or fell apart
    "a decimal broken before its point": swapped(("行政事业性收费\t0", "行政事业性收费\t7730\n.28")),
    "a decimal broken after its point": swapped(("行政事业性收费\t0", "行政事业性收费\t12.\n5")),
    "thousands broken before the comma": swapped((RULES, RULES + "\n,234")),
    "thousands broken after the comma": swapped(("行政许可\t0", "行政许可\t1,\n550")),
    "about so many": swapped(("行政许可\t0", "行政许可\t约1.2万\n3")),
    "a zero broken off, in the row and its total": swapped(
        ("（一）予以公开\n0\n0\n0\n0\n0\n0\n0\n", "（一）予以公开\n324\n0\n0\n0\n0\n0\n0\n324\n0\n"),
        ("（七）总计\n0\n0\n0\n0\n0\n0\n0\n", "（七）总计\n324\n0\n0\n0\n0\n0\n0\n324\n0\n"),
        write="\n".join,
    ),
    "two numbers in one field of a row that lacks one": swapped(("（一）予以公开\t0\t0\t0\t0\t0\t0\t0", "（一）予以公开\t1 0\t0\t0\t0\t0\t0")),
    # a page number for a blank
    "a page number before a page break": swapped(("行政强制\n0\n", "行政强制\n\n2\n\f"), write="\n".join),
    "a page number after a page break": swapped(("行政强制\n0\n", "行政强制\n\f2\n"), write="\n".join),
    "a page number below a blank field": swapped(("行政事业性收费\t0", "行政事业性收费\t\n3")),
    "a number before its label, then one of the page": swapped(("本年处理决定数量\n行政许可\n0\n", "本年处理决定数量\n173\n行政许可\n\n3\n\f"), write="\n".join),
    # a number of another year, or of a part
    "last year's number, this year's blank": swapped(("行政许可\t0", "行政许可\t2022年\t50\n\t2023年\t")),
    "words where a number was due": swapped(("行政许可\t0", "行政许可\t不涉及\n3")),
    "a row split in two": swapped(("行政处罚\t0", "行政处罚（简易程序）\t50\n普通程序\t12")),
    "a change whose note says that it is less": swapped(("行政许可\t0\t0", "行政许可\t0\t5（取消5项）"), form="2019"),
    # columns of the report's own
    "last year's column, this year's blank": swapped((LICENSING, LICENSING + "\t上年数量"), ("行政许可\t0", "行政许可\t\t12")),
    "last year's column, this year's blank without a trace": swapped((LICENSING, LICENSING + "\t上年数量"), ("行政许可\t0", "行政许可\t12")),
    "a serial number of the next row": swapped(("本年处理决定数量\n行政处罚\t0\n行政强制\t0", "本年处理决定数量\n1\t行政处罚\t\n2\t行政强制\t5")),
    "a unit in the label other than the head's": swapped(("行政事业性收费\t0", "行政事业性收费（元）\t125")),
    "two units stated for the table": swapped(("（单位：万元）", ""), ("第二十条第（一）项", "单位：元\n单位：万元\n第二十条第（一）项")),
    # columns and rows in another order
    "the total first": swapped(("自然人\t法人或其他组织\t总计", "总计\t自然人\t法人或其他组织"), ("（一）予以公开\t0\t0\t0\t0\t0\t0\t0", "（一）予以公开\t7\t7\t0\t0\t0\t0\t0")),
    "the total first, of three rows, where two more are alike either way": swapped(
        *((label + "\t0" * 7, label + "\t12\t4\t8" + "\t0" * 4) for label in (NEW, GRANTED, TOTAL)),
        *((label + "\t0" * 7, label + "\t5" + "\t0" * 5 + "\t5") for label in (CARRIED_IN, CARRIED_OUT)),
    ),
    "the total first, side by side": swapped(("\t0" * 14 + "\n", "".join("\t" + c for c in "0000" + "61230" + "00000") + "\n")),
    "legal persons first": swapped(("自然人\t法人或其他组织", "法人或其他组织\t自然人")),
    "a number lost, another added": swapped(
        *((label + "\t0" * 7, label + "\t5\t6\t7\t8\t9\t10\t45") for label in (NEW, TOTAL)),
        (GRANTED + "\t0" * 7, GRANTED + "\t5\t6\t7\t8\t9\t45\t3"),
    ),
    "heads broken off, in another order": swapped(("自然人\t法人或其他组织\t总计\t商业企业\t科研机构\t社会公益组织\t法律服务机构\t其他", "商业 自然 科研 社会公益 法律服务 其他 总计\n企业 人 机构 组织 机构")),
    "no row adds up": swapped(*((label + "\t0" * 7, label + "\t7\t7" + "\t0" * 5) for label in (GRANTED, TOTAL, CARRIED_OUT))),
    "reviews last": swapped(("行政复议\t行政诉讼", "行政诉讼"), ("未经复议直接起诉\t复议后起诉", "未经复议直接起诉\t复议后起诉\t行政复议")),
    "litigation first": swapped(("行政复议\t行政诉讼", "行政诉讼\t行政复议")),
    "litigation first, after a sentence": swapped(("行政复议\t行政诉讼", "2023年，我局被申请行政复议2件，被提起行政诉讼1件。\n行政诉讼\t行政复议")),
    "a row 其他 without its number": swapped(("1.申请人无正当理由逾期不补正", "其他\t0\t0\t0\t0\t0\t0\t0\n1.申请人无正当理由逾期不补正")),
    # another report, or another year's annex
    "two reports, the first without headings": swapped(*((title + "\n", "") for title in TITLES)) + report("2021"),
    "an annex of last year's": swapped((DISCLOSURE, "（见图）\n")) + "附：2022年主动公开情况\n" + DISCLOSURE,
    # as HTML shows it
    "a footnote": marked_up(("<td>0</td>", "<td>173<sup>1</sup></td>")),
    "a number struck out": marked_up(("<td>0</td>", "<td><s>137</s>173</td>")),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_not_vouched_for(name: str) -> None:
    found = extract(TEXTS[name])
    assert found.status == "unresolved"
    assert any(f.severity == "error" for f in found.findings)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: text.replace("规章\t0\t0\t0", "规章 | 0 | 0 | ").replace(
            "规范性文件\t0\t0\t0", "规范性文件 |  | 0 | 0"
        ),
        lambda text: text.replace("规章\t0\t0\t0", "规章\t0\t\u3000\t0").replace("行政许可\t0", "行政许可\t\u3000"),
        lambda text: text.replace("规章\t0\t0\t0", "规章\n0\n\u3000\n0"),
        lambda text: (
            text.replace("二、主动公开政府信息情况\n", "")
            .replace("三、收到和处理政府信息公开申请情况\n", "")
            .replace("四、政府信息公开行政复议、行政诉讼情况\n", "")
        ),
        lambda text: text.replace("单位：万元", "单位：件、万元"),
        lambda text: text.replace("单位：万元", "单位：人民币万元"),
        lambda text: text.replace("行政强制\t0", "行政强制\n\n0\n\f"),
        lambda text: text.replace("行政强制\t0", "行政强制\n5\n\f- 3 -"),
        lambda text: text.replace("（一）予以公开\t0", "1.\n（一）予以公开\t0").replace("1.\n", ""),
        lambda text: text.replace("本年处理决定数量", "本年处理决定数量（指办件量）"),
        lambda text: text.replace("（六）其他处理", "（六）其他处理" + "\t" * 7),
        lambda text: text.replace("3.其他\t", "（六）其他处理\t" + "\t" * 6 + "\n3.其他\t"),
    ],
)
def test_what_is_like_them_and_sure(change: Callable[[str], str]) -> None:
    """The same places, as reports print them where nothing is in doubt."""
    found = extract(change(report("2021")))
    assert (found.status, found.report and found.report.form) == ("verified", "2021")
