"""Flask as this program runs it: nothing here is asynchronous, and it stands at the root of its host.

Flask looks at every hook, view and handler before it calls it, some fifteen times a request, whether it has to be
awaited. `tests/architecture` sees to it that none has. A page leads to some twenty addresses that hang on nothing but
their name; Flask works out each of them anew. And werkzeug compiles two functions that write its address for every
route as it is added, four fifths of what it takes to make the application; most routes are never asked for theirs.
"""

from collections.abc import Callable
from typing import Any, cast

from flask import Flask, has_request_context
from flask.globals import request_ctx
from werkzeug.routing import Rule


class Route(Rule):
    """A route that learns to write its address when it is first asked for it, and is found in both forms of it.

    Werkzeug looks for the rule of `/users/` behind `/users` with a method that it takes; with another one the path
    would be unknown, and its methods untold.
    """

    def compile(self) -> None:
        """Have the path match as one without the slash does; what is built from it stays as it is spelled."""
        super().compile()
        if self.rule.endswith("/") and self.rule != "/":
            self._parts.pop()

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_now, name = super()._compile_builder, "_build_unknown" if append_unknown else "_build"

        def learn(route: Rule, /, **values: Any) -> tuple[str, str]:
            write = compile_now(append_unknown).__get__(route, None)
            setattr(route, name, write)
            return cast(tuple[str, str], write(**values))

        return learn


class Room(Flask):
    """The application."""

    url_rule_class = Route

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
