"""The formats of the tables. Each makes its part of a shard in a worker process, and joins the parts, in order, in this one."""

import csv
import gzip
import io
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from ...schemas.extraction import Extraction
from ..errors import InputError
from .extra import needs
from .ledger import DRAFT
from .tables import CELLS, DOUBTS, REPORTS, Column, Row, Table

Rows = Mapping[str, Sequence[Row]]
"""Table name → its rows of one shard."""


class Writer(Protocol):
    """Joins parts into files, which have their names only after `close`."""

    def add(self, part: Any) -> None: ...

    def close(self) -> None: ...

    def abandon(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Format:
    """files: what it writes, for the docs. tables: those it needs the rows of. part: a shard's lines and rows → its part."""

    name: str
    files: tuple[str, ...]
    tables: tuple[Table, ...]
    part: Callable[[Sequence[bytes], Rows], Any]
    writer: Callable[[Path], Writer]
    module: str = ""
    """The package of the extra that it needs."""


def rows_of(lines: Iterable[bytes], tables: Iterable[Table]) -> Rows:
    """Extractions as lines of JSON → the rows that each table has of them."""
    rows: dict[str, list[Row]] = {table.name: [] for table in tables}
    if rows:
        for line in lines:
            extraction = Extraction.model_validate_json(line)
            for table in tables:
                rows[table.name] += table.rows(extraction)
    return rows


def check_formats(names: Sequence[str]) -> None:
    """Raises InputError for a name that is no format, SettingsError where its package is missing."""
    for name in names:
        if name not in FORMATS:
            raise InputError(f"--formats {name}: no such format; there are {', '.join(FORMATS)}")
        if FORMATS[name].module:
            needs(FORMATS[name].module, f"--formats {name} needs", "bulk")


class _Files:
    """Drafts, which take their names together when all is written."""

    def __init__(self, home: Path, names: Sequence[str]) -> None:
        self.drafts = {name: home / (name + DRAFT) for name in names}

    def rename(self) -> None:
        for name, draft in self.drafts.items():
            draft.replace(draft.with_name(name))

    def remove(self) -> None:
        for draft in self.drafts.values():
            draft.unlink(missing_ok=True)


# --- JSON Lines ------------------------------------------------------------------------------------------------------


class _Lines:
    def __init__(self, home: Path) -> None:
        self._files = _Files(home, ("extractions.jsonl",))
        self._file = self._files.drafts["extractions.jsonl"].open("wb")

    def add(self, part: bytes) -> None:
        self._file.write(gzip.decompress(part))

    def close(self) -> None:
        self._file.close()
        self._files.rename()

    def abandon(self) -> None:
        _quietly(self._file.close)
        self._files.remove()


def _lines_part(lines: Sequence[bytes], _: Rows) -> bytes:
    return gzip.compress(b"".join(line + b"\n" for line in lines), 1)


# --- CSV -------------------------------------------------------------------------------------------------------------

_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    """A text cell that no spreadsheet takes for a formula: one that begins like one has an apostrophe before it."""
    return f"'{text}" if text.startswith(_BEGINS_FORMULA) else text


def _csv_part(_: Sequence[bytes], rows: Rows) -> dict[str, bytes]:
    return {table.name: _csv(table.columns, rows[table.name]) for table in (CELLS, REPORTS)}


def _csv(columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    texts = [place for place, column in enumerate(columns) if column.kind == "text"]
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    for row in rows:
        cells = list(row)
        for place in texts:
            cell = cells[place]
            if isinstance(cell, str):
                cells[place] = harmless(cell)
        writer.writerow(cells)
    return lines.getvalue().encode()


class _Csv:
    def __init__(self, home: Path) -> None:
        self._files = _Files(home, tuple(f"{table.name}.csv" for table in (CELLS, REPORTS)))
        self._open = {t.name: self._files.drafts[f"{t.name}.csv"].open("wb") for t in (CELLS, REPORTS)}
        for table in (CELLS, REPORTS):
            # With a mark at its beginning, without which a spreadsheet does not take it for UTF-8.
            heads = _csv(table.columns, [tuple(column.name for column in table.columns)])
            self._open[table.name].write(b"\xef\xbb\xbf" + heads)

    def add(self, part: Mapping[str, bytes]) -> None:
        for name, data in part.items():
            self._open[name].write(data)

    def close(self) -> None:
        for file in self._open.values():
            file.close()
        self._files.rename()

    def abandon(self) -> None:
        for file in self._open.values():
            _quietly(file.close)
        self._files.remove()


# --- Parquet ---------------------------------------------------------------------------------------------------------

_ROWS_A_GROUP = {"cells": 100_000, "reports": 5_000}


def _schema(table: Table) -> Any:
    arrow = needs("pyarrow", "Parquet needs", "bulk")
    types = {"text": arrow.string(), "number": arrow.int64()}
    return arrow.schema([(column.name, types[column.kind]) for column in table.columns])


def _parquet_part(_: Sequence[bytes], rows: Rows) -> dict[str, bytes]:
    return {table.name: _batch(table, rows[table.name]) for table in (CELLS, REPORTS)}


def _batch(table: Table, rows: Sequence[Row]) -> bytes:
    arrow = needs("pyarrow", "Parquet needs", "bulk")
    schema = _schema(table)
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    batch = arrow.record_batch([arrow.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    return bytes(batch.serialize())


class _Parquet:
    def __init__(self, home: Path) -> None:
        self._arrow, parquet = needs("pyarrow", "", "bulk"), needs("pyarrow.parquet", "Parquet needs", "bulk")
        self._files = _Files(home, tuple(f"{table.name}.parquet" for table in (CELLS, REPORTS)))
        self._schemas = {table.name: _schema(table) for table in (CELLS, REPORTS)}
        self._writers = {
            name: parquet.ParquetWriter(self._files.drafts[f"{name}.parquet"], schema, compression="zstd")
            for name, schema in self._schemas.items()
        }
        self._waiting: dict[str, list[Any]] = {name: [] for name in self._schemas}

    def add(self, part: Mapping[str, bytes]) -> None:
        for name, data in part.items():
            waiting = self._waiting[name]
            waiting.append(self._arrow.ipc.read_record_batch(self._arrow.py_buffer(data), self._schemas[name]))
            if sum(batch.num_rows for batch in waiting) >= _ROWS_A_GROUP[name]:
                self._write(name)

    def _write(self, name: str) -> None:
        if self._waiting[name]:
            self._writers[name].write_table(self._arrow.Table.from_batches(self._waiting[name]))
            self._waiting[name] = []

    def close(self) -> None:
        for name, writer in self._writers.items():
            self._write(name)
            writer.close()
        self._files.rename()

    def abandon(self) -> None:
        for writer in self._writers.values():
            _quietly(writer.close)
        self._files.remove()


# --- A workbook ------------------------------------------------------------------------------------------------------

_SHEETS = (REPORTS, CELLS, DOUBTS)
_MOST_ROWS = 1_048_576
_LONGEST_CELL = 32_767
_MOST_DIGITS = 15
"""A workbook's numbers are exact up to so many digits; a longer one is written as text."""
_CREATED = datetime(2000, 1, 1)
_DOUBTFUL = {"bg_color": "#FFC7CE", "font_color": "#9C0006"}
"""How a cell in doubt looks."""


def _xlsx_part(_: Sequence[bytes], rows: Rows) -> Rows:
    return rows


class _Sheet:
    """A table in a workbook, in as many sheets as its rows need."""

    def __init__(self, book: Any, table: Table) -> None:
        self._book, self._table, self._sheets = book, table, 0
        self._numbers = [column.kind == "number" for column in table.columns]
        self._head = book.add_format({"bold": True, "bottom": 1})
        self._doubtful = book.add_format(_DOUBTFUL)
        self._new()

    def _new(self) -> None:
        self._sheets += 1
        more = f" ({self._sheets})" if self._sheets > 1 else ""
        self._sheet = self._book.add_worksheet(f"{self._table.head}{more}")
        self._sheet.freeze_panes(1, 1)
        self._sheet.set_column(0, 0, 32)
        for place, column in enumerate(self._table.columns):
            self._sheet.write_string(0, place, column.head, self._head)
        self._row = 0

    def add(self, row: Row) -> None:
        if self._row + 1 >= _MOST_ROWS:
            self.close()
            self._new()
        self._row += 1
        doubtful = self._table.doubtful(row)
        for place, cell in enumerate(row):
            look = (self._doubtful,) if place in doubtful else ()
            if cell is None:
                if look:
                    self._sheet.write_blank(self._row, place, None, *look)
            elif self._numbers[place] and len(str(cell)) <= _MOST_DIGITS:
                self._sheet.write_number(self._row, place, cell, *look)
            else:
                self._sheet.write_string(self._row, place, str(cell)[:_LONGEST_CELL], *look)

    def close(self) -> None:
        self._sheet.autofilter(0, 0, self._row, len(self._table.columns) - 1)


class _Xlsx:
    def __init__(self, home: Path) -> None:
        writer = needs("xlsxwriter", "--formats xlsx needs", "bulk")
        self._files = _Files(home, ("report.xlsx",))
        self._scratch = home / f"xlsx{DRAFT}"
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir()
        options = {"constant_memory": True, "tmpdir": str(self._scratch)}
        self._book = writer.Workbook(str(self._files.drafts["report.xlsx"]), options)
        self._book.set_properties({"created": _CREATED})
        self._sheets = {table.name: _Sheet(self._book, table) for table in _SHEETS}

    def add(self, part: Rows) -> None:
        for name, rows in part.items():
            for row in rows:
                self._sheets[name].add(row)

    def close(self) -> None:
        for sheet in self._sheets.values():
            sheet.close()
        try:
            self._book.close()
        except Exception as error:
            raise OSError(getattr(error, "errno", None), f"{error}") from error
        self._files.rename()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def abandon(self) -> None:
        # It is not closed, which would be to write all of it; only what its sheets have open.
        for sheet in self._book.worksheets():
            _quietly(sheet.row_data_fh.close)
        self._files.remove()
        shutil.rmtree(self._scratch, ignore_errors=True)


def _quietly(close: Callable[[], object]) -> None:
    """Close what has failed already."""
    try:
        close()
    except Exception:  # the failure that led here is told
        return


FORMATS = {
    found.name: found
    for found in (
        Format("jsonl", ("extractions.jsonl",), (), _lines_part, _Lines),
        Format("parquet", ("cells.parquet", "reports.parquet"), (CELLS, REPORTS), _parquet_part, _Parquet, "pyarrow"),
        Format("csv", ("cells.csv", "reports.csv"), (CELLS, REPORTS), _csv_part, _Csv),
        Format("xlsx", ("report.xlsx",), _SHEETS, _xlsx_part, _Xlsx, "xlsxwriter"),
    )
}
