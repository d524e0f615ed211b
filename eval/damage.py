"""What extraction does to tables: lines broken, moved, lost and added.

A variation adds to `lost` the cells whose value or position the text no longer tells.
"""

import re
from dataclasses import replace

from ..schemas.form import enumerator
from .draft import Draft, bare_row, halves, relabelled
from .layouts import FIRST_MARK, LAST_MARK, MARKS, Line
from .variations import Variations, adding_to, long_labels, own_heads, row_of, some, some_lines

DAMAGE: Variations = {}
variation = adding_to(DAMAGE)


@variation("repeated lines REMOVED (de-duplicated)", "text", 3, "text")
def repeated_lines_removed(draft: Draft) -> bool:
    if draft.layout.grid:
        return False
    seen: set[str] = set()
    kept = []
    for line in draft.text.split("\n"):
        bare = MARKS.sub("", line).strip()
        if bare in seen:
            draft.lost.update(
                _rows_with(
                    draft, [draft.order[ord(m) - ord(FIRST_MARK)] for m in MARKS.findall(line) if m != LAST_MARK]
                )
            )
        if not bare or bare not in seen:
            kept.append(line)
        seen.add(bare)
    draft.text = "\n".join(kept)
    return True


def _rows_with(draft: Draft, paths: list[str]) -> list[str]:
    rows = {p.rpartition(".")[0] for p in paths}
    return [p for p in draft.figures if p.rpartition(".")[0] in rows]


def _fixed_heads(draft: Draft) -> list[Line]:
    return [x for x in draft.lines("head") if x.path not in draft.form.rows and sum(map(bool, x.values)) > 2]


@variation("second line of a head cell lost: `本年新 | 本年新`", "tables", 2, "heads")
def half_heads(draft: Draft) -> bool:
    lines = [x for x in own_heads(draft) if len(x.values) == 3][:1]
    draft.change_all(lines, lambda x: replace(x, values=tuple(v and v[:3] for v in x.values)))
    return bool(lines)


@variation("head words on two lines: `商业`/`企业`, `对外公开`/`总数量`", "tables", 1, "head lines")
def heads_on_two_lines(draft: Draft) -> bool:
    lines = [x for x in draft.lines("head") if x.path != draft.form.sections[1].path]
    between = "\n" if draft.layout_name in ("cells", "cells_apart", "html", "columns") else draft.rng.choice((" ", ""))
    for line in lines:
        parts = [halves(v) if v and len(v) > 3 else (v, "") for v in line.values]
        if between:
            draft.change(line, replace(line, values=tuple(f"{a}{between}{b}" if a and b else a for a, b in parts)))
        else:
            second = tuple(None if a is None else b for a, b in parts)
            below = replace(line, label="" if line.label else None, values=second, path="")
            draft.change(line, replace(line, values=tuple(a for a, _ in parts)), below)
    return bool(lines)


@variation("head split per character and interleaved by line: `结 结 其 尚` / `果 果 他 未`", "tables", 2, "head lines")
def heads_by_characters(draft: Draft) -> bool:
    line = next((x for x in draft.lines("head") if x.path.endswith(".heads")), None)
    if line is None or draft.layout_name not in ("tabs", "spaces", "bars", "bare_bars", "aligned", "trailing_columns"):
        return False
    longest = max(len(v or "") for v in line.values)
    rows = [tuple((v or "")[i : i + 1] if v is not None else None for v in line.values) for i in range(longest)]
    draft.change(line, *(replace(line, values=row, path="") for row in rows))
    return True


@variation("`三、本年度办理结果` one character per line between data rows", "tables", 2, "group")
def group_by_characters(draft: Draft) -> bool:
    section = draft.form.sections[1]
    rows = [x for x in draft.lines("row") if x.path in draft.form.rows and x.path.startswith(section.path)]
    name = section.spec.words[-1]
    if draft.grouped != "left out" or len(rows) < len(name) + 4:
        return False
    start = draft.rng.randint(2, len(rows) - len(name) - 1)
    for line, character in zip(rows[start:], name, strict=False):
        draft.change(line, Line("note", character), line)
    return True


@variation(
    "label wrapped AROUND its numbers: `5.要求行政机关确认或重新` / `0 0 0` / `具已获取信息`",
    "tables",
    2,
    "numbers apart",
)
def label_around_numbers(draft: Draft) -> bool:
    lines = [x for x in some_lines(draft.rng, long_labels(draft, 10)) if len(x.values) > 2]
    for line in lines:
        first, last = halves(line.label or "")
        draft.change(line, replace(line, label=first, values=()), _bare(draft, line), Line("note", last))
    return bool(lines)


def _bare(draft: Draft, line: Line) -> Line:
    """A row's values without its label."""
    if draft.layout_name in ("bars", "markdown", "trailing_columns", "html"):
        return replace(line, label="", groups=("",) * len(line.groups))
    return replace(line, label=None, groups=(), wide=0)


