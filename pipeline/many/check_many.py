"""Many reports, each with a record of it: read from files or JSON Lines, held against each other, in the order given."""

import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...schemas.extraction import Extraction
from ...schemas.form import Form
from ..errors import InputError
from ..extract import REPORT
from ..readers.supplied.check_record import Engine, check_supplied
from ..readers.supplied.map_record import load_map, map_record
from ..readers.supplied.record import LONGEST_NAME, Supplied, load_json, read_supplied
from ..source.decode import MAX_BYTES
from ..source.inputs import STDIN, open_input, printable, read_input
from .order import in_order
from .pool import Pool, cores
from .questions import Heard, Question, until_asked
from .read import Result, read_one
from .sources import Given, read_lines
from .work import source_of

if TYPE_CHECKING:
    from ..llm.client import Client

LONGEST_LINE = 3 * MAX_BYTES
"""A longer line of JSON Lines, in bytes, is refused."""


class Line(BaseModel):
    """A line of a file of reports with their records: the text itself, or the path of its file from the folder of the lines."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: Annotated[str, Field(max_length=LONGEST_NAME)] | None = None
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
    """A report, and the record that is held against it; None where there is none, and then the report says why."""

    given: Given
    supplied: Supplied | None


Told = Callable[[Any, str], Supplied]
"""A loaded record, and where it stands → what it says."""


def reader_of_records(map_path: str | None, form: Form = REPORT) -> Told:
    """How records are read: in the contract's shape, or by the map of a file; raises InputError where that is no map."""
    if map_path is None:
        return lambda loaded, where: read_supplied(loaded, where, form)
    by = load_map(read_input(map_path), printable(map_path), form)
    return lambda loaded, where: read_supplied(map_record(loaded, by, where, form), where, form)


def read_pair(text: str, record: str, by: Told) -> Pair:
    """The file of a report and that of its record → both; raises InputError."""
    if text == record == STDIN:
        raise InputError("-: the text and the record cannot both come from standard input")
    given = Given(printable(text), read_input(text))
    where = printable(record)
    return Pair(given, by(load_json(read_input(record), where, "a record"), where))


def list_pairs(file: str, by: Told) -> Iterator[Pair]:
    """JSON Lines of reports with their records → each pair, in order, and one that says why for a line that is none.

    Raises InputError where the file cannot be read.
    """
    where = printable(file)
    folder = Path() if file == STDIN else Path(file).parent
    for number, line in enumerate(_lines(file), 1):
        place = f"{where}:{number}"
        if line is None:
            problem = f"{place}: a line of more than {LONGEST_LINE:,} bytes; split it"
            yield Pair(Given.bad(place, problem), None)
        elif line.strip():
            yield _pair(line, place, folder, by)


async def check_all(
    pairs: Iterator[Pair], engine: Engine, client: "Client | None", deadline_s: float
) -> AsyncGenerator[tuple[Given, Result]]:
    """Each record held against its report, in processes that may take so many seconds for it, in the order given."""
    work = partial(check_asking, engine)
    async with Pool(cores()) as pool:

        async def one(pair: Pair) -> tuple[Given, Result]:
            return pair.given, await read_one(pair, pair.given, pool, client, deadline_s, work)

        at_once = max(pool.workers, client.settings.max_in_flight if client else 0)
        async for result in in_order(map(one, pairs), at_once):
            yield result


def check_asking(engine: Engine, asked: tuple[Pair, Heard | None]) -> Extraction | Question:
    """A report with its record → its extraction, or what a model must be asked first. Raises InputError where it is none."""
    pair, heard = asked
    source, supplied = source_of(pair.given), pair.supplied
    assert supplied is not None
    return until_asked(lambda client: check_supplied(source, supplied, engine, client), heard)


def _lines(file: str) -> Iterator[bytes | None]:
    """The lines of a file, or of standard input, None for one that is too long; raises InputError where it cannot be read."""
    try:
        with sys.stdin.buffer if file == STDIN else open_input(file) as lines:
            yield from read_lines(lines, LONGEST_LINE)
    except OSError as error:
        raise InputError(f"{printable(file)}: cannot be read ({error.strerror}); check the path") from error
    except ValueError as error:
        raise InputError(f"{file!r}: not a path ({error})") from error


def _pair(line: bytes, where: str, folder: Path, by: Told) -> Pair:
    name = where
    try:
        read = _line(line, where)
        name = printable(read.name if read.name is not None else read.path or where)
        supplied = by(read.record or {}, f"{where}: the record")
        data = read.text if read.text is not None else read_input(str(folder / (read.path or "")))
        return Pair(Given(name, data), supplied)
    except InputError as error:
        return Pair(Given.bad(name, str(error)), None)


def _line(line: bytes, where: str) -> Line:
    loaded = load_json(line, where, "a report with its record")
    try:
        return Line.model_validate(loaded)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"])) or "the line"
        raise InputError(f"{where}: {key}: {first['msg']}; a line has name, text or path, record") from error
