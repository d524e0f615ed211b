"""Pages of several runs, and their language; what a browser shows of a page is tried in test_page.py."""

import re
from html import unescape
from pathlib import Path

import pytest
from nianbao.eval.bars import WIDTH, bars
from nianbao.eval.run import load_run
from nianbao.eval.tables import Scored
from nianbao.pipeline.extract import REPORT

from .made_up_runs import RECEIVED, alter_run, line, run, write


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two runs over two reports: in the other one a cell is wrong, and vouched for."""
    lines = write(tmp_path / "lines.jsonl", [line("一", layout="tabs"), line("二", layout="tabs")])
    for name in ("one", "other"):
        assert run("eval", "run", lines, "--out", tmp_path / name).exit_code == 0
    alter_run(tmp_path / "other", {"二": ({f"{RECEIVED}.total": 7}, "verified")})
    return tmp_path


def page(home: Path, *arguments: str) -> str:
    done = run("eval", "page", *arguments, "-o", home / "page.html")
    assert done.exit_code == 0, done.stderr
    return (home / "page.html").read_text(encoding="utf-8")


def cells(text: str, table: str) -> list[list[str]]:
    """The lines of a table of a page."""
    body = text.partition(f'id="table-{table}"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [[unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def test_two_runs_stand_side_by_side(home: Path) -> None:
    """A line, a curve and a bar for each; the reports in full are the first run's."""
    text = page(home, str(home / "other"), str(home / "one"), "--lang", "en")
    assert [row[:6] for row in cells(text, "runs")] == [
        ["other", "399 of 400", "400", "1", "2 of 2", "1"],
        ["one", "400 of 400", "400", "0", "2 of 2", "0"],
    ]
    assert text.count("<polyline") == 2
    assert text.count('<rect class="silent"') == 1
    assert text.count("<details") == 1
    assert '<html lang="en">' in text


def test_a_run_of_readers_is_each_of_them(home: Path) -> None:
    """The folder of several readers stands for its runs."""
    out = home / "readers"
    assert run("eval", "run", home / "lines.jsonl", "--readers", "rules", "--out", out).exit_code == 0
    text = page(home, str(out), str(home / "one"), "--lang", "en")
    assert [row[0] for row in cells(text, "runs")] == ["rules", "one"]


@pytest.mark.parametrize(
    ("runs", "says"), [(("one", "one"), "two runs of one name"), (("one", "far"), "different gold")]
)
def test_runs_that_cannot_stand_side_by_side(home: Path, runs: tuple[str, str], says: str) -> None:
    other = write(home / "far.jsonl", [line("三")])
    assert run("eval", "run", other, "--out", home / "far").exit_code == 0
    done = run("eval", "page", *(home / name for name in runs), "-o", home / "page.html")
    assert (done.exit_code, says in done.stderr) == (2, True)


def test_bars_are_as_long_as_their_cells(home: Path) -> None:
    """The longest bar is as wide as the drawing; a single cell is seen, and told of."""
    scores = {name: Scored(load_run(str(home / name)), REPORT).scores for name in ("one", "other")}
    one, other = bars(scores)
    assert [(part.fate, part.x, part.width) for part in one.parts] == [("vouched_right", 0.0, WIDTH)]
    assert [(part.fate, part.width) for part in other.parts] == [("vouched_right", 598.5), ("silent", 2.0)]
    assert other.parts[1].told == "vouched for, wrong (silent): 1 of 400, 0.2 %"


# --- Language ---------------------------------------------------------------------------------------------------------


def test_a_page_is_in_chinese_throughout(home: Path) -> None:
    """With --lang zh no heading, head, note or label of a figure is left in English."""
    text = page(home, str(home / "other"), str(home / "one"), "--lang", "zh")
    shown = re.findall(r"<(?:h[1-3]|th|figcaption|dt|p class=\"quiet\"|title|summary)\b[^>]*>([^<]+)", text)
    told = [unescape(part).strip() for part in shown]
    known = {"one", "other", "tabs", ""}
    assert [part for part in told if part not in known and not re.search("[一-鿿]", part)] == []
    assert '<html lang="zh-CN">' in text
