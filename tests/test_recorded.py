"""Recorded readings, answered again by the stand-in."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from nianbao.pipeline.errors import InputError
from nianbao.pipeline.extract import REPORT, extract
from nianbao.pipeline.llm.ask import shown_of
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.page import lay_out, with_all_text
from nianbao.pipeline.readers.pointing import read_pointing
from nianbao.schemas.extraction import Extraction

from tests.tools.recorded import answer_as_recorded, load_recorded
from tests.tools.standin import MODEL, StandIn, answer_from

from .conftest import SAMPLES, Sample
from .made_up import report

Rows = dict[str, dict[str, list[Any]]]


def rows_of(extraction: Extraction) -> Rows:
    """What an extraction read, as a recorded reading of it would say."""
    rows: Rows = {}
    for path, cell in extraction.evidence.items():
        row, _, column = path.rpartition(".")
        said = rows.setdefault(row, {"columns": [], "spans": []})
        said["columns"].append(column)
        said["spans"].append(None if cell.basis == "blank" else [cell.start, cell.end])
    return rows


def record(folder: Path, text: str, rows: Mapping[str, Any], name: str = "one") -> None:
    (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    (folder / f"{name}.reading.json").write_text(json.dumps({"rows": rows, "passages": None}), encoding="utf-8")


def replayed(folder: Path, text: str, **asked: Any) -> Extraction:
    """What comes of a text where the stand-in answers from a folder of recorded readings."""
    with StandIn(answer_from((), load_recorded(str(folder)))) as server:
        return extract(text, "model", model=Settings(model=MODEL, base_url=server.url, **asked))


@pytest.mark.parametrize("mode", ["json_schema", "tools", "md_json"])
def test_a_reading_is_answered_as_it_was_recorded(sample: Sample, tmp_path: Path, mode: str) -> None:
    """In every mode the model's cells are the recorded ones: the same record, on all of whose cells it agrees."""
    record(tmp_path, sample.text, rows_of(sample.extraction))
    found = replayed(tmp_path, sample.text, mode=mode)
    assert found.report == sample.extraction.report
    shares = {share.reader: (share.agrees, share.cells) for share in found.readers}
    assert shares["model"] == (len(sample.extraction.evidence),) * 2


def read_back(folder: Path) -> dict[str, tuple[int, int] | None]:
    """The places that the program understands the answer to mean, of the only reading of a folder."""
    (recorded,) = load_recorded(str(folder))
    page = with_all_text(lay_out(recorded.source, REPORT), REPORT)
    shown = shown_of(page, REPORT)
    slots = read_pointing(page, shown, answer_as_recorded(page, shown, recorded), REPORT).slots
    return {path: page.source.place(s.start, s.end) if s else None for path, s in slots.items()}


def test_errors_of_a_reading_are_replayed(tmp_path: Path) -> None:
    """Two rows that were taken for each other, and a blank where a number stands, are answered so, place for place."""
    sample = SAMPLES[1]
    rows = rows_of(sample.extraction)
    one, other = "requests.granted", "requests.partially_granted"
    rows[one], rows[other] = rows[other], rows[one]
    rows["requests.received"]["spans"][2] = None
    record(tmp_path, sample.text, rows)
    said = {f"{row}.{c}": place for row, r in rows.items() for c, place in zip(r["columns"], r["spans"], strict=True)}
    assert read_back(tmp_path) == {path: tuple(place) if place else None for path, place in said.items()}


def test_what_no_answer_can_say_is_left_out(tmp_path: Path) -> None:
    """A row of which a cell is a part of a token is answered as just that part or not at all, never as a blank."""
    text = report(cells={"requests.received.natural_person": "12", "requests.received.total": "12"})
    rows = rows_of(extract(text))
    start, _ = rows["requests.received"]["spans"][0]
    rows["requests.received"]["spans"][0] = [start, start + 1]
    record(tmp_path, text, rows)
    found = read_back(tmp_path)
    assert found.get("requests.received.natural_person", (start, start + 1)) == (start, start + 1)
    assert {path for path in found if not path.startswith("requests.received.")} == {
        f"{row}.{column}" for row, said in rows.items() for column in said["columns"] if row != "requests.received"
    }


def test_the_readings_of_a_strong_model_can_be_said_today() -> None:
    """Of the readings that are kept here, the wire of today says nine rows of ten or more; none of a row differs from what was recorded."""
    recorded = said = 0
    for one in load_recorded(str(Path(__file__).parent / "readings")):
        page = with_all_text(lay_out(one.source, REPORT), REPORT)
        shown = shown_of(page, REPORT)
        answer = answer_as_recorded(page, shown, one)
        for path, slot in read_pointing(page, shown, answer, REPORT).slots.items():
            read_at, at = one.places[path], page.source.place(slot.start, slot.end) if slot else None
            is_blank = read_at is not None and not one.source.text[slice(*read_at)].strip()
            assert read_at == at or (is_blank and at is not None and at[0] == (read_at or (0,))[0]), (
                one.source.name,
                path,
            )
            said += 1
        recorded += len(one.places)
    assert 0.9 * recorded < said <= recorded


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({"requests.received": {"columns": ["total"], "spans": []}}, "1 columns and 0 spans"),
        ({"requests.received": {"columns": ["sum"], "spans": [[0, 1]]}}, "requests.received.sum: not in the form"),
        ({"requests.received": {"columns": ["total"], "spans": [[0, 99]]}}, "is no stretch of the 2 characters"),
        ({"requests.received": {"columns": ["total"], "spans": [1]}}, "rows.requests.received.spans.0"),
    ],
)
def test_what_is_no_reading(tmp_path: Path, rows: dict[str, Any], says: str) -> None:
    """A reading that does not fit the form or its text is refused, with where and why; so is a folder without any."""
    with pytest.raises(InputError, match="give a folder that has some"):
        load_recorded(str(tmp_path))
    record(tmp_path, "报告", rows)
    with pytest.raises(InputError, match=says):
        load_recorded(str(tmp_path))
