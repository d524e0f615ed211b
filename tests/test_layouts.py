"""Layouts, forms and cells: what is read, and what is left unresolved, and why."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from nianbao.pipeline.extract import REPORT

from nianbao import Amount, Extraction, extract

from .made_up import APPLICANTS, RESULTS, Line, report, tabbed
from .test_laws import cells_of, wrongly_vouched

BUSY = {
    "disclosure.licensing.decisions": "173",
    "disclosure.normative_documents.made": "4",
    "disclosure.fees.amount": "12.50",
    "requests.received.natural_person": "3",
    "requests.received.business": "2",
    "requests.received.total": "5",
    "requests.carried_in.legal_service": "1",
    "requests.carried_in.total": "1",
    "requests.granted.natural_person": "2",
    "requests.granted.total": "2",
    "requests.denied.third_party_rights.business": "2",
    "requests.denied.third_party_rights.total": "2",
    "requests.processed_total.natural_person": "2",
    "requests.processed_total.business": "2",
    "requests.processed_total.total": "4",
    "requests.carried_out.natural_person": "1",
    "requests.carried_out.legal_service": "1",
    "requests.carried_out.total": "2",
    "review_litigation.reconsideration.upheld": "1",
    "review_litigation.reconsideration.total": "1",
    "review_litigation.litigation_after_reconsideration.pending": "1",
    "review_litigation.litigation_after_reconsideration.total": "1",
}


def codes(extraction: Extraction) -> set[str]:
    return {f.code for f in extraction.findings if f.severity == "error"}


def in_cells(line: Line) -> str:
    return "\n".join(line)


def in_spaces(line: Line) -> str:
    return "  ".join(line)


def in_bars(line: Line) -> str:
    return f"| {' | '.join(line)} |"


def in_bare_bars(line: Line) -> str:
    return " | ".join(line)


def in_broken_rows(line: Line) -> str:
    """The label on a line of its own, then all its numbers."""
    return tabbed(line) if line[0].isdigit() else f"{line[0]}\n{tabbed(line[1:])}".strip()


@pytest.mark.parametrize("form", ["2019", "2021"])
@pytest.mark.parametrize("write", [in_cells, in_spaces, in_bars, in_bare_bars, in_broken_rows])
def test_the_same_record_in_every_layout(write: Callable[[Line], str], form: str) -> None:
    """The layout does not change the record."""
    expected = extract(report(form, BUSY))
    found = extract(report(form, BUSY, write=write))
    assert (expected.status, found.status, codes(found)) == ("verified", "verified", set())
    assert cells_of(found) == cells_of(expected)
    assert found.report is not None
    assert found.report.form == form


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("251000元", Amount(figure="251000", unit="元", yuan="251000")),
        ("0.37万元", Amount(figure="0.37", unit="万元", yuan="3700")),
        ("1,700.35 万元", Amount(figure="1700.35", unit="万元", yuan="17003500")),
        ("１２．５", Amount(figure="12.5", unit="万元", yuan="125000")),
        ("1.2亿元", Amount(figure="1.2", unit="亿元", yuan="120000000")),
        ("0.00", Amount(figure="0.00", unit="万元", yuan="0")),
    ],
)
def test_amounts(printed: str, value: Amount) -> None:
    """The unit of an amount is the cell's own, else its head's."""
    found = extract(report(cells={"disclosure.fees.amount": printed}))
    assert found.report is not None
    assert found.report.disclosure.fees is not None
    assert (found.status, found.report.disclosure.fees.amount) == ("verified", value)


@pytest.mark.parametrize("printed", ["12.50\t万元", "12.50 万元", "12.50（万元）"])
def test_a_unit_beside_its_amount(printed: str) -> None:
    """A unit in brackets, after a space or in the field after the amount is the amount's."""
    found = extract(report(cells={"disclosure.fees.amount": printed}, change=lambda t: t.replace("（单位：万元）", "")))
    assert found.report is not None
    assert found.report.disclosure.fees is not None
    expected = Amount(figure="12.50", unit="万元", yuan="125000")
    assert (found.status, found.report.disclosure.fees.amount) == ("verified", expected)


