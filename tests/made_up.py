"""Small made-up reports, written from the form's declaration."""

from collections.abc import Callable, Mapping

from nianbao.pipeline.extract import REPORT
from nianbao.schemas.form import FormRow

SUBTABLES = {
    "2021": (
        ("第二十条第（一）项", ("regulations", "normative_documents"), ("made", "repealed", "in_force")),
        ("第二十条第（五）项", ("licensing",), ("decisions",)),
        ("第二十条第（六）项", ("penalties", "compulsory_measures"), ("decisions",)),
        ("第二十条第（八）项", ("fees",), ("amount",)),
    ),
    "2019": (
        ("第二十条第（一）项", ("regulations", "normative_documents"), ("made", "newly_disclosed", "total_disclosed")),
        ("第二十条第（五）项", ("licensing", "other_services"), ("prior_items", "change", "decisions")),
        ("第二十条第（六）项", ("penalties", "compulsory_measures"), ("prior_items", "change", "decisions")),
        ("第二十条第（八）项", ("fees",), ("prior_items", "change")),
        ("第二十条第（九）项", ("procurement",), ("items", "amount")),
    ),
}
APPLICANTS = [
    "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）",
    "申请人情况",
    "自然人",
    "法人或其他组织",
    "总计",
    "商业企业",
    "科研机构",
    "社会公益组织",
    "法律服务机构",
    "其他",
]
_ENDS = ["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"]
RESULTS = ["行政复议", "行政诉讼", *_ENDS, "未经复议直接起诉", "复议后起诉", *_ENDS, *_ENDS]

Cells = Mapping[str, str]
Line = list[str]


def disclosure(form: str, cells: Cells) -> list[Line]:
    """The lines of section 二: captions, heads and rows; a cell that is not in `cells` prints 0."""
    lines: list[Line] = []
    for caption, rows, columns in SUBTABLES[form]:
        first = REPORT.rows[f"disclosure.{rows[0]}"]
        heads = [c.label_in(form) for c in first.columns if c.name in columns]
        unit = "（单位：万元）" if "amount" in columns else ""
        lines += [[caption], ["信息内容", *heads[:-1], heads[-1] + unit]]
        lines += [_row(REPORT.rows[f"disclosure.{row}"], columns, cells) for row in rows]
    return lines


def requests(form: str, cells: Cells) -> list[Line]:
    """The lines of section 三."""
    rows = [r for r in REPORT.rows.values() if r.path.startswith("requests.") and r.form in (form, None)]
    return [APPLICANTS, *(_row(row, [c.name for c in row.columns], cells) for row in rows)]


def reviews(cells: Cells) -> list[Line]:
    """The lines of section 四: its head, then fifteen cells."""
    paths = [p for p in REPORT.columns if p.startswith("review_litigation.")]
    return [RESULTS, [cells.get(p, "0") for p in paths]]


def _row(row: FormRow, columns: tuple[str, ...] | list[str], cells: Cells) -> Line:
    return [row.label, *(cells.get(row.cell(c), "0") for c in columns)]


def tabbed(line: Line) -> str:
    return "\t".join(line)


def report(
    form: str = "2021",
    cells: Cells | None = None,
    *,
    write: Callable[[Line], str] = tabbed,
    change: Callable[[str], str] = lambda text: text,
    title: str = "某县民政局2023年政府信息公开工作年度报告",
) -> str:
    """A whole report: prose, then each table's lines as `write` puts them, then `change` over the whole."""
    cells = cells or {}
    tables = [
        ("二、主动公开政府信息情况", disclosure(form, cells)),
        ("三、收到和处理政府信息公开申请情况", requests(form, cells)),
        ("四、政府信息公开行政复议、行政诉讼情况", reviews(cells)),
    ]
    parts = [title, "一、总体情况", "工作有序推进。"]
    for heading, lines in tables:
        parts += [heading, *map(write, lines)]
    parts += ["五、存在的主要问题及改进情况", "问题不多。", "六、其他需要报告的事项", "无。", ""]
    return change("\n".join(parts))
