"""What a run is over: reports with their gold, from the built-in samples, a folder, or a file of made-up reports."""

import hashlib
import json
import lzma
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ..pipeline.cli.view import clean
from ..pipeline.errors import InputError
from ..pipeline.extract import REPORT
from ..pipeline.source.decode import decode
from ..pipeline.source.inputs import read_input
from .gold import Gold, failing_identities, parse_gold, read_gold

SAMPLES = "samples"
"""The name of the built-in dataset."""

EXTRACTED = "extracted"
"""The name of the built-in texts that tools made of made-up reports; eval/documents/ makes them."""

_GOLD = ".gold.json"


class Line(BaseModel):
    """A line of a made-up file, and of the copy of its dataset that a run keeps.

    places: cell path → where the text prints it, half-open, in characters. broken: ids of the identities that fail as
    printed; None: to be assessed from gold. lost: cells whose value or position the text no longer tells; one that has no
    place either is no longer printed, and null is right. account: of texts that tools made, why each of those is lost: a
    word of eval/documents/account.py → paths; what is torn is still printed, in parts. done: the names of what was done to the report.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str
    text: str
    gold: dict[str, Any]
    places: dict[str, tuple[int, int]] | None = None
    form: str | None = None
    layout: str | None = None
    difficulty: int | None = None
    done: tuple[str, ...] = ()
    broken: tuple[str, ...] | None = None
    lost: tuple[str, ...] = ()
    account: dict[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A report with what is known of it; the fields as in Line, but `broken` is always known."""

    line: Line
    gold: Gold
    broken: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.line.name

    @property
    def text(self) -> str:
        return self.line.text

    @property
    def form(self) -> str | None:
        """The official form that the report follows, where that is known."""
        return self.line.form or self.gold.record.get("form")


@dataclass(frozen=True, slots=True)
class Dataset:
    """without_gold: texts of a folder that have none, and so cannot be scored."""

    name: str
    cases: tuple[Case, ...]
    without_gold: tuple[str, ...] = ()
    sha256: str = field(init=False)
    """Of all that the scores depend on: names, texts, gold, places."""

    def __post_init__(self) -> None:
        told = [
            [c.name, c.text, dict(c.gold.cells), c.line.places, sorted(c.broken)]
            for c in sorted(self.cases, key=lambda c: c.name)
        ]
        data = json.dumps(told, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
        object.__setattr__(self, "sha256", hashlib.sha256(data).hexdigest())

    @property
    def unreviewed(self) -> int:
        """How many reports have gold that no person has looked at."""
        return sum(not case.gold.reviewed for case in self.cases)


def load_dataset(dataset: str) -> Dataset:
    """`samples`, `extracted`, a folder of NAME.txt with NAME.gold.json, or a made-up JSON Lines file → the dataset.

    Raises InputError that names the file, the path and what was expected: no gold at all, gold that is no record of the
    form, gold for a text that is not there, the same report twice.
    """
    if dataset == SAMPLES:
        return Dataset(SAMPLES, tuple(_checked(_samples(), dataset)))
    if dataset == EXTRACTED:
        with as_file(files(__package__) / f"{EXTRACTED}.jsonl.xz") as built_in:
            return Dataset(EXTRACTED, tuple(_checked(read_lines(built_in), dataset)))
    path = Path(dataset)
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise InputError(
            f"{dataset}: no such dataset; give `{SAMPLES}`, `{EXTRACTED}`, a folder of NAME.txt with NAME{_GOLD}, or a JSON Lines file"
        )
    return Dataset(path.name, tuple(_checked(read_lines(path), dataset)))


def read_lines(path: Path) -> Iterator[tuple[str, Case]]:
    """The cases of a JSON Lines file, .xz or not, each with where it stands; raises InputError where a line is none."""
    with lzma.open(path) if path.suffix == ".xz" else path.open("rb") as file:
        for number, line in enumerate(file, 1):
            yield f"{path}:{number}", _made_up(line, f"{path}:{number}")


def _samples() -> Iterator[tuple[str, Case]]:
    root = files(__package__)
    for text in sorted((root / "samples").iterdir(), key=lambda f: f.name):
        if text.name.endswith(".txt"):
            gold = (root / "gold" / gold_name(text.name)).read_bytes()
            yield text.name, _case(text.name, text.read_bytes(), gold, gold_name(text.name))


def _folder(folder: Path) -> Dataset:
    texts = {gold_name(t.name): t for t in sorted(folder.glob("*.txt"))}
    golds = {g.name: g for g in sorted(folder.glob(f"*{_GOLD}"))}
    for name in golds.keys() - texts.keys():
        raise InputError(
            f"{golds[name]}: gold for a text that is not there: {name.removesuffix(_GOLD)}.txt was expected"
        )
    if not golds:
        raise InputError(f"{folder}: no NAME.txt with a NAME{_GOLD} beside it; give a folder that has some")
    cases = (
        (str(golds[n]), _case(texts[n].name, read_input(str(texts[n])), read_input(str(golds[n])), str(golds[n])))
        for n in golds
    )
    bare = tuple(t.name for n, t in texts.items() if n not in golds)
    return Dataset(folder.name or str(folder), tuple(_checked(cases, str(folder))), bare)


def gold_name(text_name: str) -> str:
    """report.txt → report.gold.json."""
    return text_name.removesuffix(".txt") + _GOLD


def _case(name: str, text: bytes, gold: bytes, where: str) -> Case:
    parsed = parse_gold(gold, where, REPORT)
    line = Line(name=clean(name), text=decode(text, name).text, gold=json.loads(gold))
    return Case(line, parsed, failing_identities(parsed, REPORT))


def _made_up(data: bytes, where: str) -> Case:
    try:
        line = Line.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(map(str, first["loc"])) or "the line"
        raise InputError(
            f"{where}: {path}: {first['msg']}; a made-up report has {', '.join(Line.model_fields)}"
        ) from error
    _known(line, where)
    torn = (line.account or {}).get("torn", ())
    unprinted = tuple(path for path in line.lost if path not in (line.places or {}) and path not in torn)
    gold = read_gold(line.gold, where, REPORT).without(unprinted)
    return Case(line, gold, line.broken if line.broken is not None else failing_identities(gold, REPORT))


def _known(line: Line, where: str) -> None:
    """Raises InputError where the line speaks of what is not in the form, or not in its text."""
    identities = {identity.id for identity in REPORT.identities}
    for key, named, known in (
        ("places", line.places or (), REPORT.columns),
        ("lost", line.lost, REPORT.columns),
        ("account", [path for paths in (line.account or {}).values() for path in paths], REPORT.columns),
        ("broken", line.broken or (), identities),
    ):
        unknown = next((name for name in named if name not in known), None)
        if unknown is not None:
            raise InputError(f"{where}: {key}.{unknown}: not in the form; a path of a cell or an identity was expected")
    for path, (start, end) in (line.places or {}).items():
        if not 0 <= start < end <= len(line.text):
            raise InputError(f"{where}: places.{path}: {start} to {end} is no stretch of {len(line.text)} characters")


def _checked(cases: Iterable[tuple[str, Case]], dataset: str) -> Iterator[Case]:
    """The cases; raises InputError where a name or a text stands twice, or there is none."""
    seen: dict[tuple[str, str], str] = {}
    count = 0
    for where, case in cases:
        for what, told in (("name", case.name), ("text", case.text)):
            other = seen.setdefault((what, told), where)
            if other != where:
                raise InputError(f"{where}: the same report twice: {other} has the same {what}; each may stand once")
        count += 1
        yield case
    if not count:
        raise InputError(f"{dataset}: the dataset is empty; a report with gold was expected")
