"""Texts that look readable, and some of whose numbers could belong elsewhere: not one of these may be vouched for."""

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

import pytest

from nianbao import extract

from .made_up import APPLICANTS, report
from .test_laws import cells_of, wrongly_vouched
from .test_layouts import BUSY


def swapped(
    *pairs: tuple[str, str],
    form: str = "2021",
    write: Callable[[list[str]], str] = "\t".join,
    cells: Mapping[str, str] | None = None,
) -> str:
    """A report with words in it replaced by others, each once."""
    text = report(form, cells, write=write)
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def spaced(line: list[str]) -> str:
    return "\n\n".join(line) + "\n"


def marked_up(*pairs: tuple[str, str], form: str = "2021") -> str:
    """A report as HTML, with parts of its source replaced, each once."""
    lines = (f"<tr><td>{line}</td></tr>".replace("\t", "</td><td>") for line in report(form).splitlines())
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
HEADS = "\t" + "\t".join(APPLICANTS[2:])
HEADS_2019 = "本年新制作数量\t本年新公开数量"


class Text(NamedTuple):
    """doubtful: the cells that may not be vouched for, as patterns of their paths."""

    doubtful: str
    text: str


TEXTS = {
    # a head of something else
    "last year's": Text("disclosure.*.in_force", swapped(("现行有效件数", "上年现行有效件数"))),
    "last year's first": Text("disclosure.regulations.* disclosure.normative_documents.*", swapped((HEADS_2019, "上年新制作数量\t本年新制作数量"), form="2019")),
    "another year's first": Text("disclosure.regulations.* disclosure.normative_documents.*", swapped((HEADS_2019, "2018年新制作数量\t2019年新制作数量"), form="2019")),
    "another year's, its year a line above": Text("disclosure.regulations.* disclosure.normative_documents.*", swapped((HEADS_2019, "2018年\n新制作数量\t2019年\n新制作数量"), form="2019")),
    "decisions not to": Text("disclosure.licensing.*", swapped((LICENSING, LICENSING.replace("本年处理", "本年不予处理")))),
    "fees waived": Text("disclosure.fees.*", swapped(("本年收费金额", "本年减免收费金额"))),
    "fees since the beginning": Text("disclosure.fees.*", swapped(("本年收费金额", "累计收费金额"))),
    "decisions of last year": Text("disclosure.licensing.decisions disclosure.other_services.decisions", swapped(("处理决定数量", "上一年处理决定数量"), form="2019")),
    "another applicant": Text("requests.*.natural_person", swapped(("自然人", "法人"))),
    "another result": Text("review_litigation.reconsideration.pending", swapped(("尚未审结", "已审结"))),
    # a unit of something else
    "a thousand yuan": Text("disclosure.fees.*", swapped(("单位：万元", "单位：千元"))),
    "two units in a head": Text("disclosure.fees.*", swapped(("单位：万元", "元/万元"))),
    "two units in a cell": Text("disclosure.fees.*", swapped(("行政事业性收费\t0", "行政事业性收费\t12元（万元）"))),
    # a value that could be a note, or a note that could be a value
    "a first value in brackets": Text("disclosure.regulations.made", swapped((RULES, "规章\t（51）\t243\t203"))),
    "a first blank in brackets": Text("disclosure.regulations.*", swapped((RULES, "规章\t（无）\t243\t203"))),
    # a label of something else
    "not granted": Text("requests.granted.*", swapped(("（一）予以公开", "（一）不予以公开"))),
    "no secret": Text("requests.denied.state_secret.*", swapped(("1.属于国家秘密", "1.不属于国家秘密"))),
    "carried out of last year": Text("requests.carried_out.*", swapped(("四、结转下年度", "四、结转上年度"))),
    "not repeated": Text("requests.not_processed.repeated.*", swapped(("2.重复申请", "2.非重复申请"))),
    "repealed documents": Text("disclosure.normative_documents.*", swapped(("规范性文件", "废止规范性文件"))),
    "eight cells, one a mark": Text("requests.granted.business", swapped(("（一）予以公开\t0", "（一）予以公开\t0\t-"))),
    # words beside a label, a head or a number that make it something else
    "another kind of decision": Text("disclosure.penalties.*", swapped(("行政处罚", "行政处分"))),
    "another kind of document": Text("disclosure.normative_documents.*", swapped(("规范性文件", "党内规范性文件"))),
    "another kind of secret": Text("requests.denied.state_secret.*", swapped(("1.属于国家秘密", "1.属于商业秘密"))),
    "another outcome": Text("requests.granted.*", swapped(("（一）予以公开", "（一）暂缓公开"))),
    "last year's row": Text("disclosure.penalties.*", swapped(("行政处罚", "行政处罚（上年）"))),
    "a subordinate body's row": Text("disclosure.penalties.*", swapped(("行政处罚", "行政处罚（下属单位）"))),
    "last year's group": Text("review_litigation.reconsideration.*", swapped(("行政复议\t", "行政复议（上年）\t"))),
    "planned": Text("disclosure.*.made", swapped(("本年制发件数", "本年拟制发件数"))),
    "a rate": Text("disclosure.*.in_force", swapped(("现行有效件数", "现行有效率"))),
    "money for decisions": Text("disclosure.licensing.*", swapped((LICENSING, LICENSING.replace("数量", "金额")))),
    "fees to be charged": Text("disclosure.fees.*", swapped(("本年收费金额", "本年应收费金额"))),
    "a decrease": Text("disclosure.licensing.change", swapped(("本年增/减", "本年减"), form="2019")),
    "a change in per cent": Text("disclosure.licensing.change", swapped(("本年增/减", "本年增/减（%）"), form="2019")),
    "two heads in one": Text("requests.*.other", swapped(("法律服务机构\t其他", "法律服务机构\t其他商业企业"))),
    "two heads in one, one a line": Text("requests.*.other", swapped(("法律服务机构\n其他", "法律服务机构\n其他商业企业"), write="\n".join)),
    "last year's total": Text("requests.*.total", swapped(("组织\t总计", "组织\t上年总计"))),
    "a number taken back": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t12（上年）"))),
    "a number corrected": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t12（应为15）"))),
    "a month": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t12月"))),
    "ten thousands": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t385万件"))),
    "ten thousands, apart": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t385 万余件"))),
    "ten thousands, by the head": Text("disclosure.licensing.*", swapped((LICENSING, LICENSING + "（单位：万件）"))),
    "ten thousands, by a line": Text("disclosure.licensing.*", swapped(("第二十条第（五）项", "第二十条第（五）项\n单位：万件"))),
    "ten thousands of requests": Text("requests.*", swapped((TITLES[1], TITLES[1] + "\n单位：万件"))),
    "a footnote in brackets": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t36[1]"))),
    "a mark between two numbers": Text("disclosure.licensing.*", swapped(("行政许可\t0\t0\t0", "行政许可\t5▼1\t0"), form="2019")),
    "a page's number in a text without borders": Text("disclosure.regulations.*", report("2021", write="".join).replace("规章000", "规章2114- 3 -")),
    "an ordinal": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t第12"))),
    "a year in a label": Text("requests.received.*", swapped(("一、本年新收", "一、2019年新收"))),
    # numbers that are none of the table's, and what has none
    "serial numbers": Text("disclosure.licensing.*", swapped((LICENSING, LICENSING.replace("信息内容", "信息内容\t序号")), ("行政许可\t0", "行政许可\t1\t"))),
    "numbers before their labels": Text("disclosure.penalties.* disclosure.compulsory_measures.*", swapped(("本年处理决定数量\n行政处罚\n0\n行政强制\n0\n", "本年处理决定数量\n461\n行政处罚\n242\n行政强制\n"), write="\n".join)),
    "a line that numbers the columns": Text("review_litigation.*", swapped(("0" + "\t0" * 14, "\t".join(map(str, range(1, 16)))))),
    "two lines of groups": Text("review_litigation.reconsideration.upheld", swapped(("0" + "\t0" * 14, "下属单位\t6" + "\t0" * 3 + "\t6" + "\t0" * 10 + "\n本机关\t1" + "\t0" * 3 + "\t1" + "\t0" * 10))),
    "a row twice": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t7\n行政许可\t8"))),
    # units
    "a unit below the table": Text("disclosure.fees.*", swapped(("行政事业性收费\t0", "行政事业性收费\t12.5\n注：收费金额单位应为“元”。"))),
    "a unit beside the caption": Text("disclosure.fees.*", swapped(("第二十条第（八）项", "第二十条第（八）项（单位：元）"), ("行政事业性收费\t0", "行政事业性收费\t12.5"))),
    # whose table it is
    "another body's, by its caption": Text("requests.*", swapped((TITLES[1] + "\n", TITLES[1] + "\n（下表为所属单位市水政监察支队数据）\n"))),
    "a sample": Text("requests.*", swapped((TITLES[1] + "\n", TITLES[1] + "\n填表示例：\n"))),
    "an annex of the only table": Text("disclosure.*", swapped((DISCLOSURE, "（表略）\n")) + "附：统计表\n" + DISCLOSURE),
    # empty lines that are no blanks
    "one value of three, empty lines between all cells": Text("disclosure.regulations.*", swapped(("规章\n\n0\n\n0\n\n0\n", "规章\n\n3\n"), write=spaced)),
    "the last number lost before an empty line": Text("disclosure.compulsory_measures.*", swapped(("行政强制\n0\n0\n0\n", "行政强制\n0\n0\n\n"), form="2019", write="\n".join)),
    "a row without its total, and a page number after it": Text("requests.carried_out.total", swapped(
        ("四、结转下年度继续办理\n0\n0\n0\n0\n0\n0\n0\n", "四、结转下年度继续办理\n0\n0\n0\n0\n0\n0\n\n8\n"), write="\n".join)),
    # a row on a line of its own is no grid that could be cut off
    "five of seven, the row alone between empty lines": Text("requests.granted.*", swapped(("（一）予以公开\t0\t0\t0\t0\t0\t0\t0", "\n办理结果\t（一）予以公开\t0\t0\t0\t0\t0\n"))),
    # a sign in a note
    "a change with its sign behind it": Text("disclosure.licensing.change", swapped(("行政许可\t0\t0", "行政许可\t0\t3（减）"), form="2019")),
    # a number that broke off, or fell apart
    "a decimal broken before its point": Text("disclosure.fees.*", swapped(("行政事业性收费\t0", "行政事业性收费\t7730\n.28"))),
    "a decimal broken after its point": Text("disclosure.fees.*", swapped(("行政事业性收费\t0", "行政事业性收费\t12.\n5"))),
    "thousands broken before the comma": Text("disclosure.regulations.in_force", swapped((RULES, RULES + "\n,234"))),
    "thousands broken after the comma": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t1,\n550"))),
    "about so many": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t约1.2万\n3"))),
    "a zero broken off, in the row and its total": Text("requests.granted.total requests.processed_total.total", swapped(
        ("（一）予以公开\n0\n0\n0\n0\n0\n0\n0\n", "（一）予以公开\n324\n0\n0\n0\n0\n0\n0\n324\n0\n"),
        ("（七）总计\n0\n0\n0\n0\n0\n0\n0\n", "（七）总计\n324\n0\n0\n0\n0\n0\n0\n324\n0\n"),
        write="\n".join,
    )),
    "two numbers in one field of a row that lacks one": Text("requests.granted.natural_person", swapped(("（一）予以公开\t0\t0\t0\t0\t0\t0\t0", "（一）予以公开\t1 0\t0\t0\t0\t0\t0"))),
    # a page number for a blank
    "a page number before a page break": Text("disclosure.compulsory_measures.*", swapped(("行政强制\n0\n", "行政强制\n\n2\n\f"), write="\n".join)),
    "a page number after a page break": Text("disclosure.compulsory_measures.*", swapped(("行政强制\n0\n", "行政强制\n\f2\n"), write="\n".join)),
    "a page number below a blank field": Text("disclosure.fees.*", swapped(("行政事业性收费\t0", "行政事业性收费\t\n3"))),
    "a number before its label, then one of the page": Text("disclosure.licensing.*", swapped(("本年处理决定数量\n行政许可\n0\n", "本年处理决定数量\n173\n行政许可\n\n3\n\f"), write="\n".join)),
    # a number of another year, or of a part
    "last year's number, this year's blank": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t2022年\t50\n\t2023年\t"))),
    "words where a number was due": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t不涉及\n3"))),
    "a row split in two": Text("disclosure.penalties.*", swapped(("行政处罚\t0", "行政处罚（简易程序）\t50\n普通程序\t12"))),
    "a change whose note says that it is less": Text("disclosure.licensing.change", swapped(("行政许可\t0\t0", "行政许可\t0\t5（取消5项）"), form="2019")),
    # columns of the report's own
    "last year's column, this year's blank": Text("disclosure.licensing.*", swapped((LICENSING, LICENSING + "\t上年数量"), ("行政许可\t0", "行政许可\t\t12"))),
    "last year's column, this year's blank without a trace": Text("disclosure.licensing.*", swapped((LICENSING, LICENSING + "\t上年数量"), ("行政许可\t0", "行政许可\t12"))),
    "a serial number of the next row": Text("disclosure.penalties.*", swapped(("本年处理决定数量\n行政处罚\t0\n行政强制\t0", "本年处理决定数量\n1\t行政处罚\t\n2\t行政强制\t5"))),
    "a unit in the label other than the head's": Text("disclosure.fees.*", swapped(("行政事业性收费\t0", "行政事业性收费（元）\t125"))),
    "two units stated for the table": Text("disclosure.fees.*", swapped(("（单位：万元）", ""), ("第二十条第（一）项", "单位：元\n单位：万元\n第二十条第（一）项"))),
    # columns and rows in another order
    "the total first, of three rows, where two more are alike either way": Text("requests.received.total requests.granted.total requests.processed_total.total", swapped(
        *((label + "\t0" * 7, label + "\t12\t4\t8" + "\t0" * 4) for label in (NEW, GRANTED, TOTAL)),
        *((label + "\t0" * 7, label + "\t5" + "\t0" * 5 + "\t5") for label in (CARRIED_IN, CARRIED_OUT)),
    )),
    "the total first, side by side": Text("review_litigation.litigation_direct.*", swapped(("\t0" * 14 + "\n", "".join("\t" + c for c in "0000" + "61230" + "00000") + "\n"))),
    "a number lost, another added": Text("requests.granted.other requests.granted.total", swapped(
        *((label + "\t0" * 7, label + "\t5\t6\t7\t8\t9\t10\t45") for label in (NEW, TOTAL)),
        (GRANTED + "\t0" * 7, GRANTED + "\t5\t6\t7\t8\t9\t45\t3"),
    )),
    "heads broken off, in another order": Text("requests.*.natural_person requests.*.business", swapped(("自然人\t法人或其他组织\t总计\t商业企业\t科研机构\t社会公益组织\t法律服务机构\t其他", "商业 自然 科研 社会公益 法律服务 其他 总计\n企业 人 机构 组织 机构"))),
    "a row 其他 without its number": Text("requests.other_outcomes.combined.*", swapped(("1.申请人无正当理由逾期不补正", "其他\t1\t0\t0\t0\t0\t0\t1\n1.申请人无正当理由逾期不补正"))),
    # words that no wording of the form explains
    "a class of applicants of its own": Text("requests.*.other", swapped(("法律服务机构\t其他", "法律服务机构\t事业单位"))),
    "a total in the place of a class": Text("requests.*.natural_person", swapped(("情况\t自然人", "情况\t总计"))),
    "heads exchanged between two lines": Text("requests.*.natural_person requests.*.business", swapped(
        ("申请人情况\t自然人\t法人或其他组织\t总计\t商业企业\t", "申请人情况\n商业企业\t法人或其他组织\t总计\n自然人\t"), (NEW + "\t0" * 7, NEW + "\t3\t0\t0\t0\t0\t0\t3"))),
    "planned procurement": Text("disclosure.procurement.items", swapped(("采购项目数量", "计划采购项目数量"), form="2019")),
    "the opposite of a head": Text("disclosure.*.total_disclosed", swapped(("对外公开总数量", "对内公开总数量"), form="2019")),
    "this year's for the last one's": Text("disclosure.*.prior_items", swapped(("上一年项目数量", "本年项目数量"), ("上一年项目数量", "本年项目数量"), ("上一年项目数量", "本年项目数量"), form="2019")),
    "last year's group of results": Text("review_litigation.litigation_direct.upheld", swapped(("总计\t结果维持", "总计\t上年结果维持"))),
    "an article of last year's": Text("disclosure.licensing.*", swapped(("第二十条第（五）项", "第二十条第（五）项（上年）"))),
    "a title of last year's": Text("requests.*", swapped((TITLES[1], TITLES[1].replace("三、", "三、上年度")))),
    "a title of another body's": Text("requests.*", swapped((TITLES[1], TITLES[1].replace("三、", "三、临河市财政局")))),
    "a caption of another body's": Text("requests.*", swapped((TITLES[1] + "\n", TITLES[1] + "\n填报单位：临河市财政局\n"))),
    "a caption of last year": Text("review_litigation.*", swapped((TITLES[2] + "\n", TITLES[2] + "\n（上年度）\n"))),
    "a sentence and what follows it": Text("review_litigation.*", swapped((TITLES[2] + "\n", TITLES[2] + "\n本单位未发生。以下为市教育局数据：\n"))),
    "a table that is void": Text("requests.*", swapped((TITLES[1] + "\n", TITLES[1] + "\n（以下数据作废）\n"))),
    "another year in a cell": Text("review_litigation.*", swapped(("0" + "\t0" * 14, "2022年\t0" + "\t0" * 14))),
    "a bound": Text("disclosure.penalties.*", swapped(("行政处罚\t0", "行政处罚\n5以下"))),
    # numbers that print more than digits
    "an unreadable digit": Text("disclosure.penalties.*", swapped(("行政处罚\t0", "行政处罚\t1□"))),
    "a replaced character": Text("disclosure.penalties.*", swapped(("行政处罚\t0", "行政处罚\t1\ufffd2"))),
    "a sum": Text("requests.granted.business", swapped((GRANTED + "\t0" * 7, f"{GRANTED} 0 0+3 0 0 0 0 0"))),
    "a range": Text("requests.granted.business", swapped((GRANTED + "\t0" * 7, f"{GRANTED} 0 0-3 0 0 0 0 0"))),
    "an arrow": Text("requests.granted.business", swapped((GRANTED + "\t0" * 7, f"{GRANTED} 0 0→3 0 0 0 0 0"))),
    "a number cut off": Text("disclosure.penalties.*", swapped(("行政处罚\t0", "行政处罚\t2…"))),
    "a rate per mille": Text("disclosure.penalties.*", swapped(("行政处罚\t0", "行政处罚\t25‰"))),
    "a digit struck out by a combining mark": Text("disclosure.penalties.*", swapped(("行政处罚\t0", "行政处罚\t2\u03385"))),
    "a power": Text("disclosure.penalties.*", swapped(("行政处罚\t0", "行政处罚\t2⁵"))),
    "a fraction": Text("disclosure.penalties.*", swapped(("行政处罚\t0", "行政处罚\t2½"))),
    "days": Text("disclosure.penalties.*", swapped(("行政处罚\t0", "行政处罚\t25天"))),
    "with the bodies below": Text("disclosure.penalties.*", swapped(("行政处罚\t0", "行政处罚\t25（含下属单位）"))),
    "numbers a row above their labels": Text("disclosure.penalties.* disclosure.compulsory_measures.*", swapped(("行政处罚\t0\n行政强制\t0", "\t664\n行政处罚\t39\n行政强制\t"))),
    # what the text says of its tables
    "a correction below": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t529\n更正：上表“行政许可”应为536件。"))),
    "a correction at the end": Text("disclosure.*", report("2021") + "勘误表：二、行政许可 误：176 正：186\n"),
    "rows exchanged, it says": Text("disclosure.*", swapped((TITLES[1], "说明：上表中行政处罚与行政强制的数据填写颠倒。\n" + TITLES[1]))),
    "cumulative, it says": Text("review_litigation.*", swapped(("五、存在", "上表为历年累计数，非本年数据。\n五、存在"))),
    "a row that corrects the one above": Text("disclosure.fees.*", swapped(("行政事业性收费\t0", "行政事业性收费\t9\n应为\t10"))),
    "a row with a cell too many": Text("disclosure.licensing.change", marked_up(("<td>行政许可</td><td>0</td><td>0</td><td>0</td>", "<td>行政许可</td><td></td><td>10</td><td>877</td><td>877</td>"), form="2019")),
    # another report, or another year's annex
    "an annex of the only table, with prose of its own": Text("disclosure.*", swapped((DISCLOSURE, "（见图）\n")) + "附件2 某局\n一、总体情况\n工作有序。\n" + TITLES[0] + "\n" + DISCLOSURE),
    "two reports, the first without headings": Text("disclosure.licensing.*", swapped(*((title + "\n", "") for title in TITLES)) + report("2021", {"disclosure.licensing.decisions": "9"})),
    "an annex of last year's": Text("disclosure.*", swapped((DISCLOSURE, "（见图）\n")) + "附：2022年主动公开情况\n" + DISCLOSURE),
    # as HTML shows it
    "a footnote": Text("disclosure.regulations.made", marked_up(("<td>0</td>", "<td>173<sup>1</sup></td>"))),
    "a number struck out by its style": Text("disclosure.regulations.made", marked_up(("<td>0</td>", '<td><span style="text-decoration:line-through">3</span>8</td>'))),
    "a footnote by its style": Text("disclosure.regulations.made", marked_up(("<td>0</td>", '<td>8<span style="vertical-align: super">1</span></td>'))),
    "a footnote below the line": Text("disclosure.regulations.made", marked_up(("<td>0</td>", "<td>8<sub>1</sub></td>"))),
    "a footnote's link": Text("disclosure.regulations.made", marked_up(("<td>0</td>", '<td>8<a href="#n1">1</a></td>'))),
    "a number that is hardly seen": Text("disclosure.regulations.made", marked_up(("<td>0</td>", '<td><span style="color:#fff">9</span>25</td>'))),
    "a ruby": Text("disclosure.regulations.made", marked_up(("<td>0</td>", "<td><ruby>25<rt>3</rt></ruby></td>"))),
    "less than": Text("disclosure.regulations.made", marked_up(("<td>0</td>", "<td><5</td>"))),
    "a number struck out by a style sheet": Text("disclosure.regulations.made", marked_up(("<body>", "<style>@media all { td b.old::x, #o {text-decoration: line-through} }</style><body>"), ("<td>0</td>", '<td><b id="o">25</b></td>'))),
    "a number that a style sheet hides": Text("disclosure.regulations.made", marked_up(("<body>", "<style>td i.h {display: none}</style><body>"), ("<td>0</td>", '<td><i class="h">9</i>25</td>'))),
    "a digit that a style sheet sets": Text("disclosure.regulations.made", marked_up(("<body>", '<style>.m::before {content: "1"}</style><body>'), ("<td>0</td>", '<td><span class="m">25</span></td>'))),
    "a row struck out": Text("disclosure.regulations.*", marked_up(("<tr><td>规章", '<tr style="text-decoration: line-through"><td>规章'))),
    "a field beside a number": Text("disclosure.regulations.made", marked_up(("<td>0</td>", '<td><input value="7">667</td>'))),
    "a number for two rows": Text("disclosure.regulations.made", marked_up(("<td>0</td>", '<td rowspan="2">1</td>'))),
    "a span that is deleted": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t[667]{.deletion author=a}"))),
    # what a note says of the numbers
    "a note: of another year": Text("disclosure.*", swapped((TITLES[1], "注：以上数据为2022年度数据。\n" + TITLES[1]))),
    "a note: until June": Text("disclosure.*", swapped((TITLES[1], "统计时间：2023年1月1日至2023年6月30日\n" + TITLES[1]))),
    "a note: by hundreds": Text("disclosure.*", swapped((TITLES[1], "注：以上数据均为百件。\n" + TITLES[1]))),
    "a note: void": Text("requests.*", swapped((TITLES[2], "【作废】\n" + TITLES[2]))),
    "a note: the annex counts": Text("requests.*", swapped((TITLES[2], "注：与附表不符的，按附表执行。\n" + TITLES[2]))),
    "a note: a slip": Text("disclosure.*", swapped((TITLES[1], "行政许可一栏有笔误，以356为准。\n" + TITLES[1]))),
    "a note before the table": Text("review_litigation.*", swapped((TITLES[2], TITLES[2] + "\n下表数据为去年同期数，仅供格式参考。"))),
    # rows and columns that a table lost, or has once more
    "a blank row, and numbers without a label": Text("requests.denied.state_secret.*", swapped(("1.属于国家秘密" + "\t0" * 7 + "\n2.其他法律行政法规禁止公开", "1.属于国家秘密" + "\t" * 7 + "\n"), cells=BUSY)),
    "heads in another order on the next page": Text("requests.*", swapped((TOTAL, "自然人\t法人或其他组织\t总计\n科研机构\t商业企业\t社会公益组织\t法律服务机构\t其他\n" + TOTAL), cells=BUSY)),
    "a number above a full line": Text("requests.not_processed.repeated.natural_person requests.not_processed.repeated.total", swapped(("2.重复申请" + "\t0" * 7, "2.重复申请\n5\n0 0 0 0 0 0 5"))),
    "a measure of its own": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t667打"))),
    "and more": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t667+"))),
    "results of last year": Text("requests.granted.*", swapped(("（一）予以公开", "三、上年度办理结果 （一）予以公开"))),
    "a total with last year's": Text("requests.*.total", swapped(("法人或其他组织\t总计", "法人或其他组织\t总计（含上年）"))),
    "a number struck out": Text("disclosure.regulations.made", marked_up(("<td>0</td>", "<td><s>137</s>173</td>"))),
    "what no script shows": Text("disclosure.regulations.made", marked_up(("<td>0</td>", "<td><noscript>5</noscript>287</td>"))),
    "a picture of a number": Text("disclosure.regulations.made", marked_up(("<td>0</td>", '<td><img alt="9" src="a.png"></td>'))),
    "a number that a script writes": Text("disclosure.regulations.made", marked_up(("<td>0</td>", "<td><script>document.write(9)</script></td>"))),
    "a number hidden by its attribute": Text("disclosure.regulations.made", marked_up(("<body>", "<style>[data-old] {display: none}</style><body>"), ("<td>0</td>", '<td><em data-old="1">28</em>9</td>'))),
    "digits turned around": Text("disclosure.regulations.made", marked_up(("<td>0</td>", '<td><span style="float:right">1</span>2</td>'))),
    "a ditto": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t〃"))),
    "a number masked": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t***"))),
    "a digit of another script": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t٣"))),
    "a year where a number belongs": Text("disclosure.licensing.*", swapped(("信息内容\t本年处理决定数量\n行政许可\t0", "信息内容\t本年处理决定数量\t\n行政许可\t2023年\t"))),
    "from one number to another": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\n19至9"))),
    "two numbers": Text("requests.granted.business", swapped((GRANTED + "\t0" * 7, f"{GRANTED} 0 1、2 0 0 0 0 0"))),
    "by tens": Text("disclosure.licensing.*", swapped(("信息内容\t本年处理决定数量", "信息内容\t本年处理决定数量（单位：十件）"))),
    "by hundreds, it says above": Text("requests.*", swapped((TITLES[1], TITLES[1] + "\n单位：百"))),
    "an example, it says above": Text("requests.*", swapped((TITLES[1], TITLES[1] + "\n以下为填报示例，非实际数据。"))),
    "a group of last year": Text("requests.granted.* requests.denied.*", swapped((GRANTED, "三、上年度办理结果\n" + GRANTED))),
    "legal persons above natural ones": Text("requests.*", swapped((HEADS, "\n法人或其他组织\t自然人\t\t\t\t\t总计\n\t商业企业\t科研机构\t社会公益组织\t法律服务机构\t其他\t"), cells=BUSY)),
    "natural persons headed as legal ones": Text("requests.*.natural_person", swapped(("自然人", "法人"), write="\n".join)),
    "a head too many": Text("requests.received.business", swapped((HEADS, "\n自然人\t商业企业\t科研机构\t合计\t社会公益组织\t法律服务机构\t其他\t总计"), cells=BUSY)),
    "two labels before one row": Text("requests.denied.third_party_rights.*", swapped(("3.危及“三安全一稳定”" + "\t0" * 7 + "\n4.", "3.危及“三安全一稳定”4."), cells=BUSY)),
    "two numbers run together beside a blank": Text("requests.received.business requests.received.research", swapped((NEW + "\t3\t2\t0\t0", NEW + "\t3\t\t20\t0"), cells=BUSY)),
    "a total that fell into the next line": Text("requests.granted.total", swapped((GRANTED + "\t2" + "\t0" * 5 + "\t2", GRANTED + "\t2" + "\t0" * 5 + "\t\n\t2" + "\t" * 6), cells=BUSY)),
    "groups a place to the left": Text("review_litigation.litigation_direct.*", swapped(("\t".join("0" * 15), "\t".join("00000") + "\t5\t6\t1\t12\t" + "\t0" * 5))),
    "a row a cell short, which is blank": Text("disclosure.licensing.decisions", swapped(("信息内容\t本年处理决定数量\n行政许可\t0", "信息内容\t本年处理决定数量\t\t\n行政许可\t\t"))),
    "a page's number between rules": Text("disclosure.fees.*", "\n".join(f"| {line} |\n+---+" if "\t" in line else line for line in swapped(("行政事业性收费\t0", "行政事业性收费\t")).split("\n")).replace("\t", " | ").replace("| 行政事业性收费", "7\n| 行政事业性收费")),
    "a number broken over two lines of a paragraph": Text("disclosure.licensing.*", swapped(("行政许可\t0", "行政许可\t6\t28")).replace("\n", "\t").replace("\t", "\n\n").replace("6\n\n28", "6\n28")),
    "numbers above a label, of the row that lacks its own": Text("disclosure.normative_documents.*", swapped(("规章\t0\t0\t0\n规范性文件\t0\t0\t0", "12\n12\n55\n规范性文件"))),
    "numbers beside another group": Text("requests.denied.administrative_inquiry.*", swapped(("8.属于行政查询事项" + "\t0" * 7 + "\n1.本机关不掌握相关政府信息", "8.属于行政查询事项\n（四）无法提供"))),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_not_vouched_for(name: str) -> None:
    """The report is unresolved, and says why; and none of the cells in question is vouched for."""
    found = extract(TEXTS[name].text)
    vouched = [path for path, evidence in found.evidence.items() if evidence.trust == "vouched"]
    assert [p for p in vouched if any(fnmatchcase(p, pattern) for pattern in TEXTS[name].doubtful.split())] == []
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
        lambda text: text.replace(TITLES[1] + "\n", TITLES[1] + "\n统计时间：2023年1月1日至2023年12月31日\n"),
        lambda text: text.replace(
            TITLES[1] + "\n", TITLES[1] + "\n某县民政局2023年政府信息公开工作年度报告\n具体情况如下表\n"
        ),
        lambda text: text.replace("六、其他", "发现错误信息及时更正，数据有误的立即改正。\n六、其他"),
        lambda text: text.replace("现行有效件数", "先行有效件数"),
        lambda text: text.replace(TITLES[2], "注：数据统计截至本年度12月31日\n" + TITLES[2]),
        lambda text: text.replace(
            TITLES[2], "备注：以上数据统计截至2023年12月31日，其中2件为2022年结转。\n" + TITLES[2]
        ),
        lambda text: text.replace("四、政府信息公开行政复议", "四、政府信息公开行政夏议").replace(
            "尚未审结", "尚末审结"
        ),
        lambda text: text.replace("（六）其他处理", "（六）其他处理" + "\t" * 7),
        lambda text: text.replace("3.其他\t", "（六）其他处理\t" + "\t" * 6 + "\n3.其他\t"),
    ],
)
def test_what_is_like_them_and_sure(change: Callable[[str], str]) -> None:
    """The same places, as reports print them where nothing is in doubt."""
    found = extract(change(report("2021")))
    assert (found.status, found.report and found.report.form) == ("verified", "2021")


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("disclosure.fees.amount", "行政事业性收费\t0", "行政事业性收费\t/\n3"),
        ("disclosure.compulsory_measures.decisions", "行政强制\t0", "行政强制\t-\n12"),
        ("review_litigation.reconsideration.other", "0" + "\t0" * 14, "0\t0\t-" + "\t0" * 12 + "\n3"),
    ],
)
def test_a_printed_mark_is_a_cell(path: str, old: str, new: str) -> None:
    """A mark for nothing is a blank, and no page number takes its place."""
    found = extract(swapped((old, new)))
    assert (found.status, found.evidence[path].basis) == ("verified", "blank")


