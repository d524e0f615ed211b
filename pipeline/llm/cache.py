"""Raw answers, kept: never a key of the endpoint, never code, never evicted in silence.

An entry is text, and whoever reads it validates it again, so that a tampered or damaged entry is a miss.
"""

import hashlib
import json
import shutil
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import diskcache
from diskcache.core import MODE_PICKLE

from ..errors import SettingsError
from .settings import Settings

if TYPE_CHECKING:
    from .redis_cache import RedisCache

_DAMAGE = (zlib.error, sqlite3.Error, OSError, ValueError, EOFError, KeyError, TypeError, diskcache.Timeout)


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
        if filename is not None and (Path(filename).is_absolute() or ".." in Path(filename).parts):
            raise ValueError("a file outside the cache")
        return super().fetch(mode, filename, value, read)


@dataclass(frozen=True, slots=True)
class Info:
    """How many entries a cache has, and their bytes. warning: what of it endangers them, empty where nothing does."""

    place: str
    entries: int
    bytes: int
    warning: str = ""


class DiskCache:
    """A cache in a private folder, safe for threads and processes. Raises SettingsError where it cannot be opened."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
            self._disk = diskcache.Cache(str(folder), disk=_TextDisk, eviction_policy="none", timeout=60)
        except (sqlite3.Error, OSError) as error:
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
        """The keys of entries that cannot be read."""
        try:
            keys = [str(k) for k in self._disk.iterkeys()]
        except _DAMAGE:
            yield "(index)"
            return
        yield from (key for key in keys if self.get(key) is None)

    def remove(self, key: str) -> None:
        try:
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
    """Remove a cache, whatever its state; a folder that is no cache is left alone, with a SettingsError."""
    if not folder.exists():
        return
    if any(folder.iterdir()) and not (folder / "cache.db").exists():
        raise SettingsError(f"{folder}: no cache of nianbao (no cache.db in it); nothing was removed")
    shutil.rmtree(folder)


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
