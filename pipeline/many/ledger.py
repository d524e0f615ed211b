"""A run as written down: what it is of, and its shards, each whole or not there. `LAYOUT` says what is in its folder."""

import hashlib
import json
import os
import shutil
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError, model_validator

from ...schemas.extraction import CONTRACT
from ..errors import InputError
from ..extract import Engine
from ..llm.settings import Mode
from .sources import Columns, File
from .texts import Place
from .work import Facts, Outcome, unpack

MANIFEST, INPUTS, SHARDS, DONE, LOG, TEXTS, BATCH = (
    "manifest.json", "inputs.jsonl", "shards", "done.json", "log.jsonl", "texts.sqlite", "batch"
)  # fmt: skip
DRAFT = ".draft"
LAYOUT = {
    MANIFEST: "what is run: versions, engine, model, settings, the sources and a hash of the list of their files",
    INPUTS: "that list: address, kind and size of each file",
    f"{SHARDS}/000000.jsonl.gz": "a shard: extractions, a line each, in the order of the sources",
    f"{SHARDS}/000000.json": "its marker, written last: without it the shard is read again",
    DONE: "how many shards and reports there are; written when all are there",
    LOG: "when each shard was committed and what was spent till then: the only file with times in it",
    TEXTS: "the lock on the run; empty but while it is at work",
    f"{BATCH}/": "with `--batch`: the questions sent and the answers fetched (docs/batch.md)",
}
"""File of a run → what it is."""


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Shape(_Written):
    """What an extraction depends on beside the text, the program, the prompt and the model; another shape is another run."""

    engine: Engine = "rules"
    base_url: str | None = None
    mode: Mode | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    reasoning_effort: str | None = None
    extra_body: dict[str, JsonValue] | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    columns: Columns = Columns()
    shard_size: int = 200


class Manifest(_Written):
    """What is run over what. A run is only taken up again where this is the same."""

    contract: str = "nianbao/1"
    """Of its extractions; the first was not written down."""
    program: str
    prompt: str | None = None
    model: str | None = None
    settings: Shape
    sources: tuple[str, ...]
    files: int
    files_sha256: str


class Entry(_Written):
    """A report of a shard. text: the hash of its text, None where it has none. end: where its line ends in the shard's file."""

    text: str | None
    end: int
    facts: Facts


class Marker(_Written):
    """What makes a shard count. sha256: of its file. seal: the hash of the rest, so that damage to the marker itself is seen."""

    sha256: str
    entries: tuple[Entry, ...]
    seal: str

    @classmethod
    def sealed(cls, sha256: str, entries: Sequence[Entry]) -> Self:
        return cls(sha256=sha256, entries=tuple(entries), seal=_seal(sha256, entries))

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.entries or self.seal != _seal(self.sha256, self.entries):
            raise ValueError("the seal is of another marker")
        return self

    @property
    def size(self) -> int:
        return self.entries[-1].end


def _seal(sha256: str, entries: Iterable[Entry]) -> str:
    return hashlib.sha256("\n".join([sha256, *(entry.model_dump_json() for entry in entries)]).encode()).hexdigest()


