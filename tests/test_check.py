"""A supplied record, held against the text: what is accepted, what is read again, and what is said of the difference."""

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as few
from hypothesis import strategies as st
from nianbao.eval.gold import read_gold
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.readers.supplied.differences import compared
from nianbao.pipeline.readers.supplied.record import read_supplied
from nianbao.pipeline.record.paths import build_nested, cells_of
from nianbao.schemas.findings import FINDINGS

from nianbao import EndpointError, Extraction, InputError, ReaderShare, check, check_async, extract, extract_async
from tests.tools.damaged import DAMAGES, Heard, damage, is_accepted, table
from tests.tools.standin import StandIn, answer_from

from .conftest import CASES, SAMPLES, SURE, Sample
from .made_up import report
from .made_up_runs import doubted
from .test_catalogue import CATALOGUE
from .test_client import settings
from .test_layouts import in_bars, in_cells, in_columns, in_spaces
from .test_pointing import busy

pytestmark = pytest.mark.usefixtures("read_once")

LOST = report(change=lambda t: t.replace("1.属于国家秘密\t0\t0\t0\t0\t0\t0\t0", "1.属于国家秘密\t0\t0"))
"""A report whose row of seven prints two cells, so that its blanks could stand anywhere."""

BUSY = (
    report("2021", busy(11)),
    report("2019", busy(12, "2019")),
    report("2021", busy(13), write=in_cells),
    report("2021", busy(14), write=in_spaces),
    report("2021", busy(15), write=in_bars),
    report("2021", busy(16), change=in_columns),
)


def record_of(text: str) -> dict[str, Any]:
    """What the rules read in a text, as a record that somebody else could supply."""
    found = extract(text)
    assert found.report is not None
    record: dict[str, Any] = found.report.model_dump(mode="json")
    return record


def changed(record: Mapping[str, Any], **cells: Any) -> dict[str, Any]:
    """A record with other values at some paths, whose dots are written as two underscores."""
    values = cells_of(record, REPORT) | {path.replace("__", "."): value for path, value in cells.items()}
    return build_nested(values)


def said(found: Extraction, *codes: str) -> list[tuple[str, str | None, str]]:
    return [(f.code, f.path, f.message) for f in found.findings if f.code in codes]


# --- Accepted --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", SURE, ids=lambda s: s.name[:3])
def test_gold_is_accepted(sample: Sample) -> None:
    """Gold of a sample is accepted with nothing to say of it, and what comes out is what the rules read there."""
    found = check(sample.text, sample.gold, "none", name=sample.name)
    assert (found.status, found.reader) == ("verified", "supplied")
    own = {"reader", "readers"}
    assert found.model_dump(exclude=own) == sample.extraction.model_dump(exclude=own)
    values = sum(value is not None for value in cells_of(sample.gold, REPORT).values())
    assert found.readers == (
        ReaderShare(reader="supplied", agrees=values, cells=values), *sample.extraction.readers
    )  # fmt: skip
    assert is_accepted(sample.case)


def test_a_record_is_told_of_cell_by_cell() -> None:
    """On how many of its cells what is read agrees; where a differing cell is in doubt, that, with what it could be."""
    granted = "requests.granted.other"
    record = changed(SAMPLES[4].gold, requests__granted__other=7)
    judged, values = check(SAMPLES[4].text, record, "rules"), SAMPLES[4].extraction.readers[0].cells
    assert judged.readers[0] == ReaderShare(reader="supplied", agrees=values - 1, cells=values)
    read = doubted(SAMPLES[4].extraction, [("cells_do_not_fit", [{granted: 0}, {granted: 7}])])
    supplied = read_supplied(record, "the record", REPORT)
    (told,) = [f for f in compared(supplied, read, read, REPORT) if f.code == "cell_differs"]
    assert told.message.endswith("“0”，存疑，或为 0、7）")


@pytest.mark.parametrize("text", BUSY)
def test_a_full_record_is_accepted_in_every_layout(text: str) -> None:
    """Where many numbers differ and the cells stand in rows, one a line, in columns or in bars, a right record is accepted."""
    found = check(text, record_of(text), "none")
    assert (found.status, found.reader) == ("verified", "supplied")
    assert found.report == extract(text).report


