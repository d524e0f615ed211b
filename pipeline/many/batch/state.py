"""What is written down of the batches of a run: its parts, and what became of each question."""

import json
import sqlite3
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from ...errors import InputError
from ...llm.answer import Tokens
from ..ledger import BATCH

PartState = Literal["written", "sending", "sent", "taken"]
"""Of an input file: not sent; being sent, perhaps made at the endpoint; a batch there; its answers are in the cache."""
QuestionState = Literal["sent", "again", "answered", "refused", "failed"]
"""Of a question: in a batch; to be asked in the next; in the cache; refused, while its batch is taken; given up."""
_STATE = "state.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS run (id TEXT NOT NULL, without TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS parts (
    number INTEGER PRIMARY KEY, state TEXT NOT NULL, lines INTEGER NOT NULL, input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL, file TEXT, batch TEXT, tally TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE IF NOT EXISTS questions (
    key TEXT PRIMARY KEY, answer TEXT NOT NULL, part INTEGER NOT NULL, state TEXT NOT NULL, lost INTEGER NOT NULL DEFAULT 0,
    raw TEXT NOT NULL DEFAULT '', usages TEXT NOT NULL DEFAULT '[]', failure TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS of_part ON questions (part, state);
"""


@dataclass(frozen=True, slots=True)
class Part:
    """An input file and its batch. tokens: estimated until it is taken, then those that were paid for.

    file, batch: ids at the endpoint, None where there is none. tally: how many lines of each kind came back.
    """

    number: int
    state: PartState
    lines: int
    tokens: Tokens
    file: str | None = None
    batch: str | None = None
    tally: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its folder in that of the run."""
        return f"{BATCH}/{self.number:03d}"


@dataclass(frozen=True, slots=True)
class Question:
    """A question that was sent. answer: the name of its answer's model. lost: so often it came back without an answer.

    raw: its malformed answer. usages: the tokens of each request that gave a malformed answer.
    """

    key: str
    answer: str
    part: int
    state: QuestionState
    lost: int = 0
    raw: str = ""
    usages: tuple[Tokens, ...] = ()
    failure: str = ""


class State:
    """The state in the folder of a run's batches. Raises InputError where it cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
            # Used by one thread at a time, though not always the same one.
            self._rows = sqlite3.connect(folder / _STATE, isolation_level=None, check_same_thread=False)
            self._rows.executescript(_TABLES)
            if not self._rows.execute("SELECT 1 FROM run").fetchone():
                self._rows.execute("INSERT INTO run VALUES (?, '')", (uuid.uuid4().hex,))
            self.run, without = self._rows.execute("SELECT id, without FROM run").fetchone()
        except (sqlite3.Error, OSError) as error:
            raise self._error(error) from error
        self.without: tuple[str, ...] = tuple(without.split())
        """Options of a request that the endpoint refuses."""

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Within, what is written counts when all of it is written."""
        try:
            self._rows.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._rows.execute("ROLLBACK")
                raise
            self._rows.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._error(error) from error

    def begin(self) -> None:
        self._do("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._do("COMMIT")

    def roll_back(self) -> None:
        self._do("ROLLBACK")

    def do_without(self, option: str) -> None:
        if option not in self.without:
            self.without = (*self.without, option)
            self._do("UPDATE run SET without = ?", " ".join(self.without))

    # --- Parts ---

    def parts(self) -> list[Part]:
        columns = "number, state, lines, input_tokens, output_tokens, file, batch, tally"
        return [
            Part(number, state, lines, Tokens(i, o), file, batch, json.loads(tally))
            for number, state, lines, i, o, file, batch, tally in self._do(
                f"SELECT {columns} FROM parts ORDER BY number"
            )
        ]

    def put(self, part: Part) -> None:
        """Write down a part as it is now."""
        tally = json.dumps(part.tally)
        values = (part.number, part.state, part.lines, *part.tokens[:2], part.file, part.batch, tally)
        self._do("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values)

    def folder_of(self, number: int) -> Path:
        return self.folder / f"{number:03d}"

    # --- Questions ---

    def find(self, key: str) -> Question | None:
        columns = "key, answer, part, state, lost, raw, usages, failure"
        row = self._do(f"SELECT {columns} FROM questions WHERE key = ?", key).fetchone()
        if row is None:
            return None
        key, answer, part, state, lost, raw, usages, failure = row
        used = tuple(Tokens(*each) for each in json.loads(usages))
        return Question(key, answer, part, state, lost, raw, used, failure)

    def note(self, question: Question) -> None:
        """Write down a question as it is now."""
        q = question
        values = (q.key, q.answer, q.part, q.state, q.lost, q.raw, json.dumps(q.usages), q.failure)
        self._do("INSERT OR REPLACE INTO questions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values)

    def unanswered(self, part: int) -> Iterator[Question]:
        """The questions of a part that are still without an answer; each may be noted anew on the way."""
        while True:
            rows = self._do("SELECT key FROM questions WHERE part = ? AND state = 'sent' LIMIT 1000", part).fetchall()
            if not rows:
                return
            for (key,) in rows:
                found = self.find(key)
                assert found is not None
                yield found

    def turn(self, part: int, state: QuestionState, to: QuestionState) -> None:
        """Give the questions of a part that are in one state another."""
        self._do("UPDATE questions SET state = ? WHERE part = ? AND state = ?", to, part, state)

    def count(self) -> Counter[str]:
        """How many questions there are in each state."""
        return Counter(dict(self._do("SELECT state, count(*) FROM questions GROUP BY state")))

    def forget_wanted(self) -> None:
        self._do("CREATE TEMP TABLE IF NOT EXISTS wanted (key TEXT PRIMARY KEY) WITHOUT ROWID")
        self._do("DELETE FROM wanted")

    def want(self, key: str) -> None:
        """Count a question that is to be asked; it is gone when the process ends."""
        self._do("INSERT OR IGNORE INTO wanted VALUES (?)", key)

    def wanted(self) -> int:
        return int(self._do("SELECT count(*) FROM wanted").fetchone()[0])

    def _do(self, statement: str, *values: object) -> sqlite3.Cursor:
        try:
            return self._rows.execute(statement, values)
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> InputError:
        reason = getattr(error, "strerror", None) or error
        return InputError(f"{self.folder / _STATE}: cannot be read or written ({reason}); mend it and run it again")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()


def has_state(home: Path) -> bool:
    """Whether a run has been asked in batches."""
    return (home / BATCH / _STATE).is_file()


def open_state(home: Path) -> State:
    """The state of a run's batches, made where it is not there."""
    return State(home / BATCH)