@variation("label on lines, numbers on a separate label-less row further down", "tables", 2, "numbers apart")
def numbers_apart(draft: Draft) -> bool:
    lines = [x for x in some_lines(draft.rng, draft.labelled_rows()) if len(x.values) > 2]
    for line in lines:
        draft.change(line, replace(line, values=()), _bare(draft, line))
    return bool(lines)


@variation("group label glued to item: `（四）无2.没有现成信息需要另`; `三、本法提供`", "tables", 2, "group")
def group_glued(draft: Draft) -> bool:
    rows = [x for x in draft.labelled_rows() if (row := row_of(draft, x)) and row.groups and not row.parts]
    if draft.grouped != "left out" or not rows:
        return False
    line = draft.rng.choice(rows)
    group = draft.form.rows[line.path].groups[-1].text
    draft.change(line, relabelled(line, group[: draft.rng.randint(3, len(group))] + (line.label or "")))
    return True


def _inside(draft: Draft) -> list[Line]:
    """Rows before which a page may end."""
    return [x for x in draft.labelled_rows() if x.path.startswith(draft.form.sections[1].path)][1:]


@variation("page number inside a table: `-3-`, `— 5 —`, lone `1`", "tables", 1, "page")
def page_number(draft: Draft) -> bool:
    n = draft.rng.randint(1, 12)
    marks = [f"-{n}-", f"— {n} —", f"- {n} -", f"第{n}页"] + ([f"\n{n}\n"] if draft.layout.grid else [])
    return _break_page(draft, Line("note", draft.rng.choice(marks)))


@variation("page number before its page: lone `1` after a table", "prose", 2, "page")
def page_number_after_table(draft: Draft) -> bool:
    section = draft.rng.choice(draft.form.sections)
    draft.after[section.path] = str(draft.rng.randint(1, 9))
    return True


@variation("each page a separate document with `P. 9`", "tables", 1, "page")
def page_documents(draft: Draft) -> bool:
    return _break_page(draft, Line("note", f"\nP. {draft.rng.randint(1, 20)}\n"))


@variation("one table broken into several", "tables", 1, "page")
def table_cut(draft: Draft) -> bool:
    return _break_page(draft, Line("note", "")) if draft.layout.grid else False


def _break_page(draft: Draft, *lines: Line) -> bool:
    rows = _inside(draft)
    if rows:
        row = draft.rng.choice(rows)
        draft.change(row, *lines, row)
    return bool(rows)


@variation("table header repeated after the page break", "tables", 1, "page")
def head_repeated(draft: Draft) -> bool:
    heads = (
        [x for x in draft.tables.get(draft.form.sections[1].path, [[]])[0] if x.kind == "head"]
        if _inside(draft)
        else []
    )
    return bool(heads) and _break_page(draft, Line("note", f"- {draft.rng.randint(2, 9)} -"), *heads)


@variation("WRONG header after a page break: `本年新收件数 | 上年结转件数 | …`", "tables", 3, "page")
def wrong_head(draft: Draft) -> bool:
    words = ("本年新收件数", "上年结转件数", "予以公开", "部分公开", "不予公开", "无法提供", "总计")
    return _break_page(draft, Line("head", "办理情况", words))


@variation("one table broken into one mini-table per group, invented heads: `数据1 … 数据6`", "tables", 3, "page")
def mini_tables(draft: Draft) -> bool:
    rows = [x for x in _inside(draft) if len(x.values) == 7]
    for line, before in zip(rows[1:], rows, strict=False):
        groups = [draft.form.rows[x.path].groups for x in (line, before)]
        if groups[0] != groups[1]:
            head = Line("head", "项目", tuple(f"数据{i}" for i in range(1, 8)))
            draft.change(line, Line("note", ""), head, line)
    return bool(rows)


def _reviews(draft: Draft) -> tuple[str, list[Line]]:
    section = draft.form.sections[2]
    return section.path, next(iter(draft.tables.get(section.path, [])), [])


@variation("table 4 cut into three 5-column tables: `行政诉讼（复议后起诉）`", "tables", 2, "reviews")
def reviews_in_three(draft: Draft) -> bool:
    path, table = _reviews(draft)
    if not table:
        return False
    section = draft.form.sections[2]
    word = section.spec.words[0]
    tables = []
    for at, row in enumerate(section.rows):
        name = f"{word}（{row.label}）" if at else row.label
        heads = tuple(c.labels[0].text for c in row.columns)
        caption = Line("caption", name, (None,) * (len(heads) - 1))
        tables.append([caption, Line("head", None, heads, wide=0), bare_row(draft, [row], path)])
    draft.tables[path] = tables
    return True


@variation("table 4: 15 bare numbers, header lost", "tables", 3, "reviews")
def reviews_bare(draft: Draft) -> bool:
    path, table = _reviews(draft)
    draft.tables[path] = [[line for line in table if line.kind == "row"]] if table else []
    return bool(table)


@variation("two reports side by side: 2023 left, 2024 right", "tables", 3, "foreign")
def side_by_side(draft: Draft) -> bool:
    """The other report's figures stand to the right of each row; which of the two is meant, the text does not tell."""
    for line in draft.lines("head", "row"):
        other = line.fields if line.kind == "head" else tuple(str(draft.rng.choice((0, 0, 0, 7))) for _ in line.values)
        draft.change(line, replace(line, values=(*line.values, "", *other)))
    draft.lost.update(draft.figures)
    return bool(draft.figures)