def test_an_amount_without_a_unit() -> None:
    """Where neither cell nor head states a unit, none is assumed, and a finding says so."""
    found = extract(report(cells={"disclosure.fees.amount": "8040"}, change=lambda t: t.replace("（单位：万元）", "")))
    assert found.report is not None
    assert found.report.disclosure.fees is not None
    assert found.report.disclosure.fees.amount == Amount(figure="8040", unit=None, yuan=None)
    assert "unit_not_stated" in {f.code for f in found.findings}


@pytest.mark.parametrize(
    ("printed", "value"), [("+21", 21), ("-417", -417), ("减3", -3), ("增5", 5), ("0", 0), ("－2", -2)]
)
def test_signed_changes(printed: str, value: int) -> None:
    found = extract(report("2019", {"disclosure.licensing.change": printed}))
    assert (found.status, cells_of(found)["disclosure.licensing.change"]) == ("verified", value)


NOTED = ("22（其中修订16件）", "22（其中修订 16 件）", "22 （其中修订 16 件）")


@pytest.mark.parametrize("write", [tabbed, "  ".join])
@pytest.mark.parametrize("printed", ["201件", "6項", "1,136", "１１３６", "  7 ", *NOTED])
def test_counts(printed: str, write: Callable[[Line], str]) -> None:
    value = {"201件": 201, "6項": 6, "1,136": 1136, "１１３６": 1136, "  7 ": 7}.get(printed, 22)
    found = extract(report(cells={"disclosure.penalties.decisions": printed}, write=write))
    assert (found.status, cells_of(found)["disclosure.penalties.decisions"]) == ("verified", value)


@pytest.mark.parametrize("printed", ["3.5", "-2", "12元", "+4", "00", "017"])
def test_what_is_no_count(printed: str) -> None:
    """A cell that prints something else than its column holds is not vouched for."""
    found = extract(report(cells={"disclosure.penalties.decisions": printed}))
    assert (found.status, codes(found)) == ("unresolved", {"not_a_number"})


@pytest.mark.parametrize("blank", ["/", "-", "—", "无", "　", ""])
def test_blanks(blank: str) -> None:
    """Every way to print nothing is null with basis blank, never 0."""
    path = "requests.granted.business"
    found = extract(report(cells={path: blank}))
    assert (found.status, path in cells_of(found), found.evidence[path].basis) == ("verified", False, "blank")
    assert found.evidence[path].start is not None


def test_an_empty_line_in_one_row() -> None:
    """Where cells stand one a line, a single empty line in a row may be a page break where a number was lost."""
    text = report(cells=BUSY, write=in_cells)
    for label in ("2.重复申请", "规章"):
        assert extract(text.replace(f"{label}\n0\n0\n", f"{label}\n0\n\n")).status == "unresolved"


def test_only_the_total_and_natural_persons_are_filled() -> None:
    """Kept blanks throughout: identities that need them are not assessable, and the record has nulls."""
    empty = ("business", "research", "public_interest", "legal_service", "other")
    form_rows = [p for p in extract(report()).evidence if p.startswith("requests") and p.rpartition(".")[2] in empty]
    for write in (tabbed, in_bare_bars, in_cells):
        found = extract(report(cells=dict.fromkeys(form_rows, ""), write=write))
        assert (found.status, found.evidence["requests.received.other"].basis) == ("verified", "blank")
        assert {c.outcome for c in found.checks if c.id.endswith("received.sum")} == {"not_assessable"}


@pytest.mark.parametrize("write", ["\n".join, lambda line: "\n".join(f"{cell} |" for cell in line)])
def test_a_row_of_kept_blanks(write: Callable[[Line], str]) -> None:
    """One row that prints nothing, where cells stand one a line: its empty lines, or empty fields, are all it has."""
    row = "requests.not_processed.repeated"
    paths = [path for path in extract(report()).evidence if path.startswith(row)]
    found = extract(report(cells=BUSY | dict.fromkeys(paths, ""), write=write))
    assert found.status == "verified"
    assert cells_of(found) == {p: v for p, v in cells_of(extract(report(cells=BUSY))).items() if p not in paths}
    assert {found.evidence[path].basis for path in paths} == {"blank"}


