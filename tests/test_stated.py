"""What the prose states beside what the tables print."""

import pytest

from nianbao import extract

from .made_up import report
from .test_laws import cells_of
from .test_layouts import BUSY


@pytest.mark.parametrize(
    ("prose", "found"),
    [
        ("全年共收到政府信息公开申请5件，答复4件。", []),
        ("全年收到申请人邮件30件。", []),
        ("2023年共受理依申请公开信息申请 6 件。", [("text_counts_otherwise", "requests.received.total")]),
        ("全年收到政府信息公开申请95件。", [("text_differs", "requests.received.total")]),
        ("上年结转1件，已答复 17 件。", [("text_differs", "requests.processed_total.total")]),
        ("收到申请\n5 件，上年结转3件。", [("text_differs", "requests.carried_in.total")]),
        ("结转下年度继续办理 3 件。", [("text_differs", "requests.carried_out.total")]),
        ("因信息公开被提起行政诉讼0件。", [("text_counts_otherwise", "review_litigation.litigation_direct.total")]),
        ("被申请行政复议134件。", [("text_differs", "review_litigation.reconsideration.total")]),
        ("印发行政规范性文件32件。", [("text_differs", "disclosure.normative_documents.made")]),
    ],
)
def test_a_figure_in_the_prose(prose: str, found: list[tuple[str, str]]) -> None:
    """A figure of section 一 that differs from its table is a finding, with its likely reason; it changes nothing."""
    read = extract(report(cells=BUSY, change=lambda text: text.replace("工作有序推进。", prose)))
    assert [(f.code, f.path) for f in read.findings if f.code.startswith("text_")] == found
    assert (read.status, cells_of(read)) == ("verified", cells_of(extract(report(cells=BUSY))))


def test_a_likely_reason_is_named() -> None:
    read = extract(report(cells=BUSY, change=lambda text: text.replace("工作有序推进。", "收到申请6件。")))
    finding = next(f for f in read.findings if f.code == "text_counts_otherwise")
    expected = "文字说“收到申请6件”，表格“一、本年新收政府信息公开申请数量·总计”为 5：文字所说恰好含上年结转"
    assert (finding.severity, finding.message) == ("info", expected)