@variation("foreign columns: `2024年 增减值 +4`", "tables", 2, "foreign")
def foreign_columns(draft: Draft) -> bool:
    """Columns of another year: to the right of a sub-table's own, or one before them."""
    table = draft.rng.choice(draft.tables.get(draft.form.sections[0].path) or [[]])
    first = draft.rng.random() < 0.4
    for line in list(table):
        if line.kind == "head" and first:
            values = ((line.values[0] or "").replace("本年", "上年"), *line.values)
        elif line.kind == "head":
            values = (*line.values, f"{draft.year - 1}年", "增减值")
        elif line.kind == "row" and first:
            values = (str(draft.rng.randint(0, 9)), *line.values)
        elif line.kind == "row":
            values = (*line.values, str(draft.rng.randint(0, 9)), f"+{draft.rng.randint(1, 9)}")
        else:
            continue
        draft.change(line, replace(line, values=values))
    return bool(table)


@variation("sentence between heading and table: `2020 年，我单位…`", "prose", 0, "before")
def sentence_before_table(draft: Draft) -> bool:
    section = draft.rng.choice(draft.form.sections)
    n = draft.rng.randint(1, 60)
    draft.before[section.path] = f"{draft.year} 年，我单位主动公开政府信息{n}条，收到政府信息公开申请{n % 5}件。"
    return True


@variation("note after the table: `注：行政复议、行政诉讼数量含上年度结转数量。`", "prose", 0, "after")
def note_after_table(draft: Draft) -> bool:
    section = draft.rng.choice(draft.form.sections)
    draft.after[section.path] = draft.rng.choice(
        (
            "注：行政复议、行政诉讼数量含上年度结转数量。",
            f"（注：“行政许可”栏目中“上一年项目数量”是指本单位{draft.year - 1}年行政许可权力事项的数量。）",
            f"备注：以上数据统计截至{draft.year}年12月31日，其中2件为{draft.year - 1}年结转。",
        )
    )
    return True


@variation("labels in one span per character (Word HTML)", "text", 2, "text")
def span_per_character(draft: Draft) -> bool:
    if draft.layout_name != "html":
        return False
    draft.text = re.sub(
        r"(?<=>)([\u4e00-\u9fff（）、.“”]{2,})(?=<)",
        lambda m: "".join(f'<span style="font-family:宋体">{c}</span>' for c in m[1]),
        draft.text,
    )
    return True


@variation("blanks inside labels: `结 果`, `总 计`, `情 形`", "tables", 1, "label spaces")
def spaces_in_labels(draft: Draft) -> bool:
    gap = draft.rng.choice((" ", "  ", "\u3000"))
    if draft.layout_name == "spaces":
        return False
    for line in draft.lines("head", "row"):
        label = line.label and (gap.join(halves(line.label)) if draft.rng.random() < 0.4 else line.label)
        values = line.values
        if line.kind == "head":
            values = tuple(gap.join(v) if v and len(v) == 2 else v for v in values)
        draft.change(line, replace(line, label=label, values=values))
    return True


@variation("item numbering: `1. 属于`; `1、申请人`; `(三)` vs `（三）`", "tables", 0, "numbering")
def numbering_style(draft: Draft) -> bool:
    style = draft.rng.choice(("narrow", "space", "comma", "none"))
    lines = [x for x in draft.lines("row", "caption") if x.label and enumerator(x.label)[0]]
    draft.change_all(lines, lambda x: relabelled(x, _numbered(x.label or "", style)))
    return bool(lines)


def _numbered(label: str, style: str) -> str:
    number, words = enumerator(label)
    return {
        "narrow": number.replace("（", "(").replace("）", ") ") + words,
        "space": number + " " + words,
        "comma": number.replace(".", "、") + words,
        "none": words,
    }[style]


@variation("web page around the report: navigation, counters, dates, phone numbers", "text", 1, "chrome")
def web_chrome(draft: Draft) -> bool:
    rng, year = draft.rng, draft.year + 1
    before = [
        "首页 > 政务公开 > 政府信息公开年报",
        f"发布时间：{year}-01-{rng.randint(10, 28)} 10:{rng.randint(10, 59)}  来源：{draft.agency}  浏览次数：{rng.randint(1, 9999)}",
        f"索引号：{rng.randint(10**8, 10**9)}/{year}-{rng.randint(10000, 99999)}",
        "字号：[大 中 小]",
    ]
    after = [
        "打印 关闭",
        "上一篇：关于召开会议的通知",
        f"电话：0517-{rng.randint(10**7, 10**8)}",
        f"苏ICP备{rng.randint(10**7, 10**8)}号-1",
    ]
    parts = [*some(rng, before, 0.6), draft.text, *some(rng, after, 0.6)]
    if draft.layout_name == "html":
        parts = [p if p is draft.text else f"<div>{p}</div>" for p in parts]
    draft.text = "\n".join(parts)
    return True
