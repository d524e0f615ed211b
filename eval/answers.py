"""The answers of a run, in a file of JSON Lines. Each is read when it is asked for: thousands would fill the memory."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ..pipeline.errors import InputError
from ..schemas.extraction import Extraction


class Answer(BaseModel):
    """What came of one report. extraction: null where there was no answer, and then `error` says why. seconds: the time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    seconds: float
    extraction: Extraction | None
    error: str | None = None


class _Named(BaseModel):
    """An answer, of which only the name is wanted."""

    name: str


class Answers(Mapping[str, Answer]):
    """Report name → its answer, for each whole line of a file; none where there is no file.

    Raises InputError where a line is no answer, those in its inside only when they are asked for.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: dict[str, tuple[int, int]] = {}
        start = 0
        for number, line in enumerate(_whole_lines(path), 1):
            self._lines[parse(line, _Named, f"{path}:{number}").name] = (number, start)
            start += len(line)

    def __getitem__(self, name: str) -> Answer:
        number, start = self._lines[name]
        with self._path.open("rb") as file:
            file.seek(start)
            return parse(file.readline(), Answer, f"{self._path}:{number}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def _whole_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file; a last one without its end was never written."""
    if path.exists():
        with path.open("rb") as file:
            yield from (line for line in file if line.endswith(b"\n"))


def drop_torn_line(path: Path) -> None:
    """Cut off what a killed run left of a line it was writing."""
    whole = sum(map(len, _whole_lines(path)))
    if path.exists() and path.stat().st_size > whole:
        with path.open("r+b") as file:
            file.truncate(whole)


Model = TypeVar("Model", bound=BaseModel)


def parse(data: bytes, model: type[Model], where: str) -> Model:
    """JSON → a model of a run's files; raises InputError that says where, and what was expected."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(map(str, first["loc"])) or "the whole line"
        raise InputError(f"{where}: not as a run writes it: {path}: {first['msg']}") from error
