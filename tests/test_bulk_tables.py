"""The tables of a run: every cell of the record in each of them, and no cell that a spreadsheet would run."""

import csv
import io
import json
import re
import zipfile
from decimal import Decimal
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.many import formats
from nianbao.pipeline.many.formats import FORMATS, harmless
from nianbao.pipeline.many.tables import CELLS, DOUBTS, REPORTS, Table
from nianbao.schemas.extraction import finding
from nianbao.schemas.findings import FINDINGS

from nianbao import Amount, Extraction, extract

from .made_up import report
from .made_up_runs import RECEIVED, doubted, line, run, write
from .test_bulk import lines, tree

pytestmark = pytest.mark.usefixtures("read_once")

TABLES = ("cells", "reports")
NAMES = ('=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\ta", '县,“引号"')


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over reports with hostile names, a change below nothing, amounts, one that fails, one that is no report."""
    home = tmp_path_factory.mktemp("tables")
    cells = {"disclosure.licensing.change": "-3", "disclosure.procurement.amount": "1250"}
    rows = [line(name, "2019", cells) | {"name": name} for name in NAMES]
    rows[1] = line("乙", cells={"requests.received.total": "5"}) | {"name": NAMES[1]}
    rows.append({"name": "=空", "text": " "})
    source = write(home / "r.jsonl", rows)
    out = home / "RUN"
    options = ("--engine", "rules", "--workers", "1", "--shard-size", "3", "--formats", ",".join(FORMATS))
    assert run("bulk", source, "--out", out, *options).exit_code == 1
    return out


def extractions(made: Path) -> list[Extraction]:
    return [Extraction.model_validate_json(json.dumps(told)) for told in lines(made)]


def parquet(made: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pyarrow.parquet.read_table(made / f"{table}.parquet").to_pylist()
    return found


def at(record: Any, path: str) -> Any:
    return reduce(lambda found, name: getattr(found, name, None), path.split("."), record)


def test_cells(made: Path) -> None:
    """A row for each cell of a record that is not absent, with its value, its text and its place."""
    rows = iter(parquet(made, "cells"))
    for extraction in extractions(made):
        for path, evidence in extraction.evidence.items():
            row = next(rows)
            value = at(extraction.report, path)
            amount = value if REPORT.columns[path].kind == "amount" else None
            assert (row["report"], row["path"], row["status"]) == (extraction.source.name, path, extraction.status)
            assert ".".join((row["section"], row["row"], row["column"])) == path
            assert row["label"] == REPORT.label(path)
            assert row["value"] == (None if amount else value)
            assert (row["amount"], row["yuan"]) == ((amount.figure, amount.yuan) if amount else (None, None))
            kept = ("text", "start", "end", "basis", "trust")
            assert {key: row[key] for key in kept} == evidence.model_dump(include=set(kept))
            assert (row["choices"], row["trust"] == "doubtful") == (None, extraction.status == "unresolved")
    assert next(rows, None) is None


def test_reports(made: Path) -> None:
    """A row a report, a column a path: the record again, whatever its status; the report that cannot be read too."""
    rows = parquet(made, "reports")
    for row, extraction in zip(rows, extractions(made), strict=True):
        assert (row["report"], row["status"]) == (extraction.source.name, extraction.status)
        for path in REPORT.columns:
            if path in row:
                assert row[path] == at(extraction.report, path)
            else:
                assert row[f"{path}.figure"] == at(extraction.report, f"{path}.figure")
    assert [row["status"] for row in rows[:3] + rows[-1:]] == ["verified", "discrepant", "verified", "unresolved"]
    assert (rows[-1]["findings"], rows[-1]["form"]) == ("input_unusable", None)
    assert rows[0]["disclosure.licensing.change"] == -3


@pytest.mark.parametrize("table", TABLES)
def test_csv_is_parquet(made: Path, table: str) -> None:
    """The same rows, but that a text which begins like a formula has an apostrophe before it; numbers have none."""
    kinds = {column.name: column.kind for column in (CELLS if table == "cells" else REPORTS).columns}
    text = (made / f"{table}.csv").read_bytes().decode("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(text, newline="")))
    expected = [{name: told(value, kinds[name]) for name, value in row.items()} for row in parquet(made, table)]
    assert found == expected
    assert all(not text.startswith(("=", "+", "@", "\t")) for row in found for text in row.values())
    assert {row["report"] for row in found} >= {f"'{name}" for name in NAMES[:4]}


def told(value: Any, kind: str) -> str:
    return "" if value is None else harmless(value) if kind == "text" else str(value)


@given(st.text(max_size=20))
def test_harmless(text: str) -> None:
    """No text begins a formula once it is made harmless, nothing else of it changes, and plain text not at all."""
    made = harmless(text)
    assert not re.match(r"[=+\-@\t\r\n＝＋－＠]", made)
    assert made.removeprefix("'") == text or made == text


def test_the_workbook(made: Path) -> None:
    """Sheets of reports, cells and doubts, with Chinese heads, frozen and with filters; a text is never a formula."""
    with zipfile.ZipFile(made / "report.xlsx") as book:
        names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
        sheets = [book.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2, 3)]
    assert names == ["报告", "单元格", "待人处理"]
    assert all("<f>" not in s and "<autoFilter" in s and 'state="frozen"' in s for s in sheets)
    assert '<is><t>=HYPERLINK("http://x")</t></is>' in sheets[0]
    rows = [s.count("<row ") - 1 for s in sheets]
    records = extractions(made)
    assert rows[:2] == [len(records), sum(len(e.evidence) for e in records)]
    assert rows[2] == sum(f.severity != "info" for e in records if e.status != "verified" for f in e.findings)
    for table, sheet in zip((REPORTS, CELLS, DOUBTS), sheets, strict=True):
        head = re.findall(r"<t[^>]*>([^<]*)</t>", sheet[: sheet.index("</row>")])
        assert head == [column.head for column in table.columns]


def test_more_rows_than_a_sheet_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest stands in further sheets, under the same head: no row is left out."""
    monkeypatch.setattr(formats, "_MOST_ROWS", 4)
    writer = FORMATS["xlsx"].writer(tmp_path)
    rows = [tuple(f"{n}" for _ in DOUBTS.columns) for n in range(7)]
    writer.add({"doubts": rows[:5]})
    writer.add({"doubts": rows[5:]})
    writer.close()
    with zipfile.ZipFile(tmp_path / "report.xlsx") as book:
        sheets = [book.read(n).decode() for n in book.namelist() if n.startswith("xl/worksheets/sheet")]
    assert sum(sheet.count("<row ") for sheet in sheets) == 7 + 5
    assert [p.name for p in tmp_path.iterdir()] == ["report.xlsx"]


LICENSING, MONEY = "disclosure.licensing.change", "disclosure.procurement.amount"
FEE = {"figure": "3", "unit": "万元", "yuan": "30000"}


@pytest.fixture(scope="module")
def in_doubt() -> Extraction:
    """A report with a count, an amount and a row in doubt, and all else vouched for."""
    granted = {f"requests.granted.{name}": n for n, name in enumerate(("natural_person", "total"))}
    doubts: list[tuple[str, list[dict[str, Any]]]] = [
        (
            "cells_do_not_fit",
            [{LICENSING: -3, MONEY: None}, {LICENSING: None, MONEY: FEE}, {LICENSING: -3, MONEY: FEE}],
        ),
        ("label_alone", [granted, {}]),
    ]
    return doubted(extract(report("2019"), name="甲"), doubts)


def found_in(table: Table, extraction: Extraction) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows(extraction)]


