"""The catalogue: one small made-up report for each thing that real reports were seen to do, and what must come of it.

`same`: the cells of the plain report. A dict: those cells, with the ones it names changed (None: the report prints nothing
there). A set: the report is `unresolved`, those are codes that say why, and what is vouched for is the plain report's.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from nianbao.pipeline.extract import REPORT
from nianbao.schemas.extraction import coverage_of

from nianbao import extract

from .made_up import APPLICANTS, RESULTS, Line, report, tabbed
from .test_laws import cells_of, wrongly_vouched
from .test_layouts import (
    BUSY,
    TRADITIONAL,
    codes,
    drop,
    in_broken_rows,
    in_cells,
    in_columns,
    in_three,
    review_cells,
)

Expected = dict[str, Any] | set[str]
same: dict[str, Any] = {}

REQUESTS = [p for p in REPORT.columns if p.startswith("requests.")]
RECEIVED = "一、本年新收政府信息公开申请数量\t3\t2\t0\t0\t0\t0\t5"
NONE = {"requests.received.natural_person": "0"}
"""A report whose every cell is 0."""


class Case(NamedTuple):
    """A row of the catalogue, the report that shows it, what must come of it."""

    row: str
    text: str
    expected: Expected
    status: str = "verified"
    plain: dict[str, str] = BUSY
    form: str = "2021"


def case(
    row: str,
    change: Callable[[str], str] = lambda t: t,
    expected: Expected = same,
    *,
    form: str = "2021",
    cells: dict[str, str] | None = None,
    plain: dict[str, str] | None = None,
    write: Callable[[Line], str] = tabbed,
    title: str = "某县民政局2023年政府信息公开工作年度报告",
    status: str = "verified",
) -> Case:
    """cells: what the report prints, as far as it is not what `plain` prints."""
    plain = BUSY if plain is None else plain
    text = report(form, {**plain, **(cells or {})}, write=write, change=change, title=title)
    return Case(row, text, expected, "unresolved" if isinstance(expected, set) else status, plain, form)


def swap(*pairs: tuple[str, str]) -> Callable[[str], str]:
    def change(text: str) -> str:
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new)
        return text

    return change


def kept(columns: set[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Section 三 with only these columns filled: what is printed, and what is expected."""
    blank = [p for p in REQUESTS if p.rpartition(".")[2] not in columns]
    return dict.fromkeys(blank, ""), dict.fromkeys(blank)


def without_blanks(line: Line) -> str:
    return "\n".join(cell for cell in line if cell)


ONLY_FIRST_AND_TOTAL = kept({"natural_person", "total"})
ONLY_FIRST = kept({"natural_person"})
ONLY_TOTAL = kept({"total"})
NOTHING = kept(set())
TOTAL_BLANK = kept({"natural_person", "business", "research", "public_interest", "legal_service", "other"})

_OVER, _UNDER = ["结果", "结果", "其他", "尚未", "总计"], ["维持", "纠正", "结果", "审结"]
BROKEN_RESULTS = "\n".join(
    tabbed(line)
    for line in (
        ["行政", *[""] * 4, "行政", *[""] * 9],
        ["复议", *[""] * 4, "诉讼", *[""] * 9],
        [*_OVER, "未经复议", *[""] * 4, "复议后", *[""] * 4],
        [*_UNDER, "", "直接起诉", *[""] * 4, "起诉", *[""] * 4],
        [*[""] * 5, *_OVER, *_OVER],
        [*[""] * 5, *_UNDER, "", *_UNDER, ""],
    )
)

