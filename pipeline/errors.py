"""What can keep nianbao from answering.

NianbaoError
├── InputError      an input cannot be used: exit status 2
├── SettingsError   a setting is wrong: exit status 2
├── EndpointError   the model's endpoint cannot be used: exit status 3
│   ├── RefusedError it refuses this question
│   │   └── TooLongError  as it is longer than the model takes
│   └── BudgetError  what may be spent is spent; what was done is kept
└── FaultError      nianbao itself fails: exit status 70
"""


class NianbaoError(Exception):
    """Base of all errors that nianbao raises. The message says what was found, where, and what to do."""


class InputError(NianbaoError):
    """An input cannot be used."""


class SettingsError(NianbaoError):
    """A setting is wrong."""


class EndpointError(NianbaoError):
    """The model's endpoint cannot be used. requests: how many were sent before that was clear."""

    requests: int = 0


class RefusedError(EndpointError):
    """The endpoint refuses this question; others it may take."""


class TooLongError(RefusedError):
    """The question is longer than the model takes."""


class BudgetError(EndpointError):
    """What may be spent is spent."""


class FaultError(NianbaoError):
    """nianbao itself fails."""
