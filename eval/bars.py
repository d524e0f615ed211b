"""What became of the cells of each run, as bars in the units of a drawing: x to the right, y down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .percent import percent
from .score import FATES, Fate, ReportScore
from .tally import Share, tally_fates

WIDTH, STEP, HEIGHT = 600, 34, 14
"""Of the drawing; from one bar to the next; of a bar."""

WORDS: Mapping[Fate, str] = {
    "vouched_right": "vouched for, right",
    "silent": "vouched for, wrong (silent)",
    "doubted_right": "in doubt, right",
    "doubted_wrong": "in doubt, wrong",
    "lost": "lost in the text",
}


@dataclass(frozen=True, slots=True)
class Part:
    """The cells of one fate. x, width: in the drawing; a single cell is seen. told: what they are, how many, and what share."""

    fate: Fate
    x: float
    width: float
    told: str


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    y: float
    parts: tuple[Part, ...]


def bars(runs: Mapping[str, Sequence[ReportScore]]) -> list[Bar]:
    """Runs by name → a bar for each, of the cells by fate, the longest as wide as the drawing."""
    found = {name: tally_fates(scores).fates for name, scores in runs.items()}
    most = max((sum(fates.values()) for fates in found.values()), default=0)
    return [Bar(name, (n + 0.5) * STEP, _parts(fates, most)) for n, (name, fates) in enumerate(found.items())]


def _parts(fates: Mapping[Fate, int], most: int) -> tuple[Part, ...]:
    parts: list[Part] = []
    x, total = 0.0, sum(fates.values())
    for fate in FATES:
        count = fates.get(fate, 0)
        if count:
            width = max(2.0, count / most * WIDTH)
            told = f"{WORDS[fate]}: {count:,} of {total:,}, {percent(Share(count, total))}"
            parts.append(Part(fate, round(x, 1), round(width, 1), told))
            x += width
    return tuple(parts)
