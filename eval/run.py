"""A run: an engine over a dataset, written down report by report, so that it can be stopped, taken up and scored again.

RUN/manifest.json   what was run: versions, engine, model, settings, the dataset and a hash of its gold
RUN/dataset.jsonl   the reports with their gold, as the made-up form has them
RUN/results.jsonl   an Answer a line, in the order they came
RUN/rules.jsonl     the same by the rules alone, as a baseline, where the run's engine is another
"""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from shutil import copyfile

from pydantic import BaseModel, ConfigDict, JsonValue

from ..pipeline.errors import EndpointError, InputError
from ..pipeline.extract import Engine, extract, extract_async
from ..pipeline.llm.settings import Mode, Settings
from ..pipeline.many.pool import cores
from ..pipeline.many.worker import EndedError, Worker
from ..prompts import VERSION
from ..schemas.extraction import Extraction
from .answers import Answer, Answers, drop_torn_line, parse
from .dataset import Case, Dataset, read_lines

MANIFEST, CASES, RESULTS, RULES = "manifest.json", "dataset.jsonl", "results.jsonl", "rules.jsonl"

Read = Callable[[Case], Extraction]


class Shape(BaseModel):
    """What an answer depends on beside the text, the program, the prompt and the model; another shape is another run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: Engine = "rules"
    base_url: str | None = None
    mode: Mode | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    reasoning_effort: str | None = None
    extra_body: dict[str, JsonValue] | None = None


class Manifest(BaseModel):
    """What was run over what. A run is only taken up again, and two are only compared, where this allows it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    program: str
    prompt: str | None = None
    model: str | None = None
    settings: Shape
    dataset: str
    reports: int
    gold_sha256: str


@dataclass(frozen=True)
class Run:
    """A run as written down. A report that is not in `answers` was not answered. rules: the baseline's answers."""

    name: str
    manifest: Manifest
    dataset: Dataset
    answers: Mapping[str, Answer]
    rules: Mapping[str, Answer]

    @property
    def unanswered(self) -> int:
        return sum(case.name not in self.answers for case in self.dataset.cases)


# --- Running ---------------------------------------------------------------------------------------------------------


