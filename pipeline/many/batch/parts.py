"""Questions → input files, each no larger than an endpoint takes; a file counts when all of it is written."""

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import IO, Final

from ...llm.answer import Tokens
from ...llm.question import CHARACTERS_A_TOKEN, TOKENS_AN_ANSWER
from ..ledger import DRAFT, unwritable
from .state import Part, Question, State

URL: Final = "/v1/chat/completions"
INPUT, OUTPUT = "input.jsonl", "output.jsonl"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one input file: lines, and bytes."""

    lines: int = 50_000
    bytes: int = 200_000_000


class Parts:
    """Writes questions into input files. The last one counts after `close`; `abandon` drops it."""

    def __init__(self, state: State, limits: Limits) -> None:
        self._state, self._limits = state, limits
        self._file: IO[bytes] | None = None
        self._part = Part(0, "written", 0, Tokens())
        self.written = 0
        """Questions, in all the files."""

    def add(self, question: Question, body: str) -> None:
        """A line for a question. Raises InputError where it cannot be written."""
        line = f'{{"custom_id":"{question.key}","method":"POST","url":"{URL}","body":{body}}}\n'.encode()
        try:
            if self._file is not None and not self._has_room(len(line)):
                self._close(self._file)
            file = self._file or self._open()
            file.write(line)
        except OSError as error:
            raise unwritable(self._state.folder, error) from error
        self._state.note(replace(question, part=self._part.number, state="sent"))
        i, o, _ = self._part.tokens
        tokens = Tokens(i + round(len(body) / CHARACTERS_A_TOKEN), o + TOKENS_AN_ANSWER)
        self._part = replace(self._part, lines=self._part.lines + 1, tokens=tokens)

    def close(self) -> None:
        if self._file is not None:
            try:
                self._close(self._file)
            except OSError as error:
                raise unwritable(self._state.folder, error) from error

    def abandon(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None
            self._state.roll_back()

    def _has_room(self, more: int) -> bool:
        assert self._file is not None
        return self._part.lines < self._limits.lines and self._file.tell() + more <= self._limits.bytes

    def _open(self) -> IO[bytes]:
        number = max((part.number for part in self._state.parts()), default=0) + 1
        folder = self._state.folder_of(number)
        folder.mkdir(mode=0o700, exist_ok=True)
        self._file = (folder / (INPUT + DRAFT)).open("wb")
        self._part = Part(number, "written", 0, Tokens())
        self._state.begin()
        return self._file

    def _close(self, file: IO[bytes]) -> None:
        """The file takes its name, and then the part and its questions count."""
        file.flush()
        os.fsync(file.fileno())
        file.close()
        folder = self._state.folder_of(self._part.number)
        (folder / (INPUT + DRAFT)).replace(folder / INPUT)
        self._state.put(self._part)
        self._state.commit()
        self.written += self._part.lines
        self._file = None
