"""Sources: files, folders, globs, JSON Lines, Parquet and addresses give the same reports, in order, whatever is wrong with some."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import fsspec
import pyarrow
import pyarrow.parquet
import pytest
from nianbao.pipeline.many import sources
from nianbao.pipeline.many.sources import Columns, Given, list_files, reports
from nianbao.pipeline.source.decode import MAX_BYTES
from nianbao.pipeline.source.inputs import list_inputs

from nianbao import InputError

from .made_up_runs import run

ONE = Path(__file__).parent.parent / "eval" / "samples" / "001_00cf7cc126b6d59e.txt"
TEXTS = {"甲": "一、总体情况", "乙": "二、主动公开", "丙": "三、申请"}
GIVEN = [Given(name, text) for name, text in TEXTS.items()]


def read(*given: str | Path, columns: Columns | None = None) -> list[Given]:
    return [load() for load in reports(list_files(map(str, given)), columns or Columns())]


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """a-1.txt a/b.txt c.md, with what is to be passed over: another kind of file, a hidden one, a run."""
    home = tmp_path / "reports"
    for name in ("a/b.txt", "a-1.txt", "c.md", ".hidden.txt", "image.png", "RUN/summary.txt"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(name.encode())
    (home / "RUN" / "shards").mkdir()
    (home / "RUN" / "manifest.json").write_text("{}")
    return home


def test_files_and_folders(folder: Path) -> None:
    """In the order given, and in a folder by name, as `nianbao extract` takes them; a run's own files are no reports."""
    names = ["a/b.txt", "a-1.txt", "c.md"]
    assert read(folder) == [Given(f"{folder}/{name}", name.encode()) for name in names]
    assert read(folder / "c.md", folder / "a") == [Given(f"{folder}/{n}", n.encode()) for n in ("c.md", "a/b.txt")]
    assert read(f"{folder}/*.*") == [Given(f"{folder}/{n}", n.encode()) for n in ("a-1.txt", "c.md", "image.png")]
    assert read(f"{folder}/a*") == read(folder / "a", folder / "a-1.txt")


def test_json_lines_and_parquet(tmp_path: Path) -> None:
    """The same rows, whichever they are in; without a name a report is called after its place."""
    rows = [{"name": g.name, "text": g.data} for g in GIVEN]
    table = pyarrow.Table.from_pylist(rows)
    pyarrow.parquet.write_table(table, tmp_path / "r.parquet", row_group_size=2)
    assert read(lines(tmp_path / "r.jsonl", *rows)) == GIVEN
    assert read(tmp_path / "r.parquet") == GIVEN
    assert read(tmp_path / "r.parquet", columns=Columns(name="none")) == [
        Given(f"{tmp_path}/r.parquet:{n}", g.data) for n, g in enumerate(GIVEN, 1)
    ]
    swapped = Columns(text="name", name="text")
    assert read(tmp_path / "r.jsonl", columns=swapped) == [Given(str(g.data), g.name) for g in GIVEN]


def test_bytes_in_a_column(tmp_path: Path) -> None:
    """A column of bytes is decoded as a file is."""
    table = pyarrow.table({"text": pyarrow.array(["报告".encode("gbk")], pyarrow.binary())})
    pyarrow.parquet.write_table(table, tmp_path / "b.parquet")
    assert read(tmp_path / "b.parquet") == [Given(f"{tmp_path}/b.parquet:1", "报告".encode("gbk"))]


def test_rows_without_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a report with a reason, called after its line; an empty line is none."""
    file = tmp_path / "r.jsonl"
    whole = json.dumps({"text": "甲"}).encode()
    parts = [
        b"{",
        b"[1]",
        b"",
        b'{"text": 7}',
        b'{"name": "x"}',
        b'{"name": "\\ud800", "text": "t"}',
        b"9" * 300,
        whole,
    ]
    file.write_bytes(b"\n".join(parts))
    monkeypatch.setattr(sources, "_LONGEST_LINE", 200)
    found = read(file)
    assert [(g.name.removeprefix(f"{file}:"), g.data) for g in found] == [
        ("1", None), ("2", None), ("4", None), ("x", None), ("?", "t"), ("7", None), ("8", "甲")
    ]  # fmt: skip
    said = [
        "no JSON",
        "no JSON object",
        "a value of type int in column text",
        "no value in column text",
        "",
        "a line of",
    ]
    assert all(g.problem.startswith(part) for g, part in zip(found, said, strict=False))


@pytest.fixture
def store() -> Iterator[str]:
    """Reports at addresses: memory:// stands for s3:// and the like."""
    system = fsspec.filesystem("memory")
    for name in ("in/b.txt", "in/a/c.txt", "in/.x.txt", "in/d.png"):
        system.pipe(f"/{name}", name.encode())
    system.pipe("/in/r.jsonl", json.dumps({"name": "甲", "text": "乙"}).encode())
    yield "memory://in"
    system.rm("/in", recursive=True)


def test_addresses(store: str) -> None:
    """Folders, globs and files at addresses, as on the disk."""
    expected = [
        Given("memory:///in/a/c.txt", b"in/a/c.txt"),
        Given("memory:///in/b.txt", b"in/b.txt"),
        Given("甲", "乙"),
    ]
    assert read(store) == expected
    assert read(f"{store}/*.txt", f"{store}/r.jsonl")[-2:] == expected[1:]
    with pytest.raises(InputError, match="cannot be listed"):
        read(f"{store}/none.txt")
    with pytest.raises(InputError, match="cannot be listed"):
        read("nosuch://bucket/x")


