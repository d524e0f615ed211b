"""A run in a page: how many reports of each kind, which checks fail most, what the answers cost."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from ...schemas.extraction import ModelUse
from ...schemas.findings import FINDINGS
from ..extract import REPORT
from ..language import in_chinese
from .ledger import Entry, Ledger, Marker

_MOST_CHECKS = 20
_COUNTS = ("calls", "input_tokens", "cached_input_tokens", "output_tokens")
_DATA, _TEXT = "summary.json", "summary.txt"
SUMMARY_FILES = {
    _DATA: "reports by status, form and year, the cells vouched for, the checks that fail most, doubts, findings, what the answers cost",
    _TEXT: "the same for a person, in Chinese",
}


@dataclass(frozen=True)
class Summary:
    """What is in summary.json."""

    told: dict[str, Any]

    @property
    def unresolved(self) -> int:
        return int(self.told["by_status"].get("unresolved", 0))

    def write(self, home: Path) -> None:
        (home / _DATA).write_text(json.dumps(self.told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (home / _TEXT).write_text(self.in_chinese() + "\n", encoding="utf-8")

    def text(self) -> str:
        """The summary for a person."""
        return "\n".join(self._lines())

    def in_chinese(self) -> str:
        """The same as it stands in the folder, which is to be the same to the byte whoever runs it."""
        return "\n".join(map(in_chinese, self._lines()))

    def _lines(self) -> Iterator[str]:
        told = self.told
        part = "" if told["complete"] else ", and the run is not yet at its end"
        yield f"{told['reports']:,} reports{part}"
        yield _coverage(told["cells"], told["vouched"])
        for title, key in (("status", "by_status"), ("form", "by_form"), ("year", "by_year")):
            yield f"by {title}: " + ", ".join(f"{name} {count:,}" for name, count in told[key].items())
        if told["checks_that_fail_most"]:
            yield "checks that fail most:"
            for check in told["checks_that_fail_most"]:
                yield f"{check['reports']:>9,}  {check['id']}  {check['title']}"
        if told["doubts"]:
            yield "reports in doubt, by reason (docs/findings.md):"
            for code, count in told["doubts"].items():
                yield f"{count:>9,}  {code}  {FINDINGS[code].meaning}"
        if told["findings"]:
            yield "findings (docs/findings.md):"
            for code, count in told["findings"].items():
                yield f"{count:>9,}  {code}  {FINDINGS[code].meaning}"
        for name, use in told["models"].items():
            yield _model(f"model {name}", use)
        if len(told["models"]) > 1:
            yield _model("all models", told["model"])


def _coverage(cells: int, vouched: int) -> str:
    share = f" ({vouched / cells:.1%})" if cells else ""
    return f"{cells:,} cells, {vouched:,} of them vouched for{share}"


def _model(who: str, use: dict[str, Any]) -> str:
    cost = "no price is known" if use["cost"] is None else f"{use['cost']} US dollars"
    return (
        f"{who}: {use['reports']:,} reports asked, {use['calls']:,} answers, {use['input_tokens']:,} tokens in,"
        f" {use['cached_input_tokens']:,} of them cached, {use['output_tokens']:,} out, {cost}"
    )


def summarise(ledger: Ledger, numbers: Sequence[int]) -> Summary:
    """The shards of a run → the summary, from their markers alone."""
    tally = _Tally()
    for number in numbers:
        tally.take(ledger.marker_of(number))
    return Summary(tally.told(ledger.done() is not None))


class _Tally:
    def __init__(self) -> None:
        self.reports = self.cells = self.vouched = 0
        self.statuses: Counter[str] = Counter()
        self.forms: Counter[str] = Counter()
        self.years: Counter[str] = Counter()
        self.fails: Counter[str] = Counter()
        self.doubts: Counter[str] = Counter()
        self.findings: Counter[str] = Counter()
        self.use = _Use()
        self.uses: defaultdict[str, _Use] = defaultdict(_Use)

    def take(self, marker: Marker) -> None:
        for entry in marker.entries:
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        facts = entry.facts
        self.reports += 1
        self.statuses[facts.status] += 1
        self.forms[facts.form or "unknown"] += 1
        self.years[str(facts.year or "unknown")] += 1
        self.fails.update(facts.fails)
        self.cells += facts.coverage.cells
        self.vouched += facts.coverage.vouched
        self.doubts.update(facts.doubts)
        self.findings.update(facts.findings)
        if facts.model is not None:
            self.use.take(facts.model)
            for use in facts.models or (facts.model,):
                self.uses[use.name].take(use)

    def told(self, complete: bool) -> dict[str, Any]:
        titles = {identity.id: identity.title for identity in REPORT.identities}
        return {
            "complete": complete,
            "reports": self.reports,
            "cells": self.cells,
            "vouched": self.vouched,
            "by_status": dict(sorted(self.statuses.items())),
            "by_form": dict(sorted(self.forms.items())),
            "by_year": dict(sorted(self.years.items())),
            "checks_that_fail_most": [
                {"id": name, "title": titles.get(name, ""), "reports": count}
                for name, count in _most(self.fails)[:_MOST_CHECKS]
            ],
            "doubts": dict(_most(self.doubts)),
            "findings": dict(_most(self.findings)),
            "model": self.use.told() if self.uses else None,
            "models": {name: use.told() for name, use in sorted(self.uses.items())},
        }


class _Use:
    """What models were asked for all reports."""

    def __init__(self) -> None:
        self.reports = self.unpriced = 0
        self.counts: Counter[str] = Counter()
        self.cost = Decimal(0)

    def take(self, use: ModelUse) -> None:
        self.reports += 1
        self.counts.update({name: getattr(use, name) for name in _COUNTS})
        self.unpriced += use.cost is None
        self.cost += use.cost or 0

    def told(self) -> dict[str, Any]:
        counts = {name: self.counts[name] for name in _COUNTS}
        return {"reports": self.reports, **counts, "cost": None if self.unpriced else f"{self.cost.normalize():f}"}


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    """The most frequent first; those that are as frequent by name, whatever order they came in."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
