"""Bulk runs asked in batches: what comes out is what a direct run gives, whatever goes wrong on the way."""

import asyncio
import json
import os
import stat
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from click.testing import Result
from hypothesis import given as given_
from hypothesis import settings
from hypothesis import strategies as st
from nianbao.eval.dataset import SAMPLES, load_dataset
from nianbao.pipeline.llm.answer import Tokens
from nianbao.pipeline.llm.cache import DiskCache
from nianbao.pipeline.llm.client import Client
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.many.batch.endpoint import Endpoint
from nianbao.pipeline.many.batch.state import Part, PartState, Question, State
from nianbao.pipeline.many.batch.take import Taking

from nianbao import EndpointError
from tests.tools.standin import MODEL, StandIn, answer_from

from .made_up_runs import cases, line, run, write
from .test_bulk import start

pytestmark = pytest.mark.usefixtures("read_once")

LINES = [line(f"县{n}", cells={"disclosure.licensing.decisions": str(n)}) for n in range(4)]


def given() -> list[dict[str, Any]]:
    """The samples, and small reports: two as they are, two that lack a value, so that the judge is not content, one twice."""
    texts = [x["text"].replace("规章\t0\t0\t0", "规章") if n % 2 else x["text"] for n, x in enumerate(LINES)]
    made = [{"name": f"县{n}", "text": text} for n, text in enumerate(texts)]
    samples = [{"name": case.name, "text": case.text} for case in load_dataset(SAMPLES).cases]
    return [*made, *samples, {**made[1], "name": "县1 again"}]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "reports.jsonl", given())


@dataclass(frozen=True)
class Direct:
    """What a direct run over the source gives."""

    told: Result
    asked: list[str]
    result: dict[str, bytes]


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> Direct:
    folder = tmp_path_factory.mktemp("direct")
    with pytest.MonkeyPatch.context() as patch, server(folder) as there:
        use_cache(patch, folder / "cache")
        told = bulk(write(folder / "reports.jsonl", given()), folder / "A", there)
        return Direct(told, bodies(there), result(folder / "A"))


def server(tmp_path: Path, **more: Any) -> StandIn:
    """The stand-in, which knows the right answers about the samples and the small reports."""
    return StandIn(answer_from([*cases(tmp_path, *LINES), *load_dataset(SAMPLES).cases]), **more)


def bulk(source: Path, out: Path, server: StandIn, *options: str, command: str | None = None) -> Result:
    """A command over the source; None: asked directly."""
    return run(*arguments(source, out, server, command), *options)


def arguments(source: Path, out: Path, server: StandIn, command: str | None) -> list[str]:
    model = ("--engine", "model", "--model", MODEL, "--base-url", server.url, "--input-price", "1")
    shape = ("--workers", "1", "--shard-size", "3", *(("--batch", command) if command else ()))
    return ["bulk", str(source), "--out", str(out), *model, *shape]


def bodies(server: StandIn) -> list[str]:
    """What was asked since the last time, in order of its text."""
    found = sorted(json.dumps(body, sort_keys=True, ensure_ascii=False) for body in server.requests)
    server.requests.clear()
    return found


def result(folder: Path) -> dict[str, bytes]:
    """What is the same however a run was asked."""
    names = ("extractions.jsonl", "summary.json", "summary.txt", "done.json", "shards/*")
    return {str(p.relative_to(folder)): p.read_bytes() for name in names for p in sorted(folder.glob(name))}


def to_the_end(source: Path, out: Path, server: StandIn, *options: str) -> list[Result]:
    """Submit and collect until the run is at its end."""
    told: list[Result] = []
    for _ in range(8):
        told += [bulk(source, out, server, *options, command=command) for command in ("submit", "collect")]
        if told[-1].exit_code < 2:
            return told
    raise AssertionError("\n".join(r.output for r in told))


