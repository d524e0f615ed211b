"""Coverage against error, as points in the units of a drawing: x to the right, y down."""

from collections.abc import Sequence
from dataclasses import dataclass

from .coverage import Step
from .statistics import wilson

WIDTH, HEIGHT = 600, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 28, 14, 48
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Point:
    """A step of a reader. low, high: where the 95 % interval of its error ends. told: what it says in words."""

    x: float
    y: float
    low: float
    high: float
    told: str


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """One or more readers' curves over the same axes."""

    curves: tuple[tuple[str, tuple[Point, ...]], ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def plot(readers: Sequence[tuple[str, Sequence[Step]]], total: int) -> Plot:
    """Readers' steps over `total` reports → the drawing. y: the share of the reports taken that hold an error."""
    taken = [s for _, steps in readers for s in steps if s.taken]
    top = _ceiling(max((s.wrong / s.taken for s in taken), default=0))
    curves = tuple((name, tuple(_point(s, total, top) for s in steps if s.taken)) for name, steps in readers)
    parts = [n / _TICKS for n in range(_TICKS + 1)]
    return Plot(
        curves,
        tuple(Tick(_x(p), f"{p:.0%}") for p in parts),
        tuple(Tick(_y(p * top, top), f"{p * top * 100:g}%") for p in parts),
    )


def _point(step: Step, total: int, top: float) -> Point:
    error = step.wrong / step.taken
    interval = wilson(step.wrong, step.taken)
    low, high = (interval.low, min(top, interval.high)) if interval else (error, error)
    told = f"{step.name}: {step.taken:,} of {total:,} reports taken, {step.wrong:,} with an error"
    return Point(_x(step.taken / total), _y(error, top), _y(low, top), _y(high, top), told)


def _ceiling(error: float) -> float:
    """The top of the axis: the least of these that holds the greatest error, so that few errors are still seen."""
    return next((top for top in (0.02, 0.04, 0.08, 0.2, 0.4, 0.8) if error <= top), 1.0)


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _y(error: float, top: float) -> float:
    return round(TOP + (1 - error / top) * (HEIGHT - TOP - BOTTOM), 1)
