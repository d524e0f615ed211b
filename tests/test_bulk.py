"""Bulk runs: nothing lost, nothing twice, the same bytes however they went."""

import asyncio
import io
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from nianbao.pipeline.llm.spent import Spent
from nianbao.pipeline.many.ledger import MANIFEST, SHARDS, TEXTS, Ledger, Manifest, Shape, list_inputs, open_ledger
from nianbao.pipeline.many.pool import Pool
from nianbao.pipeline.many.progress import Progress
from nianbao.pipeline.many.run import Run
from nianbao.pipeline.many.runner import LocalRunner
from nianbao.pipeline.many.shards import cut
from nianbao.pipeline.many.sources import Columns, Given, list_files, reports
from nianbao.pipeline.many.summary import summarise
from nianbao.pipeline.many.texts import Texts
from nianbao.pipeline.many.work import Outcome, read_reports
from rich.console import Console

from nianbao import InputError, extract
from tests.tools.standin import MODEL, StandIn, answer_from

from .elsewhere import deadly, hold
from .made_up_runs import RECEIVED, cases, line, run, write

pytestmark = pytest.mark.usefixtures("read_once")

WRONG = {f"{RECEIVED}.total": "5"}
"""Cells that do not add up: discrepant."""


def given(count: int) -> list[dict[str, Any]]:
    """Reports of all three verdicts, some with the text of another."""
    found = []
    for n in range(count):
        k = n - 6 if n % 7 == 6 else n
        made = line(f"县{k}", cells={"disclosure.licensing.decisions": str(k % 9)} | (WRONG if k % 3 == 1 else {}))
        text = made["text"].replace("规章\t0\t0\t0", "规章") if k % 4 == 2 else made["text"]
        found.append({"name": f"报告{n}", "text": text})
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "reports.jsonl", given(20))


def bulk(source: Path | str, out: Path | str, *options: str, workers: int = 1, status: int = 1) -> Any:
    result = run("bulk", source, "--out", out, "--workers", str(workers), *options)
    assert result.exit_code == status, result.output
    return result


def tree(folder: Path) -> dict[str, bytes]:
    """The files of a run and their bytes, but for the one that holds times."""
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "log.jsonl"
    }


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in (folder / "extractions.jsonl").read_text(encoding="utf-8").splitlines()]


# --- In this process -------------------------------------------------------------------------------------------------


class Here:
    """A runner that reads where it is, and notes what it reads."""

    room = 3
    spent: Spent | None = None

    def __init__(self, read: Callable[[Sequence[Given]], list[Outcome]] = read_reports) -> None:
        self._read = read
        self.asked: list[str] = []

    async def read(self, reports: Sequence[Given]) -> list[Outcome]:
        self.asked += [given.name for given in reports]
        return self._read(reports)

    def stop(self) -> None: ...


def go(source: Path, out: Path, size: int = 3, runner: Here | None = None) -> Ledger:
    """A run in this process, over a file of JSON Lines."""
    ledger = open_ledger(str(out))
    with Texts(out / TEXTS) as texts:
        count, sha256 = list_inputs(list_files([str(source)]), out.parent / "inputs")
        shape = Shape(shard_size=size)
        manifest = Manifest(program="1", settings=shape, sources=(str(source),), files=count, files_sha256=sha256)
        ledger.begin(manifest, out.parent / "inputs")
        shards = cut(reports(ledger.files(), Columns()), size, texts, ledger)
        assert asyncio.run(Run(ledger, runner or Here(), Progress(None)).go(shards))
    return ledger


def written(ledger: Ledger) -> list[bytes]:
    return [text for number in ledger.committed() for text in ledger.lines(number)]


def test_a_line_is_what_extract_gives(source: Path, tmp_path: Path) -> None:
    """Each report's line is its extraction, in the order of the input."""
    found = written(go(source, tmp_path / "RUN"))
    assert found == [extract(g["text"], name=g["name"]).model_dump_json().encode() for g in given(20)]


def test_the_same_text_is_read_once(source: Path, tmp_path: Path) -> None:
    """Also across shards and after a stop; each report has an extraction of its own, under its own name."""
    runner = Here()
    ledger = go(source, tmp_path / "RUN", runner=runner)
    again = ["报告6", "报告13"]
    assert runner.asked == [g["name"] for g in given(20) if g["name"] not in again]
    whole = written(ledger)
    for number in list(ledger.committed())[1:]:
        (tmp_path / "RUN" / SHARDS / f"{number:06d}.json").unlink()
    assert written(go(source, tmp_path / "RUN", runner=(late := Here()))) == whole
    assert not set(again) & set(late.asked)


