"""The log of every request to a model: one SQLite file, for `nianbao log` and for whoever reads SQLite. No key is ever in it.

A row is a request that was sent, with what it was about, what came back, and what it took; an answer from the cache is none.
"""

import json
import logging
import queue
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import SettingsError

LOG = logging.getLogger(__name__)

MOST_CALLS = 20_000
"""The oldest beyond so many are dropped."""
_LONGEST = 200_000
"""Of a request or an answer so many characters are kept."""
_BUSY_S = 10.0
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a model. answer: empty where there was none; failure says why. cost: US dollars, None where no price is known.

    cached_input_tokens: of those in, how many the endpoint had read before.
    """

    time: str
    model: str
    endpoint: str
    report: str
    mode: str
    request: str
    answer: str
    failure: str
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cost: str | None
    seconds: float


_COLUMNS = [field.name for field in fields(Call)]
_TYPES = {
    "input_tokens": "INTEGER",
    "output_tokens": "INTEGER",
    "cached_input_tokens": "INTEGER NOT NULL DEFAULT 0",
    "seconds": "REAL",
}
_TABLE = ", ".join(["id INTEGER PRIMARY KEY", *(f"{name} {_TYPES.get(name, 'TEXT')}" for name in _COLUMNS)])

_report: ContextVar[str] = ContextVar("report", default="")


@contextmanager
def asking_about(report: str) -> Iterator[None]:
    """Within, calls are about this report."""
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


def report_asked_about() -> str:
    return _report.get()


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def request_of(messages: Any, options: Mapping[str, Any]) -> str:
    """Messages and options as they are kept."""
    return json.dumps({"messages": messages, **options}, ensure_ascii=False)[:_LONGEST]


class CallLog:
    """Keeps calls in a file, in a thread of its own; safe for several processes at once.

    A log that cannot be written is said once, and stops nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def add(self, call: Call) -> None:
        self._calls.put(call)

    def close(self) -> None:
        """Wait until everything is kept."""
        self._calls.put(None)
        self._thread.join()

    def _write(self) -> None:
        is_open = True
        try:
            with closing(_opened(self._path)) as db:
                while is_open:
                    calls, is_open = self._next()
                    rows = [tuple(value for value in asdict(call).values()) for call in calls]
                    marks = ", ".join("?" * len(_COLUMNS))
                    with db:
                        db.execute("BEGIN IMMEDIATE")
                        db.executemany(f"INSERT INTO calls ({', '.join(_COLUMNS)}) VALUES ({marks})", rows)
                        db.execute("DELETE FROM calls WHERE id <= (SELECT max(id) FROM calls) - ?", (MOST_CALLS,))
        except (sqlite3.Error, OSError, SettingsError) as error:
            LOG.warning(
                "log %s: cannot be written (%s); no call is logged; name another with NIANBAO_LOG, or off",
                self._path,
                error,
            )
            while is_open:
                _, is_open = self._next()

    def _next(self) -> tuple[list[Call], bool]:
        """The next calls, when there is one; and whether more may come."""
        found: list[Call] = []
        call = self._calls.get()
        while call is not None:
            found.append(call)
            if len(found) >= _BATCH or self._calls.empty():
                return found, True
            call = self._calls.get()
        return found, False


def read_calls(path: Path, most: int, report: str = "") -> list[tuple[int, Call]]:
    """The newest calls, the oldest of them first, each with its number; report: only those about reports of such a name.

    Raises SettingsError where the file is no log.
    """
    if not path.exists():
        return []
    try:
        with closing(_opened(path)) as db:
            rows = db.execute(
                f"SELECT id, {', '.join(_COLUMNS)} FROM calls WHERE instr(report, ?) ORDER BY id DESC LIMIT ?",
                (report, most),
            ).fetchall()
    except (sqlite3.Error, OSError) as error:
        raise SettingsError(f"log {path}: cannot be read ({error}); name another with NIANBAO_LOG") from error
    return [(number, Call(*values)) for number, *values in reversed(rows)]


def _opened(path: Path) -> sqlite3.Connection:
    """The log, made where there is none, for its owner alone. Raises SettingsError where the file holds something else."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    is_new = not path.exists() or path.stat().st_size == 0
    if is_new:
        path.touch(mode=0o600)
    db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables - {"calls"}:
            raise SettingsError("it holds something else, and was left as it is")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("BEGIN IMMEDIATE")
        db.execute(f"CREATE TABLE IF NOT EXISTS calls ({_TABLE})")
        there = {name for _, name, *_ in db.execute("PRAGMA table_info(calls)")}
        for name in _COLUMNS:  # a log of an earlier version lacks the newer ones
            if name not in there:
                db.execute(f"ALTER TABLE calls ADD COLUMN {name} {_TYPES.get(name, 'TEXT')}")
        db.execute("COMMIT")
    except BaseException:
        db.close()
        raise
    return db


def usual_log() -> Path:
    """Where the command line logs calls unless told otherwise."""
    from platformdirs import user_state_path

    return user_state_path("nianbao", appauthor=False) / "calls.db"
