"""Raw answers, kept: never a key of the endpoint, never code, never evicted in silence.

An entry is text, and whoever reads it validates it again, so that a tampered or damaged entry is a miss.
"""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Protocol, Self

import diskcache
from diskcache.core import MODE_PICKLE
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import SettingsError
from .answer import LONGEST_ANSWER, MOST_TOKENS
from .settings import Settings

if TYPE_CHECKING:
    from .redis_cache import RedisCache

_DAMAGE = (
    zlib.error, sqlite3.Error, OSError, ValueError, EOFError, KeyError, TypeError, AttributeError, OverflowError,
    diskcache.Timeout,
)  # fmt: skip
MARK = "nianbao-answers"
"""The file that says that a folder is a cache of ours."""
_OF_A_CACHE = re.compile(r"cache\.db(-wal|-shm|-journal)?|[0-9a-f]{2}")
"""What stands in its folder beside the mark."""
_ROW = "row "

_Count = Annotated[int, Field(ge=0, le=MOST_TOKENS)]


class Entry(BaseModel):
    """What is kept of an answer: itself, and for each of its requests its `Tokens`; of old entries those in and out alone."""

    model_config = ConfigDict(strict=True, frozen=True)

    raw: Annotated[str, Field(max_length=LONGEST_ANSWER)]
    usages: Annotated[
        tuple[Annotated[tuple[_Count, ...], Field(min_length=2, max_length=3)], ...], Field(max_length=10)
    ] = ()

    def text(self) -> str:
        """As it is kept."""
        return self.model_dump_json()


def read_entry(text: str | None) -> Entry | None:
    """What was kept → the entry; None where it is none, whoever wrote it."""
    try:
        return None if text is None else Entry.model_validate_json(text)
    except ValidationError:
        return None


class Cache(Protocol):
    """Where raw answers are kept. A key is a hash; a value is text."""

    def get(self, key: str) -> str | None: ...

    def set(self, key: str, raw: str) -> None: ...

    def close(self) -> None: ...


