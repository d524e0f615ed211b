"""The cache of answers: nothing tampered with runs, nothing damaged crashes, nothing is lost."""

import multiprocessing
import pickle
import sqlite3
import stat
from pathlib import Path

import diskcache
import pytest
from nianbao.pipeline.errors import SettingsError
from nianbao.pipeline.llm.cache import MARK, DiskCache, Entry, clear, key_of, read_entry

from .elsewhere import SHARED, text_of, write_many

KEY = SHARED
LONG = "长" * 100_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with DiskCache(tmp_path / "c") as cache:
        cache.set(KEY, LONG)
    return tmp_path / "c"


def change(folder: Path, **columns: object) -> None:
    """Change the entry's row, as somebody with the file could."""
    with sqlite3.connect(folder / "cache.db") as db:
        assignments = ", ".join(f"{name} = ?" for name in columns)
        db.execute(f"UPDATE Cache SET {assignments}", list(columns.values()))
    db.close()


class Boom:
    """Unpickled, it would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("inline", [True, False])
def test_a_pickle_in_the_cache_is_a_miss(folder: Path, tmp_path: Path, inline: bool) -> None:
    """A row that was made to say it is a pickle runs nothing, and is a miss."""
    data = pickle.dumps(Boom(tmp_path / "ran"))
    (folder / "evil.val").write_bytes(data)
    change(folder, mode=4, value=data if inline else None, filename=None if inline else "evil.val")
    with DiskCache(folder) as cache:
        assert cache.get(KEY) is None
        assert list(cache.damaged()) == [KEY]
    assert not (tmp_path / "ran").exists()


def test_a_key_that_is_none_stops_nobody(folder: Path, tmp_path: Path) -> None:
    """A pickled key, and one of another type, runs nothing, is listed by its row beside other damage, and can be removed."""
    with DiskCache(folder) as cache:
        cache.set(KEY, Entry(raw=LONG).text())
        cache.set("another", "no entry")
    with sqlite3.connect(folder / "cache.db") as db:
        boom = pickle.dumps(Boom(tmp_path / "ran"))
        for key, raw in ((boom, 0), (7, 1), ("text", 0)):
            db.execute("INSERT INTO Cache (key, raw, mode, value) VALUES (?, ?, 1, 'x')", (key, raw))
    with DiskCache(folder) as cache:
        damaged = list(cache.damaged())
        assert damaged == ["another", "row 3", "row 4", "row 5"]
        for name in damaged:
            cache.remove(name)
        assert (list(cache.damaged()), cache.info().entries, cache.get(KEY)) == ([], 1, Entry(raw=LONG).text())
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("filename", ["../outside", "{outside}", "link/outside", "a/../../outside"])
@pytest.mark.parametrize("act", ["remove", "set", "clear"])
def test_nothing_outside_is_removed(folder: Path, tmp_path: Path, filename: str, act: str) -> None:
    """A row that names a file elsewhere, directly or through a link, leads nobody to remove it."""
    outside = tmp_path / "outside"
    outside.write_text("years of work")
    (folder / "link").symlink_to(tmp_path)
    with sqlite3.connect(folder / "cache.db") as db:
        db.execute("UPDATE Cache SET filename = ?", (filename.replace("{outside}", str(outside)),))
    with DiskCache(folder) as cache:
        assert (list(cache.damaged()), cache.get(KEY)) == ([KEY], None)
        if act == "remove":
            cache.remove(KEY)
        elif act == "set":
            cache.set(KEY, Entry(raw=LONG).text())
            assert cache.get(KEY) == Entry(raw=LONG).text()
    if act == "clear":
        clear(folder)
    assert outside.read_text() == "years of work"


@pytest.mark.parametrize(
    "columns",
    [
        {"filename": "../../outside"},
        {"filename": "/etc/hostname"},
        {"filename": "gone.val"},
        {"mode": 99},
        {"mode": 1, "value": 7},
    ],
)
def test_a_row_that_points_elsewhere_is_a_miss(folder: Path, columns: dict[str, object]) -> None:
    (folder.parent.parent / "outside").write_text("secret")
    change(folder, **columns)
    with DiskCache(folder) as cache:
        assert cache.get(KEY) is None
        cache.set(KEY, "new")
        assert cache.get(KEY) == "new"
    assert (folder.parent.parent / "outside").read_text() == "secret"


def test_a_damaged_file_is_a_miss(folder: Path) -> None:
    for file in folder.rglob("*.val"):
        file.write_bytes(b"\xff\xfe\x00")
    with DiskCache(folder) as cache:
        assert cache.get(KEY) is None


def test_a_damaged_index_is_a_clear_error(folder: Path) -> None:
    """Where the index is no database, the error names the folder; clearing it mends it."""
    (folder / "cache.db").write_bytes(b"no database at all" * 500)
    with pytest.raises(SettingsError, match="cannot be opened"):
        DiskCache(folder)
    clear(folder)
    with DiskCache(folder) as cache:
        assert (cache.get(KEY), cache.info().entries) == (None, 0)


def test_the_folder_is_private(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_of_others_keeps_its_mode(tmp_path: Path) -> None:
    """The mode of a folder that was there is its owner's business."""
    (tmp_path / "own").mkdir(mode=0o755)
    with DiskCache(tmp_path / "own"):
        assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o755