@pytest.mark.parametrize("text", [c.text for c in CATALOGUE if c.status != "unresolved"])
def test_what_the_rules_vouch_for_is_accepted_from_anybody(text: str) -> None:
    """Whatever the layout and the mess: a record that says what the rules read and vouch for there is accepted."""
    found = check(text, record_of(text), "none")
    own = {"reader", "readers", "findings"}
    assert found.model_dump(exclude=own) == extract(text).model_dump(exclude=own)
    assert (found.reader, found.readers[0].reader) == ("supplied", "supplied")
    assert found.readers[0].agrees == found.readers[0].cells


def test_a_report_that_does_not_add_up_is_accepted_as_printed() -> None:
    """A record that says what such a report prints is `discrepant`; one that puts it right is not accepted."""
    text = report(cells={"requests.received.total": "3"})
    found = check(text, record_of(text), "none")
    assert (found.status, found.reader) == ("discrepant", "supplied")
    mended = check(text, changed(record_of(text), requests__received__total=0), "rules")
    assert (mended.status, mended.reader) == ("discrepant", "rules")
    assert [path for _, path, _ in said(mended, "cell_differs")] == ["requests.received.total"]


@given(st.data())
@few(max_examples=25)
def test_gaps_are_filled_from_the_source(data: st.DataObject) -> None:
    """Whatever a record leaves out, as long as it says something: it is accepted, completed, and each gap is told of."""
    sample = data.draw(st.sampled_from(SURE))
    cells = cells_of(sample.gold, REPORT)
    kept = data.draw(st.sets(st.sampled_from([p for p, v in cells.items() if v is not None]), min_size=1))
    given = {p: v for p, v in cells.items() if p in kept or data.draw(st.booleans())}
    found = check(sample.text, build_nested(given), "none")
    assert (found.status, found.reader, found.report) == ("verified", "supplied", sample.extraction.report)
    gaps = {p.rpartition(".")[0] for p, v in cells.items() if v is not None and p not in given}
    listed = {p.rpartition(".")[0] for p, v in given.items() if v is not None}
    told = said(found, "gap_filled")
    assert {path for _, path, _ in told} == {row if row in listed else row.partition(".")[0] for row in gaps}
    assert all(any(f"“{REPORT.rows[row].label}”" in message for _, _, message in told) for row in gaps)


def test_a_null_for_a_printed_0_has_a_code_of_its_own() -> None:
    """It is accepted as a gap, the 0 is in what comes out, and the finding names the cell and its place."""
    record = changed(SAMPLES[4].gold, requests__granted__business=None)
    found = check(SAMPLES[4].text, record, "none")
    assert (found.status, found.reader, found.report) == ("verified", "supplied", SAMPLES[4].extraction.report)
    place = found.evidence["requests.granted.business"]
    where = f"原文[{place.start}:{place.end}]“0”"
    assert said(found, "blank_for_zero", "gap_filled") == [
        (
            "blank_for_zero",
            "requests.granted.business",
            f"“（一）予以公开·商业企业”：所供“空”（{where}），所读“0”（{where}）",
        )
    ]


@pytest.mark.parametrize(
    "nothing", [{}, {"requests": None}, {"requests": {"received": {"total": None}}}, {"year": 2023}]
)
def test_a_record_that_says_nothing_is_not_accepted(nothing: dict[str, Any]) -> None:
    """Nothing vouches for nothing: it is read by the engine, or left unresolved."""
    found = check(SAMPLES[4].text, nothing, "rules")
    assert (found.status, found.reader) == ("verified", "rules")
    judged = check(SAMPLES[4].text, nothing, "none")
    assert (judged.status, judged.reader) == ("unresolved", "supplied")
    assert "没有一格有内容" in said(judged, "record_refused")[0][2]


@pytest.mark.parametrize(
    ("amount", "is_accepted"),
    [
        ("17003500", True),
        ("17003500.00", True),
        ("1700.35", False),
        ({"figure": "1700.35", "unit": "万元", "yuan": "17003500"}, True),
        ({"figure": "1700.35"}, True),
        ({"figure": "1700.350", "unit": None, "yuan": None}, True),
        ({"figure": "1700.35", "unit": "元"}, False),
        ({"figure": "17003500", "unit": "元", "yuan": "17003500"}, True),
        ({"figure": "17003500", "unit": "元"}, True),
        ({"figure": "1.70035", "unit": "亿元"}, False),
        ({"figure": "0.17003500", "unit": "亿元"}, True),
        ({"figure": "17003500", "unit": "元", "yuan": "1700.35"}, False),
        ({"figure": "17003500"}, False),
        ({"figure": None, "unit": None, "yuan": None}, True),
        (None, True),
    ],
)
def test_amounts(amount: Any, is_accepted: bool) -> None:
    """An amount is compared as money, in whatever unit it is given; a string is yuan, and not the figure where a unit is printed."""
    text = report("2019", {"disclosure.procurement.amount": "1700.35万元"})
    found = check(text, changed(record_of(text), disclosure__procurement__amount=amount), "none")
    assert (found.reader, found.status != "unresolved") == ("supplied", is_accepted)