def test_a_file_that_goes_away(folder: Path, store: str) -> None:
    """A file that is listed and then not there is a report with a reason."""
    loads = list(reports(list_files([str(folder / "c.md"), f"{store}/b.txt"]), Columns()))
    (folder / "c.md").unlink()
    fsspec.filesystem("memory").rm("/in/b.txt")
    assert [load().problem for load in loads] == ["no such file; check the path", "cannot be read (FileNotFoundError)"]


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(10 * MAX_BYTES)
    (found,) = read(tmp_path / "huge.txt")
    assert len(found.data or b"") == MAX_BYTES + 1


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("gone", "no such file or folder"),
        ("gone-*.txt", "no reports there"),
        ("empty", "no reports there"),
        ("-", "standard input cannot be read again"),
        ("other.jsonl", "has no column text (there are: body, title): name it with --text-column"),
        ("other.parquet", "has no column text (there are: body)"),
        ("broken.parquet", "cannot be read"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--estimate",)])
def test_sources_that_cannot_be_used(tmp_path: Path, source: str, says: str, more: tuple[str, ...]) -> None:
    """One line, status 2, before anything is read."""
    (tmp_path / "empty").mkdir()
    lines(tmp_path / "other.jsonl", {"body": "…", "title": "…"})
    pyarrow.parquet.write_table(pyarrow.table({"body": ["…"]}), tmp_path / "other.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    result = run("bulk", source, "--out", "RUN", "--workers", "1", *more)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert f"nianbao: {source}: " in result.stderr
    assert says.replace("): name", "); name") in result.stderr


# --- Names, and what is no file --------------------------------------------------------------------------------------


GBK = os.fsdecode("年报".encode("gbk")) + ".txt"
"""The name of a file as it comes out of a zip archive made in China."""


@pytest.mark.parametrize("given", ["{}", "{}/" + GBK, "{}/*.txt"])
def test_a_name_that_is_not_utf8(tmp_path: Path, given: str) -> None:
    """The file is read, also once more, and is called what its maker called it."""
    folder = tmp_path / os.fsdecode("县".encode("gbk"))
    folder.mkdir()
    (folder / GBK).write_text(ONE.read_text(encoding="utf-8"), encoding="utf-8")
    for _ in range(2):
        result = run("bulk", given.format(folder), "--out", "RUN", "--workers", "1")
        assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "1 reports")
    (told,) = (tmp_path / "RUN" / "extractions.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(told)["source"]["name"] == f"{tmp_path}/县/年报.txt"
    result = run("extract", folder, "--json")
    assert (result.exit_code, json.loads(result.stdout)["source"]["name"]) == (0, f"{tmp_path}/县/年报.txt")


def test_what_is_no_file(tmp_path: Path) -> None:
    """A pipe or a device among the inputs is a report that cannot be read, and nobody waits for it."""
    folder = tmp_path / "reports"
    folder.mkdir()
    os.mkfifo(folder / "a.txt")
    (folder / "b.txt").symlink_to("/dev/zero")
    assert [given.problem.partition(";")[0] for given in read(folder)] == ["a pipe, no file", "a device, no file"]
    result = run("extract", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert [line.split(": ")[2].partition(";")[0] for line in result.stderr.splitlines()] == [
        "a pipe, no file", "a device, no file"
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["r.jsonl", "r.parquet"])
@pytest.mark.parametrize("command", [("bulk", "--out", "RUN"), ("check", "--engine", "none", "--records")])
def test_a_pipe_of_many(tmp_path: Path, command: tuple[str, ...], name: str) -> None:
    """One line, status 2."""
    os.mkfifo(tmp_path / name)
    result = run(*command, tmp_path / name)
    assert (result.exit_code, "a pipe, no file" in result.stderr, result.stderr.count("\n")) == (2, True, 1)


def test_many_reports_are_for_bulk(tmp_path: Path) -> None:
    """`extract` says so of a file that holds many; the other inputs are read."""
    lines(tmp_path / "made.jsonl", {"text": "…"})
    result = run("extract", "made.jsonl", ONE)
    assert (result.exit_code, "nianbao bulk made.jsonl --out FOLDER" in result.stderr) == (2, True)
    assert "八卦洲街道" in result.stdout


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder with a report, and a folder in it that may not be read."""
    with TemporaryDirectory() as name:
        home = Path(name)
        home.chmod(0o755)
        (home / "b.txt").write_bytes(ONE.read_bytes())
        (home / "a").mkdir(mode=0o700)
        run("extract", ONE)
        if os.geteuid() == 0:
            os.seteuid(65534)
        else:
            (home / "a").chmod(0)
        yield home
        if os.getuid() == 0:
            os.seteuid(0)
        (home / "a").chmod(0o700)


def test_a_folder_that_cannot_be_read(closed: Path) -> None:
    """It is said, with status 2; what is beside it is extracted, and a run is not begun."""
    error, path = list_inputs((str(closed),))
    assert str(error).startswith(f"{closed}/a: the folder cannot be read")
    assert path == f"{closed}/b.txt"
    result = run("extract", closed / "a")
    assert (result.exit_code, f"{closed}/a: the folder cannot be read" in result.stderr) == (2, True)
    with pytest.raises(InputError, match="a: the folder cannot be read"):
        list(list_files([str(closed)]))
