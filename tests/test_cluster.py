"""Bulk runs on a Ray cluster of two nodes: the same bytes as here, whatever is lost on the way; and limits kept by all together."""

import asyncio
import json
import os
import re
import signal
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from nianbao.pipeline.errors import SettingsError
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.llm.spent import Spent
from nianbao.pipeline.many.askers import Askers, shares
from nianbao.pipeline.many.asking import Asked, Asking
from nianbao.pipeline.many.cluster import RayWorkers
from nianbao.pipeline.many.ledger import SHARDS
from nianbao.pipeline.many.node import check_version
from nianbao.pipeline.many.runner import PoolRunner
from nianbao.pipeline.many.sources import Given
from nianbao.pipeline.many.work import Outcome, read_report, read_reports

from tests.tools.standin import StandIn, answer_from

from .elsewhere import deadly
from .made_up_runs import cases, line, write
from .servers import add_node, free_port, ray_cluster, redis_server
from .test_bulk import bulk, given, model, question, start, tree, until_committed

pytestmark = pytest.mark.cluster
MANY = 200
RULES = ("--engine", "rules", "--shard-size", "4")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with ray_cluster() as found:
        yield found


@pytest.fixture(scope="module")
def cache_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as (url, _):
        yield url


@pytest.fixture
def redis(cache_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty Redis is the cache."""
    monkeypatch.setenv("NIANBAO_CACHE_URL", cache_url)
    from nianbao.pipeline.llm.redis_cache import RedisCache

    with RedisCache(cache_url) as cache:
        cache.clear()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """Reports enough to be disturbed in the middle, and the files of an undisturbed run over them, of this machine."""
    folder = tmp_path_factory.mktemp("many")
    source = write(folder / "many.jsonl", given(MANY))
    bulk(source, folder / "A", *RULES)
    return source, tree(folder / "A")


def doubtful(count: int) -> list[dict[str, Any]]:
    """Reports of which every second is shown to the model, each with a question of its own."""
    found = []
    for n in range(count):
        made = line(f"县{n}", cells={"disclosure.licensing.decisions": str(n)})
        text = made["text"].replace("规章\t0\t0\t0", "规章") if n % 2 else made["text"]
        found.append({"name": f"报告{n}", "text": text})
    return found


def far(cluster: Any, *arguments: str | Path) -> "subprocess.Popen[str]":
    """A run on the cluster, begun."""
    return start("bulk", *arguments, "--runner", f"ray={cluster.address}")


def ended(process: "subprocess.Popen[str]", status: int = 1) -> str:
    """What a run said on standard error till its end."""
    with process:
        out, said = process.communicate()
    assert (process.returncode, "Traceback" in said) == (status, False), said
    assert ("by status:" in out) == (status < 2), out
    return said


def kill_workers(cluster: Any, name: str, run: "subprocess.Popen[str]") -> None:
    """Kill the processes of this cluster that do this now; wait for one, while the run goes on."""
    raylets = {node.all_processes["raylet"][0].process.pid for node in cluster.list_all_nodes()}
    found: list[int] = []
    while not found:
        assert run.poll() is None
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
                if parent in raylets and (path / "cmdline").read_bytes().startswith(b"ray::" + name.encode()):
                    found.append(int(path.name))
    for worker in found:
        os.kill(worker, signal.SIGKILL)


# --- By rules --------------------------------------------------------------------------------------------------------


def test_the_same_bytes_as_here(cluster: Any, tmp_path: Path) -> None:
    """All files of a run are those of a run of this machine, but for the one that holds times."""
    source = write(tmp_path / "reports.jsonl", [*given(60), {"name": "leer", "text": ""}])
    options = (*RULES, "--formats", "jsonl,csv,parquet,xlsx")
    bulk(source, tmp_path / "A", *options)
    ended(far(cluster, source, "--out", tmp_path / "B", *options))
    assert tree(tmp_path / "B") == tree(tmp_path / "A")


def test_killed_and_taken_up_elsewhere(cluster: Any, tmp_path: Path, many: tuple[Path, dict[str, bytes]]) -> None:
    """kill -9 in mid-run: begun here, gone on there, killed there too, ended there; all files as if nothing had been."""
    (source, undisturbed), out = many, tmp_path / "B"
    there = ("--runner", f"ray={cluster.address}")
    for committed, runner in ((3, ()), (9, there), (15, there)):
        with start("bulk", source, "--out", out, *RULES, *runner) as process:
            until_committed(out, committed, process)
            process.kill()
        assert process.returncode == -signal.SIGKILL
    ended(far(cluster, source, "--out", out, *RULES))
    assert tree(out) == undisturbed


def test_a_node_is_lost(cluster: Any, tmp_path: Path, many: tuple[Path, dict[str, bytes]]) -> None:
    """A node that is killed in mid-run costs the shards that it had in hand, which are read again elsewhere."""
    source, undisturbed = many
    process = far(cluster, source, "--out", tmp_path / "B", *RULES)
    until_committed(tmp_path / "B", 8, process)
    cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
    assert process.poll() is None
    ended(process)
    add_node(cluster)
    assert tree(tmp_path / "B") == undisturbed


def test_a_worker_is_lost(cluster: Any, tmp_path: Path, many: tuple[Path, dict[str, bytes]]) -> None:
    """A process that is killed costs its shard another reading, and no report."""
    source, undisturbed = many
    process = far(cluster, source, "--out", tmp_path / "B", *RULES)
    until_committed(tmp_path / "B", 8, process)
    kill_workers(cluster, "_each", process)
    ended(process)
    assert tree(tmp_path / "B") == undisturbed


@pytest.fixture
def ray(cluster: Any) -> Iterator[Any]:
    """This process as a driver of the cluster."""
    import ray

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(address=cluster.address, log_to_driver=False, logging_level="CRITICAL")
        yield ray
        ray.shutdown()


def test_a_report_that_kills_its_reader_is_found(ray: Any) -> None:
    """A process on a node dies of one, and is ended over another: each becomes an error that says so, and the others are read."""
    some = [Given(g["name"], g["text"]) for g in given(6)]
    found = asyncio.run(PoolRunner(RayWorkers(ray, 3), "rules", None, 1, deadly).read(some))
    plain = read_reports(some)
    assert [found[n].facts.findings for n in (2, 4)] == [("out_of_time",), ("reading_failed",)]
    assert [o for n, o in enumerate(found) if n not in (2, 4)] == [o for n, o in enumerate(plain) if n not in (2, 4)]


class DeadlyAsking(Asking):
    """Asks nobody and gives what the rules read, after a while; one report ends its process."""

    async def ask(self, given: Given, others: Spent) -> Asked:
        await asyncio.sleep(0.2)
        return Asked(read_report(given) if given.name == "报告2" else deadly(given), others)


def test_a_report_that_kills_its_asker_is_found(ray: Any) -> None:
    """It is given up when it is asked about alone and the worker dies again; those that were asked about beside it are not."""
    some = [Given(g["name"], g["text"]) for g in given(10)]
    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]

    async def work() -> list[Outcome]:
        askers = Askers(ray, "model", shares(Settings(max_in_flight=5), 2), nodes, DeadlyAsking)
        await askers.begin()
        return await PoolRunner(RayWorkers(ray, 3), "model", askers).read(some)

    found, plain = asyncio.run(work()), read_reports(some)
    assert found[4].facts.findings == ("reading_failed",)
    assert [o for n, o in enumerate(found) if n != 4] == [o for n, o in enumerate(plain) if n != 4]


def failing(given: Given) -> Outcome:
    raise SettingsError("no room") if given.name == "ours" else OSError("no room")


@pytest.mark.parametrize(
    ("name", "says"), [("ours", "^no room$"), ("other", r"the Ray cluster cannot do the work \(OSError: no room\)")]
)
def test_an_error_of_a_worker_is_told(ray: Any, name: str, says: str) -> None:
    """What a worker raises ends the run with one line: our own errors in their words, others by their kind."""
    with pytest.raises(SettingsError, match=says):
        asyncio.run(RayWorkers(ray, 1).each(failing, [Given(name, "")]))


def test_a_worker_of_another_version() -> None:
    """It is told of, as its bytes might be others."""
    with pytest.raises(SettingsError, match=r"has nianbao .*, this is 0\.0\.1; install the same on every node"):
        check_version("0.0.1")


def test_ctrl_c(cluster: Any, tmp_path: Path, many: tuple[Path, dict[str, bytes]]) -> None:
    """It finishes what it has in hand, says how to go on, and ends with 130; the same command goes on."""
    source, undisturbed = many
    process = far(cluster, source, "--out", tmp_path / "B", *RULES)
    until_committed(tmp_path / "B", 2, process)
    process.send_signal(signal.SIGINT)
    assert "the same command goes on from there" in ended(process, 130)
    assert len(list((tmp_path / "B" / SHARDS).glob("*.json"))) < MANY // 4
    bulk(source, tmp_path / "B", *RULES)
    assert tree(tmp_path / "B") == undisturbed


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    "runner", ["ray=127.0.0.1:{port}", "ray=nowhere", "ray=ray://127.0.0.1:{port}", "ray", "ray=auto"]
)
def test_no_cluster_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runner: str) -> None:
    """One line, status 2, and nothing is written; also where Ray remembers a cluster of this machine that is gone."""
    source, port = write(tmp_path / "reports.jsonl", given(2)), free_port()
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "ray_current_cluster").write_text(f"127.0.0.1:{port}")
    said = ended(start("bulk", source, "--out", tmp_path / "B", *RULES, "--runner", runner.format(port=port)), 2)
    assert (said.count("\n"), "no cluster at" in said) == (1, True)
    assert not (tmp_path / "B").exists()


# --- With a model ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("redis")
def test_with_a_model(cluster: Any, tmp_path: Path) -> None:
    """The files are those of a run of this machine; what is asked there is in the cache for both; limits hold for all."""
    source = write(tmp_path / "reports.jsonl", doubtful(60))
    with StandIn(answer_from(cases(tmp_path, line("县0"))), latency_s=0.05) as server:
        options = model(server, "--shard-size", "4", "--max-in-flight", "3")
        ended(far(cluster, source, "--out", tmp_path / "B", *options))
        asked = [question(body) for body in server.requests]
        assert len(asked) == len(set(asked)) >= 30
        assert 1 < server.in_flight_most <= 3
        ended(far(cluster, source, "--out", tmp_path / "B", *options, "--start-over"))
        bulk(source, tmp_path / "A", *options)
        assert len(server.requests) == len(asked)
    assert tree(tmp_path / "B") == tree(tmp_path / "A")
    spent = json.loads((tmp_path / "B" / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (spent["requests"], spent["cached"] >= len(asked)) == (0, True)


@pytest.mark.usefixtures("redis")
def test_killed_with_a_model(cluster: Any, tmp_path: Path) -> None:
    """kill -9 of the run, begun here, and of the workers that ask there: the same bytes, and little is asked twice."""
    source = write(tmp_path / "reports.jsonl", doubtful(60))
    with StandIn(answer_from(cases(tmp_path, line("县0"))), latency_s=0.1) as server:
        options = (
            str(source),
            "--out",
            str(tmp_path / "B"),
            *model(server, "--shard-size", "4", "--max-in-flight", "4"),
        )
        with start("bulk", *options) as process:
            while process.poll() is None and len(server.requests) < 6:
                time.sleep(0.01)
            process.kill()
        process = far(cluster, *options)
        while process.poll() is None and len(server.requests) < 16:
            time.sleep(0.01)
        kill_workers(cluster, "Asking", process)
        ended(process)
        asked = [question(body) for body in server.requests]
        bulk(source, tmp_path / "A", *options[3:])
        assert len(server.requests) == len(asked)
    assert len(asked) - len(set(asked)) <= 2 * 4
    assert tree(tmp_path / "B") == tree(tmp_path / "A")


@pytest.mark.usefixtures("redis")
def test_a_budget_stops_the_run(cluster: Any, tmp_path: Path) -> None:
    """At --max-cost it ends with 3, soon after what all workers spent reaches it; with a higher one it goes on to its end."""
    source = write(tmp_path / "reports.jsonl", doubtful(60))
    with StandIn(answer_from(cases(tmp_path, line("县0"))), latency_s=0.05) as server:
        options = ("--shard-size", "4", "--max-in-flight", "2")
        arguments = (str(source), "--out", str(tmp_path / "B"), *model(server, *options))
        said = ended(far(cluster, *arguments, "--max-cost", "0.02"), 3)
        reached = re.search(r"--max-cost 0\.02 reached: ([0-9.]+) US dollars", said)
        assert reached, said
        spent = float(reached[1])
        assert 0.02 <= spent < 0.02 + 2 * 2 * 2 * spent / len(server.requests)
        bulk(source, tmp_path / "B", *model(server, *options), "--max-cost", "9")
        bulk(source, tmp_path / "A", *model(server, *options))
    assert tree(tmp_path / "B") == tree(tmp_path / "A")


@pytest.mark.usefixtures("redis")
def test_a_model_that_cannot_be_used(cluster: Any, tmp_path: Path) -> None:
    """One line, status 3; what a worker was told of the key is nowhere."""
    source = write(tmp_path / "reports.jsonl", doubtful(10))
    with StandIn(answer_from([]), faults=["401"] * 99) as server:
        said = ended(far(cluster, source, "--out", tmp_path / "B", *model(server)), 3)
    assert "401" in said


def test_the_cache_is_lost(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the beginning: one line, status 2, and nothing is written. In mid-run: what is committed is kept, and it can go on."""
    source, port = write(tmp_path / "reports.jsonl", doubtful(60)), free_port()
    monkeypatch.setenv("NIANBAO_CACHE_URL", f"redis://:geheim%2F1%402@127.0.0.1:{port}/0")
    with StandIn(answer_from(cases(tmp_path, line("县0"))), latency_s=0.05) as server:
        options = (
            str(source),
            "--out",
            str(tmp_path / "B"),
            *model(server, "--shard-size", "4", "--max-in-flight", "2"),
        )
        said = ended(far(cluster, *options), 2)
        assert (said.count("\n"), "cannot be used (no connection)" in said, "geheim" in said) == (1, True, False)
        assert not (tmp_path / "B").exists()
        with redis_server(tmp_path / "r", port=port) as (_, cache):
            process = far(cluster, *options)
            until_committed(tmp_path / "B", 4, process)
            cache.kill()
            said = ended(process, 2)
        assert ("cannot be written (no connection)" in said, "geheim" in said) == (True, False)
        with redis_server(tmp_path / "r", port=port):
            bulk(source, tmp_path / "B", *options[3:])
            bulk(source, tmp_path / "A", *options[3:])
    assert tree(tmp_path / "B") == tree(tmp_path / "A")
    assert b"geheim" not in b"".join(tree(tmp_path / "B").values())
