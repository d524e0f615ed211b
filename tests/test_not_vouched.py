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


RULES = "规章\t0\t0\t0"
LICENSING = "第二十条第（五）项\n信息内容\t本年处理决定数量"
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
        lambda text: text.replace("（六）其他处理", "（六）其他处理" + "\t" * 7),
        lambda text: text.replace("3.其他\t", "（六）其他处理\t" + "\t" * 6 + "\n3.其他\t"),
    ],
)
def test_what_is_like_them_and_sure(change: Callable[[str], str]) -> None:
    """The same places, as reports print them where nothing is in doubt."""
    found = extract(change(report("2021")))
    assert (found.status, found.report and found.report.form) == ("verified", "2021")
