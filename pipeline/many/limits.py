"""How long the reading of a report may take."""

from collections.abc import Callable

from ..errors import SettingsError

DEADLINE_S = 30.0
"""In seconds; a report takes some thousandths of one."""
VARIABLE = "NIANBAO_DEADLINE"


def deadline_from(find: Callable[[str], str | None], flag: float | None) -> float:
    """The flag, else what a variable says, else the default, in seconds; raises SettingsError where that is no time."""
    if flag is not None:
        return flag
    given = find(VARIABLE) or DEADLINE_S
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise SettingsError(f"{VARIABLE}={given}: give a number of seconds above 0, as 30")
    return seconds