THREE_NULL = dict.fromkeys(f"disclosure.regulations.{c}" for c in ("made", "repealed", "in_force"))
OLD_HEADS = swap(("本年制发件数\t本年废止件数\t现行有效件数", "本年新制作数量\t本年新公开数量\t对外公开总数量"))
OLD_NAMES: dict[str, Any] = {
    "disclosure.regulations.repealed": None,
    "disclosure.regulations.in_force": None,
    "disclosure.normative_documents.repealed": None,
    "disclosure.normative_documents.in_force": None,
    "disclosure.regulations.newly_disclosed": 0,
    "disclosure.regulations.total_disclosed": 0,
    "disclosure.normative_documents.newly_disclosed": 0,
    "disclosure.normative_documents.total_disclosed": 0,
}
COMBINED = swap(("1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请", "（六）其他处理"))
SPLIT = ("uncorrected", "unpaid", "other")
AS_ONE: dict[str, Any] = {
    f"requests.other_outcomes.{r}.{c.name}": 0 if r == "combined" else None
    for r in (*SPLIT, "combined")
    for c in REPORT.rows["requests.received"].columns
}

A_FORMS = [
    case("2019 form (6 sub-tables, 第(九)项 政府集中采购)", form="2019", cells={"disclosure.procurement.items": "7"}, expected={"disclosure.procurement.items": 7}),
    case("2021 form (4 sub-tables; （六） split in 3)"),
    case("2019 form used for 2022 / 2023", form="2019", title="某县民政局2022年政府信息公开工作年度报告"),
    case("MIXED: first sub-table 2019 heads, the rest 2021", OLD_HEADS, OLD_NAMES),
    case("2021 form but （六）其他处理 left as ONE row", lambda t: COMBINED(drop("缴纳费用", "3.其他\t")(t)), AS_ONE),
    case("2021 report citing the 2019 notice (year/notice unreliable as a form signal)", swap(("工作有序推进。", "根据国办公开办函〔2019〕60号编制。"))),
    case("No tables at all in text (images / prose only)", lambda t: re.sub(r"(?m)^(?![一二三四五六]、(?:总体|主动|收到|政府信息公开行政|存在|其他需)).*\n", "", t).replace("四、政府信息公开行政复议、行政诉讼情况\n", "四、政府信息公开行政复议、行政诉讼情况\n无\n"), {"section_missing"}),
    case("Template instruction left in", swap(("二、主动公开政府信息情况\n", "二、主动公开政府信息情况\n该部分以表格形式报告。表格如下：\n"))),
]  # fmt: skip