@pytest.mark.parametrize("name", ["thesis.docx", "cache.db", "ab", ".git"])
def test_a_folder_that_is_no_cache_is_not_touched(tmp_path: Path, name: str) -> None:
    """A folder that holds something else, be it the cache of another program, is neither cleared nor opened."""
    (tmp_path / name).write_text("years of work")
    for work in (clear, DiskCache):
        with pytest.raises(SettingsError, match=r"nothing was removed|was left as it is"):
            work(tmp_path)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {name: "years of work"}


def test_another_program_s_cache_is_not_touched(tmp_path: Path) -> None:
    with diskcache.Cache(str(tmp_path / "theirs")) as theirs:
        theirs.set("a", "b" * 100_000)
    before = {p: p.read_bytes() for p in (tmp_path / "theirs").rglob("*") if p.is_file()}
    with pytest.raises(SettingsError, match="nothing was removed"):
        clear(tmp_path / "theirs")
    with pytest.raises(SettingsError, match=MARK):
        DiskCache(tmp_path / "theirs")
    assert {p: p.read_bytes() for p in (tmp_path / "theirs").rglob("*") if p.is_file()} == before


def test_a_cache_from_before_there_was_a_mark(tmp_path: Path) -> None:
    """It is opened, and has the mark from then on."""
    with DiskCache(tmp_path / "c") as cache:
        cache.set(key_of({}), text_of(1))
    (tmp_path / "c" / MARK).unlink()
    with DiskCache(tmp_path / "c") as cache:
        assert cache.get(key_of({})) == text_of(1)
    assert (tmp_path / "c" / MARK).exists()


def test_what_others_put_into_a_cache_stays(folder: Path, tmp_path: Path) -> None:
    """Clearing removes what a cache consists of, and follows no link out of it."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.docx").write_text("years of work")
    (folder / "ff").symlink_to(tmp_path / "work")
    (folder / "notes.txt").write_text("mine")
    clear(folder)
    assert [p.name for p in folder.iterdir()] == ["notes.txt"]
    assert (tmp_path / "work" / "thesis.docx").exists()


def test_a_variable_is_not_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "s")
    with pytest.raises(SettingsError, match="is not filled in"):
        DiskCache(tmp_path / "$SECRET")


@pytest.mark.parametrize(
    "text",
    [
        '{"raw":"a","usages":[[-1,2]]}', '{"raw":"a","usages":[["1",2]]}', '{"raw":"a","usages":[[true,2]]}',
        '{"raw":"a","usages":[[1]]}', '{"raw":"a","usages":[[9e9,2]]}', '{"raw":"a","usages":[[9999999999,2]]}',
        '{"raw":"a","usages":null}', '{"raw":null}', "[]", "", "a", "[" * 9_999, '{"raw":"' + "a" * 200_001 + '"}',
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_an_entry_that_is_none(folder: Path, text: str) -> None:
    """An entry of another shape, and one of fewer tokens than none, is no entry, and is listed as damaged."""
    with DiskCache(folder) as cache:
        cache.set(KEY, text)
        assert (read_entry(cache.get(KEY)), list(cache.damaged())) == (None, [KEY])


def test_an_entry_is_what_was_kept() -> None:
    entry = Entry(raw='{"rows":[]}', usages=((5, 7), (0, 0)))
    assert read_entry(entry.text()) == entry


def test_a_folder_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="NIANBAO_CACHE_DIR"):
        DiskCache(tmp_path / "file")


def test_processes_at_once(tmp_path: Path) -> None:
    """Three processes that write into one new cache at once: no error, no lost entry."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write_many, args=(str(tmp_path / "c"), 20 * i)) for i in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [p.exitcode for p in processes] == [0] * 3
    with DiskCache(tmp_path / "c") as cache:
        assert [cache.get(key_of({"n": i})) for i in range(60)] == [text_of(i) for i in range(60)]
        assert list(cache.damaged()) == []


def test_nothing_is_evicted(tmp_path: Path) -> None:
    with DiskCache(tmp_path / "c") as cache:
        cache._disk.reset("size_limit", 1000)
        for i in range(50):
            cache.set(str(i), LONG)
        assert [cache.get(str(i)) == LONG for i in range(50)] == [True] * 50


def test_a_key_is_of_the_content() -> None:
    """The order of a mapping does not matter; any value does."""
    assert key_of({"a": 1, "b": [2]}) == key_of({"b": [2], "a": 1})
    assert len({key_of({"a": 1}), key_of({"a": "1"}), key_of({"a": 2}), key_of({})}) == 4
