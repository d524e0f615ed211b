"""A process that does one thing after the other, and that can be ended: of which thing it died, or which took too long, is known.

this process ──function, things──▶ worker ──a result for each──▶ this process
"""

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from ..errors import SettingsError

T = TypeVar("T")
A = TypeVar("A")

_TRIES = 2
"""So often a process may die of a thing, which may be no fault of the thing's, until that is given up."""


class EndedError(Exception):
    """A thing has no result, as the process that was at it was ended."""


class DiedError(EndedError):
    """It was ended by the system, as where memory runs out, or by the thing itself."""


class OverdueError(EndedError):
    """It was ended by us, as the thing took too long."""


class Worker:
    """One process, started when there is first something to do, and anew where it was ended. begin: what it does first.

    For one thread at a time, but for `end`. Where it was ended, `each` raises EndedError.
    """

    def __init__(self, begin: Callable[[], object] | None = None) -> None:
        self._begin = begin
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._link: Connection[Any, Any] | None = None
        self._is_ended = False
        self._lock = threading.Lock()

    def each(self, work: Callable[[A], T], things: Sequence[A], limit_s: float | None = None) -> list[T | EndedError]:
        """Call a function with each thing; in order the results, and an error for a thing that has none. limit_s: for each.

        Raises what the function raises, and SettingsError where no process can be started.
        """
        found: list[T | EndedError] = []
        died = 0
        while len(found) < len(things):
            before = len(found)
            try:
                for result in self._results(work, things[before:], limit_s):
                    found.append(result)
            except DiedError as error:
                died = died + 1 if len(found) == before else 1
                if died == _TRIES:
                    found.append(error)
                    died = 0
            except OverdueError as error:
                found.append(error)
            except _ToldError as error:
                raise error.__cause__ or error from None
        return found

    def end(self) -> None:
        """End the process at once, and start none any more; what is under way in another thread is broken off."""
        with self._lock:
            self._is_ended = True
            if self._process is not None:
                self._process.kill()

    def drop(self) -> None:
        """Give up the process that there is; not while another thread is at work with it."""
        with self._lock:
            process, link, self._process, self._link = self._process, self._link, None, None
        if process is not None:
            process.kill()
            process.join()
            process.close()
        if link is not None:
            link.close()

    def _results(self, work: Callable[[A], T], things: Sequence[A], limit_s: float | None) -> Iterator[T]:
        link = self._link or self._start()
        try:
            link.send((work, things))
            link.recv()  # it has them, and all that must be loaded for them
            for _ in things:
                if not link.poll(limit_s):
                    raise OverdueError
                told = link.recv()
                if told.error is not None:
                    raise _ToldError from told.error
                yield told.result
        except (EOFError, OSError) as error:
            self.drop()
            raise DiedError from error
        except OverdueError:
            self.drop()
            raise

    def _start(self) -> "Connection[Any, Any]":
        """A new process, and the link to it."""
        link, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._begin), daemon=True)
        with self._lock:
            if self._is_ended:
                raise EndedError
            with _uninterrupted():
                process.start()
            self._process, self._link = process, link
        theirs.close()
        try:
            link.recv()
        except (EOFError, OSError) as error:
            self.drop()
            raise SettingsError("no process can be started to read in; free memory, or give fewer --workers") from error
        return link


class _ToldError(Exception):
    """What a function raised, as its cause."""


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A process that is started herein does not end at Ctrl-C, which the terminal sends to all, not even as it begins."""
    resource_tracker.ensure_running()  # which itself would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    try:
        yield
    finally:
        if before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


# --- In the process --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Told:
    result: Any = None
    error: BaseException | None = None


def _serve(link: "Connection[Any, Any]", begin: Callable[[], object] | None) -> None:
    """Do what is sent until nothing more can come. Whatever is wrong with this process ends it, without a word."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _end_with_parent()
        if begin is not None:
            begin()
        link.send(_Told())
        while True:
            work, things = link.recv()
            link.send(_Told())
            for told in _done(work, things):
                link.send(told)
    except BaseException:
        os._exit(1)


def _done(work: Callable[[A], T], things: Sequence[A]) -> Iterator[_Told]:
    for thing in things:
        try:
            result = work(thing)
        except Exception as error:
            yield _Told(error=_sendable(error))
            return
        yield _Told(result)


def _sendable(error: Exception) -> Exception:
    """The error, or where it cannot travel one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _end_with_parent() -> None:
    """End when the process does that started this one, also where it is killed.

    On Linux the kernel sees to it: a thread would wait for ever where a pattern that backtracks holds the interpreter.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    if sys.platform == "linux":
        import fcntl

        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, fcntl.fcntl(parent.sentinel, fcntl.F_GETFL) | os.O_ASYNC)
        if wait([parent.sentinel], 0):
            os._exit(1)
    else:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: Any) -> None:
    parent.join()
    os._exit(1)
