"""What can keep nianbao from answering.

NianbaoError
├── InputError      an input cannot be used: exit status 2
└── EndpointError   the model's endpoint cannot be used: exit status 3
"""


class NianbaoError(Exception):
    """Base of all errors that nianbao raises. The message says what was found, where, and what to do."""


class InputError(NianbaoError):
    """An input cannot be used."""


class EndpointError(NianbaoError):
    """The model's endpoint cannot be used."""