B_LABELS = [
    case("规范性文件 vs 行政规范性文件 (2019 word in 2021 form)", swap(("规范性文件", "行政规范性文件"))),
    case("misprinted / cut label", swap(("2.其他法律行政法规禁止公开", "2.其他法律行政止公开"))),
    case("shortened labels", swap(("1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请", "1.逾期不补正"), ("2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请", "2.逾期不缴费"), ("（二）部分公开（区分处理的，只计这一情形，不计其他情形）", "部分公开"))),
    case("`（六）其他` for （六）其他处理", lambda t: drop("缴纳费用", "3.其他\t")(t).replace("1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请", "(六) 其他"), AS_ONE),
    case("heads reworded", swap(("本年制发件数", "制发数量"), ("本年废止件数", "废止数量"), ("现行有效件数", "现行有效件"))),
    case("本年增/减 replaced", swap(("本年增/减", "本年数量")), form="2019", cells={"disclosure.licensing.change": "-417"}, expected={"disclosure.licensing.change": -417}),
    case("head printed twice", swap(("本年新公开数量", "本年新制作数量")), form="2019", cells={"disclosure.normative_documents.newly_disclosed": "7"}, expected={"disclosure.normative_documents.newly_disclosed": 7}),
    case("heads carry the year", swap(("本年制发件数", "本年(2023)制发件数"), ("本年废止件数", "2023年废止件数"))),
    case("heads/labels carry long bracketed explanations containing DIGITS", swap(("本年处理决定数量", "本年处理决定数量(指2020年办件量)"), ("行政许可\t", "行政许可（含依申请类事项，如-8）\t"))),
    case("heads/labels carry long bracketed explanations containing DIGITS", swap(("行政许可", "行政许可（指2019年办结数）")), form="2019", cells={"disclosure.licensing.change": "3271", "disclosure.licensing.decisions": "6"}, expected={"disclosure.licensing.change": 3271, "disclosure.licensing.decisions": 6}, write="\n".join),
    case("extra row", swap(("规章\t0\t0\t0", "规章\t0\t0\t0\n其他主动公开文件\t186\t86\t255"))),
    case("row split in sub-rows", swap(("其他对外管理服务事项\t0\t0\t0", "其他对外管理服务事项\t0\t0\t0\n行政检查\t1\t0\t3\n行政确认\t2\t0\t4")), form="2019"),
    case("row dropped / columns dropped", drop("规章"), THREE_NULL),
    case("row dropped / columns dropped", swap(("本年制发件数\t本年废止件数\t现行有效件数", "本年制发件数\t现行有效件数"), ("规章\t0\t0\t0", "规章\t0\t0"), ("规范性文件\t4\t0\t0", "规范性文件\t4\t0")), {"disclosure.regulations.repealed": None, "disclosure.normative_documents.repealed": None}),
    case("sub-table heading missing", drop("第二十条第（一）项")),
    case("heading spelled out", swap(("第二十条第（一）项", "中华人民共和国政府信息公开条例  第二十条第(一)项"))),
    case("heading w/o 第 / with space", swap(("第二十条第（五）项", "第二十条(五)项"), ("第二十条第（六）项", "第二十条 第（六）项"))),
    case("caption or unit row inside the table", swap(("第二十条第（一）项", "主动公开政府信息情况\n单位:某县民政局\t\t2023年度\n第二十条第（一）项"))),
    case("section titles", swap(("三、收到", "三是收到"), ("四、政府信息公开行政复议、行政诉讼情况", "四、因政府信息公开工作被申请行政复议提起行政诉讼情况"), ("五、存在的主要问题及改进情况", "五、存在问题及整改措施"), ("一、总体情况", "概述"))),
    case("section numbers restart or missing", lambda t: re.sub(r"(?m)^([二三四])、(?=主动|收到|政府信息公开行政)", lambda m: {"二": "一、", "三": "二、", "四": ""}[m[1]], t)),
    case("a prose section with the same title and other numbers before the table", swap(("工作有序推进。", "工作有序推进。\n四、政府信息公开申请情况\n收到申请 95 件，答复 17 件。"))),
    case("traditional characters, phonetic noise", lambda t: t.translate(TRADITIONAL)),
    case("traditional characters, phonetic noise", swap(("规范性文件", "規範性檔案"))),
    case("traditional characters, phonetic noise", swap(("2.重复申请", "2.重復（fù）申請"), ("6.属于四类", "6.属（shǔ）于（yu）四类"))),
    case("OCR misread", lambda t: t.replace("某县", "沐阳县").replace("属于国家秘密", "属干国家秘密")),
    case("quotes in 三安全一稳定", swap(("“三安全一稳定”", '"三安全一稳定"'))),
]  # fmt: skip

