"""SOURCE... → files, and files → the reports in them, one by one: never is more than one report held.

A source is a file, a folder, a glob or an address such as s3://bucket/folder. A file is a report, or holds many: JSON Lines
(.jsonl, .ndjson) and Parquet (.parquet), with a column for the text.
"""

import glob
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from ..errors import InputError
from ..source.decode import MAX_BYTES
from ..source.inputs import MANY_SUFFIXES, STDIN, SUFFIXES, open_input, printable, read_input, walk
from .extra import needs

Kind = Literal["report", "lines", "parquet"]
KINDS: dict[str, Kind] = dict(zip(MANY_SUFFIXES, ("lines", "lines", "parquet"), strict=True))
"""Endings of the files that hold many reports."""

_LONGEST_LINE = 6 * MAX_BYTES
"""In bytes: a text at its limit may be escaped, character for character."""
_ROWS_AT_ONCE = 64
_VERSIONS = ("ETag", "etag", "md5Hash", "content_md5", "sha256")
"""Where stores tell of a file's content."""


@dataclass(frozen=True, slots=True)
class File:
    """A file among the inputs. address: a path or a URL. size: in bytes, None where it cannot be told.

    version: what the store says that its content is known by, as an ETag; None where it says nothing, and of a path.
    """

    address: str
    kind: Kind
    size: int | None
    version: str | None = None

    @property
    def is_remote(self) -> bool:
        return "://" in self.address


