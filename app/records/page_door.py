"""What all pages of person records share: their blueprint, sending a browser on, and showing a refusal as a page."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Blueprint, Response, make_response, redirect, request

from app.core.errors import DomainError
from app.core.htmx import on_site

P = ParamSpec("P")

bp = Blueprint("records_web", __name__)


def send_to(url: str) -> Response:
    """Send the browser on after a write, to a page of this site. The answer is the same for whoever asked."""
    return make_response(redirect(on_site(url), 303))


@bp.after_request
def send_on_by_header(response: Response) -> Response:
    """Have htmx load the next page as a whole: it would follow a 303 by itself and put the page into the form.

    It stands here and not in the views, so that an answer given again under an idempotency key is turned as well.
    """
    if request.headers.get("HX-Request") != "true" or response.status_code != 303:
        return response
    sent = Response(status=204, headers={"HX-Redirect": response.headers["Location"]})
    for name in ("Idempotency-Replayed", "Cache-Control"):
        if name in response.headers:
            sent.headers[name] = response.headers[name]
    return sent


def on_refusal(
    answer: Callable[..., Response], *kinds: type[DomainError]
) -> Callable[[Callable[P, Any]], Callable[P, Response]]:
    """Show refusals of these kinds by `answer(refusal, **arguments of the view)`.

    It stands above @idempotent, so that what was refused is taken back before anything is shown.
    """

    def decorate(view: Callable[P, Any]) -> Callable[P, Response]:
        @wraps(view)
        def shown(*args: P.args, **kwargs: P.kwargs) -> Response:
            try:
                return make_response(view(*args, **kwargs))
            except kinds as refusal:
                return answer(refusal, *args, **kwargs)

        return shown

    return decorate
