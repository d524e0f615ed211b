"""Many reports, each with a record of it: read from files or JSON Lines, held against each other, in the order given."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ...schemas.form import Form
from ..errors import InputError, NianbaoError
from ..extract import REPORT
from ..readers.supplied.check_record import Engine, check_supplied
from ..readers.supplied.map_record import load_map, map_record
from ..readers.supplied.record import Supplied, load_json, read_supplied
from ..source.decode import MAX_BYTES, Source, decode, from_text
from ..source.inputs import STDIN, open_input, printable, read_input
from .read import Result, fault, in_order

if TYPE_CHECKING:
    from ..llm.client import Client

LONGEST_LINE = 3 * MAX_BYTES
"""A longer line of JSON Lines, in bytes, is refused."""


class Line(BaseModel):
    """A line of a file of reports with their records: the text itself, or the path of its file from the folder of the lines."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str | None = None
    text: str | None = None
    path: str | None = None
    record: dict[str, Any] | None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.text is None) == (self.path is None):
            raise ValueError("give either text or path")
        return self


@dataclass(frozen=True, slots=True)
class Pair:
    """A report, and the record that is held against it."""

    source: Source
    supplied: Supplied


Told = Callable[[Any, str], Supplied]
"""A loaded record, and where it stands → what it says."""


def reader_of_records(map_path: str | None, form: Form = REPORT) -> Told:
    """How records are read: in the contract's shape, or by the map of a file; raises InputError where that is no map."""
    if map_path is None:
        return lambda loaded, where: read_supplied(loaded, where, form)
    by = load_map(read_input(map_path), printable(map_path), form)
    return lambda loaded, where: read_supplied(map_record(loaded, by, where, form), where, form)


def read_pair(text: str, record: str, told: Told) -> Pair:
    """The file of a report and that of its record → both; raises InputError."""
    if text == record == STDIN:
        raise InputError("-: the text and the record cannot both come from standard input")
    source = decode(read_input(text), printable(text))
    where = printable(record)
    return Pair(source, told(load_json(read_input(record), where, "a record"), where))


def list_pairs(file: str, told: Told) -> Iterator[Pair | InputError]:
    """JSON Lines of reports with their records → each pair, in order; where a line is none, the error stands in its place."""
    where = printable(file)
    folder = Path() if file == STDIN else Path(file).parent
    for number, line in enumerate(_lines(file), 1):
        try:
            if isinstance(line, InputError):
                raise line
            if line.strip():
                yield _pair(line, f"{where}:{number}", folder, told)
        except InputError as error:
            yield error


async def check_all(
    pairs: Iterator[Pair | InputError], engine: Engine, client: "Client | None", form: Form = REPORT
) -> AsyncIterator[Result]:
    """Each record held against its report, as many at once as the client asks, in the order given."""
    works = (_check_one(pair, engine, client, form) for pair in pairs)
    async for result in in_order(works, client.settings.max_in_flight if client else 1):
        yield result


async def _check_one(pair: Pair | InputError, engine: Engine, client: "Client | None", form: Form) -> Result:
    if isinstance(pair, InputError):
        return pair
    try:
        return await check_supplied(pair.source, pair.supplied, engine, client, form)
    except InputError as error:
        return error
    except NianbaoError:
        raise
    except Exception as error:
        return fault(pair.source.name, error)


def _lines(file: str) -> Iterator[bytes | InputError]:
    """The lines of a file, or of standard input; raises InputError where it cannot be read."""
    try:
        with sys.stdin.buffer if file == STDIN else open_input(file) as lines:
            while line := lines.readline(LONGEST_LINE + 1):
                if len(line) <= LONGEST_LINE:
                    yield line
                    continue
                yield InputError(f"{printable(file)}: a line of more than {LONGEST_LINE:,} bytes; split it")
                while line and not line.endswith(b"\n"):
                    line = lines.readline(LONGEST_LINE)
    except OSError as error:
        raise InputError(f"{printable(file)}: cannot be read ({error.strerror}); check the path") from error
    except ValueError as error:
        raise InputError(f"{file!r}: not a path ({error})") from error


def _pair(line: bytes, where: str, folder: Path, told: Told) -> Pair:
    loaded = load_json(line, where, "a report with its record")
    try:
        read = Line.model_validate(loaded)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"])) or "the line"
        raise InputError(f"{where}: {key}: {first['msg']}; a line has name, text or path, record") from error
    name = read.name if read.name is not None else read.path or where
    supplied = told(read.record or {}, f"{where}: the record")
    if read.text is not None:
        return Pair(from_text(read.text, printable(name)), supplied)
    return Pair(decode(read_input(str(folder / (read.path or ""))), printable(name)), supplied)