def with_merged_cells_repeated(text: str) -> str:
    """Each line of a table four fields wide, or as many as its section has, its merged cells written once a field."""
    lines = []
    for line in text.split("\n"):
        cells = line.split("\t")
        if line.startswith("第二十条"):
            cells *= 4
        elif len(cells) == 2:
            cells = [cells[0], *cells[1:] * 3]
        elif len(cells) == 8:
            cells = [cells[0]] * 3 + cells[1:]
        elif cells[:2] == RESULTS[:2]:
            cells = [cells[0]] * 5 + [cells[1]] * 10 + cells[2:]
        lines.append("\t".join(cells))
    return "\n".join(lines)


def test_merged_cells_repeated() -> None:
    """As python-docx gives a table: what is repeated is one cell; where its fields print different numbers, nothing is sure."""
    text = with_merged_cells_repeated(report(cells=BUSY))
    assert "行政许可\t173\t173\t173" in text
    found = extract(text)
    assert (found.status, cells_of(found)) == ("verified", cells_of(extract(report(cells=BUSY))))
    assert extract(text.replace("行政许可\t173\t173", "行政许可\t173\t172")).status == "unresolved"
    once = report(cells=BUSY).replace("行政许可\t173", "行政许可\t173\t173\t173")
    assert extract(once).status == "unresolved"


def test_a_table_that_breaks_off() -> None:
    """One row of one sub-table is all there is: it is read, and all else is missing."""
    heads = "资讯内容 | 上一年项目数量 | 本年增/减 | 处理决定数量"
    found = extract(f"二、主动公开政府信息情况\n| | | 第二十条第（一）项\n{heads}\n行政许可 | 0 | 4 | 0")
    assert (found.status, "section_missing" in codes(found)) == ("unresolved", True)
    assert cells_of(found)["disclosure.licensing.change"] == 4


def now_one_now_two(line: Line) -> str:
    """A row of figures as a PDF's text gives it: one a line, but for narrow neighbours."""
    return "\n".join(line if len(line) != 8 else [line[0], *line[1:5], f"{line[5]} {line[6]}", line[7]])


def test_now_one_a_line_now_two() -> None:
    """Where the rows' own sums bear it out; of a number that is lost nothing is vouched for, and no other takes its place."""
    text, right = report(cells=BUSY, write=now_one_now_two), cells_of(extract(report(cells=BUSY)))
    assert (extract(text).status, cells_of(extract(text))) == ("verified", right)
    row = next(
        m for m in re.finditer(r"(?m)^[^\d\s].*\n(?:[\d ]+\n){6}", text) if re.search("[1-9]", m[0].partition("\n")[2])
    )
    evidence = extract(text).evidence
    for number in re.finditer(r"\b[1-9]\d*\b", row[0].partition("\n")[2]):
        at = row.start() + len(row[0].partition("\n")[0]) + 1 + number.start()
        lost = next(path for path, e in evidence.items() if e.start == at)
        found = extract(text[:at] + text[at + len(number[0]) :])
        assert wrongly_vouched(found, {p: v for p, v in right.items() if p != lost}) == {}, lost


def drop(*labels: str) -> Callable[[str], str]:
    return lambda text: "\n".join(line for line in text.split("\n") if not any(label in line for label in labels))