def test_a_doubtful_cell_says_what_it_could_be(in_doubt: Extraction) -> None:
    """In `cells`: its trust, and each value once, the likeliest first; where a reading has no such cell, that."""
    rows = {row["path"]: (row["trust"], row["choices"]) for row in found_in(CELLS, in_doubt)}
    doubtful = {path: choices for path, (trust, choices) in rows.items() if trust == "doubtful"}
    assert doubtful == {
        LICENSING: "-3 | 空",
        MONEY: "空 | 3万元",
        "requests.granted.natural_person": "0 | 无此格",
        "requests.granted.total": "1 | 无此格",
    }
    assert {told for path, told in rows.items() if path not in doubtful} == {("vouched", None)}


def test_a_report_says_how_much_of_it_is_vouched_for(in_doubt: Extraction) -> None:
    """In `reports`: how many cells, how many vouched for, and which are not."""
    (row,) = found_in(REPORTS, in_doubt)
    assert (row["cells"], row["vouched"]) == (len(in_doubt.evidence), len(in_doubt.evidence) - 4)
    assert set(row["doubtful"].split()) == {path for path, e in in_doubt.evidence.items() if e.trust == "doubtful"}


def test_the_doubts_a_person_is_to_decide(in_doubt: Extraction) -> None:
    """In the workbook's sheet of doubts: a row a doubt, with every choice and what to do; its own findings are not told twice."""
    why = finding("cells_do_not_fit", "一行少一格", "disclosure.licensing")
    other = finding("label_misprinted", "行名印错", "disclosure.procurement")
    told = in_doubt.model_copy(update={"findings": (why, other, finding("unit_not_stated", "没有单位", MONEY))})
    rows = found_in(DOUBTS, told)
    assert [(row["code"], row["message"]) for row in rows] == [
        ("cells_do_not_fit", "一行少一格"), ("label_alone", FINDINGS["label_alone"].meaning), ("label_misprinted", "行名印错"),
    ]  # fmt: skip
    assert (rows[0]["path"], rows[0]["label"]) == (
        f"{LICENSING} {MONEY}", f"{REPORT.label(LICENSING)}；{REPORT.label(MONEY)}"
    )  # fmt: skip
    assert rows[0]["choices"].splitlines() == [
        "读法0：行政许可：本年增/减 -3；政府集中采购：采购总金额 空",
        "读法1：行政许可：本年增/减 空；政府集中采购：采购总金额 3万元",
        "读法2：行政许可：本年增/减 -3；政府集中采购：采购总金额 3万元",
    ]
    assert rows[1]["choices"].splitlines()[1] == "读法1：（一）予以公开：自然人 无此格，总计 无此格"
    assert [row["advice"] for row in rows] == [FINDINGS[row["code"]].advice for row in rows]