def run(
    dataset: Dataset,
    folder: str,
    engine: Engine = "rules",
    model: Settings | None = None,
    jobs: int | None = None,
    *,
    rules: Path | None = None,
    by_answer: bool = False,
) -> Generator[Answer, None, None]:
    """Ask for each report that the run in `folder` has no answer to; yields each answer when it is on the disk.

    model: needed where the engine is not "rules". jobs: answers under way at once, by default as many as the model takes, and
    of the rules as many as there are cores.
    rules: a file of what the rules answer to this dataset, which need not be asked again then. by_answer: whether answers from the
    cache tell what they took when they were asked.
    Raises InputError where the folder holds a run under other settings, EndpointError where the model cannot be used or
    its budget is spent: the run can be taken up again then.
    """
    if engine != "rules" and (model is None or model.model is None):
        raise EndpointError(f"--engine {engine}: no model is configured; set NIANBAO_MODEL, see nianbao doctor")
    home = Path(folder)
    _begin(home, _manifest(dataset, engine, model), dataset)
    if rules is not None:
        copyfile(rules, home / RULES)
    at_once = jobs or max(1, min(cores(), len(dataset.cases) // _FEW))
    with _by_rules(at_once) as read:
        yield from _answers(dataset.cases, read, home / (RESULTS if engine == "rules" else RULES), at_once)
    if engine == "rules" or model is None:
        return
    with _with_model(engine, model, by_answer) as read:
        yield from _answers(dataset.cases, read, home / RESULTS, jobs or model.max_in_flight)


_FEW = 100
"""So many reports are worth a process of their own."""


@contextmanager
def _by_rules(workers: int) -> Iterator[Read]:
    """The rules: in this process, or, for many threads, in as many others."""
    if workers == 1:
        yield lambda case: _read_by_rules((case.text, case.name))
        return
    free: SimpleQueue[Worker] = SimpleQueue()
    everyone = [Worker() for _ in range(workers)]
    for worker in everyone:
        free.put(worker)

    def read(case: Case) -> Extraction:
        worker = free.get()
        try:
            (found,) = worker.each(_read_by_rules, [(case.text, case.name)])
        finally:
            free.put(worker)
        if isinstance(found, EndedError):
            raise found
        return found

    try:
        yield read
    finally:
        for worker in everyone:
            worker.end()
            worker.drop()


def _read_by_rules(given: tuple[str, str]) -> Extraction:
    text, name = given
    return extract(text, engine="rules", name=name)


@contextmanager
def _with_model(engine: Engine, model: Settings, by_answer: bool) -> Iterator[Read]:
    """An engine that asks a model, for many threads: they share one client, its limits and its budget."""
    from anyio.from_thread import start_blocking_portal

    from ..pipeline.llm.client import open_client

    with start_blocking_portal() as portal, portal.wrap_async_context_manager(open_client(model)) as client:
        client.by_answer = by_answer

        def read(case: Case) -> Extraction:
            found = portal.call(partial(extract_async, case.text, engine, name=case.name, model=client))
            if client.unusable is not None:
                raise client.unusable
            return found

        yield read


def answer(case: Case, read: Read) -> Answer:
    """A report's answer; whatever goes wrong in reading it is written down and counts as wrong.

    Raises EndpointError alone, as an endpoint that cannot be used says nothing about the reports.
    """
    start = time.perf_counter()
    try:
        extraction, error = read(case), None
    except EndpointError:
        raise
    except Exception as caught:  # a crash is an answer too: no report leaves the denominator
        extraction, error = None, f"{type(caught).__name__}: {caught}"
    return Answer(name=case.name, seconds=round(time.perf_counter() - start, 6), extraction=extraction, error=error)


def _answers(cases: Iterable[Case], read: Read, path: Path, jobs: int = 1) -> Iterator[Answer]:
    drop_torn_line(path)
    done = Answers(path)
    asked = [case for case in cases if case.name not in done]
    threads = ThreadPoolExecutor(jobs)
    try:
        with path.open("ab") as file:
            for found in threads.map(partial(answer, read=read), asked):
                file.write(found.model_dump_json().encode() + b"\n")
                file.flush()
                yield found
    finally:
        threads.shutdown(cancel_futures=True)


def _manifest(dataset: Dataset, engine: Engine, model: Settings | None) -> Manifest:
    asked = model if engine != "rules" else None
    shape = asked.model_dump(include=set(Shape.model_fields)) if asked else {}
    return Manifest(
        program=version("nianbao"),
        prompt=VERSION if asked else None,
        model=asked.model if asked else None,
        settings=Shape(engine=engine, **shape),
        dataset=dataset.name,
        reports=len(dataset.cases),
        gold_sha256=dataset.sha256,
    )


def _begin(home: Path, manifest: Manifest, dataset: Dataset) -> None:
    """Make the folder, or see that the run that it holds is this one. The manifest comes last: with it the rest is whole."""
    if (home / MANIFEST).exists():
        _same(home, _read_manifest(home), manifest)
        return
    try:
        home.mkdir(parents=True, exist_ok=True)
        if any(p.name != CASES for p in home.iterdir()):
            raise InputError(f"{home}: the folder is not empty and holds no run; give --out a new folder")
        (home / CASES).write_text("".join(f"{c.line.model_dump_json()}\n" for c in dataset.cases), encoding="utf-8")
        draft = home / f"{MANIFEST}.draft"
        draft.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
        draft.replace(home / MANIFEST)
    except OSError as error:
        raise InputError(f"{home}: the run cannot be written there ({error.strerror}); give --out another") from error


def _same(home: Path, there: Manifest, wanted: Manifest) -> None:
    old, new = ({**m.model_dump(exclude={"settings"}), **m.settings.model_dump()} for m in (there, wanted))
    differing = [f"{key} was {old[key]}, is now {new[key]}" for key in new if old[key] != new[key]]
    if differing:
        raise InputError(f"{home}: holds a run of another kind ({'; '.join(differing)}); give --out a new folder")


# --- Reading a run back ----------------------------------------------------------------------------------------------


def load_run(folder: str) -> Run:
    """The run in a folder; raises InputError where there is none, or it is not as it was written."""
    home = Path(folder)
    missing = next((name for name in (MANIFEST, CASES) if not (home / name).is_file()), None)
    if missing:
        raise InputError(f"{folder}: no run, it has no {missing}; nianbao eval run DATASET --out {folder} makes one")
    manifest = _read_manifest(home)
    dataset = Dataset(manifest.dataset, tuple(case for _, case in read_lines(home / CASES)))
    if dataset.sha256 != manifest.gold_sha256:
        raise InputError(f"{home / CASES}: changed since the run; to score against corrected gold give --gold DATASET")
    answers = Answers(home / RESULTS)
    rules = answers if manifest.settings.engine == "rules" else Answers(home / RULES)
    return Run(home.name or folder, manifest, dataset, answers, rules)


def with_gold(run: Run, dataset: Dataset) -> Run:
    """The same answers under the gold of another dataset; raises InputError where a report of the run is not in it."""
    golds = {case.name: case for case in dataset.cases}
    for case in run.dataset.cases:
        if case.name not in golds:
            raise InputError(f"{dataset.name}: no gold for {case.name}, which the run {run.name} holds")
        if golds[case.name].text != case.text:
            raise InputError(f"{dataset.name}: the text of {case.name} is not the one that the run {run.name} read")
    return replace(run, dataset=Dataset(dataset.name, tuple(golds[c.name] for c in run.dataset.cases)))


def _read_manifest(home: Path) -> Manifest:
    return parse((home / MANIFEST).read_bytes(), Manifest, str(home / MANIFEST))