def exchanged(one: str, other: str) -> Callable[[str], str]:
    return lambda t: re.sub(f"{one}|{other}", lambda m: other if m[0] == one else one, t)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda t: t.replace("2.重复申请\t0\t0\t0\t0\t0\t0\t0", "2.重复申请"), {"label_alone"}),
        (lambda t: t.replace("规章\t0\t0\t0", "规章\t0\t0"), {"cells_do_not_fit"}),
        (lambda t: t.replace("规章\t0\t0\t0", "规章\t0\t0\t0\t4"), {"cells_do_not_fit"}),
        (lambda t: t.replace("规章\t", "规章\t3\t4\t5\n规章\t"), {"section_repeated"}),
        (lambda t: t.replace("2.重复申请\t", "2.重复投诉\t1\t0\t0\t0\t0\t0\t1\n2.重复申请\t"), {"numbers_left_over"}),
        (lambda t: t.replace("行政许可\t", "其他主动公开文件\t186\t86\n行政许可\t"), {"numbers_left_over"}),
        (lambda t: t.replace("行政许可\t0", "行政许可\t1 7 3"), {"cells_do_not_fit"}),
        (lambda t: t + t.replace("2023年", "2022年"), {"several_reports"}),
        (lambda t: t.replace("行政处罚\t0\n行政强制\t0", "行政处罚\n行政强制\t41\n19"), {"label_alone"}),
        (lambda t: re.sub(r"(?m)^(2.重复申请)(\t.*)\n(3.要求.*)$", r"\1\n\3\n\2", t), {"label_alone", "numbers_left_over"}),
        (lambda t: re.sub(r"(?m)^(.*?)((?:\t0)+)$", r"\1\2\2", t), {"cells_do_not_fit"}),
        (lambda t: t.replace(tabbed(RESULTS), "2023年\t2024年"), {"section_missing"}),
        (lambda t: re.sub(r"(?m)^（一）予以公开\t.*", "（一）予以公开\t2\t2", t), {"cells_do_not_fit"}),
        (lambda t: t.replace("行政许可\t", "其中涉企行政许可\t"), {"label_doubtful"}),
        (lambda t: t.replace("本年制发件数\t本年废止件数\t", ""), {"cells_do_not_fit"}),
        (lambda t: t.replace("复议后起诉", ""), {"heads_unreadable"}),
        (lambda t: t.replace("四、结转下年度", "2023\n四、结转下年度"), {"numbers_left_over"}),
    ],
)  # fmt: skip
def test_unresolved_and_why(change: Callable[[str], str], why: set[str]) -> None:
    """What cannot be vouched for is unresolved, and the findings say why."""
    found = extract(report(change=change))
    assert found.status == "unresolved"
    assert why <= codes(found)


@pytest.mark.parametrize(
    ("label", "row"), [("重复申请", "requests.not_processed.repeated"), ("规章", "disclosure.regulations")]
)
def test_a_row_that_is_not_printed(label: str, row: str) -> None:
    """A row that the text does not print is absent, and that is said; all else is read."""
    found = extract(report(cells=BUSY, change=drop(label)))
    assert cells_of(found) == {p: v for p, v in cells_of(extract(report(cells=BUSY))).items() if not p.startswith(row)}
    assert (found.status, [f.path for f in found.findings if f.code == "row_absent"]) == ("verified", [row])


def test_a_row_that_the_sums_need() -> None:
    """A row that is not printed, and without which its column does not add up, keeps the report from being vouched for."""
    found = extract(report(cells=BUSY, change=drop("保护第三方")))
    assert (found.status, "needed_by_sums" in codes(found)) == ("unresolved", True)


@pytest.mark.parametrize(
    ("one", "other", "section", "names"),
    [
        ("商业企业", "科研机构", "requests", ("business", "research")),
        ("结果维持", "结果纠正", "review_litigation", ("upheld", "corrected")),
        ("本年制发件数", "本年废止件数", "disclosure", ("made", "repealed")),
        ("未经复议直接起诉", "复议后起诉", "review_litigation", ("litigation_direct", "litigation_after_reconsideration")),
    ],
)  # fmt: skip
def test_heads_exchanged(one: str, other: str, section: str, names: tuple[str, str]) -> None:
    """Where two heads stand in each other's place, each number is read under its own."""
    found = extract(report(cells=BUSY, change=exchanged(one, other)))
    plain = cells_of(extract(report(cells=BUSY)))
    to = {f".{names[0]}": f".{names[1]}", f".{names[1]}": f".{names[0]}"}
    moved = {
        p: re.sub(rf"\.(?:{names[0]}|{names[1]})(?=\.|$)", lambda m: to[m[0]], p) if p.startswith(section) else p
        for p in plain
    }
    assert (found.status, cells_of(found)) == ("verified", {moved[p]: v for p, v in plain.items()})


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("行政强制\t", "7\n行政强制\t"),
        lambda t: t.replace("四、结转下年度", "7\n8\n四、结转下年度"),
        lambda t: t.replace("（七）总计", "7\n（七）总计").replace("四、结转下年度", "7\n四、结转下年度"),
    ],
)
def test_a_number_of_no_row(change: Callable[[str], str]) -> None:
    """A number alone on its line, between full rows, is no cell."""
    assert cells_of(extract(report(cells=BUSY, change=change))) == cells_of(extract(report(cells=BUSY)))