def use_cache(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setenv("NIANBAO_CACHE_DIR", str(path))


# --- The flow --------------------------------------------------------------------------------------------------------


def test_batches_give_what_a_direct_run_gives(source: Path, tmp_path: Path, direct: Direct) -> None:
    """The same requests to the byte, each once, in two batches of which the second asks again; and the same files."""
    with server(tmp_path) as there:
        told = to_the_end(source, tmp_path / "B", there)
        assert bodies(there) == direct.asked
    assert [r.exit_code for r in told] == [0, 4, 0, direct.told.exit_code]
    assert len(there.batches.made) == 2
    assert result(tmp_path / "B") == direct.result
    assert told[-1].stdout == direct.told.stdout


@pytest.mark.parametrize("mode", ["tools", "md_json"])
def test_a_line_is_what_a_request_is(tmp_path: Path, mode: str) -> None:
    """In each mode the body of a line is that of the request that a direct run sends."""
    source = write(tmp_path / "one.jsonl", given()[:1])
    with server(tmp_path) as there:
        bulk(source, tmp_path / "A", there, "--mode", mode, "--files-only", command="submit")
        assert there.requests == []
        bulk(source, tmp_path / "A", there, "--mode", mode)
    (text,) = (tmp_path / "A" / "batch" / "001" / "input.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(text)["body"]] == there.requests


def test_what_is_said(source: Path, tmp_path: Path) -> None:
    """Each command tells how the run stands; the costs are those of batches."""
    with server(tmp_path, batch_polls=2) as there:
        said = {
            n: bulk(source, tmp_path / "B", there, command=command)
            for n, command in enumerate(("submit", "status", "collect", "status", "collect", "submit", "status"))
        }
    assert "batch/001: 9 questions sent as batch_1" in said[0].stderr
    assert said[0].stdout.startswith("9 questions written; 9 are under way, in 1 batch\n")
    assert "batch/001  in_progress  0 of 9 answered, 0 failed; expires 20" in said[1].stdout
    assert said[2].stdout == "nothing new: 9 questions are under way, in 1 batch\n"
    assert "batch/001  completed  9 of 9 answered, 0 failed  batch_1\n" in said[3].stdout
    assert "batch/001: 9 answers kept; " in said[4].stderr
    assert "US dollars at 0.5 of the price" in said[4].stderr
    assert "questions remain to be asked; --batch submit sends them" in said[4].stdout
    assert "batch/001  taken  9 answers kept\n" in said[6].stdout
    assert [r.exit_code for r in said.values()] == [0, 0, 4, 0, 4, 0, 0]


def test_only_what_is_not_known_is_sent(source: Path, tmp_path: Path, direct: Direct) -> None:
    """An answer that is in the cache is not asked for; where all are, submit ends the run, and sends nothing."""
    half = write(tmp_path / "half.jsonl", given()[:4])
    with server(tmp_path) as there:
        bulk(half, tmp_path / "A", there)
        assert "5 questions written" in bulk(source, tmp_path / "B", there, command="submit").stdout
        to_the_end(source, tmp_path / "B", there)
        assert bodies(there) == direct.asked
        there.calls.clear()
        assert bulk(source, tmp_path / "C", there, command="submit").stdout == direct.told.stdout
        assert there.calls == []
    assert result(tmp_path / "B") == result(tmp_path / "C") == direct.result


def test_in_a_hurry_after_all(source: Path, tmp_path: Path, direct: Direct) -> None:
    """The same command without --batch goes on with the run, and asks what is not answered yet."""
    with server(tmp_path) as there:
        for command in ("submit", "collect", None):
            last = bulk(source, tmp_path / "B", there, command=command)
        assert bodies(there) == direct.asked
    assert last.stdout == direct.told.stdout
    assert result(tmp_path / "B") == direct.result


def test_files_only(source: Path, tmp_path: Path, direct: Direct) -> None:
    """Nothing is sent; the output that somebody lays beside an input file is taken as that of a batch is."""
    with server(tmp_path) as there:
        for _ in range(2):
            told = bulk(source, tmp_path / "B", there, "--files-only", command="submit")
            folder = tmp_path / "B" / "batch" / told.stdout.split("batch/")[1][:3]
            assert f"vllm run-batch --model {MODEL} -i {folder}/input.jsonl -o {folder}/output.jsonl" in told.stdout
            run_batch(there, folder)
            last = bulk(source, tmp_path / "B", there, command="collect")
        assert there.calls == []
    assert last.stdout == direct.told.stdout
    assert result(tmp_path / "B") == direct.result


def run_batch(there: StandIn, folder: Path) -> None:
    """Do as `vllm run-batch -i input.jsonl -o output.jsonl` does."""
    answers = []
    for text in (folder / "input.jsonl").read_text(encoding="utf-8").splitlines():
        asked = json.loads(text)
        assert (set(asked), asked["url"]) == ({"custom_id", "method", "url", "body"}, "/v1/chat/completions")
        response = dict(zip(("status_code", "body"), there.complete(asked["body"]), strict=True))
        answers.append({"id": "vllm-1", "custom_id": asked["custom_id"], "response": response, "error": None})
    write(folder / "output.jsonl", answers)


# --- What goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        (
            ("shuffled", "missing", "duplicate", "unknown", "broken"),
            [
                "001: 2 answers kept;",
                "002: 1 answers kept, 1 questions without an answer;",
                "003: 2 answers kept, 1 lines about a question answered before;",
                "004: 2 answers kept, 1 lines about no question of this batch;",
                "005: 1 answers kept, 3 lines that cannot be read;",
            ],
        ),
        (
            ("refused", "expired", "cancelled", "failed", "unsupported"),
            [
                "001: every question was refused (2 × status 400); check NIANBAO_MODEL (stand-in) and --mode",
                "002: batch batch_2 is expired",
                "002: 1 answers kept, 1 questions not asked in time, or cancelled;",
                "003: batch batch_3 is cancelled",
                "004: batch batch_4 is failed (token_limit_exceeded: Enqueued token limit reached)",
                "004: 2 questions not asked in time, or cancelled;",
                "005: 1 questions refused;",
            ],
        ),
    ],
)
def test_whatever_becomes_of_a_batch(
    source: Path, tmp_path: Path, direct: Direct, faults: Sequence[str], said: list[str]
) -> None:
    """It is said and counted, what is without an answer is asked again, and the run ends as one without a fault."""
    with server(tmp_path, batch_faults=faults) as there:
        first = [bulk(source, tmp_path / "B", there, "--batch-lines", "2", command=c) for c in ("submit", "collect")]
        assert [part for part in said if part not in first[1].stderr] == []
        assert first[1].exit_code == (3 if "failed" in faults else 4)
        to_the_end(source, tmp_path / "B", there)
    assert result(tmp_path / "B") == direct.result


