"""Answers kept in a Redis or Valkey that many machines share, behind the same names as the folder of `cache.py`.

The address may hold a password: whatever is said tells the place alone, and never repeats the words of a server or a parser.
"""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, NoReturn, Self
from urllib.parse import urlsplit

from ..errors import SettingsError
from ..many.extra import needs
from .cache import Info, read_entry

PREFIX = "nianbao:answer:"
"""Before the key of every entry: what else the server holds is nobody's business here."""
_AT_ONCE = 1_000
_CONNECT_S, _ANSWER_S = 5, 5
_TRIES_MORE, _FIRST_WAIT_S, _LONGEST_WAIT_S = 2, 0.2, 1
"""A server that is away for a moment is asked again."""


class RedisCache:
    """A cache on a server, safe for threads, processes and machines.

    Raises SettingsError where the address is none, or the server cannot be used.
    """

    def __init__(self, url: str) -> None:
        self.place = place_of(url)
        self._redis = needs("redis", f"cache {self.place} needs", "redis")
        retry = needs("redis.retry", "the cache needs", "redis").Retry
        backoff = needs("redis.backoff", "the cache needs", "redis").ExponentialBackoff
        try:
            self._server = self._redis.Redis.from_url(
                url.replace("valkey", "redis", 1),
                socket_connect_timeout=_CONNECT_S,
                socket_timeout=_ANSWER_S,
                protocol=2,
                retry=retry(backoff(_LONGEST_WAIT_S, _FIRST_WAIT_S), _TRIES_MORE),
            )
            self._server.ping()
        except (self._redis.RedisError, OSError, ValueError, TypeError) as error:
            self._fail(error, "cannot be used", "see that it runs, or name another with NIANBAO_CACHE_URL")

    def get(self, key: str) -> str | None:
        """The text kept under a key; None where there is none, it is damaged, or the server does not answer."""
        try:
            found = self._server.get(PREFIX + key)
            return found.decode("utf-8", "surrogatepass") if isinstance(found, bytes) else None
        except (self._redis.RedisError, OSError, UnicodeError):
            return None

    def set(self, key: str, raw: str) -> None:
        """Keep text under a key; an entry that is there is replaced. Raises SettingsError where it cannot be written."""
        try:
            self._server.set(PREFIX + key, raw.encode("utf-8", "surrogatepass"))
        except (self._redis.RedisError, OSError) as error:
            self._fail(error, "cannot be written", "see that it runs and has room")

    def info(self) -> Info:
        try:
            sizes = [size for keys in self._batches() for size in self._sizes(keys)]
            policy = self._server.info("memory").get("maxmemory_policy", "noeviction")
        except (self._redis.RedisError, OSError) as error:
            self._fail(error, "cannot be read", "see that it runs")
        warning = "" if policy == "noeviction" else (
            f"cache {self.place}: maxmemory-policy is {policy}, so that it may drop answers, which are then paid for again;"
            " set it to noeviction"
        )  # fmt: skip
        return Info(self.place, len(sizes), sum(sizes), warning)

    def damaged(self) -> Iterator[str]:
        """The keys of entries that cannot be read, or are none of ours."""
        try:
            keys = [key.removeprefix(PREFIX.encode()) for batch in self._batches() for key in batch]
        except (self._redis.RedisError, OSError) as error:
            self._fail(error, "cannot be read", "see that it runs")
        names = (key.decode("utf-8", "backslashreplace") for key in keys)
        yield from (name for name in names if read_entry(self.get(name)) is None)

    def remove(self, key: str) -> None:
        self._remove([PREFIX + key])

    def clear(self) -> None:
        """Remove every entry of ours, and nothing else."""
        for keys in self._batches():
            self._remove(keys)

    def close(self) -> None:
        self._server.close()

    def _remove(self, keys: list[Any]) -> None:
        try:
            self._server.delete(*keys)
        except (self._redis.RedisError, OSError) as error:
            self._fail(error, "cannot be written", "see that it runs")

    def _batches(self) -> Iterator[list[bytes]]:
        """The keys of the entries, each once, as it lists a key twice where it grows meanwhile."""
        seen: set[bytes] = set()
        cursor = None
        while cursor != 0:
            cursor, found = self._server.scan(cursor or 0, match=f"{PREFIX}*", count=_AT_ONCE)
            keys = [key for key in dict.fromkeys(found) if key not in seen]
            seen.update(keys)
            if keys:
                yield keys

    def _sizes(self, keys: list[bytes]) -> list[int]:
        """The bytes of entries; 0 for what is no text."""
        with self._server.pipeline(transaction=False) as asked:
            for key in keys:
                asked.strlen(key)
            return [size if isinstance(size, int) else 0 for size in asked.execute(raise_on_error=False)]

    def _fail(self, error: Exception, what: str, advice: str) -> NoReturn:
        raise SettingsError(f"cache {self.place}: {what} ({self._reason(error)}); {advice}") from None

    def _reason(self, error: Exception) -> str:
        """What is wrong, in our words: a server's may repeat what it was sent."""
        exceptions = self._redis.exceptions
        for kind, reason in (
            (exceptions.AuthenticationError, "the password is missing or refused"),
            (exceptions.NoPermissionError, "it is not permitted"),
            (exceptions.BusyLoadingError, "it is still starting"),
            (exceptions.OutOfMemoryError, "its memory is full"),
            (exceptions.ReadOnlyError, "it takes no changes"),
            (exceptions.TimeoutError, f"no answer in {_ANSWER_S} s"),
            (exceptions.ConnectionError, "no connection"),
        ):
            if isinstance(error, kind):
                return reason
        return type(error).__name__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def place_of(url: str) -> str:
    """The address of a server without user, password and options; raises SettingsError where it is none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    number = parts.path.strip("/") if host else ""
    # Where a password is not encoded, its rest stands in one of these.
    if not host or parts.fragment or "@" in parts.query or not (number.isdigit() or number == ""):
        raise SettingsError(
            "NIANBAO_CACHE_URL: no address of a server; write redis://[[USER]:PASSWORD@]HOST[:PORT][/NUMBER],"
            " the special characters of a password percent-encoded"
        )
    where = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{where}:{port or 6379}/{number or 0}"