@pytest.mark.parametrize(
    ("label", "printed"),
    [
        ("2.其他法律行政法规禁止公开", "2.其他法律行政止公开"),
        ("8.属于行政查询事项", "8.厲于行政查询事项"),
        ("3.补正后申请内容仍不明确", "3.补正后申清内容仍不明确"),
        ("政府集中采购", "政府集中釆购"),
        ("2.没有现成信息需要另行制作", "无法\n2.没有现成信息需要另行制提供作"),
        ("6.属于四类过程性信息", "6.属于类信息"),
    ],
)
def test_misprinted_labels(label: str, printed: str) -> None:
    """A label within a small distance of one row's, in that row's place, is read and said."""
    form = "2019" if label == "政府集中采购" else "2021"
    found = extract(report(form, BUSY, change=lambda t: t.replace(label, printed)))
    assert (found.status, cells_of(found)) == ("verified", cells_of(extract(report(form, BUSY))))
    assert [f.code for f in found.findings if f.severity == "warning"] == ["label_misprinted"]


@pytest.mark.parametrize(
    ("label", "printed"),
    [
        ("1.属于国家秘密", "1.属于行政执法案卷"),
        ("行政处罚", "行政强罚"),
        ("（二）部分公开（区分处理的，只计这一情形，不计其他情形）", "（二）公开"),
    ],
)
def test_labels_that_could_be_two_rows(label: str, printed: str) -> None:
    """A label that could be another row's, or stands in another row's place, is not taken for one."""
    found = extract(report(cells=BUSY, change=lambda t: t.replace(label, printed)))
    assert found.status == "unresolved"


TRADITIONAL = str.maketrans(
    "规范项关务报总计与个发开实为书结机组织业团体过决许罚强费现废请历继续办维纠审处数",
    "規範項關務報總計與個發開實為書結機組織業團體過決許罰強費現廢請歷繼續辦維糾審處數",
)
ENDS = "结果维持\t结果纠正\t其他结果\t尚未审结\t总计"


def review_cells(cells: dict[str, str]) -> list[str]:
    return [cells.get(p, "0") for p in REPORT.columns if p.startswith("review_litigation.")]


def in_three(text: str) -> str:
    """Section 四 as three tables of five columns."""
    cells = review_cells(BUSY)
    names = ("行政复议", "行政诉讼（未经复议直接起诉）", "行政诉讼（复议后起诉）")
    tables = "\n".join(f"{n}\n{ENDS}\n{tabbed(cells[5 * i : 5 * i + 5])}" for i, n in enumerate(names))
    return text.replace(f"{tabbed(RESULTS)}\n{tabbed(cells)}", tables)