C_CELLS = [
    case("blank = `&nbsp;` / empty cell", cells={p: "&nbsp;" if v is None else BUSY.get(p, "0") for p, v in TOTAL_BLANK[1].items()}, expected=TOTAL_BLANK[1]),
    case("blank = `&nbsp;` / empty cell", cells=TOTAL_BLANK[0], expected=TOTAL_BLANK[1]),
    case("only 自然人 and 总计 filled", cells=ONLY_FIRST_AND_TOTAL[0], expected=ONLY_FIRST_AND_TOTAL[1], plain=NONE),
    case("only first column filled", cells=ONLY_FIRST[0], expected=ONLY_FIRST[1], plain=NONE),
    case("only the total filled", cells=ONLY_TOTAL[0], expected=ONLY_TOTAL[1], plain=NONE),
    case("blank cells DROPPED, so a 7-column row shows 2 or 1 numbers", cells=ONLY_FIRST_AND_TOTAL[0], write=without_blanks, plain=NONE, expected={"cells_do_not_fit"}),
    case("five values in a seven-column row", swap(("1.属于国家秘密\t0\t0\t0\t0\t0\t0\t0", "1.属于国家秘密\t0\t0\t0\t0\t0")), {"cells_do_not_fit"}),
    case("one value for a 3-column row", swap(("规章\t0\t0\t0", "规章\t0")), {"cells_do_not_fit"}),
    case("all cells blank", cells=NOTHING[0], expected=NOTHING[1]),
    case("all cells blank", cells=NOTHING[0], write=without_blanks, expected={"section_missing"}),
    case("full-width space as blank", cells={"requests.granted.business": "　"}, expected={"requests.granted.business": None}),
    case("`/` for none", cells={"disclosure.regulations.made": "/", "disclosure.regulations.repealed": "/", "disclosure.regulations.in_force": "/", "disclosure.penalties.decisions": "61"}, expected={**THREE_NULL, "disclosure.penalties.decisions": 61}),
    case("`-` for none", form="2019", cells={"disclosure.compulsory_measures.prior_items": "4", "disclosure.compulsory_measures.change": "4", "disclosure.compulsory_measures.decisions": "-"}, expected={"disclosure.compulsory_measures.prior_items": 4, "disclosure.compulsory_measures.change": 4, "disclosure.compulsory_measures.decisions": None}),
    case("无 / 無 for none", cells={"disclosure.regulations.made": "無", "disclosure.regulations.repealed": "无", "disclosure.regulations.in_force": "無"}, expected=THREE_NULL),
    case("signed changes", form="2019", cells={"disclosure.licensing.change": "+21", "disclosure.penalties.change": "-417", "disclosure.fees.change": "-2"}, expected={"disclosure.licensing.change": 21, "disclosure.penalties.change": -417, "disclosure.fees.change": -2}),
    case("change in words", form="2019", cells={"disclosure.licensing.change": "减3"}, expected={"disclosure.licensing.change": -3}),
    *(case("unit inside the value", cells={"disclosure.fees.amount": printed}, expected={"disclosure.fees.amount": {"figure": figure, "unit": unit, "yuan": yuan}}) for printed, figure, unit, yuan in (("251000元", "251000", "元", "251000"), ("0.37万元", "0.37", "万元", "3700"), ("780877.39 元", "780877.39", "元", "780877.39"))),
    case("unit inside the value", cells={"disclosure.penalties.decisions": "201件", "disclosure.compulsory_measures.decisions": "6項"}, expected={"disclosure.penalties.decisions": 201, "disclosure.compulsory_measures.decisions": 6}),
    case("unit in the head", swap(("本年收费金额（单位：万元）", "本年收费金额(万元)"))),
    case("amount with no unit at all", swap(("（单位：万元）", "")), {"disclosure.fees.amount": {"figure": "12.50", "unit": None, "yuan": None}}),
    case("decimals", cells={"disclosure.fees.amount": "59237.2449"}, expected={"disclosure.fees.amount": {"figure": "59237.2449", "unit": "万元", "yuan": "592372449"}}),
    case("big integers, never thousands separators so far", cells={"disclosure.licensing.decisions": "11398889"}, expected={"disclosure.licensing.decisions": 11398889}),
    case("annotated value", cells={"disclosure.normative_documents.made": "22（其中修订 16 件）", "disclosure.normative_documents.repealed": "55（含自然失效 29 件）"}, expected={"disclosure.normative_documents.made": 22, "disclosure.normative_documents.repealed": 55}),
    case("a sentence as a value (several numbers in it)", cells={"disclosure.fees.amount": "全年向13781户31696人次收取，共1040万元"}, expected={"label_alone"}),
    case("padded values", cells={"disclosure.penalties.decisions": "       2 ", "requests.granted.business": " 0"}, expected={"disclosure.penalties.decisions": 2}),
    case("full-width digits", cells={"disclosure.penalties.decisions": "１７"}, expected={"disclosure.penalties.decisions": 17}),
    case("thousands separators", cells={"disclosure.penalties.decisions": "1,136"}, expected={"disclosure.penalties.decisions": 1136}),
    case("亿元", cells={"disclosure.fees.amount": "1.2亿元"}, expected={"disclosure.fees.amount": {"figure": "1.2", "unit": "亿元", "yuan": "120000000"}}),
    case("`—` as a value", cells={"disclosure.penalties.decisions": "—"}, expected={"disclosure.penalties.decisions": None}),
]  # fmt: skip

