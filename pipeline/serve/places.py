"""Places for requests. Where all are taken, whoever is slow to send makes room: first of the client that holds most."""

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from anyio import CancelScope, fail_after


class Place:
    """What a request takes up. held: bytes of its body. pending: what the server still owes it."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.held = 0
        self.pending = 0
        self.since = time.monotonic()
        """When it last was given something, or came."""
        self.is_dropped = False
        self._scope: CancelScope | None = None

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """Within, the client is waited for; raises TimeoutError where it takes longer, or others need the place."""
        with fail_after(seconds) as self._scope:
            try:
                yield
            finally:
                self._scope = None

    def paid(self) -> None:
        """The client was given one of the things that were owed."""
        self.pending -= 1
        self.since = time.monotonic()

    @property
    def is_waiting(self) -> bool:
        return self._scope is not None and self.pending == 0

    def drop(self) -> None:
        self.is_dropped = True
        if self._scope is not None:
            self._scope.deadline = -math.inf


class Places:
    """most: how many there are. patience_s: for so long a client may be waited for while others need its place."""

    def __init__(self, most: int, patience_s: float) -> None:
        self._most, self._patience_s = most, patience_s
        self._taken: set[Place] = set()

    def __len__(self) -> int:
        return len(self._taken)

    @property
    def held(self) -> int:
        """Bytes of all bodies."""
        return sum(place.held for place in self._taken)

    def take(self, client: str) -> Place | None:
        """A place for a client; None where there is none."""
        if len(self._taken) >= self._most and not self.make_room(client):
            return None
        place = Place(client)
        self._taken.add(place)
        return place

    def leave(self, place: Place) -> None:
        self._taken.discard(place)

    def make_room(self, client: str, but: Place | None = None) -> bool:
        """Take the place of the slowest for a client; False where nobody is slow. but: the place that it asks for, if it has one.

        Who holds more than it does needs not be slow for long: a client that sends much, slowly, never shuts others out.
        """
        count = Counter(p.client for p in self._taken)
        last = time.monotonic() - self._patience_s
        waiting = [p for p in self._taken if p is not but and p.is_waiting]
        slow = [p for p in waiting if p.since <= last or count[p.client] > count[client] + 1]
        if not slow:
            return False
        slowest = min(slow, key=lambda p: (-count[p.client], p.since))
        slowest.drop()
        self.leave(slowest)
        return True
