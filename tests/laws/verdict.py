"""What an extraction vouches for, held against what a careful person reads; and the cases of the law."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from zlib import crc32

from nianbao import Extraction, InputError, extract

from . import clean, columns, numbers, pages, rows, words  # noqa: F401  (they declare their kinds)
from .changes import KINDS, Changed, Kind
from .layouts import LAYOUTS, Layout
from .tables import PATHS, REPORTS, Free, Money, Reading, Value

# --- Cases -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """A change of a report in a layout, in one spot. Its name says all of it."""

    kind: str
    layout: str
    report: str
    spot: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.layout}/{self.report}/{self.spot}"

    @classmethod
    def named(cls, name: str) -> "Case":
        return cls(*name.split("/", 3))

    def changed(self) -> Changed:
        return KINDS[self.kind].apply(REPORTS[self.report], LAYOUTS[self.layout], self.spot)

    def text(self) -> str:
        return LAYOUTS[self.layout].print(self.changed().page)


@cache
def _spots(kind: str, report: str, like: Layout) -> tuple[str, ...]:
    return tuple(KINDS[kind].spots(REPORTS[report], like))


def spots(kind: Kind, layout: str) -> Iterator[Case]:
    """Every case of a kind in a layout.

    Where blanks leave no place behind, a report with blanks is tried undamaged alone: one number more fills a blank as clearly as
    can be. Where nothing parts the numbers, not even that: fewer of them are as clear as all.
    """
    where = LAYOUTS[layout]
    like = replace(where, about="", write=str, between="")
    for report in REPORTS:
        if where.blanks or not report.endswith("blanks") or (kind.clean and where.parted):
            yield from (Case(kind.name, layout, report, spot) for spot in _spots(kind.name, report, like))


def cases(each: int = 0, kinds: Iterable[str] = KINDS, layouts: Iterable[str] = LAYOUTS) -> list[Case]:
    """The cases of the law. each: of every kind in every layout so many (times the kind's weight), evenly spread; 0: all."""
    found: list[Case] = []
    for name in kinds:
        for layout in layouts:
            among = list(spots(KINDS[name], layout))
            wanted = min(each * KINDS[name].weight, len(among)) if each else len(among)
            start = crc32(f"{name} {layout}".encode()) % max(len(among), 1)
            found += [among[(start + i * len(among) // wanted) % len(among)] for i in range(wanted)]
    return found


def sample() -> list[Case]:
    """A fixed few hundred cases, of every kind, layout and report."""
    return cases(1)[::5]


# --- Verdicts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of a case: how many cells it prints, which of them are in doubt, and what is vouched for and is not what a person reads."""

    case: Case
    status: str
    printed: int
    doubtful: tuple[str, ...]
    silent: tuple[tuple[str, object, object], ...]
    """Path, what is vouched for, what a careful person reads."""

    @property
    def whole(self) -> bool:
        """Whether all that is printed is vouched for, and right."""
        return self.printed > 0 and not self.doubtful and not self.silent


def value(extraction: Extraction, path: str) -> Value:
    """What the record holds in a cell."""
    found: object = extraction.report
    for name in path.split("."):
        found = getattr(found, name, None)
    figure = getattr(found, "figure", None)
    if figure is not None:
        return Money(Decimal(figure), getattr(found, "unit", None))
    return found if isinstance(found, int) else None


def vouched(extraction: Extraction) -> dict[str, Value]:
    """Path → value, of the cells that are vouched for.

    A cell without evidence counts as vouched to be absent, if the report as a whole is vouched for.
    """
    whole = extraction.status in ("verified", "discrepant")
    trust = {path: getattr(e, "trust", "vouched" if whole else "doubtful") for path, e in extraction.evidence.items()}
    absent = "vouched" if whole else "doubtful"
    return {path: value(extraction, path) for path in PATHS if trust.get(path, absent) == "vouched"}


def same(found: Value, read: Value) -> bool:
    """Whether a value is what a person reads. Of an amount of 0 the unit does not matter."""
    if isinstance(found, Money) and isinstance(read, Money) and read.figure == 0:
        return found.figure == 0
    return found == read or read is Free.FREE


def wrong(found: Mapping[str, Value], reading: Reading) -> list[tuple[str, Value, Value]]:
    return [(path, v, reading[path]) for path, v in found.items() if not same(v, reading[path])]


def judge(case: Case) -> Verdict:
    """Extract a case, and hold what is vouched for to the reading that it fits best. That nothing is raised is part of the law."""
    changed = case.changed()
    try:
        extraction = extract(LAYOUTS[case.layout].print(changed.page), engine="rules")
    except InputError:
        found: dict[str, Value] = {}
        status = "refused"
    except Exception as error:
        return Verdict(case, "raised", 0, (), (("the whole report", repr(error), None),))
    else:
        found, status = vouched(extraction), extraction.status
    silent, reading = min(((wrong(found, r), r) for r in changed.readings), key=lambda x: len(x[0]))
    printed = [p for p, v in reading.items() if v is not None and v is not Free.FREE]
    doubtful = tuple(p for p in printed if p not in found)
    return Verdict(case, status, len(printed), doubtful, tuple(silent))