D_WRONG_AS_PRINTED = [
    case("totals printed 0", cells={"review_litigation.reconsideration.total": "0"}, expected={"review_litigation.reconsideration.total": 0}, status="discrepant"),
    case("block total 0", cells={"requests.received.total": "0"}, expected={"requests.received.total": 0}, status="discrepant"),
    case("total < part", form="2019", cells={"disclosure.regulations.made": "14", "disclosure.regulations.newly_disclosed": "14", "disclosure.regulations.total_disclosed": "3"}, expected={"disclosure.regulations.made": 14, "disclosure.regulations.newly_disclosed": 14, "disclosure.regulations.total_disclosed": 3}),
    case("处理决定数量 used as new item total", form="2019", cells={"disclosure.licensing.prior_items": "22", "disclosure.licensing.change": "+1", "disclosure.licensing.decisions": "23"}, expected={"disclosure.licensing.prior_items": 22, "disclosure.licensing.change": 1, "disclosure.licensing.decisions": 23}),
    case("township with 规章 2 / 1", cells={"disclosure.regulations.made": "2", "disclosure.regulations.in_force": "2"}, expected={"disclosure.regulations.made": 2, "disclosure.regulations.in_force": 2}),
    case("prose vs table", swap(("工作有序推进。", "全年收到政府信息公开申请 95 件，行政复议 134 件。"))),
    case("prose year wrong", swap(("工作有序推进。", "2022年，工作有序推进。"))),
]  # fmt: skip


def apart(text: str) -> str:
    """Row （七）: its label on a line, its numbers on a row without a label further down."""
    return re.sub(r"（七）总计\t(.*)\n(四、结转.*)\n", r"（七）总计\n\2\n| \1 |\n", text)


def by_columns(text: str) -> str:
    """All of section 三 as `pdftotext` may leave it: each column's numbers, then the labels of all rows."""
    start, end = text.index(RECEIVED[:12]), text.index("四、政府信息公开行政复议")
    rows = [line.split("\t") for line in text[start:end].strip().split("\n")]
    columns = zip(*(row[1:] for row in rows), strict=True)
    block = "\n\n".join("\n".join(column) for column in columns) + "\n\n" + "\n".join(row[0] for row in rows)
    return text[:start] + block + "\n" + text[end:]


def mini_tables(text: str) -> str:
    """Section 三 as one small table for each group, with heads of somebody's own."""
    heads = [f"\n数据{i}\n{tabbed(APPLICANTS)}\n{{0}}" for i in range(1, 4)]
    for label, head in zip(("1.属于国家", "1.本机关不", "1.信访举报"), heads, strict=True):
        text = text.replace(label, head.format(label))
    return text


def without_repeats(text: str) -> str:
    """Every line that was there before is gone."""
    return "\n".join(dict.fromkeys(text.split("\n")))


def laid_out(text: str) -> str:
    """Rows padded with spaces, as `pdftotext -layout` leaves them."""
    return re.sub(r"(?m)^(.*)\t(.*)$", lambda m: "      ".join(f"{part:<14}" for part in m[0].split("\t")), text)