def test_strict_is_left_out(source: Path, tmp_path: Path, direct: Direct) -> None:
    """Where an endpoint refuses it, the next batch goes without."""
    with server(tmp_path, batch_faults=["strict"]) as there:
        to_the_end(source, tmp_path / "B", there)
        assert {"strict" in body["response_format"]["json_schema"] for body in there.requests} == {False}
    assert result(tmp_path / "B") == direct.result


SPOILT = {
    "县0": ["not json", ""],
    "县1": ["", '{"zeilen": 1}'],
    "县2": ['{"rows": ["1: ' + "1" * 300_000 + '"]}'],
    "县3": ['```json\n{"rows":[]}\n```', "{}"],
}
"""Report → what it is answered with at first; and then rightly."""


def test_malformed_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are asked again once, in the next batch, as in a direct run; what then fails has the same finding and costs."""
    rightly = {made["name"]: answer_from(cases(tmp_path, made)) for made in LINES}

    def answer(body: Mapping[str, Any]) -> str:
        """What the report's own answers say in this round; others' know nothing of it."""
        name, right = max(((n, right(body)) for n, right in rightly.items()), key=lambda told: len(told[1]))
        return [*SPOILT[name], right][min(len(body["messages"]) // 2 - 1, len(SPOILT[name]))]

    source = write(tmp_path / "some.jsonl", LINES)
    with StandIn(answer) as there:
        use_cache(monkeypatch, tmp_path / "cache 1")
        bulk(source, tmp_path / "A", there)
        asked = bodies(there)
        use_cache(monkeypatch, tmp_path / "cache 2")
        told = to_the_end(source, tmp_path / "B", there)
        assert bodies(there) == asked
    assert "3 malformed answers" in told[1].stderr
    assert result(tmp_path / "B") == result(tmp_path / "A")
    found = [json.loads(text) for text in (tmp_path / "B" / "extractions.jsonl").read_bytes().splitlines()]
    assert [sum(f["code"] == "model_failed" for f in e["findings"]) for e in found] == [1, 1, 0, 0]


WORDS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.just('{"rows":[]}')
)
KEYS = (
    "id",
    "choices",
    "message",
    "content",
    "usage",
    "prompt_tokens",
    "code",
    "param",
    "finish_reason",
    "status_code",
)
VALUES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
BODIES = VALUES | st.fixed_dictionaries(
    {"choices": VALUES | st.lists(st.fixed_dictionaries({"message": VALUES})), "usage": VALUES}
)
RESPONSES = VALUES | st.fixed_dictionaries({"status_code": st.sampled_from([200, 400, 500]) | VALUES, "body": BODIES})
OUTPUT_LINES = st.fixed_dictionaries(
    {"custom_id": st.sampled_from(["0" * 64, "1" * 64, "2" * 64]) | VALUES, "response": RESPONSES, "error": VALUES}
).map(lambda line: json.dumps(line).encode())


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    with State(tmp_path_factory.mktemp("state") / "batch") as state:
        yield state


@settings(max_examples=100)
@given_(st.lists(OUTPUT_LINES | st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"")), max_size=8))
def test_whatever_stands_in_an_output(there: State, lines: list[bytes]) -> None:
    """Each line is of one kind, no question is lost, and nothing that a file holds raises an exception."""
    part, path = Part(1, "sent", 2, Tokens()), there.folder / "output.jsonl"
    for key in "01":
        there.note(Question(key * 64, "Pointing", 1, "sent"))
    path.write_bytes(b"\n".join(lines))
    with DiskCache(there.folder / "cache") as cache:
        taken = Taking(part, there, cache, Settings(model=MODEL)).take([path])
    counts, known = Counter(taken.tally), there.count()
    told = sum(1 for text in lines if text.strip())
    assert told <= sum(counts.values()) <= told + 2
    assert known.total() == 2
    assert set(known) <= {"answered", "again", "failed"}


def test_single_questions_that_fail(tmp_path: Path) -> None:
    """One that is refused ends with that as its failure; one that the endpoint failed at is asked again."""
    source = write(tmp_path / "some.jsonl", LINES)
    with server(tmp_path, faults=["400", "503"]) as there:
        told = to_the_end(source, tmp_path / "B", there)
    assert "batch/001: 2 answers kept, 1 questions refused, 1 questions without an answer" in told[1].stderr
    assert len(there.requests) == 5
    found = [json.loads(text)["findings"] for text in (tmp_path / "B" / "extractions.jsonl").read_bytes().splitlines()]
    (failed,) = [f["message"] for findings in found for f in findings if f["code"] == "model_failed"]
    assert failed.endswith("status 400 in a batch")


def test_a_budget(source: Path, tmp_path: Path) -> None:
    """No more is sent than it allows for, with what is under way; with a higher one the rest is sent."""
    with server(tmp_path) as there:
        few = bulk(source, tmp_path / "B", there, "--batch-lines", "3", "--max-cost", "0.012", command="submit")
        assert (few.exit_code, len(there.batches.made)) == (3, 2)
        assert "--max-cost 0.012: 0.0" in few.stderr
        none = bulk(source, tmp_path / "B", there, "--max-tokens", "10", command="submit")
        assert (none.exit_code, len(there.batches.made)) == (3, 2)
        more = bulk(source, tmp_path / "B", there, "--max-cost", "1", command="submit")
        assert (more.exit_code, len(there.batches.made)) == (0, 3)
        assert "9 are under way, in 3 batches" in more.stdout


def test_nothing_is_sent_twice(source: Path, tmp_path: Path, direct: Direct) -> None:
    """Killed at whatever request, the same command goes on; no batch is made twice, and no question asked twice."""
    calls = ["POST /v1/files", "POST /v1/batches", "GET /v1/files/file-3/content"]
    with server(tmp_path, lost=calls) as there:
        for call in calls:
            command = "submit" if call.startswith("POST") else "collect"
            killed_at(call, there, source, tmp_path / "B", command)
            if call == "POST /v1/batches":
                bulk(source, tmp_path / "B", there, command="submit")
        to_the_end(source, tmp_path / "B", there)
        assert bodies(there) == direct.asked
    assert len(there.batches.made) == 2
    assert result(tmp_path / "B") == direct.result


def killed_at(call: str, there: StandIn, source: Path, out: Path, command: str) -> None:
    """Start a command, and kill it when the server has got this request, whose response is lost."""
    with start(*arguments(source, out, there, command)) as process:
        while process.poll() is None and call not in there.calls:
            time.sleep(0.005)
        process.kill()
    assert call in there.calls


def test_a_response_that_is_lost(source: Path, tmp_path: Path) -> None:
    """Where the endpoint made a batch and that was not heard, it is found there, and not made again."""
    with server(tmp_path, lost=["POST /v1/batches"]) as there:
        assert bulk(source, tmp_path / "B", there, command="submit").exit_code == 0
    assert there.calls == ["POST /v1/files", "POST /v1/batches", "GET /v1/batches?limit=100"]
    assert len(there.batches.made) == 1


def test_before_anything_is_submitted(source: Path, tmp_path: Path) -> None:
    """status and collect say so in one line, with status 2; another run's settings are refused as ever."""
    with server(tmp_path) as there:
        for command in ("status", "collect"):
            told = bulk(source, tmp_path / "B", there, command=command)
            assert (told.exit_code, told.stdout) == (2, "")
            assert told.stderr.endswith("B: nothing was submitted; --batch submit sends the questions of the run\n")
        bulk(source, tmp_path / "B", there, command="submit")
        other = bulk(source, tmp_path / "B", there, "--mode", "tools", command="collect")
        assert (other.exit_code, "mode was auto, is now tools" in other.stderr) == (2, True)
        bare = run("bulk", source, "--out", tmp_path / "C", "--batch", "submit")
        assert (bare.exit_code, "no model is configured" in bare.stderr) == (3, True)
        native = run("bulk", source, "--out", tmp_path / "C", "--model", "anthropic/m", "--batch", "submit")
        assert (native.exit_code, "only batches of OpenAI's protocol can be made" in native.stderr) == (3, True)
        rules = run("bulk", source, "--out", tmp_path / "C", "--engine", "rules", "--batch", "submit")
        assert rules.exit_code == 2
        for wrong in (("--files-only", "--batch", "collect"), ("--start-over", "--batch", "status"), ("--files-only",)):
            assert "Error: --" in run("bulk", source, "--out", tmp_path / "C", *wrong).stderr


