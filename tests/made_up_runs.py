"""Small datasets, and answers that are wrong in a known place."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from nianbao.eval.dataset import Case, load_dataset
from nianbao.pipeline.cli.main import main
from nianbao.pipeline.extract import REPORT

from nianbao import Extraction

from .made_up import SUBTABLES, report

RECEIVED = "requests.received"


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], input=stdin, catch_exceptions=False)


def line(name: str, form: str = "2021", cells: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """A line of a made-up file: a small report whose cells are 0 but for `cells`, and its gold."""
    cells = cells or {}
    gold: dict[str, Any] = {"form": form}
    for path in printed(form):
        printed_as = cells.get(path, "0")
        is_amount = REPORT.columns[path].kind == "amount"
        put(gold, path, str(int(printed_as) * 10_000) if is_amount else int(printed_as))
    text = report(form, cells, title=f"{name}2023年政府信息公开工作年度报告")
    return {"name": name, "text": text, "gold": gold, "form": form, **more}


def printed(form: str) -> list[str]:
    """The cells that the official form prints."""
    columns = {f"disclosure.{row}": names for _, rows, names in SUBTABLES[form] for row in rows}
    return [
        row.cell(c.name)
        for row in REPORT.rows.values()
        if row.form in (form, None)
        for c in row.columns
        if c.name in columns.get(row.path, (c.name,)) and (row.path in columns or "disclosure" not in row.path)
    ]


def put(record: dict[str, Any], path: str, value: Any) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        record = record.setdefault(parent, {})
    record[name] = value


def write(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines), encoding="utf-8")
    return path


def cases(path: Path, *lines: Mapping[str, Any]) -> tuple[Case, ...]:
    return load_dataset(str(write(path / "lines.jsonl", lines))).cases


def altered(extraction: Extraction, cells: Mapping[str, Any], **more: Any) -> Extraction:
    """The same extraction with other cells in its record (None: null), and what else is given in place of its own.

    Under a status that is given all cells are vouched for, or in doubt.
    """
    told = extraction.model_dump(mode="json")
    for path, value in cells.items():
        put(told["report"], path, value)
    if "status" in more:
        _trust(told, more["status"])
    return Extraction.model_validate_json(json.dumps({**told, **more}))


def _trust(told: dict[str, Any], status: str) -> None:
    told["status"] = status
    for evidence in told["evidence"].values():
        evidence["trust"] = "doubtful" if status == "unresolved" else "vouched"
    told["coverage"]["vouched"] = 0 if status == "unresolved" else len(told["evidence"])


def doubted(extraction: Extraction, doubts: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]) -> Extraction:
    """The same extraction, unresolved, with these cells in doubt and all others vouched for.

    doubts: the reason, and for each choice what it puts at each path, the likeliest first; an absent cell is left out of it.
    """
    told = extraction.model_dump(mode="json")
    paths = [list(dict.fromkeys(path for choice in choices for path in choice)) for _, choices in doubts]
    for path, evidence in told["evidence"].items():
        evidence["trust"] = "doubtful" if any(path in own for own in paths) else "vouched"
    told["doubts"] = [
        {
            "reason": reason,
            "paths": own,
            "choices": [
                {"by": f"读法{n}", "cost": n, "values": choice, "evidence": dict.fromkeys(choice)}
                for n, choice in enumerate(choices)
            ],
        }
        for (reason, choices), own in zip(doubts, paths, strict=True)
    ]
    told["status"] = "unresolved"
    told["coverage"]["vouched"] = sum(e["trust"] == "vouched" for e in told["evidence"].values())
    return Extraction.model_validate_json(json.dumps(told))


def alter_run(folder: Path, changes: Mapping[str, tuple[Mapping[str, Any], str]]) -> None:
    """Rewrite the answers of a run: by report, other cells and another status, as another reader might have given them."""
    file = folder / "results.jsonl"
    answers = [json.loads(text) for text in file.read_text(encoding="utf-8").splitlines()]
    for answer in answers:
        cells, status = changes.get(answer["name"], ({}, answer["extraction"]["status"]))
        for path, value in cells.items():
            put(answer["extraction"]["report"], path, value)
        _trust(answer["extraction"], status)
    write(file, answers)
