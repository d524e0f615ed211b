"""Answers kept in a Redis: as in the folder, nothing damaged crashes, nothing of others is touched, no password is told."""

import multiprocessing
import pickle
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from nianbao.pipeline.errors import SettingsError
from nianbao.pipeline.llm.cache import Entry, key_of
from nianbao.pipeline.llm.redis_cache import PREFIX, RedisCache

from tests.tools.standin import MODEL, StandIn, answer_from

from .made_up_runs import run
from .servers import PASSWORD, absent, free_port, redis_server

pytestmark = pytest.mark.cluster
KEY = "k" * 64
GOOD = Entry(raw="text").text()
SECRETS = (PASSWORD, "geheim", "1%402", "%2F")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as (url, _):
        yield url


@pytest.fixture
def raw(server: str) -> Iterator[Any]:
    """The server as somebody else uses it, emptied."""
    try:
        import redis
    except ImportError:
        absent("redis")
    with redis.Redis.from_url(server) as connection:
        connection.flushall()
        connection.config_set("maxmemory-policy", "noeviction")
        connection.config_set("maxmemory", 0)
        yield connection
        connection.config_set("maxmemory", 0)


@pytest.fixture
def cache(server: str, raw: Any) -> Iterator[RedisCache]:
    with RedisCache(server) as found:
        assert raw.dbsize() == 0
        yield found


# --- As the folder ---------------------------------------------------------------------------------------------------


@examples(max_examples=50)
@given(text=st.text() | st.just("\ud800") | st.just("长" * 100_000))
def test_what_is_kept_comes_back(server: str, text: str) -> None:
    """Whatever text it is, and the last one wins."""
    with RedisCache(server) as cache:
        cache.set(KEY, "before")
        cache.set(KEY, text)
        assert cache.get(KEY) == text


def test_what_is_not_there_is_a_miss(cache: RedisCache) -> None:
    assert (cache.get(KEY), cache.info().entries, list(cache.damaged())) == (None, 0, [])


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw, key: raw.set(key, b"\xff\xfe\x00"),
        lambda raw, key: raw.set(key, pickle.dumps({"a": 1})),
        lambda raw, key: raw.rpush(key, "a", "b"),
        lambda raw, key: raw.hset(key, "a", "b"),
    ],
    ids=["no text", "a pickle", "a list", "a hash"],
)
def test_a_damaged_entry_is_a_miss(cache: RedisCache, raw: Any, damage: Callable[[Any, str], None]) -> None:
    """It is listed as damaged, is taken away with `--remove`, and can be written anew."""
    damage(raw, PREFIX + KEY)
    cache.set("good", GOOD)
    assert (cache.get(KEY), list(cache.damaged()), cache.info().entries) == (None, [KEY], 2)
    cache.set(KEY, GOOD)
    assert (cache.get(KEY), list(cache.damaged())) == (GOOD, [])


def test_only_its_own_is_removed(cache: RedisCache, raw: Any) -> None:
    """Clearing leaves what others keep there, however many entries there are and whatever they are called."""
    others = {b"thesis": b"1", b"nianbao:other": b"2", b"xnianbao:answer:1": b"3", b"nianbao:answe?": b"4"}
    raw.mset(others)
    for n in range(2500):
        cache.set(str(n), "text")
    assert (cache.info().entries, cache.info().bytes) == (2500, 10_000)
    cache.clear()
    assert {key: raw.get(key) for key in raw.keys()} == others  # noqa: SIM118


def write_many(url: str, first: int) -> None:
    with RedisCache(url) as cache:
        for i in range(first, first + 20):
            cache.set(key_of({"n": i}), str(i) * 2000)
            cache.set(KEY, "shared")


