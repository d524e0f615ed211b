"""A cache of answers that somebody with its files has changed."""

import asyncio
import json
import pickle
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nianbao.pipeline.errors import SettingsError
from nianbao.pipeline.llm.cache import DiskCache, Entry, clear
from nianbao.pipeline.llm.client import Client, connect
from nianbao.pipeline.llm.question import question_key
from nianbao.pipeline.llm.reply import Reply
from nianbao.pipeline.llm.wire import Pointing

from .answers import anything, settings_for

RIGHT = '{"rows":["1: 1-3"]}'
QUESTION = [{"role": "user", "content": "问"}]
TABLES = {
    "Cache": ("key", "raw", "mode", "value", "filename", "size", "expire_time", "tag", "store_time", "access_count"),
    "Settings": ("key", "value"),
}


class Boom:
    """Unpickled, it would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, str, int, Any]:
    """Where, and what stands there then: a column of a table and the row's number, the entry itself, or the bytes of a file."""
    where = draw(st.sampled_from(["entry", "entry", *TABLES, "file"]))
    if where == "entry":
        used = draw(anything | st.lists(st.lists(st.integers(-5, 5), min_size=2, max_size=2), max_size=2))
        told = {
            "raw": draw(st.sampled_from([RIGHT, RIGHT, '{"rows":["1: 2-4"]}', "{", "\ud800"]) | anything),
            "usages": used,
        }
        return (
            where,
            "",
            0,
            json.dumps(draw(st.sampled_from([told, told, used]))) + draw(st.sampled_from(["", "", "x"])),
        )
    if where == "file":
        return where, draw(st.sampled_from(["cache.db", "cache.db-wal", "ab"])), 0, draw(st.binary(max_size=200))
    plain = st.none() | st.integers(-(2**62), 2**62) | st.floats() | st.text(max_size=9) | st.binary(max_size=9)
    named = st.sampled_from(["../outside", "/etc/hostname", "gone.val", "pickle", 4, 3, 2, 1, 0])
    return where, draw(st.sampled_from(TABLES[where])), draw(st.integers(1, 20)), draw(plain | named)


def try_entries(examples: int) -> Counter[str]:
    """Tamper with a cache → how many came to what; raises where an exception is none of ours, or something ran or was let in."""
    told: Counter[str] = Counter()
    with TemporaryDirectory() as scratch, asyncio.Runner() as loop:
        home = Path(scratch)
        outside = home / "outside"
        outside.write_text("years of work")

        asked = settings_for("http://127.0.0.1:9/v1")
        key = question_key(asked, QUESTION, Pointing)
        with DiskCache(home / "whole") as cache:
            cache.set(key, Entry(raw=RIGHT, usages=((10, 5),)).text())

        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(changes(), min_size=1, max_size=2))
        def law(made: list[tuple[str, str, int, Any]]) -> None:
            folder = home / "cache"
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(home / "whole", folder)
            for change in made:
                _change(folder, key, home / "ran", *change)
            try:
                with DiskCache(folder) as cache:
                    listed = set(cache.damaged())
                    kept = loop.run(_kept(cache, asked))
                    for name in listed:
                        cache.remove(name)
                    assert kept is None or key not in listed
            except SettingsError:
                told["refused as a whole"] += 1
            else:
                told["asked anew" if kept is None else "taken"] += 1
                assert kept is None or kept.answer is not None
                assert kept is None or min((n for u in kept.kept for n in u.tokens), default=0) >= 0
            clear(folder)
            assert (outside.read_text(), (home / "ran").exists()) == ("years of work", False)
            told["caches"] += 1

        law()
    return told


async def _kept(cache: DiskCache, asked: Any) -> Reply[Pointing] | None:
    async with connect(asked, cache) as client:
        return _look(client)


def _look(client: Client) -> Reply[Pointing] | None:
    return client._kept(client.key(QUESTION, Pointing), Pointing)


def _change(folder: Path, key: str, ran: Path, where: str, name: str, row: int, value: Any) -> None:
    if where == "file":
        path = folder / name
        if not path.is_dir():
            path.write_bytes(value)
        return
    pickled = pickle.dumps(Boom(ran))
    if value == "pickle":
        value = pickled
    try:
        with closing(sqlite3.connect(folder / "cache.db")) as db, db:
            if where == "entry":
                db.execute(
                    "UPDATE Cache SET value = ?, mode = 3, filename = NULL WHERE key = ?",
                    (value.encode("utf-8", "replace").decode(), key),
                )
            elif where == "Cache":
                db.execute(f"UPDATE Cache SET {name} = ?", (value,))
                if value == pickled:
                    db.execute("UPDATE Cache SET mode = 4")
            else:
                db.execute(f"UPDATE Settings SET {name} = ? WHERE rowid = ?", (value, row))
    except sqlite3.Error:
        return  # a change that the database itself refuses