@pytest.mark.parametrize("left", ["nothing", "no marker", "half a file", "drafts"])
def test_what_a_kill_leaves_of_a_shard_is_read_again(source: Path, tmp_path: Path, left: str) -> None:
    """Whatever is there of a shard without its marker: it is read again, the others are not, and the bytes are the same."""
    go(source, tmp_path / "RUN")
    whole, shards = tree(tmp_path / "RUN"), tmp_path / "RUN" / SHARDS
    data, marker = shards / "000002.jsonl.gz", shards / "000002.json"
    if left == "nothing":
        data.unlink()
    if left in ("nothing", "no marker"):
        marker.unlink()
    if left == "half a file":
        data.write_bytes(data.read_bytes()[:100])
    if left == "drafts":
        marker.unlink()
        data.rename(data.with_name(data.name + ".draft"))
    runner = Here()
    go(source, tmp_path / "RUN", runner=runner)
    assert runner.asked == ["报告7", "报告8"]
    assert tree(tmp_path / "RUN") == whole


def test_a_shard_that_was_damaged_is_told_of(source: Path, tmp_path: Path) -> None:
    """A byte that changed since the commit is found, and the message says which file."""
    ledger = go(source, tmp_path / "RUN")
    file = tmp_path / "RUN" / SHARDS / "000001.jsonl.gz"
    data = bytearray(file.read_bytes())
    data[50] ^= 1
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"000001.jsonl.gz: damaged"):
        written(ledger)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_progress(source: Path, tmp_path: Path, is_terminal: bool) -> None:
    """It tells what is done, the verdicts, and what was spent; a bar on a terminal, and nothing of one elsewhere."""
    ledger = go(source, tmp_path / "RUN")
    shown = io.StringIO()
    with Progress(20, Console(file=shown, force_terminal=is_terminal, width=160)) as progress:
        for number in ledger.committed():
            progress.take(ledger.marker_of(number), Spent(requests=3, cost=Decimal("0.5")), is_new=number > 0)
    told = summarise(ledger, list(ledger.committed())).told["by_status"]
    statuses = ", ".join(f"{count} {status}" for status, count in told.items())
    assert progress.line().startswith("20 of 20 reports · ")
    assert progress.line().endswith(f"/s · {statuses} · 3 requests, 0 answers kept, 0.5000 USD")
    assert ("━" in shown.getvalue()) == is_terminal


def test_a_run_is_locked(source: Path, tmp_path: Path) -> None:
    """Two runs in one folder at once: the second says so and does nothing."""
    (tmp_path / "RUN").mkdir()
    with Texts(tmp_path / "RUN" / TEXTS):
        result = bulk(source, tmp_path / "RUN", status=2)
    assert "another nianbao is at work on this run" in result.stderr
    assert not (tmp_path / "RUN" / MANIFEST).exists()


# --- Workers ---------------------------------------------------------------------------------------------------------


@pytest.mark.processes
def test_a_report_that_kills_its_reader_or_never_ends() -> None:
    """The process dies of one, and is ended over another: each becomes an error that says so, and the others are read."""
    some = [Given(g["name"], g["text"]) for g in given(6)]

    async def work() -> list[Outcome]:
        async with Pool(1) as pool:
            return await LocalRunner(pool, "rules", None, 1.5, deadly).read(some)

    found, plain = asyncio.run(work()), read_reports(some)
    assert [found[n].facts.findings for n in (2, 4)] == [("out_of_time",), ("reading_failed",)]
    assert [o for n, o in enumerate(found) if n not in (2, 4)] == [o for n, o in enumerate(plain) if n not in (2, 4)]


@pytest.mark.processes
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_its_parent(tmp_path: Path, how: signal.Signals) -> None:
    """Also one that is killed, while the worker holds its interpreter and never ends by itself."""
    note = tmp_path / "pid"
    holding = multiprocessing.get_context("spawn").Process(target=hold, args=(str(note),))
    holding.start()
    while not (note.exists() and note.read_text()):
        time.sleep(0.01)
    os.kill(int(holding.pid or 0), how)
    holding.join()
    until_gone(int(note.read_text()))


def until_gone(process: int) -> None:
    """Return when a process is there no more; a test that waits here for ever has found one that is."""
    while True:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.01)