def test_several_models(source: Path, tmp_path: Path) -> None:
    """Batches are asked of one; more are refused in one line, and what the line says can be done: the first one's answers are there."""
    several = ("--model", f"{MODEL},second")
    with server(tmp_path) as there:
        told = bulk(source, tmp_path / "B", there, *several, command="submit")
        assert (told.exit_code, told.stdout, there.calls) == (2, "", [])
        assert told.stderr == (
            f"nianbao: --batch: one model can be asked, and 2 are set: {MODEL}, second; name the first alone with --model; then"
            " read with all of them into another folder without --batch, where its answers come from the cache\n"
        )
        bulk(source, tmp_path / "B", there, command="submit")
        for command in ("status", "collect"):
            assert bulk(source, tmp_path / "B", there, *several, command=command).stderr == told.stderr
        to_the_end(source, tmp_path / "B", there)
        there.requests.clear()
        both = bulk(source, tmp_path / "C", there, *several)
        assert both.exit_code < 2, both.output
        assert {body["model"] for body in there.requests} == {"second"}


def test_an_endpoint_without_a_batch_api(source: Path, tmp_path: Path) -> None:
    """One line says so, and names the way without; the files are written, and sent when there is one."""
    with server(tmp_path) as there:
        elsewhere = run("bulk", source, "--out", tmp_path / "B", "--engine", "model", "--model", MODEL,
            "--base-url", there.url.replace("/v1", "/v9"), "--batch", "submit")  # fmt: skip
    assert (elsewhere.exit_code, "Traceback" in elsewhere.output) == (3, False)
    assert "status 404 at /v9/files; it has no Batch API" in elsewhere.stderr


