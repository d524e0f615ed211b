"""Laws that must hold for any damage to a report: no wrong cell is ever vouched for."""

import re
from collections.abc import Callable, Collection
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from nianbao.pipeline.extract import REPORT

from nianbao import Extraction, InputError, extract

from .conftest import SAMPLES, Sample

Cells = dict[str, Any]

_NUMBER_LINE = re.compile(r"[^\n]*\d[^\n]*\n")


def cells_of(extraction: Extraction) -> Cells:
    """Path → value of every cell that holds one."""
    record = extraction.report.model_dump() if extraction.report else {}
    found = {}
    for path in REPORT.columns:
        value: Any = record
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            found[path] = value
    return found


def wrongly_vouched(extraction: Extraction | None, right: Cells, gone: Collection[str] = ()) -> Cells:
    """The cells that are vouched for with something else than what is right, where a cell that is not in `right` prints nothing.

    gone: cells whose number the text no longer prints.
    """
    if extraction is None:
        return {}
    found, left = cells_of(extraction), {path: value for path, value in right.items() if path not in gone}
    vouched = [path for path, evidence in extraction.evidence.items() if evidence.trust == "vouched"]
    return {path: found.get(path) for path in vouched if found.get(path) != left.get(path)}


def read(text: str) -> Extraction | None:
    try:
        return extract(text)
    except InputError:
        return None


def right_of(sample: Sample) -> Cells:
    """What a sample prints: as it is read, and in the cells that are in doubt what gold says."""
    gold, found = sample.case.gold.cells, cells_of(sample.extraction)
    doubtful = [path for path, evidence in sample.extraction.evidence.items() if evidence.trust == "doubtful"]
    right = found | {path: gold.get(path) for path in doubtful}
    return {path: value for path, value in right.items() if value is not None}


def filled(sample: Sample) -> list[str]:
    """The paths of the sample's cells that hold a whole number, of rows that have as many numbers as cells."""
    evidence = sample.extraction.evidence
    sure = [p for p, v in cells_of(sample.extraction).items() if isinstance(v, int) and evidence[p].basis == "read"]
    return [path for path in sure if evidence[path].trust == "vouched"]


def with_cell(sample: Sample, path: str, text: str) -> str:
    evidence = sample.extraction.evidence[path]
    return sample.text[: evidence.start] + text + sample.text[evidence.end :]


def checked(extraction: Extraction, path: str) -> bool:
    """Whether an identity that was assessed covers a cell."""
    return any(path in c.paths for c in extraction.checks if c.outcome != "not_assessable")


def row_span(sample: Sample, row: str) -> tuple[int, int]:
    """From the start of the line of a row's first cell to the end of the line of its last."""
    spans = [e for p, e in sample.extraction.evidence.items() if p.rpartition(".")[0] == row and e.start is not None]
    start = sample.text.rindex("\n", 0, min(e.start for e in spans if e.start is not None)) + 1
    end = sample.text.index("\n", max(e.end for e in spans if e.end is not None)) + 1
    return start, end


def rows_of(sample: Sample) -> list[str]:
    return sorted({p.rpartition(".")[0] for p in sample.extraction.evidence if not p.startswith("review")})


def one_of(found: list[tuple[Sample, str]]) -> st.SearchStrategy[tuple[Sample, str]]:
    return st.integers(0, len(found) - 1).map(lambda i: found[i])


cells = one_of([(sample, path) for sample in SAMPLES for path in filled(sample)])
rows = one_of([(sample, row) for sample in SAMPLES for row in rows_of(sample)])
request_rows = st.sampled_from([r for r in REPORT.rows if r.startswith("requests")])


@given(cells, st.integers(0, 10**9))
def test_a_changed_number(cell: tuple[Sample, str], new: int) -> None:
    """Another number in a cell is copied as printed, and is verified only where no identity covers the cell."""
    sample, path = cell
    assume(new != right_of(sample)[path])
    found = read(with_cell(sample, path, str(new)))
    assert found is not None
    assert wrongly_vouched(found, {**right_of(sample), path: new}) == {}
    if found.status == "verified":
        assert not checked(sample.extraction, path)


