"""How a check ends, where it does not end well."""

from service.domain.errors import SetupError


class Failed(Exception):
    """The server does not do what the check is about; the text says what it did."""


class NotTried(Exception):
    """The check could not tell; the text says why."""


class ChangeFailed(SetupError):
    """The command that is to change a pass did not work: nothing that follows would mean much."""


class Unreachable(SetupError):
    """Nobody answers at the address."""