def test_secrets(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is in no file and no message; the folder with the texts of reports is for its owner alone."""
    monkeypatch.setenv("NIANBAO_API_KEY", "sk-secret")
    with server(tmp_path, batch_faults=["failed"]) as there:
        told = [bulk(source, tmp_path / "B", there, command=command) for command in ("submit", "collect", "status")]
    assert [r.exit_code for r in told] == [0, 3, 0]
    assert not any("sk-secret" in r.output for r in told)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"sk-secret" in path.read_bytes() for path in files)
    assert stat.S_IMODE(os.stat(tmp_path / "B" / "batch").st_mode) == 0o700  # noqa: PTH116


def test_an_input_file_that_cannot_be_written(source: Path, tmp_path: Path, direct: Direct) -> None:
    """One line, status 2, and nothing is sent; when it can be, the same command goes on."""
    draft = tmp_path / "B" / "batch" / "001" / "input.jsonl.draft"
    draft.mkdir(parents=True)
    with server(tmp_path) as there:
        told = bulk(source, tmp_path / "B", there, command="submit")
        assert (told.exit_code, there.calls) == (2, [])
        assert "B/batch: cannot be written (Is a directory)" in told.stderr
        draft.rmdir()
        to_the_end(source, tmp_path / "B", there)
        assert bodies(there) == direct.asked
    assert result(tmp_path / "B") == direct.result


@pytest.mark.parametrize("body", ["<html>", "{", "[]", '{"id": 3}', '{"data": [3]}', "null"])
@pytest.mark.parametrize("state", ["written", "sending"])
def test_a_response_of_another_shape(tmp_path: Path, body: str, state: PartState) -> None:
    """Whatever an endpoint gives in place of a file or a batch is an EndpointError, after every attempt."""
    part = Part(1, state, 1, Tokens())
    settings = Settings(model=MODEL, base_url="http://nowhere/v1", max_attempts=2, max_wait_s=0.01)
    other = httpx2.MockTransport(
        lambda _: httpx2.Response(200, text=body, headers={"content-type": "application/json"})
    )

    async def send(state: State) -> None:
        async with httpx2.AsyncClient(transport=other) as http:
            connection = openai.AsyncOpenAI(api_key="none", base_url=settings.base_url, http_client=http, max_retries=0)
            await Endpoint(Client(settings, None, connection)).send(part, state)

    with State(tmp_path / "batch") as there:
        folder = there.folder_of(1)
        folder.mkdir()
        (folder / "input.jsonl").write_text("{}\n")
        with pytest.raises(EndpointError, match="nowhere: no usable response; try again later"):
            asyncio.run(send(there))
        assert [p.state for p in there.parts()] == ["sending"]