def test_several_processes_at_once(server: str, cache: RedisCache) -> None:
    """No error, no lost entry."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write_many, args=(server, 20 * i)) for i in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [p.exitcode for p in processes] == [0] * 4
    assert [cache.get(key_of({"n": i})) for i in range(80)] == [str(i) * 2000 for i in range(80)]


# --- Servers that fail -----------------------------------------------------------------------------------------------


def test_a_full_server(cache: RedisCache, raw: Any) -> None:
    """What cannot be kept is an error that says so; what is there can be read."""
    cache.set(KEY, "text")
    raw.config_set("maxmemory", 1)
    with pytest.raises(SettingsError, match="its memory is full"):
        cache.set("other", "text")
    assert cache.get(KEY) == "text"


def test_a_server_that_is_lost(tmp_path: Path) -> None:
    """Reading it is a miss, writing it an error; when it is there again, so are both."""
    port = free_port()
    with redis_server(tmp_path / "r", port=port) as (url, process), RedisCache(url) as cache:
        cache.set(KEY, "text")
        process.kill()
        process.wait()
        assert cache.get(KEY) is None
        with pytest.raises(SettingsError, match=r"cannot be written \(no connection\)"):
            cache.set(KEY, "text")
        with pytest.raises(SettingsError, match="cannot be read"):
            cache.info()
        with redis_server(tmp_path / "r", port=port):
            cache.set(KEY, "text")
            assert cache.get(KEY) == "text"


def test_a_server_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(SettingsError, match=f"redis://127.0.0.1:{port}/0: cannot be used"):
            RedisCache(f"redis://127.0.0.1:{port}?socket_timeout=0.05")


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_the_address(server: str, scheme: str) -> None:
    with RedisCache(server.replace("redis", scheme, 1)) as cache:
        assert cache.place == f"{scheme}://127.0.0.1:{server.rpartition(':')[2]}"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("{base}", "{place}: cannot be used (the password is missing or refused)"),
        ("{user}wrong-geheim@{rest}", "{place}: cannot be used (the password is missing or refused)"),
        ("{user}geheim%2F1%402@127.0.0.1:1/0", "127.0.0.1:1/0: cannot be used (no connection)"),
        ("{user}geheim%2F1%402@127.0.0.1:1/0?db=geheim", "cannot be used (ValueError)"),
        ("{user}geheim%2F1%402@{rest}?geheim=1", "cannot be used (TypeError)"),
        ("{user}geheim/1@2@{rest}", "no address of a server"),
        ("{user}12/geheim@{rest}", "no address of a server"),
        ("{user}12#geheim@{rest}", "no address of a server"),
        ("{user}12?geheim@{rest}", "no address of a server"),
        ("redis://geheim:12?x@{rest}", "no address of a server"),
        ("redis://[geheim", "no address of a server"),
        ("geheim://{rest}", "redis://, rediss://, valkey:// or valkeys://"),
    ],
)
def test_a_bad_address_is_told_without_its_password(
    server: str, monkeypatch: pytest.MonkeyPatch, url: str, says: str
) -> None:
    """One line, status 2, and nothing of the password in it, wherever that was put."""
    rest = server.rpartition("@")[2]
    names = {"base": f"redis://{rest}", "user": "redis://:", "rest": rest, "place": f"redis://{rest}"}
    monkeypatch.setenv("NIANBAO_CACHE_URL", url.format(**names))
    result = run("cache", "info")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert says.format(**names) in result.stderr
    assert "geheim" not in result.stderr


# --- The commands ----------------------------------------------------------------------------------------------------


def test_the_cache_commands(server: str, cache: RedisCache, raw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """info, verify and clear work on it as on the folder, and show where it is without the password."""
    monkeypatch.setenv("NIANBAO_CACHE_URL", server)
    place = f"redis://127.0.0.1:{server.rpartition(':')[2]}"
    cache.set(KEY, GOOD)
    raw.set(PREFIX + "bad", b"\xff")
    raw.set("thesis", "years of work")
    assert run("cache", "info").stdout == f"{place}\n2 answers, {len(GOOD) + 1} bytes\n"
    assert run("cache", "verify").stdout == "bad: damaged\n2 entries, 1 damaged\n"
    assert run("cache", "verify", "--remove").stdout == "bad: damaged\n1 entries, 1 damaged and removed\n"
    assert run("cache", "clear", "--yes").stdout == f"{place}: removed\n"
    assert raw.keys() == [b"thesis"]


def test_a_server_that_drops_entries_is_told_of(server: str, raw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `cache info` and the doctor; which show nowhere the password."""
    monkeypatch.setenv("NIANBAO_CACHE_URL", server)
    assert run("cache", "info").stderr == ""
    raw.config_set("maxmemory-policy", "allkeys-lru")
    warning = "maxmemory-policy is allkeys-lru, so that it may drop answers"
    info = run("cache", "info")
    with StandIn(answer_from([])) as standin:
        doctor = run("doctor", "--model", MODEL, "--base-url", standin.url)
    assert warning in info.stderr
    assert warning in doctor.stdout
    assert "cache_url  (set)   from NIANBAO_CACHE_URL" in doctor.stdout
    assert not [s for s in SECRETS if s in info.output + doctor.output]
