"""Bytes on their way through, kept in a temporary file: what comes in does not wait for what goes out.

Many clients send all that they have before they read anything. Were their lines taken only as fast as answers are fetched,
both sides would wait for each other for ever.
"""

from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile

from anyio import Condition

_IN_MEMORY = 1_000_000
_MOST_KEPT = 500_000_000
"""Past so many bytes in the file, nothing more is taken until all of it was read."""
_PIECE = 65_536


class Spool:
    """Written at one end and read, line by line, at the other; for one writer and one reader."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed by `close`
        self._written = self._read = 0
        self._ended = self._is_whole = False
        self._changed = Condition()

    async def write(self, data: bytes) -> None:
        async with self._changed:
            while self._written > _MOST_KEPT:
                await self._changed.wait()
            self._file.seek(self._written)
            self._written += self._file.write(data)
            self._changed.notify_all()

    async def end(self, *, is_whole: bool) -> None:
        """Nothing more will be written. is_whole: whether a last line without an end is a line, not a part of one."""
        async with self._changed:
            self._ended, self._is_whole = True, is_whole
            self._changed.notify_all()

    def close(self) -> None:
        self._file.close()

    async def lines(self, longest: int) -> AsyncIterator[bytes | None]:
        """Each line, without its end; None for one that is longer than so many bytes, which is passed over."""
        line: bytearray | None = bytearray()
        while piece := await self._next():
            *ends, rest = piece.split(b"\n")
            for end in ends:
                yield _joined(line, end, longest)
                line = bytearray()
            line = _begun(line, rest, longest)
        if self._is_whole and (line is None or line):
            yield None if line is None else bytes(line)

    async def _next(self) -> bytes:
        """The next piece; empty at the end."""
        async with self._changed:
            while self._read == self._written and not self._ended:
                await self._changed.wait()
            self._file.seek(self._read)
            piece = self._file.read(_PIECE)
            self._read += len(piece)
            if self._read == self._written:
                self._file.seek(0)
                self._file.truncate()
                self._read = self._written = 0
                self._changed.notify_all()
            return piece


def _joined(line: bytearray | None, end: bytes, longest: int) -> bytes | None:
    whole = _begun(line, end, longest)
    return None if whole is None else bytes(whole)


def _begun(line: bytearray | None, more: bytes, longest: int) -> bytearray | None:
    if line is None or len(line) + len(more) > longest:
        return None
    line += more
    return line
