"""Made-up mess: its gold is right by construction, and every variation comes up."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import reduce
from html.parser import HTMLParser
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
from nianbao.eval import mess
from nianbao.eval.layouts import LAYOUTS, MARKS
from nianbao.eval.mess import REPORT, VARIATIONS, MadeUp, as_json, make_reports, write_reports

from .conftest import some

MANY = 1500 // some(3)


@pytest.fixture(scope="module")
def made() -> list[MadeUp]:
    return list(make_reports(MANY, seed=11))


def at(record: dict[str, Any], path: str) -> Any:
    return reduce(lambda found, name: found[name] if isinstance(found, dict) else None, path.split("."), record)


def printed(text: str) -> Decimal:
    """The number that the text of a cell prints, read by no code of the project."""
    text = text.translate({ord("０") + i: ord("0") + i for i in range(10)}).replace(",", "")
    sign = -1 if text.startswith(("-", "减", "減")) else 1
    numbers = re.findall(r"\d+(?:\.\d+)?", re.sub(r"[（(].*?[)）]", "", text))
    assert len(numbers) == 1, text
    return sign * Decimal(numbers[0])


def test_every_place_prints_its_gold(made: list[MadeUp]) -> None:
    """The text at every place is the number that gold holds, and an amount's unit is the one that is printed."""
    for report in made:
        for path, (start, end) in report.places.items():
            gold, text = at(report.gold, path), report.text[start:end]
            number = printed(text)
            if not isinstance(gold, dict):
                assert gold == number, (report.name, path, text)
                continue
            assert Decimal(gold["figure"]) == number
            factor = {None: None, "元": 1, "万元": 10_000, "亿元": 10**8}[gold["unit"]]
            assert gold["yuan"] is None if factor is None else Decimal(gold["yuan"]) == number * factor
            stated = re.findall("亿元|万元|元", text.translate(str.maketrans("億萬", "亿万")))
            assert stated in ([], [gold["unit"]])


def test_every_cell_of_gold_has_a_place(made: list[MadeUp]) -> None:
    """A cell that gold holds stands in the text, or is said to be lost; no place is used twice, none is for a blank."""
    for report in made:
        held = {path for path in REPORT.columns if at(report.gold, path) is not None}
        assert set(report.places) <= held
        assert held - set(report.places) <= set(report.lost), (report.name, report.done)
        spans = sorted(report.places.values())
        assert all(0 <= start < end <= len(report.text) for start, end in spans)
        assert all(one[1] <= two[0] for one, two in pairwise(spans))
        assert not MARKS.search(report.text)


