"""Shards read on a Ray cluster through its tasks, its actors, Ray Data and Daft, beside the processes of this machine.

python -m tests.tools.cluster_bench --count 2000
python -m tests.tools.cluster_bench --count 12000 --nothing   # what lies around the reading alone

Needs nianbao[cluster], and daft[ray]==0.7.26 for Daft. It starts a head and two nodes of one core each on this machine.
"""

import asyncio
import logging
import os
import pickle
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import click
from nianbao.eval.mess import make_reports
from nianbao.pipeline.many.pool import Pool
from nianbao.pipeline.many.sources import Given
from nianbao.pipeline.many.work import read_reports

_SHARD = 200
_STORE_BYTES = 200_000_000
Work = Callable[[bytes], bytes]
Way = Callable[[Sequence[bytes], Work], list[bytes]]


@click.command()
@click.option("--count", default=2_000, show_default=True, help="Made-up reports.")
@click.option("--rounds", default=2, show_default=True, help="The best of so many.")
@click.option("--nothing", is_flag=True, help="Read nothing: shards of 1 MB go out, and a part of each comes back.")
def main(count: int, rounds: int, nothing: bool) -> None:
    """Print reports a second, and the driver's processor time a shard, of every way; all must give the same bytes."""
    shards = [bytes(1_000_000) for _ in range(0, count, _SHARD)] if nothing else _shards(count)
    work, expected = part if nothing else read, None
    with _cluster():
        for name, way in WAYS.items():
            times = []
            for _ in range(rounds):
                start, cpu = time.perf_counter(), time.process_time()
                found = way(shards, work)
                times.append((time.perf_counter() - start, (time.process_time() - cpu) / len(shards)))
                expected = expected or found
                assert found == expected, name
            seconds, cpu = min(times)
            print(f"{name:44} {count / seconds:6,.0f} reports/s {cpu * 1e3:6.1f} ms of the driver a shard")
    print(f"largest memory of the driver {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:,.0f} MB")


def read(shard: bytes) -> bytes:
    """A packed shard → its packed lines."""
    return b"".join(outcome.packed for outcome in read_reports(pickle.loads(shard)))


def part(shard: bytes) -> bytes:
    """About as much of a shard as its packed lines are."""
    return shard[:200_000]


def _shards(count: int) -> list[bytes]:
    reports = [Given(made.name, made.text) for made in make_reports(count, seed=1)]
    return [pickle.dumps(reports[n : n + _SHARD]) for n in range(0, count, _SHARD)]


@contextmanager
def _cluster() -> Iterator[None]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=_STORE_BYTES)
    ray.init(address=cluster.address, logging_level="CRITICAL", log_to_driver=False)
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        ray.shutdown()
        cluster.shutdown()


def _here(shards: Sequence[bytes], work: Work) -> list[bytes]:
    async def go() -> list[bytes]:
        async with Pool(2) as pool:
            return await asyncio.gather(*(pool.do(work, shard) for shard in shards))

    return asyncio.run(go())


def _tasks(shards: Sequence[bytes], work: Work) -> list[bytes]:
    import ray

    task = ray.remote(num_cpus=1, max_retries=0)(work)
    return list(ray.get([task.remote(shard) for shard in shards]))


class _Actor:
    def do(self, work: Work, shard: bytes) -> bytes:
        return work(shard)


def _actors(shards: Sequence[bytes], work: Work) -> list[bytes]:
    import ray

    kind = ray.remote(num_cpus=1)(_Actor)
    actors = [kind.remote() for _ in range(2)]
    found = list(ray.util.ActorPool(actors).map(lambda actor, shard: actor.do.remote(work, shard), shards))
    for actor in actors:
        ray.kill(actor)
    return found


def _dataset(shards: Sequence[bytes], work: Work) -> list[bytes]:
    import pyarrow as pa
    import ray

    def table(packed: Sequence[bytes]) -> Any:
        return pa.table({"shard": pa.array(packed, pa.large_binary())})

    def batch(given: Any) -> Any:
        return table([work(shard.as_py()) for shard in given["shard"]])

    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order, context.enable_progress_bars = True, False
    dataset = ray.data.from_arrow([table([shard]) for shard in shards])
    found = dataset.map_batches(batch, batch_format="pyarrow", batch_size=1)
    return [row["shard"] for row in found.iter_rows()]


def _datasets(shards: Sequence[bytes], work: Work) -> list[bytes]:
    with ThreadPoolExecutor(4) as threads:
        return [found for (found,) in threads.map(lambda shard: _dataset([shard], work), shards)]


def _daft(shards: Sequence[bytes], work: Work, partitions: int | None = None) -> list[bytes]:
    import daft

    daft.set_runner_ray(noop_if_initialized=True)

    @daft.func.batch(return_dtype=daft.DataType.binary(), batch_size=1)  # type: ignore[untyped-decorator]
    def read(column: Any) -> list[bytes]:
        return [work(shard) for shard in column.to_pylist()]

    frame = daft.from_pydict({"shard": list(shards)})
    if partitions is not None:
        frame = frame.into_partitions(partitions)
    return [row["shard"] for row in frame.select(read(frame["shard"]).alias("shard")).iter_rows()]


WAYS: dict[str, Way] = {
    "the processes of this machine": _here,
    "Ray's tasks, a shard each": _tasks,
    "Ray's actors, one on each node": _actors,
    "Ray Data, one dataset of all shards": _dataset,
    "Ray Data, a dataset a shard": _datasets,
    "Daft on Ray, as it cuts the shards itself": _daft,
    "Daft on Ray, a partition a shard": lambda shards, work: _daft(shards, work, len(shards)),
}

if __name__ == "__main__":
    main()
