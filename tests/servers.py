"""A redis-server and a Ray cluster of this machine, for the tests that need them."""

import os
import shutil
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "geheim/1@2"


def absent(what: str) -> None:
    """Skip a test for which something is not installed; in CI, that fails."""
    if os.environ.get("NEEDS_CLUSTER"):
        pytest.fail(f"{what} is not installed, and NEEDS_CLUSTER is set")
    pytest.skip(f"{what} is not installed")


@contextmanager
def redis_server(
    folder: Path, *options: str, port: int | None = None
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """A redis-server with a password, that keeps nothing on disk: its address, and its process."""
    if shutil.which("redis-server") is None:
        absent("redis-server")
    port = port or free_port()
    folder.mkdir(exist_ok=True)
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen([*command, "--requirepass", PASSWORD, *options], stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield f"redis://:geheim%2F1%402@127.0.0.1:{port}/0", process
    finally:
        process.kill()
        process.wait()


@contextmanager
def ray_cluster() -> Iterator[Any]:
    """A head that reads nothing, and two nodes of one core."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)  # where the functions of tests are
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from ray.cluster_utils import Cluster
    except ImportError:
        absent("ray")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        head = {"num_cpus": 0, "object_store_memory": 80_000_000, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            add_node(cluster)
            add_node(cluster)
            yield cluster
        finally:
            cluster.shutdown()


def add_node(cluster: Any) -> Any:
    return cluster.add_node(num_cpus=1, object_store_memory=80_000_000)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("redis-server ended")
