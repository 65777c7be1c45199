"""What the ways out have in common, mail and messages alike: who carries, the three ways it can fail, and files."""

import os
from pathlib import Path
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


def write_whole(path: Path, content: bytes) -> None:
    """Write a file for its owner alone, which appears whole or not at all. Raises HeldUp."""
    draft = path.with_name(f".{path.stem}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise HeldUp(type(error).__name__) from error