@given(rows)
def test_a_deleted_row(row: tuple[Sample, str]) -> None:
    """A row that is gone is absent, and no other takes its place."""
    sample, path = row
    start, end = row_span(sample, path)
    found = read(sample.text[:start] + sample.text[end:])
    assert found is not None
    gone = [p for p, e in sample.extraction.evidence.items() if e.start is not None and start <= e.start < end]
    assert wrongly_vouched(found, right_of(sample), gone) == {}


@given(rows)
def test_a_duplicated_row(row: tuple[Sample, str]) -> None:
    """A row that stands twice is read once, or is in doubt."""
    sample, path = row
    start, end = row_span(sample, path)
    found = read(sample.text[:end] + sample.text[start:end] + sample.text[end:])
    assert found is not None
    assert wrongly_vouched(found, right_of(sample)) == {}


@given(st.sampled_from(SAMPLES), request_rows, request_rows)
def test_swapped_rows(sample: Sample, one: str, other: str) -> None:
    """Where two rows' numbers are exchanged, what is vouched for is what is printed now, or, where sums tell, what was before."""
    evidence, now = sample.extraction.evidence, right_of(sample)
    pairs = [(f"{one}.{c.name}", f"{other}.{c.name}") for c in REPORT.rows[one].columns]
    assume(one != other and all(p in now and evidence[p].basis == "read" for pair in pairs for p in pair))
    text, expected = sample.text, dict(now)
    exchanged = [(a, now[b]) for a, b in pairs] + [(b, now[a]) for a, b in pairs]
    for path, value in sorted(exchanged, key=lambda x: -(evidence[x[0]].start or 0)):
        text = text[: evidence[path].start] + str(value) + text[evidence[path].end :]
        expected[path] = value
    found = read(text)
    assert found is not None
    assert {} in (wrongly_vouched(found, expected), wrongly_vouched(found, now))


@given(cells, st.integers(0, 400), st.booleans())
def test_an_added_number(cell: tuple[Sample, str], number: int, before: bool) -> None:
    """One number more, as a cell of its own anywhere in the tables, never changes what is vouched for."""
    sample, path = cell
    gap = "\t" if "\t" in sample.text else "\n\n"
    evidence = sample.extraction.evidence[path]
    at, added = (evidence.start, f"{number}{gap}") if before else (evidence.end, f"{gap}{number}")
    found = read(sample.text[:at] + added + sample.text[at:])
    assert found is not None
    assert wrongly_vouched(found, right_of(sample)) == {}


@given(cells, st.booleans())
def test_a_lost_number(cell: tuple[Sample, str], with_separator: bool) -> None:
    """One number less, with or without its separator, is never filled in, and nothing moves into its place."""
    sample, path = cell
    evidence = sample.extraction.evidence[path]
    assert evidence.end is not None
    end = evidence.end + with_separator
    found = read(sample.text[: evidence.start] + sample.text[end:])
    assert found is not None
    assert {} in (wrongly_vouched(found, right_of(sample), gone) for gone in ((), (path,)))


def table_lines(sample: Sample) -> list[int]:
    """The numbers of the lines of the tables."""
    lines = sample.text.split("\n")
    first = next(i for i, line in enumerate(lines) if "主动公开政府信息情况" in line)
    last = next(i for i, line in enumerate(lines) if "五、存在" in line)
    return [i for i in range(first + 1, last) if lines[i].strip()]


any_line = st.sampled_from(SAMPLES).flatmap(lambda s: st.tuples(st.just(s), st.sampled_from(table_lines(s))))


