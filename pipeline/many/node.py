"""What a node of a cluster must be, and what it means where one fails."""

import socket
from importlib.metadata import version

from ..errors import NianbaoError, SettingsError


def check_version(program: str) -> None:
    """On a node: see that it runs what the driver runs; raises SettingsError where it does not."""
    if version("nianbao") != program:
        raise SettingsError(
            f"{socket.gethostname()} has nianbao {version('nianbao')}, this is {program}; install the same on every node"
        )


def ours(error: Exception) -> NianbaoError:
    """An error of Ray's as one of ours: what was raised on a node, or that the cluster cannot do the work."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, NianbaoError):
        return cause
    told = str(cause or error).strip().splitlines() or [""]
    return SettingsError(
        f"the Ray cluster cannot do the work ({type(cause or error).__name__}: {told[-1][:300]});"
        f" see that every node has nianbao[cluster]=={version('nianbao')}, then go on with the same command"
    )
