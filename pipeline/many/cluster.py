"""Shards read on a Ray cluster. A shard's texts travel together, as one object; no worker opens a file.

Plain tasks of Ray, the layer below Ray Data: shards are taken as they are cut and committed as they come, and it is known which
one a worker died of. They are as fast as any other way; eval/cluster_bench.py measures Ray Data and Daft beside them.
"""

import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, redirect_stdout
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from ..errors import SettingsError
from ..extract import Engine
from ..llm.cache import open_cache
from ..llm.settings import Settings
from .extra import needs
from .limits import DEADLINE_S
from .node import check_version, ours
from .runner import PoolRunner
from .worker import DiedError, EndedError, Worker

T = TypeVar("T")
A = TypeVar("A")

_LOST_NODES = 10
"""So often a task is given to another node, as its own was lost, until its reports are suspected."""
_TRIES = 2
"""So often a task may die until its reports are read alone, and a report alone until it is given up."""
_CONNECT_S = 5


@asynccontextmanager
async def open_cluster(
    address: str | None,
    workers: int | None,
    engine: Engine,
    settings: Settings | None,
    deadline_s: float = DEADLINE_S,
) -> AsyncIterator[PoolRunner]:
    """A runner on a cluster. address: HOST:PORT, None for RAY_ADDRESS or the cluster of this machine. workers: tasks at once,
    None for all its cores. settings: of the model, None where none is asked.

    Raises SettingsError where the extra is missing, or the cluster or the cache cannot be used.
    """
    ray = needs("ray", "--runner ray needs", "cluster")
    if settings is not None:
        with open_cache(settings):  # what is wrong with it is said here, before anything is begun
            pass
    address = address or os.environ.get("RAY_ADDRESS")
    with _connected(ray, None if address == "auto" else address):
        cores = _cores(ray)
        # A few tasks wait at the cluster, so that a core that is free has the next one there.
        pool = RayWorkers(ray, workers or sum(cores.values()) + len(cores))
        if settings is None:
            yield PoolRunner(pool, engine, None, deadline_s)
            return
        from .askers import open_askers  # which is slow to load, and not needed for rules

        askers = await open_askers(ray, engine, settings, list(cores), deadline_s)
        yield PoolRunner(pool, engine, askers, deadline_s)


class RayWorkers:
    """Does tasks on the cores of the cluster, wherever one is free; nodes may come and go. workers: tasks at once."""

    def __init__(self, ray: Any, workers: int) -> None:
        self._errors = ray.exceptions
        self._task = ray.remote(num_cpus=1, max_retries=0)(_each)
        self.workers = workers

    async def each(
        self, work: Callable[[A], T], things: Sequence[A], limit_s: float | None = None
    ) -> list[T | EndedError]:
        """Call a function with each thing, on one node; in order the results, and an error for a thing that has none.

        Raises SettingsError where the cluster cannot do it.
        """
        died = lost = 0
        while died < _TRIES and lost < _LOST_NODES:
            try:
                found: list[T | EndedError] = await self._task.remote(version("nianbao"), work, things, limit_s)
                return found
            except self._errors.NodeDiedError:
                lost += 1
            except (self._errors.WorkerCrashedError, self._errors.OutOfMemoryError):
                died += 1
            except self._errors.RayError as error:
                raise ours(error) from error
        if len(things) == 1:
            return [DiedError()]
        return [found for thing in things for found in await self.each(work, [thing], limit_s)]


def _each(program: str, work: Callable[[A], T], things: Sequence[A], limit_s: float | None) -> list[T | EndedError]:
    check_version(program)
    return _worker().each(work, things, limit_s)


@cache
def _worker() -> Worker:
    """The process that does the work of a task of Ray's, and can be ended while the task goes on."""
    return Worker()


@contextmanager
def _connected(ray: Any, address: str | None) -> Iterator[None]:
    """Within, this process is a driver of the cluster. What Ray prints is kept off the standard output."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        try:
            # Ray notes the cluster of this machine in a file, where one that is gone may still stand.
            _reach(address or ray._private.utils.read_ray_address())
            ray.init(address=address or "auto", logging_level="CRITICAL", log_to_driver=False)
        except (OSError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise SettingsError(
                f"--runner ray: no cluster at {address or 'this machine'} ({reason[:300]});"
                " start one with `ray start`, or name a HOST:PORT whose cluster this machine belongs to"
            ) from error
        try:
            yield
        finally:
            ray.shutdown()


def _reach(address: str | None) -> None:
    """See at once whether anybody is there, for which Ray takes a minute."""
    if address is None:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in host:
        raise ValueError("an address is HOST:PORT")
    socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S).close()


def _cores(ray: Any) -> dict[str, int]:
    """The nodes that have cores, and how many; raises SettingsError where there is none."""
    found = {n["NodeID"]: int(n["Resources"].get("CPU", 0)) for n in ray.nodes() if n["Alive"]}
    found = {node: cores for node, cores in found.items() if cores}
    if not found:
        raise SettingsError("--runner ray: the cluster has no cores; add a node with `ray start --address=…`")
    return found
