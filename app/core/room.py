"""Flask as this program runs it: nothing here is asynchronous, and it stands at the root of its host.

Flask looks at every hook, view and handler before it calls it, some fifteen times a request, whether it has to be
awaited. `tests/architecture` sees to it that none has. A page leads to some twenty addresses that hang on nothing but
their name; Flask works out each of them anew.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, has_request_context
from flask.globals import request_ctx


class Room(Flask):
    """The application."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._fixed: dict[str, str] = {}

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as it is."""
        return func

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        """Return an address; one without any value was worked out before."""
        if values or endpoint[0] == "." or not has_request_context() or request_ctx.request.root_path:
            return super().url_for(endpoint, **values)
        address = self._fixed.get(endpoint)
        if address is None:
            address = self._fixed[endpoint] = super().url_for(endpoint)
        return address
