"""The reports, cut into shards: read together, and committed together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from ..errors import InputError
from .ledger import Ledger, Marker
from .sources import Given, Load
from .texts import Place, Texts
from .work import key_of

MOST_BYTES = 8_000_000
"""A shard ends with the report that reaches so many bytes, so that its memory has a bound."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Reports beside each other in the input. keys: the hash of each text. same: places whose text was met before, and where."""

    number: int
    reports: tuple[Given, ...]
    keys: tuple[str | None, ...]
    same: Mapping[int, Place]

    @property
    def unread(self) -> list[Given]:
        """The reports that are to be read, without those whose text was met before."""
        return [given for place, given in enumerate(self.reports) if place not in self.same]


@dataclass(frozen=True, slots=True)
class Committed:
    """A shard that is there already."""

    number: int
    marker: Marker


def cut(loads: Iterator[Load], size: int, texts: Texts, ledger: Ledger) -> Iterator[Shard | Committed]:
    """Reports → shards of `size` reports, in order. The reports of a shard that is committed are only compared, and read again where one of them could not be read and now can."""
    number = 0
    while True:
        marker = ledger.marker(number)
        if marker is not None and not (late := _pass_over(loads, number, marker, texts)):
            yield Committed(number, marker)
        else:
            reports = tuple(load() for load in late) if marker is not None else tuple(_take(loads, size))
            if not reports:
                return
            yield _shard(number, reports, texts)
        number += 1


def _pass_over(loads: Iterator[Load], number: int, marker: Marker, texts: Texts) -> Sequence[Load]:
    """See that the reports of a committed shard are still those that it is of, as else one might be lost and another doubled.

    Those of the shard, to be read again, where one that could not be read can be now; else none.
    """
    own = list(islice(loads, len(marker.entries)))
    if len(own) < len(marker.entries):
        raise InputError("the sources hold fewer reports than when the run began; begin it again with --start-over")
    for load, entry in zip(own, marker.entries, strict=True):
        if entry.text is not None and not load.is_bound and key_of(given := load()) != entry.text:
            raise InputError(
                f"{given.name}: {given.problem or 'not the text that was read'};"
                " restore it, or begin the run again with --start-over"
            )
    if any(entry.text is None and load().data is not None for load, entry in zip(own, marker.entries, strict=True)):
        return own
    for place, entry in enumerate(marker.entries):
        if entry.text is not None:
            texts.first(entry.text, (number, place))
    return ()


def _take(loads: Iterator[Load], size: int) -> Iterator[Given]:
    taken = 0
    for load in islice(loads, size):
        given = load()
        yield given
        taken += len(given.data or b"")
        if taken >= MOST_BYTES:
            return


def _shard(number: int, reports: tuple[Given, ...], texts: Texts) -> Shard:
    keys = tuple(map(key_of, reports))
    met = ((place, texts.first(key, (number, place))) for place, key in enumerate(keys) if key is not None)
    return Shard(number, reports, keys, {place: first for place, first in met if first is not None})
