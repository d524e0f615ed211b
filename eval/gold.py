"""Gold: a record in the contract's shape that a person (or a generator) vouches for, held strictly to the form.

What is not listed is null. An amount may be given as a decimal string of yuan. Beside the record's own keys gold may hold
`reviewed` (false until a person has looked at it), `notes` and `printed_inconsistencies`, which nothing is scored by.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..pipeline.errors import InputError
from ..pipeline.readers.supplied.record import FOR_PEOPLE, load_json, shown, validate
from ..pipeline.record.check import check
from ..pipeline.record.paths import cells_of
from ..schemas.form import Form


@dataclass(frozen=True, slots=True)
class Gold:
    """record: as given, without the keys for people. cells: each cell path that it lists, and what is printed there.

    gone: what the document printed in the cells that the text no longer prints; in `cells` they are null.
    """

    record: Mapping[str, Any]
    cells: Mapping[str, Any]
    reviewed: bool = True
    gone: Mapping[str, Any] = field(default_factory=dict)

    def without(self, lost: tuple[str, ...]) -> "Gold":
        """The same where the text has lost these cells: there it prints nothing."""
        gone = {path: value for path in lost if (value := self.cells.get(path)) is not None}
        return Gold(self.record, {**self.cells, **dict.fromkeys(lost)}, self.reviewed, gone) if lost else self


def parse_gold(text: str | bytes, where: str, form: Form) -> Gold:
    """The JSON of a gold file → gold; raises InputError that names `where`, the path, what was found and expected."""
    return read_gold(load_json(text, where, "a record"), where, form)


def read_gold(loaded: Any, where: str, form: Form) -> Gold:
    """A loaded gold record → gold; raises InputError as `parse_gold` does."""
    if not isinstance(loaded, dict):
        raise InputError(
            f"{where}: a record was expected, an object with the keys of the contract, not {shown(loaded)}"
        )
    record = {key: value for key, value in loaded.items() if key not in FOR_PEOPLE}
    reviewed = loaded.get("reviewed", True)
    if not isinstance(reviewed, bool):
        raise InputError(f"{where}: reviewed: true or false was expected, not {shown(reviewed)}")
    validate(record, where, form)
    return Gold(record, cells_of(record, form), reviewed)


def failing_identities(gold: Gold, form: Form) -> tuple[str, ...]:
    """Ids of the identities that do not hold as printed: the report itself does not add up."""
    rows = {path.rpartition(".")[0] for path, value in gold.cells.items() if value is not None}
    values = {path: value for path, value in gold.cells.items() if path.rpartition(".")[0] in rows}
    return tuple(c.id for c in check(values, form) if c.outcome == "fail")