@pytest.mark.parametrize(
    ("printed", "amount", "is_accepted"),
    [
        ("500元", {"figure": "0.05", "unit": "万元"}, True),
        ("500元", {"figure": "0.05", "unit": "万元", "yuan": "500"}, True),
        ("500元", {"figure": "500", "unit": "万元"}, False),
        ("500", {"figure": "5000000", "unit": "元"}, True),
        ("500", {"figure": "500"}, True),
        ("500", "5000000", True),
        ("500", "500", False),
        ("2亿元", {"figure": "20000", "unit": "万元"}, True),
    ],
)
def test_amounts_in_another_unit(printed: str, amount: Any, is_accepted: bool) -> None:
    """An amount in 万元 is that of as many yuan, and the other way round; so where the head alone names the unit."""
    text = report("2019", {"disclosure.procurement.amount": printed})
    found = check(text, changed(record_of(text), disclosure__procurement__amount=amount), "none")
    assert (found.reader, found.status != "unresolved") == ("supplied", is_accepted)


def test_what_a_record_says_of_the_report_is_compared() -> None:
    """Another year or agency is a warning; title, date and prose come from the text in any case."""
    found = check(SAMPLES[4].text, {**SAMPLES[4].gold, "year": 2022, "narrative": {"overview": "别的"}}, "none")
    assert (found.status, found.report) == ("verified", SAMPLES[4].extraction.report)
    assert said(found, "fact_differs") == [("fact_differs", "year", "year：所供“2022”，文中“2023”")]


# --- Not accepted ----------------------------------------------------------------------------------------------------


def test_a_wrong_cell_is_read_again() -> None:
    """The extraction is the engine's, and the finding gives both values and both places."""
    path = "requests.received.natural_person"
    found = check(SAMPLES[1].text, changed(SAMPLES[1].gold, requests__received__natural_person=7))
    place = found.evidence[path]
    where = f"原文[{place.start}:{place.end}]“1”"
    assert (found.status, found.reader, found.report) == ("verified", "rules", SAMPLES[1].extraction.report)
    assert said(found, "record_read_again", "cell_differs", "zero_for_blank", "blank_for_zero", "gap_filled") == [
        ("record_read_again", None, "所供记录没有被采纳：1 格与原文所印不符"),
        ("cell_differs", path, f"“一、本年新收政府信息公开申请数量·自然人”：所供“7”（{where}），所读“1”（{where}）"),
    ]


def test_a_wrong_cell_is_unresolved_where_nobody_reads() -> None:
    """`none` only judges: unresolved, still the record's own reading, with an error that says so."""
    found = check(SAMPLES[1].text, changed(SAMPLES[1].gold, requests__received__natural_person=7), "none")
    assert (found.status, found.reader, found.report) == ("unresolved", "supplied", SAMPLES[1].extraction.report)
    assert said(found, "record_refused", "record_read_again") == [
        ("record_refused", None, "所供记录没有被采纳：1 格与原文所印不符")
    ]


@pytest.mark.parametrize("mark", ["", "/", "—", "无"])
def test_0_for_a_printed_blank_has_a_code_of_its_own(mark: str) -> None:
    """Blank is never 0: such a record is not accepted, and what comes out has the blank."""
    text = report(cells={"requests.granted.research": mark})
    found = check(text, changed(record_of(text), requests__granted__research=0))
    assert (found.status, found.reader, found.report) == ("verified", "rules", extract(text).report)
    (finding,) = said(found, "zero_for_blank", "cell_differs")
    assert finding[:2] == ("zero_for_blank", "requests.granted.research")


def test_0_for_a_row_that_is_not_there() -> None:
    """A cell that the report's form does not have is blank too."""
    found = check(SAMPLES[4].text, changed(SAMPLES[4].gold, disclosure__procurement__items=0))
    assert found.reader == "rules"
    assert [(code, path) for code, path, _ in said(found, "zero_for_blank")] == [
        ("zero_for_blank", "disclosure.procurement.items")
    ]


