"""Bulk runs asked in batches: what comes out is what a direct run gives, whatever goes wrong on the way."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from nianbao.eval.standin import MODEL, StandIn, answer_from

from .made_up_runs import RECEIVED, cases, line, run, write


def given(count: int) -> list[dict[str, Any]]:
    """Reports of which some are unresolved by rules: those that lack a value."""
    found = []
    for n in range(count):
        made = line(f"县{n}", cells={"disclosure.licensing.decisions": str(n % 9), f"{RECEIVED}.total": "5"} if n % 3 else {})
        text = made["text"].replace("规章\t0\t0\t0", f"规章\t{n}\t0") if n % 2 else made["text"]
        found.append({**made, "text": text})
    return found


def test_flow(tmp_path, monkeypatch):
    src = write(tmp_path / "reports.jsonl", given(20))
    with StandIn(answer_from(cases(tmp_path, line("县0")))) as server:
        opts = ("--engine", "auto", "--model", MODEL, "--base-url", server.url, "--input-price", "1","--workers","1","--shard-size","4")
        for c in ("status","submit","status","collect","submit","status","collect","status"):
            r = run("bulk", src, "--out", tmp_path/"B", *opts, "--batch", c)
            print(c, r.exit_code, r.output)
        print(server.calls, len(server.requests))
    assert 0
