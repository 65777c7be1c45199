"""What the ways out have in common, mail and messages alike: what is carried, and the three ways it can fail."""

from typing import Any, Protocol


class HeldUp(Exception):
    """The server is away, hangs or turns everybody down; nothing was handed over."""


class Refused(Exception):
    """The server, or the shape of this one letter, does not let it pass."""


class Unanswered(Exception):
    """The letter was handed over and the server did not say what became of it."""


class Carrier(Protocol):
    """Takes what was composed to where it goes."""

    def carry(self, message: Any) -> None:
        """Deliver one. Raises HeldUp, Refused, Unanswered."""