def in_columns(text: str) -> str:
    """Rows 3. to 5. of （三） with their labels after their numbers, column by column."""
    labels = ["3.危及“三安全一稳定”", "4.保护第三方合法权益", "5.属于三类内部事务信息"]
    rows = [next(line for line in text.split("\n") if line.startswith(label)) for label in labels]
    columns = zip(*(row.split("\t")[1:] for row in rows), strict=True)
    block = "\n" + "\n\n".join("\n".join(column) for column in columns) + "\n\n" + "\n".join(labels)
    text = text.replace("\n".join(rows), block)
    return re.sub(r"\t", "\n\n", text)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("自然人\t", "").replace("商业企业\t", ""),
        in_three,
        in_columns,
        lambda t: t.translate(TRADITIONAL),
        lambda t: re.sub(r"(?m)^(（[一二三四五六七]）|\d\.|[一二三四五六]、)", "", t),
        lambda t: re.sub(r"5.要求行政机关确认或重新出具已获取信息\t(.*)", r"5.要求行政机关确认或重新\n\1\n出具已获取信息", t),
        lambda t: t.replace("（一）予以公开", "三\n、\n本\n年\n度\n办\n理\n结\n果\n（一）予以公开"),
        lambda t: t.replace("2.重复申请", f"\n{tabbed(APPLICANTS)}\n2.重复申请"),
        lambda t: t.replace("3\t2\t0\t0\t0\t0\t5", "3\t2\t0\n0\t0\t0\t5"),
        lambda t: t.replace("本年处理决定数量", "本年处理决定数量(指2020年办件量)"),
        lambda t: t.replace("行政许可\t", "行政许可（含依申请类事项，如-8）\t"),
        lambda t: t.replace("第二十条第（一）项", "主动公开政府信息情况\n单位:某县民政局\t\t2023年度\n第二十条第（一）项"),
        lambda t: t.replace("（单位：万元）", "").replace("第二十条第（八）项", "第二十条第（八）项\n单位：万元"),
        lambda t: t.replace("二、主动", "浏览次数：345\n二、主动").replace("五、存在", "打印 关闭\n电话：0517-87222589\n五、存在"),
        lambda t: t[: t.index("五、存在")],
        lambda t: re.sub(r"(?m)^[一二三四五六]、(总体|主动|收到|政府|存在|其他需).*\n", "", t),
        lambda t: t.replace("\t", " "),
        lambda t: t.replace("\t", "\n|\n"),
        lambda t: re.sub(r"[\t\n]", " |\n", t),
        lambda t: re.sub(r"(?m)^(.*\t.*)$", lambda m: f"| {m[1]} | | |\n|{'---|' * 8}".replace("\t", " | "), t),
    ],
)  # fmt: skip
def test_the_same_record_whatever_the_page_did(change: Callable[[str], str]) -> None:
    """Heads lost, tables cut, labels wrapped, numbers by columns, chrome and explanations: the record stays the same."""
    found = extract(report("2021", BUSY, change=change))
    assert (found.status, codes(found)) == ("verified", set())
    assert cells_of(found) == cells_of(extract(report("2021", BUSY)))


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace(
            tabbed(review_cells(BUSY)), "\n\n".join("\n".join(review_cells(BUSY)[i::5]) for i in range(5))
        ),
        lambda t: t.replace(tabbed(review_cells(BUSY)), tabbed(review_cells(BUSY) * 2)),
    ],
    ids=["column by column", "two years"],
)
def test_section_four_out_of_order(change: Callable[[str], str]) -> None:
    """Fifteen numbers whose order is not the form's are never taken for it."""
    found = extract(report("2021", BUSY, change=change))
    assert (found.status, wrongly_vouched(found, cells_of(extract(report("2021", BUSY))))) == ("unresolved", {})


def test_fifteen_bare_numbers() -> None:
    """Where the head of section 四 is lost, its numbers are read in the form's order, and each of them is in doubt."""
    found = extract(report("2021", BUSY, change=lambda t: t.replace(tabbed(RESULTS) + "\n", "")))
    assert (found.status, cells_of(found)) == ("unresolved", cells_of(extract(report("2021", BUSY))))
    assert {e.trust for p, e in found.evidence.items() if p.startswith("review_litigation.")} == {"doubtful"}


@pytest.mark.parametrize(
    ("form", "change"),
    [
        ("2021", lambda t: t.replace("规章\t0\t0\t0", "规章\t0\t0\t0\n其他主动公开文件\t186\t86\t255")),
        ("2019", lambda t: t.replace("行政处罚\t", "行政检查\t1\t0\t3\n行政处罚\t", 1)),
    ],
)
def test_rows_of_its_own(form: str, change: Callable[[str], str]) -> None:
    """A row that the form does not have, clearly a row of its table, is said and left out."""
    found = extract(report(form, BUSY, change=change))
    assert (found.status, cells_of(found)) == ("verified", cells_of(extract(report(form, BUSY))))
    assert "row_of_its_own" in {f.code for f in found.findings}


def test_a_head_printed_twice() -> None:
    """Of two equal heads, the one in the place of a head that is missing is taken for it."""
    found = extract(
        report(
            "2019",
            {"disclosure.normative_documents.newly_disclosed": "7"},
            change=lambda t: t.replace("本年新公开数量", "本年新制作数量"),
        )
    )
    assert (found.status, cells_of(found)["disclosure.normative_documents.newly_disclosed"]) == ("verified", 7)


def test_wrong_as_printed() -> None:
    """A report whose totals are wrong is discrepant, with exactly the identities that fail, and is not repaired."""
    found = extract(report(cells={**BUSY, "review_litigation.reconsideration.total": "0"}))
    assert found.status == "discrepant"
    assert [c.id for c in found.checks if c.outcome == "fail"] == ["review_litigation.reconsideration.sum"]
    assert cells_of(found)["review_litigation.reconsideration.total"] == 0


