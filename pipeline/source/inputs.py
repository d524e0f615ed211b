"""Paths as given on the command line → the bytes of each report."""

import os
import stat
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

from ..errors import InputError
from .decode import MAX_BYTES

SUFFIXES = (".txt", ".text", ".md", ".html", ".htm", ".mhtml", ".mht", ".docx", ".pdf")
"""The files of a folder that are taken for reports."""

MANY_SUFFIXES = (".jsonl", ".ndjson", ".parquet")
"""Files that hold many reports."""

STDIN = "-"


def list_inputs(paths: tuple[str, ...]) -> Iterator[str | InputError]:
    """Paths → the files to read, in the order given; a folder's reports sorted by name. An error stands in its place."""
    for path in paths:
        if path != STDIN and os.path.isdir(path):  # noqa: PTH112  where Path raises, as in a forbidden folder, it says no
            yield from _list_folder(path)
        elif Path(path).suffix.lower() in MANY_SUFFIXES:
            yield InputError(f"{path}: holds many reports; read them with: nianbao bulk {path} --out FOLDER")
        else:
            yield path


def _list_folder(folder: str) -> Iterator[str | InputError]:
    found = False
    for path in walk(folder, SUFFIXES):
        found = True
        yield path
    if not found:
        yield InputError(
            f"{folder}: no reports in this folder, no file that ends in {', '.join(SUFFIXES)}; name the files themselves"
        )


def walk(folder: str, suffixes: Collection[str]) -> Iterator[str | InputError]:
    """The files of a folder with these endings, sorted as paths are; for a folder that cannot be read, the error in its place.

    Hidden ones and the folders of bulk runs are passed over.
    """
    try:
        names = _names(folder)
    except OSError as error:
        yield InputError(f"{folder}: the folder cannot be read ({error.strerror}); check its permissions")
        return
    for name in names:
        path = os.path.join(folder, name)  # noqa: PTH118  as the folder was given
        if name.endswith("/"):
            if not _holds_a_run(path):
                yield from walk(path[:-1], suffixes)
        elif Path(name).suffix.lower() in suffixes:
            yield path


def _names(folder: str) -> list[str]:
    """What is in a folder, sorted; a folder's name ends in "/". Only names are held, as there may be a million."""
    with os.scandir(folder) as entries:
        found = [
            f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name
            for entry in entries
            if not entry.name.startswith(".")
        ]
    return sorted(found, key=lambda name: name.removesuffix("/"))


def _holds_a_run(folder: str) -> bool:
    return os.path.isfile(f"{folder}manifest.json") and os.path.isdir(f"{folder}shards")  # noqa: PTH112, PTH113  never raises


def read_input(path: str) -> bytes:
    """The bytes of a file, or of standard input for "-"; raises InputError where there is none or it cannot be read.

    No more is read than the limit and one byte, so that a stream without end is refused too.
    """
    try:
        if path == STDIN:
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with open_input(path) as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path") from error
    except PermissionError as error:
        raise InputError(f"{path}: no permission to read it; check the file's permissions") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InputError(f"{path!r}: not a path ({error})") from error


def open_input(path: str) -> IO[bytes]:
    """A file, open for reading; raises OSError where it cannot be opened, InputError where reading it might never end."""
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115  Path.open has no opener; given to the caller
    kind = stat.S_IFMT(os.fstat(file.fileno()).st_mode)
    if kind == stat.S_IFREG:
        return file
    file.close()
    raise InputError(
        f"{path}: {_KINDS.get(kind, 'something else')}, no file; give a file, or its text on standard input"
    )


_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFDIR: "a folder"}


def _without_waiting(path: str, flags: int) -> int:
    """Open a file, and wait for nobody at the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def printable(text: str) -> str:
    """Text from a stranger, fit for a terminal or a line of JSON: control characters and broken code points replaced.

    A path whose parts are in no UTF-8, as of files from a Chinese zip archive, is shown as GB18030 has it.
    """
    try:
        whole = "/".join(map(_decoded, text.encode("utf-8", "surrogateescape").split(b"/")))
    except UnicodeEncodeError:  # a lone surrogate that stands for no byte, as JSON may hold
        whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in whole)


def _decoded(name: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode("utf-8", "replace")