@given(any_line, st.sampled_from(["3", "- 3 -", "12", "第3页", "0"]), st.booleans())
def test_a_page_number(line: tuple[Sample, int], number: str, alone: bool) -> None:
    """A page number on a line of its own, wherever the page breaks, never becomes a cell."""
    sample, at = line
    lines = sample.text.split("\n")
    found = read("\n".join([*lines[:at], *([number] if alone else ["", number, ""]), *lines[at:]]))
    assert found is not None
    assert wrongly_vouched(found, right_of(sample)) == {}


@given(any_line, st.sampled_from(["delete", "double", "join"]))
def test_a_damaged_line(line: tuple[Sample, int], damage: str) -> None:
    """A line of the tables that is lost, doubled or run into the next one never gives another cell that is vouched for."""
    sample, at = line
    lines = sample.text.split("\n")
    middle = {"delete": [], "double": [lines[at]] * 2, "join": [lines[at] + lines[at + 1]]}[damage]
    found = read("\n".join([*lines[:at], *middle, *lines[at + 1 + (damage == "join") :]]))
    start = sum(len(line) + 1 for line in lines[:at])
    places = {p: e.start for p, e in sample.extraction.evidence.items() if e.start is not None}
    gone = [p for p, place in places.items() if start <= place <= start + len(lines[at])] if damage == "delete" else []
    assert wrongly_vouched(found, right_of(sample), gone) == {}


@given(st.sampled_from(SAMPLES), st.data())
def test_any_damage_to_the_tables(sample: Sample, data: st.DataObject) -> None:
    """Whatever a cut, a doubling or a stray does, nothing raises, and every evidence is the source's own text."""
    first = sample.text.index("二、主动公开")
    a = data.draw(st.integers(first, len(sample.text)))
    b = min(len(sample.text), a + data.draw(st.integers(0, 60)))
    middle = data.draw(st.sampled_from(["", sample.text[a:b] * 2, "\t7\t", "\n\n", "|", "（", "0", "\x00", "一、"]))
    text = sample.text[:a] + middle + sample.text[b:]
    found = read(text)
    for evidence in found.evidence.values() if found else ():
        assert evidence.start is None or text[evidence.start : evidence.end] == evidence.text


@given(st.sampled_from(SAMPLES), st.data())
def test_lines_and_fields_in_another_order(sample: Sample, data: st.DataObject) -> None:
    """Wherever a few lines, or the fields of a line, end up, nothing raises, and every evidence is the source's own text."""
    lines = sample.text.split("\n")
    first, last = table_lines(sample)[0], table_lines(sample)[-1]
    at = data.draw(st.integers(first, last))
    end = min(last, at + data.draw(st.integers(1, 12))) + 1
    lines[at:end] = data.draw(st.permutations(lines[at:end]))
    at = data.draw(st.sampled_from(table_lines(sample)))
    lines[at] = "\t".join(data.draw(st.permutations(lines[at].split("\t"))))
    text = "\n".join(lines)
    found = read(text)
    for evidence in found.evidence.values() if found else ():
        assert evidence.start is None or text[evidence.start : evidence.end] == evidence.text


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.replace("（", "(").replace("）", ")"),
        lambda t: t.replace("、", "、 "),
        lambda t: re.sub(r"\t(\d+)(?=[\t\n])", r"\t \1 ", t),
        lambda t: re.sub(
            r"(?<=[\t\n])(\d+)(?=[\t\n])", lambda m: m[1].translate({48 + i: 0xFF10 + i for i in range(10)}), t
        ),
        lambda t: t.replace("本机关", "本 机 关").replace("属于", "属 于"),
    ],
    ids=["crlf", "brackets", "spaces after numbers", "padded", "full-width digits", "spaces inside words"],
)
def test_what_does_not_matter(sample: Sample, change: Callable[[str], str]) -> None:
    """Line ends, kinds of brackets and digits, padding and spaces inside words change nothing in the cells."""
    found = extract(change(sample.text))
    assert (found.status, cells_of(found)) == (sample.extraction.status, cells_of(sample.extraction))
