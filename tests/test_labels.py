"""Labels and heads: each wording of the form is found as what it is, whole or damaged, and all of them in the form's order."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.source.decode import from_text
from nianbao.pipeline.table import costs
from nianbao.pipeline.table.heads import fixed_heads, printed_heads
from nianbao.pipeline.table.items import Items, itemize
from nianbao.pipeline.table.labels import chain, find_labels
from nianbao.pipeline.table.lexicon import label_costs, lexicon_of, pieces_of
from nianbao.pipeline.table.tokens import tokenize
from nianbao.schemas.form import FormSection

from nianbao import extract

from .made_up import APPLICANTS, report
from .test_laws import cells_of
from .test_layouts import BUSY

FORMS = ("2019", "2021")
APART = [s for s in REPORT.sections if not s.spec.side_by_side]
"""The sections whose rows stand below each other."""


def items_of(text: str, section: FormSection) -> Items:
    source = from_text(text, "text")
    return itemize(tokenize(source, 0, len(source.folded)), source.folded, lexicon_of(section))


def rows_found(text: str, section: FormSection) -> list[str]:
    items = items_of(text, section)
    lexicon = lexicon_of(section)
    return [found.row.path for found in chain(find_labels(items, lexicon), items, lexicon)]


@pytest.mark.parametrize("section", REPORT.sections, ids=lambda s: s.path)
def test_every_wording_is_found(section: FormSection) -> None:
    """Each wording of a row is its row's label at no cost; without its number it may be, for a little."""
    lexicon = lexicon_of(section)
    for wording in lexicon.wordings:
        assert label_costs(wording.text, lexicon)[wording.row.path][0] == 0
        bare = label_costs(wording.text[wording.core :], lexicon)
        assert bare[wording.row.path][0] <= costs.NUMBER_LOST


@given(
    st.lists(st.sampled_from([w for s in REPORT.sections for w in lexicon_of(s).pieces.pattern.split("|")]), max_size=5)
)
def test_pieces_are_the_text(words: list[str]) -> None:
    """Words run together are cut into pieces that make up all of them."""
    text = "".join(words)
    for section in REPORT.sections:
        pieces = pieces_of(text, lexicon_of(section))
        assert "".join(text[a:b] for a, b in pieces) == text
        assert all(a < b for a, b in pieces)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("section", APART, ids=lambda s: s.path)
def test_all_labels_in_order(section: FormSection, form: str) -> None:
    """The labels of a form's table, one below the other, are its rows, with numbers behind them or without."""
    rows = [row for row in section.rows if row.form in (form, None) and not row.parts]
    for numbers in ("", "\t0\t0\t0"):
        text = "\n".join(row.labels[0].text + numbers for row in rows)
        assert rows_found(text, section) == [row.path for row in rows]


@given(st.data())
def test_a_label_misprinted_among_the_others(data: st.DataObject) -> None:
    """One character of a long label misread, but for one that turns its meaning: between its neighbours the row is found."""
    section = APART[1]
    rows = [row for row in section.rows if row.form in ("2021", None) and not row.parts]
    at = data.draw(st.sampled_from([i for i, row in enumerate(rows) if len(row.labels[0].text) > 7]))
    lines = [row.labels[0].text + "\t0\t0\t0" for row in rows]
    label = rows[at].labels[0].text
    place = data.draw(st.sampled_from([i for i in range(3, len(label)) if label[i] not in "不未无非止下"]))
    lines[at] = lines[at][:place] + "厲" + lines[at][place + 1 :]
    assert rows_found("\n".join(lines), section) == [row.path for row in rows]


@given(st.data())
def test_a_label_broken_over_lines(data: st.DataObject) -> None:
    """A label broken over two lines, before its numbers or around them."""
    section = APART[1]
    rows = [row for row in section.rows if row.form in ("2021", None) and not row.parts]
    at = data.draw(st.sampled_from([i for i, row in enumerate(rows) if len(row.labels[0].text) > 9]))
    lines = [row.labels[0].text + "\t0\t0\t0" for row in rows]
    label = rows[at].labels[0].text
    place = data.draw(st.integers(5, len(label) - 4))
    before, after = label[:place], label[place:]
    lines[at] = data.draw(st.sampled_from([f"{before}\n{after}\t0\t0\t0", f"{before}\t0\t0\t0\n{after}"]))
    assert rows_found("\n".join(lines), section) == [row.path for row in rows]


# --- Heads -----------------------------------------------------------------------------------------------------------

DISCLOSURE = next(s for s in REPORT.sections if s.path == "disclosure")
SUBTABLES = [
    (row, form, columns)
    for row in DISCLOSURE.rows
    for form in FORMS
    if len(columns := [c for c in row.columns if any(label.form in (form, None) for label in c.labels)]) > 1
    and row.form in (form, None)
]


@pytest.mark.parametrize(
    ("row", "form", "columns"), SUBTABLES, ids=lambda x: getattr(x, "path", x if isinstance(x, str) else "")
)
def test_printed_heads_in_any_order(row, form, columns) -> None:  # type: ignore[no-untyped-def]
    """The heads of a sub-table name its columns, in whatever order they stand, on one line or one a line."""
    for order in permutations(columns):
        for between in ("\t", "\n"):
            text = between.join(["信息内容", *(c.label_in(form) for c in order)])
            heads = printed_heads(items_of(text, DISCLOSURE).pieces, row, DISCLOSURE)
            assert heads is not None
            assert [h.column.name for h in heads.heads] == [c.name for c in order]


def test_fixed_heads() -> None:
    """The heads of section 三, level by level or each with those below it, are its seven columns in the form's order."""
    section = next(s for s in REPORT.sections if s.path == "requests")
    columns = section.rows[0].columns
    depth_first = [APPLICANTS[0], "申请人情况", "自然人", "法人或其他组织", *APPLICANTS[5:], "总计"]
    for words in (APPLICANTS, depth_first, [c.labels[0].text for c in columns]):
        for between in ("\t", "\n"):
            best = fixed_heads(items_of(between.join(words), section).pieces, columns)[0]
            assert [h.column.name for h in best.heads] == [c.name for c in columns]


@pytest.mark.parametrize("order", list(permutations(range(5)))[::7], ids=str)
def test_columns_of_bodies_in_any_order(order: tuple[int, ...]) -> None:
    """Section 三 with the five columns of bodies in another order, heads and numbers: the same record."""
    lines = []
    for line in report(cells=BUSY).split("\n"):
        fields = line.split("\t")
        if fields[0] == APPLICANTS[0]:
            fields[5:] = [fields[5 + i] for i in order]
        elif len(fields) == 8:
            fields[2:7] = [fields[2 + i] for i in order]
        lines.append("\t".join(fields))
    found = extract("\n".join(lines))
    assert (found.status, cells_of(found)) == ("verified", cells_of(extract(report(cells=BUSY))))
