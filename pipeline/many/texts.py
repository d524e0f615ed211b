"""Where each text was met first, on disk, so that memory does not grow with the input; and the lock on a run."""

import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import InputError

Place = tuple[int, int]
"""A report: the number of its shard, and its place in it, both from 0."""


class Texts:
    """An index of texts that lasts as long as the process.

    It is one transaction that is never committed: it keeps every other process out, and whatever ends this one, the file
    is empty again when it is next opened. Raises InputError where another process has it, or it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # Used by one thread at a time, though not always the same one.
            self._index = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            self._index.execute("PRAGMA synchronous = OFF")
            self._index.execute("PRAGMA cache_size = -16000")
            self._index.execute("BEGIN EXCLUSIVE")
            self._index.execute("CREATE TABLE texts (key BLOB PRIMARY KEY, shard INTEGER, place INTEGER) WITHOUT ROWID")
        except sqlite3.Error as error:
            raise self._error(error) from error

    def first(self, key: str, place: Place) -> Place | None:
        """The place where this text was met before; None where it is met for the first time, which is noted.

        key: in hexadecimal digits.
        """
        try:
            new = self._index.execute("INSERT OR IGNORE INTO texts VALUES (?, ?, ?)", (bytes.fromhex(key), *place))
            if new.rowcount:
                return None
            found = self._index.execute("SELECT shard, place FROM texts WHERE key = ?", (bytes.fromhex(key),))
            shard, number = found.fetchone()
            return int(shard), int(number)
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _error(self, error: sqlite3.Error) -> InputError:
        if "locked" in str(error):
            return InputError(f"{self._path.parent}: another nianbao is at work on this run; wait until it ends")
        return InputError(f"{self._path}: cannot be written ({error}); free space or name another folder, then go on")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._index.close()
