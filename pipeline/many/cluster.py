"""Shards read on a Ray cluster. A shard's texts travel together, as one object; no worker opens a file.

Plain tasks of Ray, the layer below Ray Data: shards are taken as they are cut and committed as they come, and it is known which
one a worker died of. They are as fast as any other way; eval/cluster_bench.py measures Ray Data and Daft beside them.
"""

import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from ..errors import SettingsError
from ..extract import Engine
from ..llm.cache import open_cache
from ..llm.settings import Settings
from .extra import needs
from .node import check_version, ours
from .pool import DiedError
from .runner import PoolRunner

T = TypeVar("T")
A = TypeVar("A")

_LOST_NODES = 10
"""So often a task is given to another node, as its own was lost, until its reports are suspected."""
_CONNECT_S = 5


@asynccontextmanager
async def open_cluster(
    address: str | None, workers: int | None, engine: Engine, settings: Settings | None
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
            yield PoolRunner(pool, engine, None)
            return
        from .askers import open_askers  # which is slow to load, and not needed for rules

        yield PoolRunner(pool, engine, await open_askers(ray, engine, settings, list(cores)))


class RayWorkers:
    """Does tasks on the cores of the cluster, wherever one is free; nodes may come and go. workers: tasks at once."""

    def __init__(self, ray: Any, workers: int) -> None:
        self._errors = ray.exceptions
        self._task = ray.remote(num_cpus=1, max_retries=0)(_do)
        self.workers = workers

    async def do(self, work: Callable[[A], T], given: A) -> T:
        """Call a function on the cluster; raises DiedError where the process ends before it returns.

        Raises SettingsError where the cluster cannot do it.
        """
        for _ in range(_LOST_NODES):
            try:
                found: T = await self._task.remote(version("nianbao"), work, given)
                return found
            except self._errors.NodeDiedError:
                continue
            except (self._errors.WorkerCrashedError, self._errors.OutOfMemoryError) as error:
                raise DiedError from error
            except self._errors.RayError as error:
                raise ours(error) from error
        raise DiedError


def _do(program: str, work: Callable[[A], T], given: A) -> T:
    check_version(program)
    return work(given)


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
