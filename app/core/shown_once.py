"""Making what is shown a single time, a secret: the form sent again makes no second one and shows none."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, flash, request

from app.core.htmx import redirect_to
from app.core.idempotency import Answer, claim_for, perform, requested_key

T = TypeVar("T")


def make_and_show(
    make: Callable[[], T], show: Callable[[T], Response], *, place_of: Callable[[T], str], asked: Any, words: str
) -> Response:
    """Make a thing and show it; where the same was asked before, lead to its place and say so."""
    made: list[T] = []

    def work() -> Answer:
        made.append(make())
        return Answer(303, {"Location": place_of(made[-1])}, "")

    key = requested_key()
    answer = work() if key is None else perform(claim_for(key, request.method, request.path, asked), work)
    if answer.replayed:
        flash(words, "info")
        return redirect_to(answer.headers["Location"])
    return show(made[-1])
