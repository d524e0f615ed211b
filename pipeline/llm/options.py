"""What is sent with a question beside its messages: by the settings, less what the endpoint refuses."""

import logging
from collections.abc import Mapping
from typing import Any

import openai

from .failures import host_of
from .providers import PROVIDERS, STRICT
from .refusals import LIMITS, demanded_options, refused_options
from .settings import Mode, Settings

LOG = logging.getLogger(__name__)


class Options:
    """Of one endpoint, for as long as it is asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._provider = settings, PROVIDERS[settings.protocol]
        options = {
            "temperature": settings.temperature,
            "max_tokens": settings.max_output_tokens,
            "reasoning_effort": settings.reasoning_effort,
            "extra_body": settings.extra_body,
            STRICT: True if self._provider.strict_modes else None,
        }
        self._sent: dict[str, Any] = {name: value for name, value in options.items() if value is not None}

    def in_mode(self, mode: Mode, times: int = 1) -> dict[str, Any]:
        """The options of a request in a mode. times: what the limit of the answer is multiplied by; 0: without one."""
        left_out = (*(LIMITS if times == 0 else ()), *(() if mode in self._provider.strict_modes else (STRICT,)))
        return {
            name: value * times if name in LIMITS else value
            for name, value in self._sent.items()
            if name not in left_out
        }

    def give_in(self, error: openai.APIStatusError, options: Mapping[str, Any]) -> bool:
        """Whether a request that was refused for some of its options can be sent with others.

        Reasoning models take no temperature, and name the limit of an answer otherwise; some servers want to be told more.
        """
        named = refused_options(error, options)
        wanted = demanded_options(error)
        extra = dict(options.get("extra_body") or {})
        if wanted and not wanted.items() <= extra.items():
            self._sent["extra_body"] = extra | wanted
            return True
        for option in named:
            self.do_without(option)
        return bool(named)

    def do_without(self, option: str) -> None:
        """Send no more requests with an option that the endpoint refuses."""
        LOG.info("%s: %s is refused, and not sent any more", host_of(self._settings), option)
        if option in (extra := self._sent.get("extra_body") or {}):
            self._sent["extra_body"] = {name: value for name, value in extra.items() if name != option}
            return
        limit = self._sent.pop(option, None)
        if option == "max_tokens" and limit is not None:
            self._sent["max_completion_tokens"] = limit

    def keep_limit(self, times: int) -> None:
        """Let later answers have as many tokens as one needed."""
        for limit in LIMITS:
            if times > 1 and limit in self._sent:
                self._sent[limit] = times * self._settings.max_output_tokens
