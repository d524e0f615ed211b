"""Huge and hostile texts: refused or read, in time that grows with the text and no faster."""

import contextlib
import time
from collections.abc import Callable

import pytest

from nianbao import InputError, extract

from .conftest import SAMPLES

HEAD = "二、主动公开政府信息情况\n第二十条第（一）项\n信息内容\t本年制发件数\t本年废止件数\t现行有效件数\n"
WITHIN = "三、收到和处理政府信息公开申请情况\n申请人情况 自然人 商业企业 科研机构 社会公益组织 法律服务机构 其他 总计\n"
UNITS = [
    "0 ", "0\n", "0\t", "0|", "(", "（）", "((((1", "一、", "规章", "规章\n", "规章 0 0 0\n", "本年新收政府信息公开申请数量",
    "本年新收政府信息公开申请数量\n", "三、收到和处理政府信息公开申请情况\n", "2023年", "1,000,", "-", "- 1 -\n", " ", "\n", "\t",
    "政府信息公开工作年度报告\n", "20年1月", "某县政府信息公开", "12月31日", "一是", "\r", "　", "0.", "+1", "|---", "无 ", "2024-01-01\n",
    "五、存在的主要问题及改进情况\n改进措施\n一是x。\n",
    "<", "<!--", "<a ", "<td>", "</", "<tr><td>0", '<a x="', "<title>", "<table>", "&nbsp;", "&#0;", "<script>", "<p><div>",
]  # fmt: skip


def seconds(text: str) -> float:
    start = time.perf_counter()
    with contextlib.suppress(InputError):
        extract(text)
    return time.perf_counter() - start


@pytest.mark.parametrize(
    "frame",
    ["{}", HEAD + "{}", WITHIN + "{}", "一、总体情况\n{}\n" + HEAD, "<html><body><table><tr><td><p>{}"],
    ids=["bare", "disclosure", "requests", "prose", "page"],
)
@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_hostile_text_is_answered(unit: str, frame: str) -> None:
    """A text that repeats one thing is answered with an extraction or an InputError, never otherwise."""
    seconds(frame.format(unit * (60_000 // len(unit))))


@pytest.mark.parametrize(
    "make", [lambda n: "（" * n, lambda n: WITHIN + "规章 0\n" * (n // 5), lambda n: HEAD + "0 " * (n // 2)]
)
def test_five_megabytes(make: Callable[[int], str]) -> None:
    """Five megabytes of brackets, label fragments or digits end."""
    seconds(make(1_700_000))


def test_a_long_prose_report_is_read() -> None:
    """A genuine report with two million characters of prose is read, and its tables are what they were."""
    sample = SAMPLES[4]
    text = sample.text.replace(
        "二、主动公开政府信息情况", ("工作有序推进。" * 20 + "\n") * 15_000 + "二、主动公开政府信息情况", 1
    )
    found = extract(text)
    assert (found.status, found.report and found.report.requests) == (
        "verified",
        sample.extraction.report and sample.extraction.report.requests,
    )
