"""How reports word their labels, heads, captions and titles."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random

from ..schemas.form import enumerator
from .draft import Draft, declared, relabelled, words_of
from .layouts import Line
from .variations import (
    Apply,
    Variation,
    Variations,
    adding_to,
    long_labels,
    own_heads,
    row_of,
    some_lines,
)

WORDING: Variations = {}
variation = adding_to(WORDING)


@variation("规范性文件 vs 行政规范性文件 (2019 word in 2021 form)", "tables", 0, "other forms word")
def other_forms_word(draft: Draft) -> bool:
    done = False
    for line in draft.labelled_rows():
        row = row_of(draft, line)
        others = [x.text for x in row.labels if x.form is None and x.text != line.label] if row else []
        if others and row and len(row.labels) > 1:
            draft.change(line, relabelled(line, others[0]))
            done = True
    return done


@variation("shortened labels; `（六）其他` for （六）其他处理", "tables", 1, "label words")
def shortened_labels(draft: Draft) -> bool:
    done = False
    for line in draft.lines("row", "caption"):
        row = row_of(draft, line)
        labels = [*row.labels] if row else [g for r in draft.form.rows.values() for g in r.groups]
        label = declared(labels, line.label or "")
        if label and label.variants:
            draft.change(line, relabelled(line, draft.rng.choice(label.variants)))
            done = True
    return done


@variation("heads reworded: `本年制作数量`, `现行有效件`, `本年数量`", "tables", 1, "heads")
def reworded_heads(draft: Draft) -> bool:
    words = {x.text: x.variants for c in draft.form.columns.values() for x in c.labels if x.variants}
    done = False
    for line in draft.lines("head"):
        values = tuple(_reworded(v, words, draft.rng) for v in line.values)
        if values != line.values:
            draft.change(line, replace(line, values=values))
            done = True
    return done


def _reworded(head: str | None, words: dict[str, tuple[str, ...]], rng: Random) -> str | None:
    found = next((w for w in sorted(words, key=len, reverse=True) if head and head.startswith(w)), None)
    return rng.choice(words[found]) + head[len(found) :] if head and found else head


@variation("head printed twice: `本年新制作数量` x2 (2nd means 公开)", "tables", 2, "heads")
def head_twice(draft: Draft) -> bool:
    line = next((x for x in own_heads(draft) if len(x.values) == 3), None)
    if line is None or draft.name != "2019" or line is not own_heads(draft)[0]:
        return False
    draft.change(line, replace(line, values=(line.values[0], *line.values[:1], *line.values[2:])))
    return True


@variation("heads carry the year: `本年(2023)制发件数`", "tables", 1, "heads")
def heads_with_year(draft: Draft) -> bool:
    year = draft.rng.choice((f"本年({draft.year})", f"本年（{draft.year}年）", f"{draft.year}年"))
    lines = own_heads(draft)
    draft.change_all(lines, lambda x: replace(x, values=tuple(v and v.replace("本年", year) for v in x.values)))
    return bool(lines)


@variation("heads carry long bracketed explanations containing DIGITS: `(指2020年办件量)`", "tables", 1, "heads")
def explained_heads(draft: Draft) -> bool:
    note = draft.rng.choice((f"(指{draft.year}年办件量)", f"（截至{draft.year}年12月31日）", "（含第3、5类事项）"))
    lines = some_lines(draft.rng, own_heads(draft))
    draft.change_all(lines, lambda x: replace(x, values=(*x.values[:-1], (x.values[-1] or "") + note)))
    return bool(lines)


@variation("labels carry bracketed explanations containing DIGITS: `如-8`", "tables", 1, "label notes")
def explained_labels(draft: Draft) -> bool:
    note = draft.rng.choice(("（含依申请类事项，如-8）", f"（指{draft.year}年办结数）", "（不含2类内部事项）"))
    lines = [x for x in draft.labelled_rows() if x.path.startswith(draft.form.sections[0].path)]
    draft.change_all(some_lines(draft.rng, lines), lambda x: relabelled(x, (x.label or "") + note))
    return bool(lines)


_LOOKALIKES = dict(zip("己未属请采查复处止规现息密障", "已末厲清釆査夏外正視観恴蜜瞕", strict=True))


@variation("OCR misread: 沭→`沐`", "tables", 1, "misprint")
def ocr_misread(draft: Draft) -> bool:
    lines = [x for x in draft.labelled_rows() if len(x.label or "") > 6 and set(x.label or "") & _LOOKALIKES.keys()]
    for line in some_lines(draft.rng, lines):
        old = draft.rng.choice(sorted(set(line.label or "") & _LOOKALIKES.keys()))
        draft.change(line, relabelled(line, (line.label or "").replace(old, _LOOKALIKES[old], 1)))
    return bool(lines)


@variation("misprinted / cut label: `2.其他法律行政止公开`", "tables", 1, "misprint")
def cut_label(draft: Draft) -> bool:
    lines = some_lines(draft.rng, long_labels(draft, 9))[:1]
    for line in lines:
        number, words = enumerator(line.label or "")
        at = draft.rng.randint(3, len(words) - 4)
        draft.change(line, relabelled(line, number + words[:at] + words[at + draft.rng.randint(1, 2) :]))
    return bool(lines)


@variation("label cut so only its middle remains: `行政机关不再处理其政府信息公`", "tables", 2, "misprint")
def middle_of_label(draft: Draft) -> bool:
    lines = some_lines(draft.rng, long_labels(draft, 14))[:1]
    for line in lines:
        words = words_of(line.label or "")
        draft.change(line, relabelled(line, words[len(words) // 4 : -len(words) // 6]))
    return bool(lines)


@variation("extra row: `其他主动公开文件` 186/86/255", "tables", 1, "extra row")
def extra_row(draft: Draft) -> bool:
    return _insert_row(draft, draft.rng.choice(("其他主动公开文件", "其他文件", "政策解读")), 0)


@variation("row split in sub-rows: `行政检查`, `行政确认`", "tables", 1, "extra row")
def split_row(draft: Draft) -> bool:
    return _insert_row(draft, "行政检查", 1) and _insert_row(draft, "行政确认", 1)


def _insert_row(draft: Draft, label: str, table: int) -> bool:
    tables = draft.tables.get(draft.form.sections[0].path, [])
    rows = [line for line in tables[table] if line.path and line.kind == "row"] if len(tables) > table else []
    if not rows:
        return False
    values = tuple(str(draft.rng.randint(0, 300)) for _ in rows[-1].values)
    draft.change(rows[-1], rows[-1], replace(rows[-1], label=label, values=values, path=""))
    return True


@variation("row dropped: no 规章 row", "figures", 1, "row dropped")
def row_dropped(draft: Draft) -> bool:
    rows = draft.rows_in(draft.form.sections[0])
    if len(rows) < 2:
        return False
    draft.remove(draft.rng.choice(rows[:2] + rows))
    return True


@variation("columns dropped: only 2 columns", "figures", 2, "columns dropped")
def columns_dropped(draft: Draft) -> bool:
    rows = draft.rows_in(draft.form.sections[0])
    three = [r for r in rows if len(draft.columns_of(r)) == 3]
    if not three:
        return False
    names = draft.columns_of(three[0])
    gone = draft.rng.choice(names)
    for row in three:
        if draft.columns_of(row) == names:
            del draft.figures[row.cell(gone)]
    return True


@variation("sub-table heading missing: first `第二十条第(一)项` gone", "tables", 1, "captions")
def caption_missing(draft: Draft) -> bool:
    lines = _captions(draft)
    for line in lines[: draft.rng.choice((1, len(lines)))] if lines else []:
        draft.change(line)
    return bool(lines)


def _captions(draft: Draft) -> list[Line]:
    return [x for x in draft.lines("caption") if x.label and x.label.startswith("第二十条")]


def _captions_as(change: Callable[[str], str]) -> Apply:
    def apply(draft: Draft) -> bool:
        lines = _captions(draft)
        draft.change_all(lines, lambda x: relabelled(x, change(x.label or "")))
        return bool(lines)

    return apply


for _name, _row, _change in (
    ("caption_spelled_out", "heading spelled out", lambda t: "中华人民共和国政府信息公开条例  " + t),
    ("caption_without_ordinal", "heading w/o 第: `第二十条(五)项`", lambda t: t.replace("条第", "条").replace("（", "(").replace("）", ")")),
    ("caption_with_space", "heading with space: `第二十条 第（五）项`", lambda t: t.replace("条第", "条 第")),
):  # fmt: skip
    WORDING[_name] = Variation(_name, _row, "tables", 0, "captions", _captions_as(_change))


@variation("caption inside the table: `主动公开政府信息情况`", "tables", 1, "first line")
def caption_in_table(draft: Draft) -> bool:
    return _at_the_top(draft, draft.rng.randrange(len(draft.form.sections)), lambda s: s.partition("、")[2])


@variation("unit row inside the table: `单位:东阳市农业农村局 | | 2019年度`", "tables", 1, "first line")
def unit_row_in_table(draft: Draft) -> bool:
    return _at_the_top(draft, 0, lambda _: f"单位:{draft.agency}", "", f"{draft.year}年度")


def _at_the_top(draft: Draft, at: int, label: Callable[[str], str], *values: str) -> bool:
    section = draft.form.sections[at]
    tables = draft.tables.get(section.path)
    if not tables:
        return False
    tables[0].insert(0, Line("caption", label(section.title), values))
    return True


@variation("traditional characters: `規範性文件`", "text", 1, "script")
def traditional_characters(draft: Draft) -> bool:
    return _converted(draft, "s2t")


@variation("traditional characters, words too: `規範性檔案`", "text", 2, "script")
def traditional_words(draft: Draft) -> bool:
    return _converted(draft, "s2twp")


def _converted(draft: Draft, scheme: str) -> bool:
    change = _converter(scheme)
    draft.text, draft.title, draft.agency = change(draft.text), change(draft.title), change(draft.agency)
    return True


@cache
def _converter(scheme: str) -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC(scheme).convert
    return convert


_SOUNDS = {"公": "gong", "关": "guān", "开": "kāi", "信": "xìn", "行": "xíng", "处": "chù", "计": "jì"}


@variation("phonetic noise: `公(gong)`-style, `關(guān)`", "tables", 2, "misprint")
def phonetic_noise(draft: Draft) -> bool:
    lines = [x for x in draft.labelled_rows() if set(x.label or "") & _SOUNDS.keys()]
    for line in some_lines(draft.rng, lines):
        old = draft.rng.choice(sorted(set(line.label or "") & _SOUNDS.keys()))
        draft.change(line, relabelled(line, (line.label or "").replace(old, f"{old}({_SOUNDS[old]})", 1)))
    return bool(lines)


@variation('plain `"` in 三安全一稳定', "tables", 0, "plain quotes")
def plain_quotes(draft: Draft) -> bool:
    lines = [x for x in draft.labelled_rows() if "“" in (x.label or "")]
    quotes = draft.rng.choice((('"', '"'), ("", ""), ("＂", "＂"), ("”", "”")))
    draft.change_all(lines, lambda x: relabelled(x, (x.label or "").replace("“", quotes[0]).replace("”", quotes[1])))
    return bool(lines)


# --- Section titles ---------------------------------------------------------------------------------------------------

_TITLES = {
    "一": ("概述", "基本情况", "总体概况"),
    "二": ("主动公开情况", "主动公开政府信息的情况", "政府信息主动公开情况"),
    "三": ("政府信息公开申请情况", "收到和处理政府信息公开申请的情况", "依申请公开政府信息办理情况"),
    "四": ("因政府信息公开工作被申请行政复议、提起行政诉讼情况", "因政府信息公开工作被申请行政复议提起行政诉讼情况"),
    "五": ("存在问题及改进情况", "存在的主要问题及整改措施", "存在的问题和改进措施"),
    "六": ("其他报告事项", "其他需要报告的事项情况", "其他事项"),
}


@variation("section titles reworded: `存在问题及改进情况`, `…整改措施`, `概述`", "prose", 1, "titles")
def titles_reworded(draft: Draft) -> bool:
    for path, title in draft.titles.items():
        number = title.partition("、")[0]
        draft.titles[path] = f"{number}、{draft.rng.choice(_TITLES[number])}"
    return True


@variation("section titles: `三是收到和处理…`", "prose", 1, "titles")
def titles_in_a_list(draft: Draft) -> bool:
    between = draft.rng.choice(("是", "．", "，", "、 ", " "))
    draft.titles = {path: title.replace("、", between, 1) for path, title in draft.titles.items()}
    return True


@variation("section numbers restart or missing: tables are 一/二/三 after prose 一…六", "prose", 1, "titles")
def titles_renumbered(draft: Draft) -> bool:
    for number, section in zip("一二三", draft.form.sections, strict=False):
        draft.titles[section.path] = f"{number}、" + draft.titles[section.path].partition("、")[2]
    return True


@variation("section titles: no 一/五/六", "prose", 1, "titles")
def prose_titles_missing(draft: Draft) -> bool:
    draft.titles |= dict.fromkeys(draft.prose, "")
    return True


@variation("section titles: none at all", "prose", 2, "titles")
def titles_missing(draft: Draft) -> bool:
    draft.titles = dict.fromkeys(draft.titles, "")
    return True


@variation("a prose section with the same title and other numbers before the table", "prose", 1, "same title")
def prose_of_the_same_title(draft: Draft) -> bool:
    n = draft.rng.randint(1, 99)
    path = next(iter(draft.prose))
    draft.prose[path] += f"\n四、政府信息公开申请情况\n{draft.year}年共收到申请{n}件，办结{n}件，上年结转{n % 7}件。"
    return True
