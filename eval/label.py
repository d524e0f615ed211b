"""A first draft of gold: filled in from a reading, and marked as reviewed by nobody."""

import json
from dataclasses import dataclass
from pathlib import Path

from ..pipeline.errors import InputError
from ..pipeline.extract import REPORT, Engine, extract
from ..pipeline.llm.settings import Settings
from ..pipeline.source.decode import decode
from ..pipeline.source.inputs import read_input
from ..schemas.extraction import Finding
from .dataset import gold_name


@dataclass(frozen=True, slots=True)
class Draft:
    """json: the gold file. doubts: what the reader itself was not sure of."""

    json: str
    doubts: tuple[Finding, ...]


def label(path: str, engine: Engine = "rules", model: Settings | None = None) -> Draft:
    """The text of a report → a draft of its gold; raises InputError where the text cannot be read as a report.

    Prose is left out, as it is not scored.
    """
    extraction = extract(decode(read_input(path), path).text, engine=engine, name=path, model=model)
    if extraction.report is None:
        raise InputError(f"{path}: no record came of it; write the gold by hand")
    prose = {prose.path.partition(".")[0] for prose in REPORT.proses}
    record = extraction.report.model_dump(exclude=prose)
    doubts = tuple(f for f in extraction.findings if f.severity != "info")
    gold = {"reviewed": False, "notes": f"drafted by {extraction.reader}, {extraction.status}", **record}
    return Draft(json.dumps(gold, ensure_ascii=False, indent=1) + "\n", doubts)


def gold_file(path: str) -> str:
    """report.txt → report.gold.json beside it; raises InputError where a run would not take the two for a pair."""
    if not path.endswith(".txt"):
        raise InputError(f"{path}: a text whose name ends in .txt was expected; or give --out FILE")
    return str(Path(path).with_name(gold_name(Path(path).name)))
