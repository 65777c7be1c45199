"""Flask as this program runs it: nothing here is asynchronous.

Flask looks at every hook, view and handler before it calls it, some fifteen times a request, whether it has to be
awaited. `tests/architecture` sees to it that none has.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask


class Room(Flask):
    """The application."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as it is."""
        return func