def test_a_sum_is_named_in_chinese() -> None:
    """A sum that fails stands among the doubts by its name, as cells do."""
    found = extract(line("县", cells={f"{RECEIVED}.total": "5"})["text"])
    at = [column.name for column in DOUBTS.columns].index("label")
    assert [row[at] for row in DOUBTS.rows(found)] == [
        "一、本年新收政府信息公开申请数量：各类申请人相加＝总计", "总计：新收＋上年结转＝总计＋结转下年"
    ]  # fmt: skip


def test_the_workbook_marks_what_is_in_doubt(in_doubt: Extraction, tmp_path: Path) -> None:
    """Doubtful cells have a look of their own in both sheets, blank ones too; the others have none."""
    writer = FORMATS["xlsx"].writer(tmp_path)
    writer.add(formats.rows_of([in_doubt.model_dump_json().encode()], FORMATS["xlsx"].tables))
    writer.close()
    with zipfile.ZipFile(tmp_path / "report.xlsx") as book:
        sheets = {t.name: book.read(f"xl/worksheets/sheet{n}.xml").decode() for n, t in enumerate((REPORTS, CELLS), 1)}
        assert "FFC7CE" in book.read("xl/styles.xml").decode()
    marked = {name: re.findall(r'<c r="[A-Z]+(\d+)" s="2"', sheet) for name, sheet in sheets.items()}
    parts = len(Amount.model_fields)
    assert marked["reports"] == ["2"] * (3 + parts)
    lines = [n for n, row in enumerate(found_in(CELLS, in_doubt), 2) if row["trust"] == "doubtful"]
    assert [int(n) for n in dict.fromkeys(marked["cells"])] == lines


def test_export_makes_the_same_again(made: Path) -> None:
    """From the extractions alone, without the sources: each file is as it was."""
    before = tree(made)
    for name in [n for f in FORMATS.values() for n in f.files] + ["summary.json", "summary.txt"]:
        (made / name).unlink()
    assert run("export", made, "--formats", ",".join(FORMATS), "--workers", "1").exit_code == 0
    assert tree(made) == before
    assert run("export", made / "none").exit_code == 2
    result = run("export", made, "--formats", "jsonl,xml")
    assert (result.exit_code, "no such format; there are jsonl, parquet, csv, xlsx" in result.stderr) == (2, True)


def test_the_summary(made: Path) -> None:
    """What it counts is what the extractions hold."""
    told, records = json.loads((made / "summary.json").read_bytes()), extractions(made)
    assert told["complete"]
    assert told["by_status"] == {
        s: sum(e.status == s for e in records) for s in ("discrepant", "unresolved", "verified")
    }
    assert (told["cells"], told["vouched"], told["doubts"]) == (
        sum(e.coverage.cells for e in records), sum(e.coverage.vouched for e in records), {},
    )  # fmt: skip
    assert told["by_form"] == {"2019": 5, "2021": 1, "unknown": 1}
    fails = {c.id for e in records for c in e.checks if c.outcome == "fail"}
    assert {check["id"] for check in told["checks_that_fail_most"]} == fails
    assert told["findings"]["input_unusable"] == 1
    text = (made / "summary.txt").read_text(encoding="utf-8")
    assert f"7 份报告\n{told['cells']:,} 格，其中确认 {told['vouched']:,} 格" in text
    assert Decimal(0) == (told["model"] or {"cost": 0})["cost"]