def test_where_the_text_does_not_say_a_record_cannot() -> None:
    """Where a blank left no trace, no record makes the text say where it stood, not even the right one."""
    assert check(SAMPLES[0].text, SAMPLES[0].gold, "none").status == "unresolved"
    zeros = dict.fromkeys(("natural_person", "total"), 0)
    supplied = {"requests": {"denied": {"state_secret": zeros}}}
    found = check(LOST, supplied)
    assert (found.status, found.reader) == ("unresolved", "rules")
    assert check(LOST, supplied, "none").status == "unresolved"


@pytest.mark.parametrize("text", [*(s.text for s in SURE), *BUSY[::2]])
def test_damaged_records(text: str) -> None:
    """A damaged record is never accepted unless what comes out equals gold, and each damaged cell with a place is named."""
    gold = read_gold(record_of(text), "gold", REPORT)
    case = replace(CASES[0], line=CASES[0].line.model_copy(update={"text": text}), gold=gold)
    heard = list(damage(case, 16, seed=3))
    assert [h for h in heard if h.outcome == "silent" or h.placed != h.named] == []
    assert {h.outcome for h in heard} == {"refused", "gold"}
    without_effect = {"amount_scaled", "rows_shifted", "columns_swapped"} if text not in BUSY else set()
    assert {h.kind for h in heard} >= {d.__name__ for d in DAMAGES} - without_effect


def test_the_table_of_damages_adds_up() -> None:
    heard = [Heard("一", "k", "gold"), Heard("一", "k", "refused", frozenset("ab"), frozenset("a"), frozenset("a"))]
    assert [line.split() for line in table("report", [(h.report, h) for h in heard]).splitlines()[1:]] == [
        ["一", "2", "1", "1", "0", "2", "1", "1"],
        ["all", "2", "1", "1", "0", "2", "1", "1"],
    ]


# --- The model -------------------------------------------------------------------------------------------------------


def test_what_is_vouched_for_costs_nothing() -> None:
    """An accepted record asks no model; one that the rules settle asks none but where the engine is "model"."""
    wrong = changed(SAMPLES[1].gold, requests__received__natural_person=7)
    with StandIn(answer_from(CASES)) as server:
        chosen = settings(server, cache_dir=None)
        assert check(SAMPLES[1].text, SAMPLES[1].gold, "model", model=chosen).reader == "supplied"
        assert check(SAMPLES[1].text, wrong, "auto", model=chosen).reader == "rules"
        assert check(SAMPLES[1].text, wrong, "none", model=chosen).reader == "supplied"
        assert server.requests == []
        found = check(SAMPLES[1].text, wrong, "model", model=chosen)
    assert (found.status, found.reader, len(server.requests)) == ("verified", "model", 1)
    assert [path for _, path, _ in said(found, "cell_differs")] == ["requests.received.natural_person"]


def test_an_endpoint_that_cannot_be_used() -> None:
    """It is an error only where the model was asked for; `auto` gives what the rules read."""
    wrong = changed(SAMPLES[1].gold, requests__received__natural_person=7)
    with StandIn(answer_from(CASES), ["401"] * 9) as server:
        chosen = settings(server, cache_dir=None)
        with pytest.raises(EndpointError, match="the key was refused"):
            check(SAMPLES[1].text, wrong, "model", model=chosen)
        assert check(SAMPLES[1].text, wrong, "auto", model=chosen).status == "verified"
    with pytest.raises(EndpointError, match="no model is given"):
        check(SAMPLES[1].text, wrong, "model")


# --- A parser of one's own -------------------------------------------------------------------------------------------


def right(text: str) -> dict[str, Any]:
    return record_of(text)


def broken(_: str) -> dict[str, Any]:
    raise KeyError("第三节")


@pytest.mark.parametrize(
    ("parser", "reader", "says"),
    [
        (right, "supplied", None),
        (broken, "rules", "解析程序没有给出可用的记录：KeyError: '第三节'"),
        (lambda _: None, "rules", "解析程序没有给出可用的记录：没有给出记录"),
        (lambda _: {"requests": {"recieved": {}}}, "rules", "requests.recieved：没有这个路径"),
        (lambda _: {"requests": {"received": {"total": object()}}}, "rules", "所供记录：记录不能写成 JSON"),
        (lambda _: "表", "rules", "所供记录：应为一条记录"),
        (lambda _: {"requests": {"received": {"total": 5}}}, "rules", None),
    ],
)
def test_a_parser_that_reads_first(parser: Callable[[str], Any], reader: str, says: str | None) -> None:
    """Its record is taken where it is vouched for; an error of its, None, or a record that is none is a finding."""
    found = extract(SAMPLES[4].text, first=parser)
    assert (found.status, found.reader, found.report) == ("verified", reader, SAMPLES[4].extraction.report)
    assert [str(says) in message for _, _, message in said(found, "parser_failed")] == ([True] if says else [])