@pytest.mark.processes
def test_outputs_do_not_depend_on_workers_or_shards(source: Path, tmp_path: Path) -> None:
    """However many processes, and however the input is cut: the same tables."""
    formats = ("--formats", "jsonl,csv,parquet,xlsx")
    bulk(source, tmp_path / "A", "--shard-size", "3", *formats, workers=2)
    bulk(source, tmp_path / "B", *formats)
    whole, other = ({n: d for n, d in tree(tmp_path / x).items() if "." in n and "/" not in n} for x in "AB")
    assert {name for name in whole if whole[name] != other[name]} == {"manifest.json", "done.json"}
    assert len(whole) == 12


# --- Kills, stops, budgets -------------------------------------------------------------------------------------------


def start(*arguments: str | Path, **more: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "nianbao.pipeline.cli.main", *map(str, arguments)]
    command[1:3] = ["-c", "from nianbao.pipeline.cli.main import main; main()"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **more
    )


def until_committed(folder: Path, count: int, process: "subprocess.Popen[str]") -> None:
    """Wait until so many shards are committed, or the process ends."""
    while process.poll() is None and len(list((folder / SHARDS).glob("*.json"))) < count:
        time.sleep(0.01)


def question(body: dict[str, Any]) -> str:
    return json.dumps(body["messages"])


def test_killed_again_and_again(tmp_path: Path) -> None:
    """kill -9, in the middle of its work: taken up to its end, all files are as if nothing had been."""
    many = write(tmp_path / "many.jsonl", given(72))
    bulk(many, tmp_path / "A", "--engine", "rules", "--shard-size", "4", "--formats", "jsonl,csv")
    out = tmp_path / "B"
    arguments = ("bulk", many, "--out", out, "--engine", "rules", "--workers", "2", "--shard-size", "4")
    for committed in (2, 6, 11):
        with start(*arguments, "--formats", "jsonl,csv") as process:
            until_committed(out, committed, process)
            process.kill()
        assert process.returncode in (-signal.SIGKILL, 1)
    bulk(many, out, "--engine", "rules", "--shard-size", "4", "--formats", "jsonl,csv")
    assert tree(out) == tree(tmp_path / "A")


def model(server: StandIn, *more: str) -> tuple[str, ...]:
    return ("--engine", "auto", "--model", MODEL, "--base-url", server.url, "--input-price", "1", *more)