@pytest.mark.parametrize(
    ("form", "change", "called"),
    [
        ("2021", lambda t: t, "2021"),
        ("2019", lambda t: t, "2019"),
        ("2021", lambda t: t.replace("本年制发件数\t本年废止件数\t现行有效件数", "本年新制作数量\t本年新公开数量\t对外公开总数量"), "mixed"),
        ("2021", lambda t: drop("缴纳费用", "3.其他\t")(t).replace("1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请", "（六）其他处理"), "mixed"),
        ("2021", lambda t: t.replace("行政规范性文件", "规范性文件"), "2021"),
        ("2021", lambda t: t.replace("本年", "本年（2023）"), "2021"),
        ("2021", lambda t: t.replace("1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请", "1.逾期不补正"), "2021"),
        ("2021", lambda t: t.replace("第二十条第", "中华人民共和国政府信息公开条例  第二十条 第"), "2021"),
    ],
)  # fmt: skip
def test_forms_and_mixtures(form: str, change: Callable[[str], str], called: str) -> None:
    """The form is told from the tables themselves."""
    found = extract(report(form, change=change))
    assert (found.status, found.report and found.report.form) == ("verified", called)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("（一）", "(一)").replace("（三）", "( 三 )"),
        lambda t: re.sub(r"(?m)^(\d)\.", r"\1、 ", t),
        lambda t: t.replace("三、收到", "三是收到").replace("二、主动", "（二）主动"),
        lambda t: t.replace("三、收到", "").replace("二、主动公开", "主动公开"),
        lambda t: t.replace("四、政府信息公开行政复议、行政诉讼情况", "四、因政府信息公开工作被申请行政复议、提起行政诉讼情况"),
        lambda t: t.replace("工作有序推进。", "三、政府信息公开申请情况\n收到申请 5 件。\n四、行政复议情况\n无。"),
        lambda t: t.replace("2.重复申请", "- 3 -\n2.重复申请"),
        lambda t: t.replace("2.重复申请", "\n\n—5—\n\n2.重复申请"),
        lambda t: t.replace("2.其他法律行政法规禁止公开\t0\t0\t0\t0\t0\t0\t0", "2.其他法律行政法规\t0\t0\t0\t0\t0\t0\t0\n\n禁止公开\t\t\t\t\t\t\t"),
        lambda t: t.replace("四、政府信息公开行政复议", "注：行政复议、行政诉讼数量含上年度结转数量2。\n四、政府信息公开行政复议"),
        lambda t: t.replace("危及“三安全一稳定”", '危及"三安全一稳定"'),
        lambda t: t.replace("本机关不掌握", "本 机 关\n不掌握"),
    ],
)  # fmt: skip
def test_what_reports_do_to_labels_and_pages(change: Callable[[str], str]) -> None:
    """Numbering, brackets, titles, page numbers, notes and broken labels do not change the record."""
    found = extract(report("2021", BUSY, change=change))
    assert (found.status, codes(found)) == ("verified", set())
    assert cells_of(found) == cells_of(extract(report("2021", BUSY)))


def test_no_tables_at_all() -> None:
    """Headings back to back are a report without tables: unresolved, each section named."""
    text = "某县2021年政府信息公开工作年度报告\n一、总体情况\n好。\n二、主动公开政府信息情况\n三、收到和处理政府信息公开申请情况\n四、政府信息公开行政复议、行政诉讼情况\n无\n五、存在的主要问题及改进情况\n无。\n"
    found = extract(text)
    assert (found.status, found.evidence) == ("unresolved", {})
    assert [f.path for f in found.findings if f.code == "section_missing"] == [
        "disclosure", "requests", "review_litigation",
    ]  # fmt: skip
    assert found.report is not None
    assert (found.report.agency, found.report.year, found.report.form) == ("某县", 2021, None)


@pytest.mark.parametrize("value", [10**17, 10**30])
def test_numbers_of_any_length(value: int) -> None:
    """A number too long to be a count is no count; it never raises."""
    found: Any = extract(report(cells={"disclosure.penalties.decisions": str(value)}))
    assert (found.status == "verified") == (value < 10**18)