def test_a_parser_gets_text_whatever_was_given() -> None:
    """Bytes in any encoding reach it decoded."""
    seen: list[str] = []
    extract(SAMPLES[4].text.encode("gb18030"), first=lambda text: seen.append(text))
    assert seen == [SAMPLES[4].text]


def test_a_text_that_is_no_report_is_an_error_whoever_reads() -> None:
    weather = "今天天气很好。" * 30
    with pytest.raises(InputError, match="no yearly report"):
        extract(weather, first=broken)
    with pytest.raises(InputError, match="no yearly report"):
        check(weather, SAMPLES[4].gold)


def test_in_threads_and_in_a_running_loop() -> None:
    """Plain and async forms give the same, from threads and where an event loop runs."""
    text, gold = SAMPLES[4].text, SAMPLES[4].gold

    async def inside() -> list[Extraction]:
        awaited = await asyncio.gather(
            check_async(text, gold), extract_async(text, first=right), check_async(text, gold, "none")
        )
        return [*awaited, check(text, gold), extract(text, first=right)]

    with ThreadPoolExecutor(4) as threads:
        found = [*threads.map(lambda _: check(text, gold), range(8)), *asyncio.run(inside())]
    assert {f.model_dump_json() for f in found} == {check(text, gold).model_dump_json()}


# --- Records that are none -------------------------------------------------------------------------------------------


def nested(depth: int) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for _ in range(depth):
        record = {"requests": record}
    return record


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (
            {"requests": {"recieved": {"total": 1}}},
            r"text: the record: requests\.recieved: unknown path; .*; did you mean requests\.received\?",
        ),
        ({"requests": {"received": {"totl": None}}}, r"did you mean requests\.received\.total\?"),
        ({"id": 3}, r"the record: id: unknown path"),
        ({"requests": {"received": {"total": "3"}}}, r"requests\.received\.total: .*valid integer, not \"3\""),
        ({"requests": {"received": {"total": 3.0}}}, r"requests\.received\.total: .*not 3\.0"),
        ({"requests": {"received": {"total": True}}}, r"requests\.received\.total: .*not true"),
        ({"requests": {"received": {"total": float("nan")}}}, r"requests\.received\.total"),
        ({"requests": {"received": {"total": 10**5000}}}, r"the record"),
        ({"disclosure": {"fees": {"amount": "1万元"}}}, r"disclosure\.fees\.amount: .*not \"1万元\""),
        ({"键" * 10**6: 2}, r"the record: 键{200}: unknown path; .{0,300}$"),
        ({1: 2}, r"the record: 1: unknown path"),
        ({"agency": "\ud800"}, r"the record"),
        ({"requests": {"received": {"total": {1}}}}, r"cannot be written as JSON"),
        (nested(5000), r"the record"),
        ([], r"a record was expected, .*not \[\]"),
        (None, r"a record was expected"),
    ],
)
def test_a_record_of_another_shape_is_refused(record: Any, says: str) -> None:
    """One error that names the key and, where it is unknown, the nearest path; never anything else."""
    with pytest.raises(InputError, match=says):
        check(SAMPLES[4].text, record)


def test_only_errors_keep_a_record_from_being_vouched_for() -> None:
    """Of the findings on supplied records, just the one where nobody reads again is an error."""
    codes = ("record_refused", "record_read_again", "cell_differs", "zero_for_blank", "blank_for_zero", "gap_filled",
             "fact_differs", "parser_failed")  # fmt: skip
    assert [c for c in codes if FINDINGS[c].severity == "error"] == ["record_refused"]


def test_the_record_is_plain_data_for_json() -> None:
    """What `nianbao extract` gives as a report is a record that `check` takes."""
    report_of = json.loads(SURE[0].extraction.model_dump_json())["report"]
    assert check(SURE[0].text, report_of, "none").reader == "supplied"
    assert check(SURE[0].text, report_of, "none").status == "verified"
