"""An endpoint that does not answer is said, with what is being tried: once that has lasted, and then less and less often."""

import asyncio
import logging

LOG = logging.getLogger(__name__)

PATIENCE_S = 5.0


class Trouble:
    """From a first request, or a first failure, until an answer comes. It lives in one event loop.

    patience_s: for how long nothing is said; after each time that something is, twice as long.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = self._wait_s = patience_s
        self._timer: asyncio.TimerHandle | None = None
        self._what = ""
        self._has_answered = False

    def asking(self, what: str) -> None:
        """A request is sent; only before the first answer is it nobody's guess whether there will be one."""
        if not self._has_answered and self._timer is None and not self._what:
            self._begin(what)

    def failed(self, what: str) -> None:
        """A request failed and will be sent again."""
        self._begin(what)

    def over(self) -> None:
        """An answer came, or none is waited for any more."""
        self._has_answered = True
        self._what, self._wait_s = "", self._patience_s
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self, what: str) -> None:
        self._what = what
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._wait_s, self._say)

    def _say(self) -> None:
        LOG.warning("%s", self._what)
        self._timer, self._wait_s = None, 2 * self._wait_s
