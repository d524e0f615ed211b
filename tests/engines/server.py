"""llama-cpp-python's own server, with a model of random numbers: the answers are nonsense, the protocol is real."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nianbao.eval.dataset import SAMPLES, load_dataset
from nianbao.pipeline.llm.calls import Call, read_calls

from tests.engines.model import CONTEXT, make_model

START_S = 120.0
EVAL = Path(__file__).parents[2] / "eval"


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The server, on a free port, and its address."""
    model = folder / "random.gguf"
    make_model(model)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "llama_cpp.server",
        "--model",
        str(model),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    more = ["--n_ctx", str(CONTEXT), "--n_gpu_layers", "0", "--model_alias", "random", "--seed", "1"]
    with (
        (folder / "server.log").open("wb") as log,
        subprocess.Popen([*command, *more], stdout=log, stderr=log) as server,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}/v1/models", server)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _wait(url: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.3)
        else:
            return
    raise RuntimeError("the server does not start")


def try_server() -> tuple[Sequence[str], bool]:
    """The doctor, and the samples read by the model → what came of it, a line each, and whether all is as it must be."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with serving(folder) as url:
            own = {"NIANBAO_BASE_URL": url, "NIANBAO_MODEL": "random", "NIANBAO_TEMPERATURE": "1", "NIANBAO_LANG": "en"}
            own |= {"NIANBAO_CACHE_DIR": str(folder / "cache"), "NIANBAO_LOG": str(folder / "calls.db")}
            own |= {"NIANBAO_TIMEOUT_S": "600", "NIANBAO_MAX_IN_FLIGHT": "1", "NIANBAO_MAX_OUTPUT_TOKENS": "8192"}
            doctor = _nianbao(folder, own, "doctor")
            samples = [str(EVAL / SAMPLES / case.name) for case in load_dataset(SAMPLES).cases]
            read = _nianbao(folder, own, "extract", "--engine", "model", "--json", *samples)
        found = [json.loads(line) for line in read.stdout.splitlines()]
        calls = [call for _, call in read_calls(folder / "calls.db", 1000)]
        wrong = [cell for one in found for cell in _wrong(one)]
        by_grammar = [call for call in calls if _is_of_grammar(call)]
        refused = {call.mode for call in calls if call.failure and not call.answer}
    is_right = (
        (doctor.returncode, "structured answers as tools: understood" in doctor.stdout) == (0, True)
        and (read.returncode, len(found), wrong) == (1, len(samples), [])
        and len(by_grammar) > 1
        and refused == {"json_schema"}  # it takes none but json_object, and says so with a 500
    )
    lines = [
        f"doctor: exit status {doctor.returncode}; {_last(doctor.stdout, 'structured')}",
        f"extract --engine model: exit status {read.returncode}; {len(found)} of {len(samples)} reports have an extraction,"
        f" {sum(one['reader'] == 'model' for one in found)} with the model as the reader",
        f"requests {len(calls)}, refused those by {', '.join(sorted(refused)) or 'none'}; answers within the grammar {len(by_grammar)}, tokens {sum(c.input_tokens for c in calls):,} in,"
        f" {sum(c.output_tokens for c in calls):,} out",
        f"cells vouched for {sum(one['coverage']['vouched'] for one in found):,}, of which wrong {len(wrong)}",
    ]
    if not is_right:
        lines += (doctor.stdout + doctor.stderr + read.stderr).splitlines()[-12:]
        lines += [f"{call.mode}: {call.failure or 'answered'}: {call.answer[:80]}" for call in calls[-4:]]
    return lines, is_right


def _nianbao(folder: Path, own: Mapping[str, str], *call: str) -> "subprocess.CompletedProcess[str]":
    bare = {name: value for name, value in os.environ.items() if not name.startswith("NIANBAO_")}
    command = [str(Path(sys.executable).with_name("nianbao")), *call]
    return subprocess.run(command, env={**bare, **own}, cwd=folder, capture_output=True, text=True)


def _last(text: str, begins: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.startswith(begins)), "")


def _is_of_grammar(call: Call) -> bool:
    """Whether an answer is an object of the schema: nothing but a grammar makes random bytes that."""
    try:
        return isinstance(json.loads(call.answer), dict)
    except ValueError:
        return False


def _wrong(found: Mapping[str, Any]) -> list[str]:
    """The cells of an extraction that are vouched for, and are not what gold says."""
    gold = next(
        case.gold.cells for case in load_dataset(SAMPLES).cases if case.name == Path(found["source"]["name"]).name
    )
    vouched = [path for path, evidence in found["evidence"].items() if evidence["trust"] == "vouched"]
    return [path for path in vouched if _cell(found["report"], path) != gold.get(path)]


def _cell(report: Any, path: str) -> Any:
    for name in path.split("."):
        report = report[name] if report is not None else None
    return report