class Columns(BaseModel):
    """Which columns of JSON Lines and Parquet are read. A report without a name is called FILE:NUMBER."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = "text"
    name: str = "name"


@dataclass(frozen=True, slots=True)
class Given:
    """A report as given: bytes of a file, or text; None where there is none, and then `problem` says why."""

    name: str
    data: bytes | str | None
    problem: str = ""

    @classmethod
    def bad(cls, name: str, problem: str) -> Self:
        return cls(name, None, problem)


@dataclass(frozen=True, slots=True)
class Load:
    """Gives a report. is_bound: whether the list of the inputs tells of a change of its content, so that it need not be loaded."""

    give: Callable[[], Given]
    is_bound: bool = False

    def __call__(self) -> Given:
        return self.give()


# --- Which files -----------------------------------------------------------------------------------------------------


def list_files(sources: Iterable[str]) -> Iterator[File]:
    """SOURCE... → the files, in the order given, those of a folder or a glob by name.

    Raises InputError where a source is not there, holds no reports, or cannot be listed.
    """
    for source in sources:
        found = False
        for file in _list_one(source):
            found = True
            yield file
        if not found:
            endings = ", ".join((*SUFFIXES, *KINDS))
            raise InputError(f"{source}: no reports there, no file that ends in {endings}; name the files themselves")


def _list_one(source: str) -> Iterator[File]:
    if source == STDIN:
        raise InputError(f"{source}: standard input cannot be read again after a stop; write it to a file")
    if "://" in source:
        yield from _list_remote(source)
    elif os.path.isdir(source):  # noqa: PTH112  where Path raises, as in a forbidden folder, it says no
        yield from _list_folder(source)
    elif os.path.exists(source):  # noqa: PTH110
        yield _file(source)
    elif any(mark in source for mark in "*?["):
        for path in sorted(glob.iglob(source, recursive=True)):  # noqa: PTH207  a glob may be absolute
            yield from _list_folder(path) if os.path.isdir(path) else [_file(path)]  # noqa: PTH112
    else:
        raise InputError(f"{source}: no such file or folder; check the path")


def _file(path: str) -> File:
    return File(address=path, kind=KINDS.get(Path(path).suffix.lower(), "report"), size=_size(path))


def _size(path: str) -> int | None:
    try:
        return Path(path).stat().st_size
    except OSError:
        return None


def _list_folder(folder: str) -> Iterator[File]:
    for path in walk(folder, (*SUFFIXES, *KINDS)):
        if isinstance(path, InputError):
            raise path
        yield _file(path)


def _list_remote(source: str) -> Iterator[File]:
    """The files under an address, folder by folder; raises InputError where it cannot be listed."""
    fsspec = needs("fsspec", f"{source}: addresses need", "bulk")
    try:
        system, path = fsspec.core.url_to_fs(source)
        for entry in _entries(system, path):
            kind = KINDS.get(Path(entry["name"]).suffix.lower(), "report")
            version = next((str(entry[key]) for key in _VERSIONS if entry.get(key)), None)
            yield File(system.unstrip_protocol(entry["name"]), kind, entry.get("size"), version)
    except InputError:
        raise
    except Exception as error:  # each kind of store has errors of its own
        said = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{source}: cannot be listed ({said}); check the address, its package and its keys") from error


def _entries(system: Any, path: str) -> Iterator[Any]:
    if any(mark in path for mark in "*?["):
        found = system.glob(path, detail=True)
        yield from (found[name] for name in sorted(found) if found[name]["type"] == "file")
    elif system.isdir(path):
        yield from _walk(system, path)
    else:
        yield system.info(path)


def _walk(system: Any, path: str) -> Iterator[Any]:
    for entry in sorted(system.ls(path, detail=True), key=lambda entry: str(entry["name"])):
        name = Path(entry["name"]).name
        if name.startswith(".") or entry["name"].rstrip("/") == path.rstrip("/"):
            continue
        if entry["type"] == "directory":
            yield from _walk(system, entry["name"])
        elif Path(name).suffix.lower() in (*SUFFIXES, *KINDS):
            yield entry


# --- What is in them -------------------------------------------------------------------------------------------------


def reports(files: Iterable[File], columns: Columns) -> Iterator[Load]:
    """Files → the reports in them, in order. Raises InputError where a file of many cannot be read at all."""
    for file in files:
        if file.kind == "lines":
            yield from _lines(file, columns)
        elif file.kind == "parquet":
            yield from _rows(file, columns)
        else:
            yield Load(partial(_read, file), is_bound=file.version is not None)


def _read(file: File) -> Given:
    """A file that is a report. Where it is remote, only that it is not there or forbidden is a fault of the report."""
    name = printable(file.address)
    try:
        if not file.is_remote:
            return Given(name, read_input(file.address))
        with _open(file) as opened:
            return Given(name, opened.read(MAX_BYTES + 1))
    except InputError as error:
        if file.is_remote:
            raise
        return Given.bad(name, str(error).removeprefix(f"{file.address}: "))
    except (FileNotFoundError, PermissionError) as error:
        return Given.bad(name, f"cannot be read ({type(error).__name__})")
    except Exception as error:  # the network, not the report: the run stops here and can be taken up again
        raise _unreadable(file, error) from error


def _open(file: File) -> Any:
    if not file.is_remote:
        return open_input(file.address)
    fsspec = needs("fsspec", f"{file.address}: addresses need", "bulk")
    system, path = fsspec.core.url_to_fs(file.address)
    return system.open(path, "rb")


def _unreadable(file: File, error: Exception) -> InputError:
    said = " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__
    return InputError(f"{printable(file.address)}: cannot be read ({said}); mend it and run the same command again")


def _lines(file: File, columns: Columns) -> Iterator[Load]:
    try:
        with _open(file) as opened:
            for number, line in enumerate(read_lines(opened, _LONGEST_LINE), 1):
                if line is None or line.strip():
                    yield Load(partial(_of_line, f"{printable(file.address)}:{number}", line, columns))
    except InputError:
        raise
    except Exception as error:
        raise _unreadable(file, error) from error


def read_lines(opened: Any, longest: int) -> Iterator[bytes | None]:
    """The lines of a file; None for one of more bytes than `longest`, of which no more is held than that."""
    while line := opened.readline(longest):
        if line.endswith(b"\n") or len(line) < longest:
            yield line
            continue
        while (rest := opened.readline(longest)) and not rest.endswith(b"\n"):
            pass
        yield None


def _of_line(place: str, line: bytes | None, columns: Columns) -> Given:
    if line is None:
        return Given.bad(place, f"a line of more than {_LONGEST_LINE:,} bytes; split it into single reports")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Given.bad(place, f"no JSON ({error}); give one object a line")
    if not isinstance(row, dict):
        return Given.bad(place, "no JSON object; give one object a line")
    return _of_row(place, row, columns)


def _of_row(place: str, row: dict[str, Any], columns: Columns) -> Given:
    given, text = row.get(columns.name), row.get(columns.text)
    name = printable(given) if isinstance(given, str) and given else place
    if not isinstance(text, str | bytes):
        found = "no value" if text is None else f"a value of type {type(text).__name__}"
        return Given.bad(name, f"{found} in column {columns.text}; name the column of the texts with --text-column")
    return Given(name, text)


def _rows(file: File, columns: Columns) -> Iterator[Load]:
    parquet = needs("pyarrow.parquet", f"{file.address}: Parquet needs", "bulk")
    try:
        with _open(file) as opened:
            # Buffered, as else a whole column of a row group is held.
            table = parquet.ParquetFile(opened, buffer_size=1 << 20, pre_buffer=False)
            wanted = [name for name in (columns.text, columns.name) if name in table.schema_arrow.names]
            number = 0
            for batch in table.iter_batches(batch_size=_ROWS_AT_ONCE, columns=wanted, use_threads=False):
                for row in batch.to_pylist():
                    number += 1
                    yield Load(partial(_of_row, f"{printable(file.address)}:{number}", row, columns))
    except InputError:
        raise
    except Exception as error:
        raise _unreadable(file, error) from error


# --- Before a run ----------------------------------------------------------------------------------------------------


def count_reports(file: File, columns: Columns) -> int | None:
    """How many reports a file holds, about: for the progress; None where telling would mean to fetch it.

    Raises InputError where the file has no such column.
    """
    if file.kind == "report":
        return 1
    try:
        with _open(file) as opened:
            if file.kind == "parquet":
                return _count_rows(file, opened, columns)
            _check_keys(file, opened.readline(_LONGEST_LINE), columns)
            return None if file.is_remote else 1 + sum(map(_count_lines, iter(partial(opened.read, 1 << 20), b"")))
    except InputError:
        raise
    except Exception as error:
        raise _unreadable(file, error) from error


def _count_lines(part: bytes) -> int:
    return part.count(b"\n")


def _count_rows(file: File, opened: IO[bytes], columns: Columns) -> int:
    parquet = needs("pyarrow.parquet", f"{file.address}: Parquet needs", "bulk")
    table = parquet.ParquetFile(opened)
    _has(file, table.schema_arrow.names, columns)
    return int(table.metadata.num_rows)


def _check_keys(file: File, first: bytes, columns: Columns) -> None:
    try:
        row = json.loads(first)
    except (ValueError, RecursionError):
        return
    if isinstance(row, dict):
        _has(file, list(row), columns)


def _has(file: File, names: list[str], columns: Columns) -> None:
    if columns.text not in names:
        there = ", ".join(names[:12]) or "none"
        raise InputError(
            f"{file.address}: has no column {columns.text} (there are: {there}); name it with --text-column"
        )