def key_of(shape: Mapping[str, Any]) -> str:
    """Everything that shapes an answer → its key."""
    canonical = json.dumps(shape, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


class _TextDisk(diskcache.Disk):  # type: ignore[misc]
    """Entries are text. A row that says it is a pickle is refused: unpickling runs code (CVE-2025-69872)."""

    def get(self, key: Any, raw: bool) -> Any:
        if not raw:
            raise ValueError("a pickled key")
        return super().get(key, raw)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        if mode == MODE_PICKLE or read:
            raise ValueError("a pickled value")
        if filename is not None and not self._is_within(filename):
            raise ValueError("a file outside the cache")
        return super().fetch(mode, filename, value, read)

    def remove(self, file_path: str) -> None:
        if self._is_within(file_path):
            super().remove(file_path)

    def _is_within(self, path: str) -> bool:
        """Whether a path that a row names is of the cache's folder, whatever links stand in it."""
        folder = Path(self._directory).resolve()
        return (folder / path).resolve().is_relative_to(folder)


@dataclass(frozen=True, slots=True)
class Info:
    """How many entries a cache has, and their bytes. warning: what of it endangers them, empty where nothing does."""

    place: str
    entries: int
    bytes: int
    warning: str = ""


class DiskCache:
    """A cache in a folder, safe for threads and processes; one that it makes is private.

    Raises SettingsError where it cannot be opened, or holds something else: that is not touched.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if os.path.expandvars(folder) != str(folder):
            raise SettingsError(f"cache folder {folder}: a variable in it is not filled in; write the path out")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if any(folder.iterdir()) and not _is_ours(folder):
                raise SettingsError(
                    f"cache folder {folder}: holds something else, and was left as it is; name another with"
                    f" NIANBAO_CACHE_DIR, or, where an earlier nianbao made it, make an empty file {MARK} in it"
                )
            (folder / MARK).touch()
            self._disk = diskcache.Cache(str(folder), disk=_TextDisk, eviction_policy="none", timeout=60)
        except _DAMAGE as error:
            reason = getattr(error, "strerror", None) or error
            raise SettingsError(
                f"cache folder {folder}: cannot be opened ({reason}); name another with NIANBAO_CACHE_DIR, or remove it"
            ) from error

    def get(self, key: str) -> str | None:
        """The text kept under a key; None where there is none, or it is damaged."""
        try:
            found = self._disk.get(key)
        except _DAMAGE:
            return None
        return found if isinstance(found, str) else None

    def set(self, key: str, raw: str) -> None:
        """Keep text under a key; an entry that is there is replaced. Raises SettingsError where it cannot be written."""
        try:
            self._disk.set(key, raw)
        except _DAMAGE as error:
            raise SettingsError(
                f"cache folder {self.folder}: cannot be written ({error}); free space or name another"
            ) from error

    def info(self) -> Info:
        try:
            return Info(str(self.folder), len(self._disk), int(self._disk.volume()))
        except _DAMAGE as error:
            raise SettingsError(
                f"cache folder {self.folder}: damaged ({error}); nianbao cache clear empties it"
            ) from error

    def damaged(self) -> Iterator[str]:
        """The keys of entries that cannot be read, or are none of ours; of one whose key is none, its row."""
        try:
            rows = self._disk._sql("SELECT rowid, key, raw FROM Cache ORDER BY rowid").fetchall()
        except _DAMAGE:
            yield "(index)"
            return
        for row, key, raw in rows:
            if not isinstance(key, str) or raw != 1:
                yield f"{_ROW}{row}"
            elif read_entry(self.get(key)) is None:
                yield key

    def remove(self, key: str) -> None:
        """Remove what `damaged` names, or any entry by its key."""
        try:
            if key.startswith(_ROW):
                self._disk._sql("DELETE FROM Cache WHERE rowid = ?", (int(key.removeprefix(_ROW)),))
            else:
                self._disk.delete(key)
        except _DAMAGE:
            return

    def close(self) -> None:
        self._disk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def clear(folder: Path) -> None:
    """Remove a cache, whatever its state, and nothing else in its folder.

    A folder that is no cache of ours is left alone, with a SettingsError.
    """
    try:
        if not folder.exists() or not any(folder.iterdir()):
            return
        if not _is_ours(folder):
            raise SettingsError(f"{folder}: no cache of nianbao (no {MARK} in it); nothing was removed")
        for path in [p for p in folder.iterdir() if _OF_A_CACHE.fullmatch(p.name)]:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        (folder / MARK).unlink()
        if not any(folder.iterdir()):
            folder.rmdir()
    except OSError as error:
        raise SettingsError(f"{folder}: cannot be removed ({error.strerror}); check its permissions") from error


def _is_ours(folder: Path) -> bool:
    return (folder / MARK).is_file() or _is_from_before(folder)


def _is_from_before(folder: Path) -> bool:
    """Whether a folder without a mark is a cache that an earlier nianbao made: each key is a hash, and nothing else is there."""
    if not all(_OF_A_CACHE.fullmatch(p.name) for p in folder.iterdir()):
        return False
    try:
        with closing(
            sqlite3.connect(f"{(folder / 'cache.db').absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        ) as db:
            keys = [key for (key,) in db.execute("SELECT key FROM Cache")]
    except sqlite3.Error:
        return False
    return bool(keys) and all(re.fullmatch("[0-9a-f]{64}", str(key)) for key in keys)


def folder_of(settings: Settings) -> Path:
    """The folder that the settings name, or the user's cache folder for nianbao."""
    from platformdirs import user_cache_path

    return settings.cache_dir or user_cache_path("nianbao", appauthor=False) / "answers"


def open_cache(settings: Settings) -> "DiskCache | RedisCache":
    """The cache of answers; raises SettingsError where it cannot be opened."""
    if settings.cache_url is None:
        return DiskCache(folder_of(settings))
    from .redis_cache import RedisCache

    return RedisCache(settings.cache_url.get_secret_value())


def cache_place(settings: Settings) -> str:
    """Where answers are kept, without a password; raises SettingsError where the address is none."""
    if settings.cache_url is None:
        return str(folder_of(settings))
    from .redis_cache import place_of

    return place_of(settings.cache_url.get_secret_value())


def clear_cache(settings: Settings) -> None:
    """Remove all answers that are kept; raises SettingsError where that cannot be done."""
    if settings.cache_url is None:
        clear(folder_of(settings))
        return
    from .redis_cache import RedisCache

    with RedisCache(settings.cache_url.get_secret_value()) as answers:
        answers.clear()
