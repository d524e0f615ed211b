"""What a server takes at once and how long it waits, each with its unit."""

import os
from dataclasses import dataclass, field


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Limits:
    """workers: processes that read. queue: requests that may wait for one, beside those being read."""

    workers: int = field(default_factory=_processors)
    queue: int = 64
    body_bytes: int = 5_000_000
    """Of one request, and of one line of a batch."""
    room_bytes: int = 100_000_000
    """Of the bodies of all requests that are taken and not yet answered."""
    receive_s: float = 30
    """For a body to arrive."""
    hurry_s: float = 1
    """For a body to arrive, where others need its place in the queue or its room."""
    wait_s: float = 60
    """For a worker to be free."""
    read_s: float = 10
    """For one reading in a worker, which is killed then."""
    worker_bytes: int = 1_500_000_000
    """Of memory that one worker may address."""
    model_s: float = 300
    """For one question to the model, with all its attempts."""
    batches: int = 4
    """Batches at once."""
    batch_hurry_s: float = 10
    """Without a line from a batch that is owed nothing, where another needs its place."""
    stall_s: float = 300
    """Without a byte going in or out, a batch is given up."""
    idle_s: float = 30
    """Without a request, or with one whose head does not end, a connection is closed."""
    connections: int = 1000
    stop_s: float = 120
    """For what was taken to be finished, once the server is told to stop."""