COLUMNS = ("natural_person", "business", "research", "public_interest", "legal_service", "other", "total")
GROUPS = ("reconsideration", "litigation_direct", "litigation_after_reconsideration")
SUITS = (*GROUPS[1:], GROUPS[0])


class Order(NamedTuple):
    """What stands where each of `own` stood, in the form's order; and how the heads are changed for that."""

    own: tuple[str, ...]
    now: tuple[str, ...]
    heads: tuple[tuple[str, str], ...]


ORDERS = {
    "legal persons first": Order(COLUMNS, (*COLUMNS[1:-1], COLUMNS[0], COLUMNS[-1]), (("自然人\t法人或其他组织", "法人或其他组织\t自然人"),)),
    "litigation first": Order(GROUPS, SUITS, (("行政复议\t行政诉讼", "行政诉讼\t行政复议"),)),
    "litigation first, after a sentence": Order(GROUPS, SUITS, (("行政复议\t行政诉讼", "2023年，我局被申请行政复议2件，被提起行政诉讼1件。\n行政诉讼\t行政复议"),)),
    "reviews last": Order(GROUPS, SUITS, (("行政复议\t行政诉讼", "行政诉讼"), ("未经复议直接起诉\t复议后起诉", "未经复议直接起诉\t复议后起诉\t行政复议"))),
}  # fmt: skip


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_columns_in_another_order(order: Order) -> None:
    """Where the heads stand in another order than the form's, no number is vouched for under another head than its own."""
    moved = dict(zip(order.own, order.now, strict=True))
    plain = cells_of(extract(report(cells=BUSY)))
    right = {_moved(path, moved, -1 if order.own is COLUMNS else 1): value for path, value in plain.items()}
    assert wrongly_vouched(extract(swapped(*order.heads, cells=BUSY)), right) == {}


def _moved(path: str, moved: Mapping[str, str], at: int) -> str:
    steps = path.split(".")
    if path.startswith("requests" if at < 0 else "review_litigation"):
        steps[at] = moved.get(steps[at], steps[at])
    return ".".join(steps)


def test_the_total_first() -> None:
    """Where the total stands first, head and numbers, no number is vouched for under another head than its own."""
    text = swapped(("自然人\t法人或其他组织\t总计", "总计\t自然人\t法人或其他组织"), cells=BUSY)
    text = re.sub(r"(?m)^([^\t]*[^\d\t][^\t]*)((?:\t\d+){6})(\t\d+)$", r"\1\3\2", text)
    assert wrongly_vouched(extract(text), cells_of(extract(report(cells=BUSY)))) == {}


def test_the_head_that_spans_others_lost() -> None:
    """Heads of two levels, without the one that spans those below it: no number is vouched for under another head than its own."""
    heads = "\n自然人\t总计\n商业企业\t科研机构\t社会公益组织\t法律服务机构\t其他"
    assert wrongly_vouched(extract(swapped((HEADS, heads), cells=BUSY)), cells_of(extract(report(cells=BUSY)))) == {}
