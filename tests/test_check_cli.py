"""`nianbao check`: one record, many, records of another shape; exit statuses and errors."""

import json
from pathlib import Path
from typing import Any

import pytest
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.many.check_many import LONGEST_LINE
from nianbao.pipeline.readers.supplied.map_record import load_map, map_record
from nianbao.pipeline.readers.supplied.names import cell_named, paths
from nianbao.pipeline.record.paths import cells_of

from nianbao import InputError, check

from .conftest import SAMPLES
from .test_check import changed
from .test_cli import lines, run

pytestmark = pytest.mark.usefixtures("read_once")

SAMPLE = SAMPLES[4]
WRONG = changed(SAMPLE.gold, requests__received__total=7)
TABLE = [
    row.path for row in REPORT.sections[1].rows if cells_of(SAMPLE.gold, REPORT).get(row.cell("total")) is not None
]
"""The rows of section 三 that the sample has."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a text, its gold, and a wrong record."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(SAMPLE.text, encoding="utf-8")
    write(tmp_path / "gold.json", dict(SAMPLE.gold))
    write(tmp_path / "wrong.json", WRONG)
    return tmp_path


def write(path: Path, data: Any) -> Path:
    path.write_text(data if isinstance(data, str) else json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


def jsonl(path: Path, *data: Any) -> Path:
    return write(path, "".join((d if isinstance(d, str) else json.dumps(d, ensure_ascii=False)) + "\n" for d in data))


@pytest.mark.parametrize(
    ("record", "engine", "exit_code", "status", "reader"),
    [
        ("gold.json", "none", 0, "verified", "supplied"),
        ("gold.json", "rules", 0, "verified", "supplied"),
        ("wrong.json", "none", 1, "unresolved", "supplied"),
        ("wrong.json", "rules", 0, "verified", "rules"),
        ("wrong.json", "auto", 0, "verified", "rules"),
    ],
)
def test_one_record(folder: Path, record: str, engine: str, exit_code: int, status: str, reader: str) -> None:
    result = run("check", folder / "in" / "a.txt", "--record", folder / record, "--engine", engine, "--json")
    assert (result.exit_code, result.stderr) == (exit_code, "")
    (line,) = lines(result)
    assert (line["status"], line["reader"], line["source"]["name"]) == (status, reader, str(folder / "in" / "a.txt"))


def test_for_a_person(folder: Path) -> None:
    """Without --json the view says that the record was taken, or each cell in which it is wrong."""
    text = folder / "in" / "a.txt"
    chinese = ("--lang", "zh")
    assert "所供记录" in run("check", text, "--record", folder / "gold.json", *chinese).stdout.splitlines()[1]
    shown = run("check", text, "--record", folder / "wrong.json", *chinese).stdout
    assert "! cell_differs “一、本年新收政府信息公开申请数量·总计”：所供“7”" in shown


def test_standard_input(folder: Path) -> None:
    """Text or record may come from it, but not both."""
    text, gold = folder / "in" / "a.txt", folder / "gold.json"
    assert run("check", "-", "--record", gold, stdin=text.read_bytes()).exit_code == 0
    assert run("check", text, "--record", "-", stdin=gold.read_bytes()).exit_code == 0
    assert run("check", "-", "--record", "-").exit_code == 2


def test_many(folder: Path) -> None:
    """One extraction for every line, in the order given, and a summary at the end; a path starts at the folder of the lines, and an error names its line."""
    records = jsonl(
        folder / "records.jsonl",
        {"name": "一", "text": SAMPLE.text, "record": dict(SAMPLE.gold)},
        {"path": "in/a.txt", "record": WRONG},
        {"name": "二", "path": "in/gone.txt", "record": {}},
        "{",
        {"name": "三", "text": SAMPLE.text, "record": {"id": 3}},
        "",
        {"name": "四", "text": SAMPLE.text, "record": None},
        {"text": "无", "path": "无", "record": {}},
        {"name": "五", "text": 5, "record": {}},
        {"name": "六", "text": "今天天气很好。", "record": dict(SAMPLE.gold)},
    )
    result = run("check", "--records", records, "--json")
    assert result.exit_code == 2
    assert [(line["source"]["name"], line["status"], line["reader"]) for line in lines(result)] == [
        ("一", "verified", "supplied"),
        ("in/a.txt", "verified", "rules"),
        ("二", "unresolved", "rules"),
        (f"{records}:4", "unresolved", "rules"),
        ("三", "unresolved", "rules"),
        ("四", "verified", "rules"),
        (f"{records}:8", "unresolved", "rules"),
        (f"{records}:9", "unresolved", "rules"),
        ("六", "unresolved", "rules"),
    ]
    unread = [line for line in lines(result) if line["report"] is None]
    assert [[found["code"] for found in line["findings"]] for line in unread] == [["input_unusable"]] * 6
    *said, summary, worst = result.stderr.splitlines()
    assert len(said) == 6
    assert summary == "nianbao: 9 records: 1 accepted, 2 read again, 0 refused, 6 unusable"
    assert worst == "nianbao: cells that differ most: requests.received.total 1"
    assert [n for n in (3, 4, 5, 8, 9) if any(f"records.jsonl:{n}: " in s or n == 3 for s in said)] == [3, 4, 5, 8, 9]
    assert "gone.txt: no such file" in said[0]
    assert "id: unknown path" in said[2]
    assert "give either text or path" in said[3]


def test_many_from_standard_input() -> None:
    line = json.dumps({"text": SAMPLE.text, "record": WRONG}).encode()
    result = run("check", "--records", "-", "--engine", "none", "--json", stdin=line)
    assert (result.exit_code, lines(result)[0]["source"]["name"]) == (1, "-:1")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"name": "名" * 201, "text": SAMPLE.text, "record": {}}, "name: String should have at most 200 characters"),
        ({"text": SAMPLE.text, "record": {"k" * 201: 1}}, "a key is longer than 200 characters"),
        ({"text": SAMPLE.text, "k" * 10_000: 1, "record": {}}, "a key is longer than 200 characters"),
    ],
)
def test_names_and_keys_have_a_length(folder: Path, line: dict[str, Any], says: str) -> None:
    """What is no name is told of in one short line, and the others are read."""
    records = jsonl(folder / "records.jsonl", line, {"name": "二", "text": SAMPLE.text, "record": dict(SAMPLE.gold)})
    result = run("check", "--records", records, "--json")
    assert (result.exit_code, [line["status"] for line in lines(result)]) == (2, ["unresolved", "verified"])
    assert says in result.stderr
    assert len(result.stderr.splitlines()[0]) < 400


def test_a_line_without_end_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told of, and the next line is read."""
    monkeypatch.setattr("nianbao.pipeline.many.check_many.LONGEST_LINE", 100_000)
    assert LONGEST_LINE > 100_000
    good = {"name": "一", "text": SAMPLE.text, "record": dict(SAMPLE.gold)}
    result = run("check", "--records", jsonl(folder / "r.jsonl", "x" * 1_000_000, good), "--json")
    assert (result.exit_code, [line["report"] is None for line in lines(result)]) == (2, [True, False])
    assert "a line of more than 100,000 bytes" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give TEXT with --record"),
        (["in/a.txt"], "give TEXT with --record"),
        (["in/a.txt", "--records", "gold.json"], "give TEXT with --record"),
        (["--record", "gold.json"], "give TEXT with --record"),
        (["in/a.txt", "--record", "gone.json"], "gone.json: no such file"),
        (["in/a.txt", "--record", "in/a.txt"], "in/a.txt: no JSON of a record"),
        (["gone.txt", "--record", "gold.json"], "gone.txt: no such file"),
        (["--records", "gone.jsonl"], "gone.jsonl: cannot be read"),
        (["--records", "in"], "in: cannot be read"),
        (["in/a.txt", "--record", "gold.json", "--map", "gold.json"], "gold.json: no TOML"),
    ],
)
def test_usage_errors_are_2(folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str) -> None:
    monkeypatch.chdir(folder)
    result = run("check", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


# --- Records of another shape ----------------------------------------------------------------------------------------


def mapped(toml: str, theirs: Any) -> dict[str, Any]:
    return cells_of(map_record(theirs, load_map(toml.encode(), "map.toml", REPORT), "theirs", REPORT), REPORT)


ONE_TABLE = '[tables."数据.申请"]\nsection = "requests"\n'
ROW = {"natural_person": 1, "total": 1}
COLUMNS = [c.name for c in REPORT.rows["requests.received"].columns]


@pytest.mark.parametrize(
    ("toml", "theirs", "cells"),
    [
        ("", {"requests": {"received": ROW}}, ROW),
        ("", {"本年新收政府信息公开申请数量": {"自然人": "1", "合计": 1.0}}, ROW),
        ("", {"一、本年新收政府信息公开申请数量.自然人": 1, "requests.received.总计": "1件"}, ROW),
        ('[cells]\nzrr = "requests.received.natural_person"\nhj = "本年新收政府信息公开申请数量.总计"', {"zrr": 1, "hj": 1}, ROW),
        ('[cells]\n"新收.zrr" = "收到和处理政府信息公开申请情况.received.自然人"', {"新收": {"zrr": 1, "总计": None}}, {"natural_person": 1}),
        ('ignore = ["id", "来源.网址"]', {"id": 5, "来源": {"网址": "x"}, "requests": {"received": ROW}}, ROW),
        (ONE_TABLE + 'rows = { "新收" = "received" }\ncolumns = { zrr = "natural_person" }', {"数据": {"申请": {"新收": {"zrr": 1, "合计": 1}}}}, ROW),
        (ONE_TABLE + 'name = "事项"\nignore = ["序号"]', {"数据": {"申请": [{"事项": "本年新收政府信息公开申请数量", "序号": 9, "自然人": 1, "总计": 1}]}}, ROW),
        (ONE_TABLE + 'rows = ["received"]\ncolumns = ["natural_person", "total"]', {"数据": {"申请": [[1, 1]]}}, ROW),
        (ONE_TABLE + 'name = "项"\ncolumns = ["项", "自然人", "总计"]', {"数据": {"申请": [["received", 1, "1"]]}}, ROW),
        (ONE_TABLE + 'ignore = ["三、本年度办理结果"]', {"数据": {"申请": {"三、本年度办理结果": 3, "received": {**ROW, "其他": "—", "科研机构": float("nan")}}}}, {**ROW, "other": None, "research": None}),
    ],
)  # fmt: skip
def test_shapes(toml: str, theirs: Any, cells: dict[str, Any]) -> None:
    """Flat, nested and table-shaped records, by paths or Chinese labels on either side, numbers also as text."""
    assert mapped(toml, theirs) == {f"requests.received.{c}": cells[c] for c in COLUMNS if c in cells}


@pytest.mark.parametrize(
    ("target", "value", "amount"),
    [
        ('"行政事业性收费.本年收费金额"', "1,234.50", "1234.50"),
        ('"行政事业性收费.本年收费金额"', {"figure": "1", "unit": "元", "yuan": "1"}, {"figure": "1", "unit": "元", "yuan": "1"}),
        ('{ path = "disclosure.fees.amount", unit = "万元" }', 1700.35, "17003500"),
        ('{ path = "disclosure.fees.amount", unit = "万元" }', 3, "30000"),
        ('{ path = "disclosure.fees.amount", unit = "万元" }', "5元", "5"),
        ('"disclosure.fees.amount"', "/", None),
    ],
)  # fmt: skip
def test_amounts(target: str, value: Any, amount: Any) -> None:
    """An amount whose unit is known comes out in yuan."""
    assert mapped(f"[cells]\nfee = {target}", {"fee": value}) == {"disclosure.fees.amount": amount}


@pytest.mark.parametrize(
    ("toml", "theirs", "says"),
    [
        ("[cells]\na = 'requests.recieved.total'", {}, r"map\.toml: cells\.a: unknown path 'requests\.recieved\.total'; did you mean requests\.received\.total\?"),
        ("[cells]\na = '行政许可.本年处理决定数目'", {}, r"cells\.a: .*; did you mean disclosure\.licensing\.decisions\?"),
        ("[cells]\na = '其他.总计'", {}, r"cells\.a: unknown path"),
        ("[tables.t]\nrows = { '新收' = 'recieved' }", {}, r"tables\.t\.rows: no row is called 'recieved'; did you mean requests\.received"),
        ("[tables.t]\nrow = 1", {}, r"map\.toml: tables\.t\.row: .*a map has cells, tables, ignore"),
        ("[cells", {}, r"map\.toml: no TOML"),
        ("[tables.新收]", {}, r"no TOML: .*; a key with other characters than a-z, 0-9, _ and - stands in quotes"),
        ("[cells]\na = 3", {}, r"map\.toml: cells\.a"),
        ("", {"idd": 1}, r"theirs: idd: unknown path 'idd'; did you mean"),
        ("", {"requests": {"received": {"totl": 1}}}, r"requests\.received\.totl: .*did you mean requests\.received\.total\?"),
        ("", {"requests": {"received": {"total": "一"}}}, r"theirs: requests\.received\.total: 总计: no number: \"一\""),
        ("", {"requests": {"received": {"total": 1.5}}}, r"no number: 1\.5"),
        ("", {"requests": {"received": {"total": True}}}, r"no number: true"),
        ("", {"requests": {"received": {"total": [1]}}}, r"no number: \[1\]"),
        ("", {"requests": {"received": {"total": 1, "总计": 1}}}, r"总计: requests\.received\.total is given already, by requests\.received\.total"),
        (ONE_TABLE, {"数据": {"申请": 3}}, r"数据\.申请: a table was expected, .*not 3"),
        (ONE_TABLE, {"数据": {"申请": {"新收": ROW}}}, r"数据\.申请\.新收: no row is called '新收'; did you mean"),
        (ONE_TABLE, {"数据": {"申请": {"received": {"自然": 1}}}}, r"received\.自然: requests\.received has no such column; it has 自然人"),
        (ONE_TABLE, {"数据": {"申请": [ROW]}}, r"申请\[0\]: no field None that names the row"),
        (ONE_TABLE + "name = 'x'", {"数据": {"申请": [[1, 2]]}}, r"申请\[0\]: a row of an object of columns was expected"),
        (ONE_TABLE + "rows = ['received']", {"数据": {"申请": []}}, r"0 rows, but the map names 1"),
        (ONE_TABLE + "columns = ['总计']\nrows = ['received']", {"数据": {"申请": [[1, 2]]}}, r"a row of 1 fields was expected, not \[1, 2\]"),
        ("", [1], r"theirs: a record was expected, an object, not \[1\]"),
    ],
)  # fmt: skip
def test_bad_maps_and_records(toml: str, theirs: Any, says: str) -> None:
    """The message names the key, and where a name is unknown the nearest path."""
    with pytest.raises(InputError, match=says):
        mapped(toml, theirs)


def test_every_cell_goes_by_its_labels() -> None:
    """Every cell of the form is found by its path, and by its section's, groups', row's and column's official wording."""
    for section in REPORT.sections:
        for row in section.rows:
            for column in row.columns:
                path = row.cell(column.name)
                labels = [section.title, *(g.text for g in row.groups[:1]), row.labels[-1].text, column.labels[-1].text]
                assert (cell_named(path, REPORT), cell_named(".".join(labels), REPORT)) == (path, path)
                assert path in paths(REPORT)


def test_a_mapped_table_is_accepted() -> None:
    """Gold turned into a list of rows under Chinese heads, and mapped back, is accepted; one wrong number is not."""
    gold = cells_of(SAMPLE.gold, REPORT)
    rows = [REPORT.rows[path] for path in TABLE]
    theirs = {
        "申请": [{"项目": row.label, **{c.labels[0].text: gold[row.cell(c.name)] for c in row.columns}} for row in rows]
    }
    by = load_map(
        '[tables."申请"]\nname = "项目"\nsection = "三、收到和处理政府信息公开申请情况"'.encode(), "map.toml", REPORT
    )
    assert check(SAMPLE.text, map_record(theirs, by, "theirs", REPORT), "none").status == "verified"
    theirs["申请"][0]["总计"] = 99
    assert check(SAMPLE.text, map_record(theirs, by, "theirs", REPORT), "none").status == "unresolved"
