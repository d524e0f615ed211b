"""Paths as given on the command line → the bytes of each report."""

import sys
from collections.abc import Iterator
from pathlib import Path

from ..errors import InputError
from .decode import MAX_BYTES

SUFFIXES = (".txt", ".text", ".md", ".html", ".htm")
"""The files of a folder that are taken for reports."""

STDIN = "-"


def list_inputs(paths: tuple[str, ...]) -> Iterator[str | InputError]:
    """Paths → the files to read, in the order given; a folder's reports sorted by name. An error stands in its place."""
    for path in paths:
        if path != STDIN and Path(path).is_dir():
            yield from _list_folder(path)
        else:
            yield path


def _list_folder(folder: str) -> Iterator[str | InputError]:
    try:
        files = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in SUFFIXES and not _hidden(p, folder))
    except OSError as error:
        yield InputError(f"{folder}: the folder cannot be read ({error.strerror}); check its permissions")
        return
    if not files:
        yield InputError(
            f"{folder}: no reports in this folder, no file that ends in {', '.join(SUFFIXES)}; name the files themselves"
        )
    yield from map(str, files)


def _hidden(path: Path, folder: str) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def read_input(path: str) -> bytes:
    """The bytes of a file, or of standard input for "-"; raises InputError where there is none or it cannot be read.

    No more is read than the limit and one byte, so that a stream without end is refused too.
    """
    try:
        if path == STDIN:
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path") from error
    except PermissionError as error:
        raise InputError(f"{path}: no permission to read it; check the file's permissions") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InputError(f"{path!r}: not a path ({error})") from error


def printable(text: str) -> str:
    """Text from a stranger, fit for a terminal or a line of JSON: control characters and broken code points replaced."""
    try:
        whole = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # a lone surrogate that stands for no byte, as JSON may hold
        whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in whole)