def sums(gold: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Each identity that can be assessed, in the other way round: from the rows and groups of the record itself."""
    for identity in REPORT.identities:
        rows = [{p: at(gold, p.rpartition(".")[0]) for p in side} for side in (identity.left, identity.right)]
        split = {
            path
            for path, parts in identity.unless
            if any(at(gold, part.rpartition(".")[0]) is not None for part in parts)
        }
        terms = [[at(gold, p) for p, row in side.items() if row is not None and p not in split] for side in rows]
        if all(terms) and None not in terms[0] + terms[1]:
            yield identity.id, sum(terms[0]), sum(terms[1])


def test_arithmetic_fails_exactly_where_it_is_said(made: list[MadeUp]) -> None:
    """The identities that fail as printed are those of `broken`; where nothing was broken on purpose, none fails."""
    wrong = {name for name, v in VARIATIONS.items() if v.part == "wrong"}
    for report in made:
        failing = tuple(id_ for id_, left, right in sums(report.gold) if left != right)
        assert failing == report.broken, report.name
        assert bool(failing) == bool(wrong & set(report.done)), (report.name, report.done)


LOSING = {
    "blanks_dropped",
    "five_of_seven",
    "one_of_three",
    "repeated_lines_removed",
    "sentence_as_value",
    "side_by_side",
}


def test_only_what_loses_positions_says_so(made: list[MadeUp]) -> None:
    """Cells are lost where blanks left no trace, lines are gone, cells are glued or two reports stand side by side; else never."""
    for report in made:
        if report.layout != "run_together":
            assert not report.lost or LOSING & set(report.done), (report.name, report.done)
    assert {name for report in made if report.lost for name in report.done} >= LOSING


def test_a_report_depends_on_its_seed_and_number_alone() -> None:
    """The same seed makes the same reports, however many are asked for; another seed makes others."""
    first = list(make_reports(12, seed=3))
    assert list(islice(make_reports(1000, seed=3), 12)) == first
    assert all(one.text != two.text for one, two in zip(first, make_reports(12, seed=4), strict=True))


@pytest.mark.parametrize("difficulty", [0, 1, 2, 3])
def test_difficulty(difficulty: int) -> None:
    """A report of a difficulty has layouts and variations up to it, and never two of one part."""
    for report in make_reports(60, seed=5, difficulty=difficulty):
        assert report.difficulty == difficulty
        assert max([LAYOUTS[report.layout].level, *(VARIATIONS[name].level for name in report.done)]) <= difficulty
        parts = Counter(VARIATIONS[name].part for name in report.done)
        assert set(parts.values()) <= {1}


def test_everything_comes_up(made: list[MadeUp]) -> None:
    """Every variation, every layout, every form, busy and empty reports occur."""
    assert {name for report in made for name in report.done} == set(VARIATIONS)
    assert {report.layout for report in made} == set(LAYOUTS)
    assert {report.form for report in made} == {"2019", "2021", "mixed", None}
    filled = [sum(at(r.gold, p) not in (0, None) for p in REPORT.columns) for r in made]
    assert min(filled) == 0
    assert max(filled) > 120


def test_written_as_json_lines(tmp_path: Path) -> None:
    """The file holds one object a report, with exactly the fields of MadeUp; nothing else is left in the folder."""
    path = tmp_path / "mess.jsonl"
    write_reports(path, 5, seed=2, difficulty=1)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines == [as_json(report) for report in make_reports(5, seed=2, difficulty=1)]
    keys = ["name", "text", "gold", "places", "form", "layout", "difficulty", "done", "broken", "lost"]
    assert [list(json.loads(line)) for line in lines] == [keys] * 5
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["absent/mess.jsonl", "."])
def test_a_path_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    """The error says which path and what to do, and leaves nothing behind."""
    with pytest.raises(OSError, match="cannot be written") as error:
        write_reports(tmp_path / name, 1, seed=1)
    assert str(tmp_path / name) in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("difficulty", [-1, 4])
def test_no_such_difficulty(difficulty: int) -> None:
    with pytest.raises(ValueError, match="give 0"):
        list(make_reports(1, seed=1, difficulty=difficulty))


def test_it_shares_nothing_with_the_readers() -> None:
    """No module of the made-up mess imports from the pipeline, so that one mistake cannot hide in both."""
    folder = Path(mess.__file__).parent
    for name in ("mess", "variations", "printing", "wording", "damage", "draft", "figures", "layouts"):
        tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
        imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        imported += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        assert not [module for module in imported if "pipeline" in module]


class Spans(HTMLParser):
    """The tables of a page: rows of cells, each (rowspan, colspan)."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[tuple[int, int]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag == "td":
            said = dict(attrs)
            self.tables[-1][-1].append((int(said.get("rowspan") or 1), int(said.get("colspan") or 1)))


def covered(table: list[list[tuple[int, int]]]) -> Counter[tuple[int, int]]:
    """How many cells cover each place of a table, as the HTML standard forms it."""
    taken: Counter[tuple[int, int]] = Counter()
    for y, row in enumerate(table):
        x = 0
        for rows, columns in row:
            while (y, x) in taken:
                x += 1
            taken.update((y + down, x + right) for down in range(rows) for right in range(columns))
            x += columns
    return taken


def test_spans_of_a_page_are_true(made: list[MadeUp]) -> None:
    """The cells of a table in HTML tile a rectangle, but where a head is printed again, a row is added, or a page ends."""
    torn = {"head_repeated", "unit_row_in_table", "page_number"}
    count = 0
    for report in made:
        if report.layout != "html" or report.difficulty > 1 or torn & {*report.done}:
            continue
        page = Spans()
        page.feed(report.text)
        for table in filter(None, page.tables):
            places = covered(table)
            height, width = len(table), max(x for _, x in places) + 1
            assert places == Counter((y, x) for y in range(height) for x in range(width)), report.name
            count += 1
    assert count > 50
