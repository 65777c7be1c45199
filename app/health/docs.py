"""The OpenAPI document and its two readers: open to all on a laptop, to signed-in accounts in production."""

from collections.abc import Callable

from flask import Blueprint, Response, make_response, render_template, url_for
from flask.blueprints import BlueprintSetupState

from app.core import openapi
from app.core.access import public, signed_in
from app.core.doors import API_PREFIX, View
from app.core.headers import CSP
from config import Config

# ReDoc searches in a worker that it makes from a blob; its styles go through constructed sheets (redoc-styles.js).
REDOC_CSP = f"{CSP}; worker-src 'self' blob:"

bp = Blueprint("docs", __name__)


@bp.record
def add_routes(state: BlueprintSetupState) -> None:
    """Add the addresses behind the lid that the environment asks for."""
    config: Config = state.app.extensions["config"]
    lid: Callable[[View], View] = signed_in if config.is_production else public("documentation on a laptop")
    for rule, name, view in (
        (f"{API_PREFIX}/openapi.json", "document", _document),
        # The API reads no cookie, so whoever signed in to read would fetch nothing there.
        ("/docs/openapi.json", "shown", _document),
        ("/docs", "swagger", _swagger),
        ("/redoc", "redoc", _redoc),
    ):
        state.add_url_rule(rule, name, lid(_own(view)), methods=["GET"])


def _own(view: Callable[[], Response]) -> View:
    # A lid marks the function it is put on, and each application needs its own.
    def own() -> Response:
        return view()

    own.__doc__ = view.__doc__
    return own


def _document() -> Response:
    """Describe this API as OpenAPI 3.1."""
    return openapi.answer()


def _swagger() -> Response:
    """Show the API in Swagger UI."""
    return make_response(_reader("docs/swagger.html"))


def _redoc() -> Response:
    """Show the API in ReDoc."""
    response = make_response(_reader("docs/redoc.html"))
    response.headers["Content-Security-Policy"] = REDOC_CSP
    return response


def _reader(template: str) -> str:
    return render_template(template, shown_url=url_for("docs.shown"), openapi_url=url_for("docs.document"))
