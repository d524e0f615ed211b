"""What is asked, and of whom: the sections that are open, models in turn, and what each took."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from nianbao.eval.dataset import load_dataset
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.llm.tokens import count_tokens
from nianbao.pipeline.many.estimate import count
from nianbao.pipeline.many.sources import Given
from nianbao.schemas.extraction import Extraction

from nianbao import extract
from tests.tools.readings import FOLDER, by_model, erring
from tests.tools.recorded import load_recorded
from tests.tools.standin import Answer, StandIn, answer_from

from .made_up import report
from .test_layouts import BUSY
from .test_weigh import EITHER

pytestmark = pytest.mark.usefixtures("read_once")

READINGS = {case.name: case.text for case in load_dataset(FOLDER).cases}
RECORDED = answer_from((), load_recorded(FOLDER))
TITLES = {section.path: section.title for section in REPORT.sections}


def nothing(_: Mapping[str, Any]) -> str:
    """What a model answers that reads nothing."""
    return '{"rows":[]}'


def asked(text: str, *answers: Answer, engine: Any = "auto") -> tuple[Extraction, list[tuple[str, list[str]]]]:
    """A text, read with models that answer so → the extraction, and each first question: who was asked, and about which sections."""
    names = [f"model {i}" for i in range(len(answers))]
    with StandIn(by_model(dict(zip(names, answers, strict=True)))) as server:
        first, *then = (Settings(model=name, base_url=server.url, mode="json_schema") for name in names)
        found = extract(text, engine, model=first.model_copy(update={"then": tuple(then)}))
        told = [(b["model"], b["messages"][1]["content"]) for b in server.requests if len(b["messages"]) == 2]
    return found, [(model, [p for p, t in TITLES.items() if f"## {t}" in said]) for model, said in told]


def test_only_what_is_open_is_asked() -> None:
    """By `auto` a model is shown and asked the sections that are open; by `model` all of them; nothing of a sure report."""
    assert asked(EITHER, nothing)[1] == [("model 0", ["review_litigation"])]
    assert asked(EITHER, nothing, engine="model")[1][0] == ("model 0", list(TITLES))
    assert asked(report(cells=BUSY), nothing)[1] == []


def test_models_are_asked_in_turn() -> None:
    """The second model is asked about what the first leaves in doubt, and no model after one that settles all; each one's use is told."""
    text = READINGS["made_up_4242_000246.txt"]
    settled, requests = asked(text, RECORDED, nothing)
    assert (settled.status, requests) == ("verified", [("model 0", ["review_litigation"])])
    assert settled.models == ()
    later, requests = asked(text, nothing, RECORDED)
    assert (later.status, requests) == (
        "verified",
        [("model 0", ["review_litigation"]), ("model 1", ["review_litigation"])],
    )
    assert [use.name for use in later.models] == ["model 0", "model 1"]
    assert later.model is not None
    assert (later.model.calls, later.model.input_tokens) == (
        sum(use.calls for use in later.models),
        sum(use.input_tokens for use in later.models),
    )
    assert [share.reader for share in later.readers] == ["rules", "model", "model"]
    assert [share.cells for share in later.readers][1:] == [0, 15]


def test_a_reader_that_errs_is_no_second_witness() -> None:
    """Two readers that err take nothing from what the rules vouch for."""
    for case in load_dataset(FOLDER).cases[:6]:
        found, _ = asked(case.text, erring(RECORDED, 3), erring(RECORDED, 4))
        gold = extract(case.text, "rules")
        sure = {p: e.text for p, e in found.evidence.items() if e.trust == "vouched"}
        before = {p: e.text for p, e in gold.evidence.items() if e.trust == "vouched"}
        assert before.items() <= sure.items()


def test_an_estimate_is_near() -> None:
    """Of a question the tokens are estimated within a tenth, over reports, and one is expected where one is sent."""
    encodings = pytest.importorskip("rs_bpe.bpe").openai
    exact = encodings.o200k_base().count
    settings = Settings(model="m")
    expected = sent = said = 0
    with StandIn(nothing) as server:
        for name, text in READINGS.items():
            before = len(server.requests)
            extract(text, "auto", model=Settings(model="m", base_url=server.url, mode="json_schema"))
            question = count("auto", settings, Given(name, text))
            assert bool(question) == (len(server.requests) > before), name
            expected += question.input_tokens if question else 0
        for body in (b for b in server.requests if len(b["messages"]) == 2):
            sent += sum(exact(m["content"]) for m in body["messages"])
            said += sum(count_tokens(m["content"]) for m in body["messages"])
            sent += exact(json.dumps(body["response_format"]["json_schema"]["schema"], ensure_ascii=False))
    assert abs(expected - sent) < 0.1 * sent
    assert abs(said - sent) < 0.1 * sent