class Done(_Written):
    shards: int
    reports: int


Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Ledger:
    """The folder of a run. What cannot be written or read there raises InputError; what is committed stays."""

    home: Path

    # --- A run ---

    def begin(self, manifest: Manifest, inputs: Path, *, start_over: bool = False) -> None:
        """Make the run, or see that the one that is there is this one. inputs: the list, of which a copy is kept.

        The manifest comes last: with it the rest is whole. Both are written anew where they are there. Raises InputError where the folder holds another run.
        """
        there = None if start_over else self.manifest()
        if there is not None:
            _same(self.home, there, manifest)
        with _writing(self.home):
            if there is None:
                self._clear((SHARDS, BATCH) if start_over else (SHARDS,))
            shutil.copyfile(inputs, self.home / INPUTS)
            _write(self.home / MANIFEST, manifest.model_dump_json(indent=1).encode() + b"\n")

    def manifest(self) -> Manifest | None:
        path = self.home / MANIFEST
        return parse(path, Manifest) if path.is_file() else None

    def files(self) -> Iterator[File]:
        with _reading(self.home / INPUTS), (self.home / INPUTS).open("rb") as lines:
            for line in lines:
                yield File(**json.loads(line))

    def finish(self, shards: int, reports: int) -> None:
        with _writing(self.home):
            _write(self.home / DONE, Done(shards=shards, reports=reports).model_dump_json().encode() + b"\n")

    def done(self) -> Done | None:
        path = self.home / DONE
        return parse(path, Done) if path.is_file() else None

    def log(self, **told: object) -> None:
        """A line with the time."""
        line = json.dumps({"at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **told}, ensure_ascii=False, default=str)
        with _writing(self.home), (self.home / LOG).open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _clear(self, folders: Sequence[str]) -> None:
        """Remove what a run has come to; its manifest is replaced, so that whatever stops this, the folder holds one or the other."""
        for folder in folders:
            if (self.home / folder).is_dir():
                shutil.rmtree(self.home / folder)
        for path in (self.home / DONE, self.home / LOG):
            path.unlink(missing_ok=True)
        (self.home / SHARDS).mkdir()

    # --- Its shards ---

    def commit(self, number: int, keys: Sequence[str | None], outcomes: Sequence[Outcome]) -> Marker:
        """Write a shard, then the marker that makes it count."""
        data, end, entries = b"".join(o.packed for o in outcomes), 0, []
        for key, outcome in zip(keys, outcomes, strict=True):
            end += len(outcome.packed)
            entries.append(Entry(text=key, end=end, facts=outcome.facts))
        marker = Marker.sealed(hashlib.sha256(data).hexdigest(), entries)
        with _writing(self.home):
            _write(self._shard(number), data)
            _write(self._marker(number), marker.model_dump_json().encode() + b"\n")
        return marker

    def marker(self, number: int) -> Marker | None:
        """The marker of a shard that is there whole; None where it is still to be read."""
        path = self._marker(number)
        if not path.is_file():
            return None
        marker = parse(path, Marker)
        return marker if _size(self._shard(number)) == marker.size else None

    def marker_of(self, number: int) -> Marker:
        """The marker of a committed shard."""
        return parse(self._marker(number), Marker)

    def committed(self) -> Iterator[int]:
        """The numbers of the shards with a marker, in order."""
        return iter(sorted(int(path.stem) for path in (self.home / SHARDS).glob("*.json")))

    def outcome(self, place: Place) -> Outcome:
        """What is written down of a report."""
        number, at = place
        entries = self.marker_of(number).entries
        start = entries[at - 1].end if at else 0
        with _reading(self._shard(number)), self._shard(number).open("rb") as file:
            file.seek(start)
            return Outcome(file.read(entries[at].end - start), entries[at].facts)

    def lines(self, number: int) -> Iterator[bytes]:
        """The extractions of a shard, a line of JSON each; raises InputError where its file is not as it was written."""
        path, marker = self._shard(number), self.marker_of(number)
        with _reading(path):
            data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != marker.sha256:
            raise InputError(
                f"{path}: damaged since it was written; remove it and {self._marker(number).name}, then run again"
            )
        start = 0
        for entry in marker.entries:
            yield unpack(data[start : entry.end])
            start = entry.end

    def _shard(self, number: int) -> Path:
        return self.home / SHARDS / f"{number:06d}.jsonl.gz"

    def _marker(self, number: int) -> Path:
        return self.home / SHARDS / f"{number:06d}.json"


def open_ledger(folder: str) -> Ledger:
    """The folder for a run, made where it is not there. Raises InputError where it cannot be, or holds something else."""
    home = Path(folder)
    ours = (MANIFEST, INPUTS, SHARDS, DONE, LOG, TEXTS, f"{TEXTS}-journal", BATCH)
    try:
        home.mkdir(parents=True, exist_ok=True)
        left = (path.name.removesuffix(DRAFT) for path in home.iterdir())
        if not (home / MANIFEST).exists() and any(name not in ours for name in left):
            raise InputError(f"{home}: the folder is not empty and holds no run; give --out a new folder")
    except OSError as error:
        raise unwritable(home, error) from error
    return Ledger(home)


def has_shards(folder: str) -> bool:
    """Whether anything is committed in a folder."""
    with suppress(OSError):
        return any(Path(folder, SHARDS).glob("*.json"))
    return False


def load_ledger(folder: str) -> Ledger:
    """The run in a folder; raises InputError where there is none."""
    ledger = Ledger(Path(folder))
    manifest = ledger.manifest()
    if manifest is None:
        raise InputError(f"{folder}: no run, it has no {MANIFEST}; nianbao bulk SOURCE... --out {folder} makes one")
    if manifest.contract != CONTRACT:
        raise InputError(
            f"{folder}: a run of contract {manifest.contract}, this is {CONTRACT}; read it again: nianbao bulk --start-over"
        )
    return ledger


def list_inputs(files: Iterable[File], path: Path) -> tuple[int, str]:
    """Write down the list of inputs; how many there are, and the hash of the list."""
    seen, count = hashlib.sha256(), 0
    with _writing(path.parent), path.open("wb") as lines:
        for file in files:
            line = json.dumps(asdict(file)).encode() + b"\n"
            lines.write(line)
            seen.update(line)
            count += 1
    return count, seen.hexdigest()


def _same(home: Path, there: Manifest, wanted: Manifest) -> None:
    """Raises InputError, which says what differs, where the run that is there is not the one that is wanted."""
    old, new = ({**m.model_dump(exclude={"settings"}), **m.settings.model_dump()} for m in (there, wanted))
    differing = [f"{key} was {_told(old[key])}, is now {_told(new[key])}" for key in new if old[key] != new[key]]
    if differing:
        raise InputError(
            f"{home}: holds another run ({'; '.join(differing)}); give --out a new folder, or --start-over to replace it"
        )


def _told(value: object) -> str:
    many = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
    return ", ".join(map(str, many))


# --- Files -----------------------------------------------------------------------------------------------------------


def parse(path: Path, model: type[Model]) -> Model:
    """A file of a run → what it holds; raises InputError where it is not as a run writes it."""
    try:
        return model.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        said = getattr(error, "strerror", None) or "not as a run writes it"
        raise InputError(f"{path}: {said}; restore it, or begin the run again with --start-over") from error


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after the power fails."""
    draft = path.with_name(path.name + DRAFT)
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _size(path: Path) -> int | None:
    with suppress(OSError):
        return path.stat().st_size
    return None


class _Border:
    """Turns what the file system raises into an InputError."""

    def __init__(self, path: Path, writes: bool) -> None:
        self._path, self._writes = path, writes

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError | zlib.error | EOFError):
            raise (
                unwritable(self._path, error)
                if self._writes
                else InputError(
                    f"{self._path}: cannot be read ({getattr(error, 'strerror', None) or error}); restore it"
                )
            ) from error


_writing, _reading = partial(_Border, writes=True), partial(_Border, writes=False)


def unwritable(path: Path, error: BaseException) -> InputError:
    reason = getattr(error, "strerror", None) or error
    return InputError(
        f"{path}: cannot be written ({reason}); what is committed is kept:"
        " mend it and run the same command again, or give --out another folder"
    )