def test_killed_with_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kill -9 while requests are under way: the bytes are the same, and no more is asked twice than was in flight."""
    made = given(40)
    source = write(tmp_path / "reports.jsonl", made)
    options = ("--shard-size", "4", "--max-in-flight", "3")
    with StandIn(answer_from(cases(tmp_path, line("县0"))), latency_s=0.05) as server:
        bulk(source, tmp_path / "A", *model(server, *options))
        once = [question(body) for body in server.requests]
        assert len(once) == len(set(once)) > 4
        server.requests.clear()
        monkeypatch.setenv("NIANBAO_CACHE_DIR", str(tmp_path / "other"))
        arguments = ("bulk", str(source), "--out", str(tmp_path / "B"), "--workers", "1", *model(server, *options))
        for requests in (2, 5):
            with start(*arguments) as process:
                while process.poll() is None and len(server.requests) < requests:
                    time.sleep(0.005)
                process.kill()
        bulk(source, tmp_path / "B", *model(server, *options))
        assert tree(tmp_path / "B") == tree(tmp_path / "A")
        asked = [question(body) for body in server.requests]
        assert set(asked) == set(once)
        assert len(asked) - len(once) <= 2 * 3
    told = json.loads((tmp_path / "A" / "summary.json").read_bytes())["model"]
    assert told["cost"] is not None
    assert told["input_tokens"] > 0


def test_ctrl_c(tmp_path: Path) -> None:
    """It finishes what it has in hand, says how to go on, and ends with 130; the same command goes on."""
    many = write(tmp_path / "many.jsonl", given(100))
    arguments = ("bulk", many, "--out", tmp_path / "B", "--workers", "1", "--shard-size", "4", "--engine", "rules")
    with start(*arguments) as process:
        until_committed(tmp_path / "B", 2, process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert (process.returncode, "Traceback" in said) == (130, False)
    assert "the same command goes on from there" in said
    assert len(list((tmp_path / "B" / SHARDS).glob("*.json"))) < 25
    bulk(many, tmp_path / "B", "--shard-size", "4", "--engine", "rules")
    assert [text["source"]["name"] for text in lines(tmp_path / "B")] == [f"报告{n}" for n in range(100)]


def test_ctrl_c_twice(tmp_path: Path) -> None:
    """Everything ends at once, with 130, whatever is under way; what is committed is kept."""
    source = write(tmp_path / "reports.jsonl", given(8))
    with StandIn(answer_from(cases(tmp_path, line("县0"))), latency_s=3600) as server:
        with start("bulk", source, "--out", tmp_path / "RUN", "--workers", "1", *model(server)) as process:
            while not server.requests:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            assert process.stderr
            while "Ctrl-C again ends everything at once" not in process.stderr.readline():
                pass
            process.send_signal(signal.SIGINT)
            _, said = process.communicate()
        assert (process.returncode, said) == (130, "")


def test_a_budget_stops_the_run(source: Path, tmp_path: Path) -> None:
    """At --max-cost it ends with 3; with a higher one it goes on, and ends as one that had it from the beginning."""
    options = ("--shard-size", "4", "--max-in-flight", "1")
    with StandIn(answer_from(cases(tmp_path, line("县0")))) as server:
        stopped = bulk(source, tmp_path / "B", *model(server, *options, "--max-cost", "0.004"), status=3)
        asked = len(server.requests)
        assert "--max-cost 0.004 reached" in stopped.stderr
        bulk(source, tmp_path / "B", *model(server, *options, "--max-cost", "9"))
        rest = len(server.requests)
        bulk(source, tmp_path / "A", *model(server, *options))
        assert 0 < asked < rest == len(server.requests)
    assert tree(tmp_path / "A") == tree(tmp_path / "B")


def test_an_estimate_sends_nothing(source: Path, tmp_path: Path) -> None:
    """It counts the reports that a run then asks about, and those whose answers are kept."""
    with StandIn(answer_from(cases(tmp_path, line("县0")))) as server:
        options = ("--workers", "1", *model(server))
        told = [text.split() for text in run("bulk", source, "--estimate", *options).stdout.splitlines()]
        assert server.requests == []
        bulk(source, tmp_path / "A", *model(server))
        firsts = {question(body) for body in server.requests if len(body["messages"]) == 2}
        again = [text.split() for text in run("bulk", source, "--estimate", *options).stdout.splitlines()]
    assert [words[0] for words in told[:6]] == ["20", "2", "0", "4", "0", str(4 - len(firsts))]
    assert (told[6][:2], int(told[7][0].replace(",", "")) > 1000) == ([str(len(firsts)), "requests,"], True)
    assert [words[0] for words in again[3:10]] == ["4", "4", "0", "0", "0", "0", "0.0000"]


# --- What goes wrong -------------------------------------------------------------------------------------------------


def test_every_second_report_is_broken(tmp_path: Path) -> None:
    """The run ends as usual; each report has its line, the broken ones with the reason."""
    folder = tmp_path / "reports"
    folder.mkdir()
    broken = {
        "empty": b"",
        "binary": bytes(range(256)) * 20,
        "huge": b"0" * 20_000_001,
        "other": "今天天气很好。".encode(),
    }
    for n, (name, data) in enumerate(broken.items()):
        (folder / f"{n}a.txt").write_text(given(8)[n]["text"], encoding="utf-8")
        (folder / f"{n}b-{name}.txt").write_bytes(data)
    bulk(folder, tmp_path / "RUN", "--engine", "rules")
    found = lines(tmp_path / "RUN")
    assert [Path(e["source"]["name"]).name for e in found] == sorted(p.name for p in folder.iterdir())
    says = ["输入是空的", "二进制数据", "超过 20,000,000 字节的上限", "不是政府信息公开工作年度报告"]
    for extraction, part in zip(found[1::2], says, strict=True):
        (reason,) = extraction["findings"]
        assert (extraction["status"], extraction["report"], reason["code"]) == ("unresolved", None, "input_unusable")
        assert part in reason["message"]
    assert all(extraction["report"] for extraction in found[::2])


def test_another_run_is_refused_unless_told(source: Path, tmp_path: Path) -> None:
    """The message says what differs, the run stays as it is; --start-over replaces it."""
    bulk(source, tmp_path / "RUN")
    before = tree(tmp_path / "RUN")
    result = bulk(source, tmp_path / "RUN", "--engine", "rules", "--shard-size", "7", status=2)
    assert "engine was auto, is now rules; shard_size was 200, is now 7" in result.stderr
    write(source, given(21))
    result = bulk(source, tmp_path / "RUN", status=2)
    assert "files_sha256 was" in result.stderr
    assert tree(tmp_path / "RUN") == before
    bulk(source, tmp_path / "RUN", "--start-over")
    assert len(lines(tmp_path / "RUN")) == 21


@pytest.mark.parametrize("kind", ["lines", "files"])
def test_inputs_that_changed_are_told_of(tmp_path: Path, kind: str) -> None:
    """Two texts of one length that change places between two starts: no report is lost, and none is there twice."""

    def put(*texts: str) -> Path:
        if kind == "lines":
            return write(tmp_path / "in.jsonl", [{"text": text} for text in texts])
        (tmp_path / "in").mkdir(exist_ok=True)
        for n, text in enumerate(texts):
            (tmp_path / "in" / f"{n}.txt").write_text(text, encoding="utf-8")
        return tmp_path / "in"

    first, second = (line(f"县{n}")["text"] for n in range(2))
    source = put(first, second)
    bulk(source, tmp_path / "RUN", "--shard-size", "1", status=0)
    whole = tree(tmp_path / "RUN")
    (tmp_path / "RUN" / SHARDS / "000001.json").unlink()
    put(second, first)
    result = bulk(source, tmp_path / "RUN", "--shard-size", "1", status=2)
    assert f"{source}{':1' if kind == 'lines' else '/0.txt'}: not the text that was read; restore it" in result.stderr
    put(first, second)
    bulk(source, tmp_path / "RUN", "--shard-size", "1", status=0)
    assert tree(tmp_path / "RUN") == whole


def test_what_is_left_of_a_run_is_no_part_of_the_next(source: Path, tmp_path: Path) -> None:
    """Shards without a manifest are of no run: they do not come into the one that is begun there."""
    bulk(write(tmp_path / "other.jsonl", given(3)), tmp_path / "RUN", "--shard-size", "1")
    for path in (tmp_path / "RUN").iterdir():
        if path.is_file():
            path.unlink()
    bulk(source, tmp_path / "RUN", "--shard-size", "7")
    assert [text["source"]["name"] for text in lines(tmp_path / "RUN")] == [f"报告{n}" for n in range(20)]


def test_a_run_of_an_older_contract_is_told_of(source: Path, tmp_path: Path) -> None:
    """It is not taken up, and no table is made of it: the message says which contract it is of."""
    bulk(source, tmp_path / "RUN")
    manifest = tmp_path / "RUN" / "manifest.json"
    told = {key: value for key, value in json.loads(manifest.read_bytes()).items() if key != "contract"}
    manifest.write_text(json.dumps(told), encoding="utf-8")
    result = run("bulk", source, "--out", tmp_path / "RUN", "--engine", "rules")
    assert (result.exit_code, "contract was nianbao/1, is now nianbao/2" in result.stderr) == (2, True)
    result = run("export", tmp_path / "RUN")
    assert (result.exit_code, "a run of contract nianbao/1" in result.stderr) == (2, True)


def test_a_folder_of_something_else_is_left_alone(source: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("…", encoding="utf-8")
    assert "holds no run" in bulk(source, tmp_path / "mine", status=2).stderr
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_a_cache_that_cannot_be_opened(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, status 2, and nothing is written."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NIANBAO_CACHE_DIR", str(tmp_path / "file"))
    result = bulk(source, tmp_path / "RUN", "--engine", "auto", "--model", MODEL, status=2)
    assert "cannot be opened" in result.stderr
    assert not (tmp_path / "RUN").exists()


def test_a_full_disk(tmp_path: Path) -> None:
    """Where a file cannot grow: one line, status 2, no traceback; with room again the same command ends the run."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    many = write(tmp_path / "many.jsonl", given(40))
    arguments = ("bulk", many, "--out", tmp_path / "RUN", "--engine", "rules", "--workers", "1", "--shard-size", "4")
    with start(*arguments, preexec_fn=limit) as process:
        _, said = process.communicate()
    assert (process.returncode, "Traceback" in said, "cannot be written" in said) == (2, False, True)
    assert not (tmp_path / "RUN" / "extractions.jsonl").exists()
    kept = set((tmp_path / "RUN" / SHARDS).glob("*.json"))
    assert len(kept) == 10
    bulk(many, tmp_path / "RUN", "--engine", "rules", "--shard-size", "4")
    assert len(lines(tmp_path / "RUN")) == 40


def test_a_folder_that_cannot_be_written(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in bulk(source, tmp_path / "file" / "RUN", status=2).stderr
    (tmp_path / "closed").mkdir(mode=0o555)
    if os.geteuid() == 0:
        os.chown(tmp_path, 65534, -1)
        os.seteuid(65534)
    try:
        result = bulk(source, tmp_path / "closed", status=2)
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
    assert "cannot be written" in result.stderr
    assert list((tmp_path / "closed").iterdir()) == []