E_LAYOUT = [
    case("no separators (cells run together)", swap(("规章\t0\t0\t0", "规章000"))),
    case("no separators (cells run together)", swap(("规范性文件\t4\t0\t0", "规范性文件400")), set()),
    case("no separators (cells run together)", swap(("信息内容\t本年制发件数\t本年废止件数\t现行有效件数", "信息内容本年制发件数本年废止件数现行有效件数"), (RECEIVED, RECEIVED.replace("\t", "")))),
    case("one cell per line, blank lines between", write=lambda line: "\n\n".join(line)),
    case("repeated lines REMOVED (de-duplicated)", without_repeats, {"cells_do_not_fit"}, write=in_cells),
    case("`|` alone on lines", lambda t: t.replace("\t", "\n|\n")),
    case("every cell ends with ` |` on its own line", lambda t: re.sub(r"[\t\n]", " |\n", t)),
    case("trailing empty columns", lambda t: re.sub(r"(?m)^(.*\t.*)$", lambda m: f"| {m[1]} | | |".replace("\t", " | "), t)),
    case("second line of a head cell lost", swap(("本年制发件数\t本年废止件数", "本年制\t本年废"))),
    case("second line of a head cell lost", swap(("本年新制作数量\t本年新公开数量\t对外公开总数量", "本年新\t本年新\t对外公开")), form="2019", cells={"disclosure.normative_documents.newly_disclosed": "7"}, expected={"disclosure.normative_documents.newly_disclosed": 7}),
    case("second line of a head cell lost", swap(("本年制发件数\t本年废止件数", "本年件\t本年废")), {"heads_unreadable"}),
    case("head words on two lines", swap(("商业企业", "商业\n企业"), ("现行有效件数", "现行有效\n件数"))),
    case("head words on two lines", swap(("信息内容\t本年制发件数\t本年废止件数\t现行有效件数", "信息内容\t本年制\t本年废\t现行\n\t发件数\t止件数\t有效件数"), ("信息内容\t本年收费金额（单位：万元）", "信息内容\t本年收费金额\n\t（单位：万元）"))),
    case("head words on two lines", swap(("信息内容\t本年制发件数\t本年废止件数\t现行有效件数", "信息内容 本年制 本年废 现行有\n发件数 止件数 效件数"))),
    case("head words on two lines", swap(("信息内容\t本年制发件数\t本年废止件数\t现行有效件数", "信息内容\n本年制\n本年废\n现行有\n发件数\n止件数\n效件数"))),
    case("head words on two lines", swap((tabbed(RESULTS), BROKEN_RESULTS))),
    case("head words on two lines", swap(("信息内容\t本年新制作数量\t本年新公开数量\t对外公开总数量", "                    本年新           本年新\n    信息内容                                    对外公开总数量\n                   制作数量         公开数量")), form="2019"),
    case("head words on two lines", swap(("信息内容\t本年新制作数量\t本年新公开数量\t对外公开总数量", "本年新 本年新\n信息内容 对外公开总数量\n制作数量 公开数量")), form="2019"),
    case("head split per character and interleaved by line", swap(("结果维持\t结果纠正\t其他结果\t尚未审结", "结 结 其 尚\n果 果 他 未\n维 纠 结 审\n持 正 果 结"))),
    case("`三、本年度办理结果` one character per line between data rows", swap(("（一）予以公开", "三\n、\n本\n年\n（一）予以公开"), ("1.属于国家秘密", "度\n办\n理\n1.属于国家秘密"))),
    case("`三、本年度办理结果` one character per line between data rows", lambda t: re.sub(r"（二）部分公开（区分处理的，只计这一情形，不计其他情形）(\t.*)", r"度办理结   （二）部分公开（区分处理的，只计这一情形，\n  果\1\n              不计其他情形）", t)),
    case("`三、本年度办理结果` one character per line between data rows", lambda t: re.sub(r"2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请(\t.*)", r"（六）其 2.申请人逾期未按收费通知要求缴纳费\n他处理 用、行政机关不再处理其政府信息公开申\1\n请", t)),
    case("label wrapped AROUND its numbers", lambda t: re.sub(r"5.要求行政机关确认或重新出具已获取信息\t(.*)", r"5.要求行政机关确认或重新\n\1\n出具已获取信息", t)),
    case("label on lines, numbers on a separate label-less row further down", apart, {"label_alone"}),
    case("label cut so only its middle remains", swap(("1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请", "行政机关不再处理其政府信息公")), {"numbers_left_over"}),
    case("group label glued to item", swap(("2.没有现成信息需要另行制作", "（四）无2.没有现成信息需要另行制作"), ("3.补正后申请内容", "三、本法提供\t3.补正后申请内容"))),
    case("columns emitted one after another (pdftotext default)", in_columns),
    case("columns emitted one after another (pdftotext default)", by_columns),
    case("page number inside a table; or before its page", swap(("2.重复申请", "-3-\n2.重复申请"), ("3.要求提供", "— 5 —\n3.要求提供"))),
    case("page number inside a table; or before its page", swap(("2.重复申请", "1\n2.重复申请"))),
    case("table header repeated after the page break", swap(("2.重复申请", f"\n{tabbed(APPLICANTS)}\n2.重复申请"))),
    case("WRONG header after a page break", swap(("2.申请人逾期未按", "本年新收件数\t上年结转件数\t本年办结件数\n2.申请人逾期未按")), {"label_doubtful"}),
    case("one table broken into one mini-table per group, invented heads", mini_tables),
    case("table 4 cut into three 5-column tables", in_three),
    case("table 4: 15 bare numbers, header lost", lambda t: t.replace(tabbed(RESULTS) + "\n", "").replace(tabbed(review_cells(BUSY)), f"| {' | '.join(review_cells(BUSY))} |"), set()),
    case("two reports side by side", swap((tabbed(review_cells(BUSY)), tabbed(review_cells(BUSY) * 2))), {"cells_do_not_fit"}),
    case("sentence between heading and table", swap(("四、政府信息公开行政复议、行政诉讼情况\n", "四、政府信息公开行政复议、行政诉讼情况\n2020 年，我单位行政复议 3 件。\n"))),
    case("note after the table", swap(("五、存在", "注：行政复议、行政诉讼数量含上年度结转数量。\n五、存在"))),
    case("each page a separate document with `P. 9`", swap(("2.重复申请", "P. 9\n\n\n2.重复申请"))),
    case("foreign columns", swap(("本年处理决定数量\n行政许可\t173", "2024年\t增减值\n行政许可\t173\t+4")), {"heads_unreadable"}),
    case("labels in one span per character (Word HTML)", swap(("其他结果", "其·他·结·果"))),
    case("blanks inside labels", swap(("其他结果", "其他结 果"), ("总计", "总 计"), ("4.无正当理由大量反复申请", "4.无正当理由大量反复 申请"), ("不计其他情形", "不计其他情 形"))),
    case("item numbering", swap(("1.属于", "1. 属于"), ("2.重复", "2、重复"), ("（二）部分", "(二) 部分"), ("（一）予以", "(一) 予以"))),
    case("item numbering", write=in_broken_rows),
    case("text laid out in space", laid_out),
]  # fmt: skip

CATALOGUE = [*A_FORMS, *B_LABELS, *C_CELLS, *D_WRONG_AS_PRINTED, *E_LAYOUT]


@pytest.mark.parametrize("case", CATALOGUE, ids=lambda c: c.row)
def test_catalogue(case: Case) -> None:
    """Each thing that reports do gives the expected cells and verdict, or is unresolved for the expected reason."""
    found = extract(case.text)
    assert found.status == case.status, [f.message for f in found.findings if f.severity != "info"]
    assert found.coverage == coverage_of(found.evidence)
    assert found.status == "unresolved" or found.coverage.vouched == found.coverage.cells
    plain = cells_of(extract(report(case.form, case.plain)))
    if isinstance(case.expected, set):
        assert case.expected <= codes(found)
        assert wrongly_vouched(found, plain) == {}
        return
    expected = {**plain, **case.expected}
    assert cells_of(found) == {p: v for p, v in expected.items() if v is not None}
