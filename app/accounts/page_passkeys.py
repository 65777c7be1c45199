"""What pages with passkeys share."""

from flask import Response, request

from app.accounts.relying_party import RelyingParty, relying_party
from app.core.settings import settings


def party() -> RelyingParty:
    """Return who we are to a passkey, by the address of the settings and never by the Host header."""
    return relying_party(settings().base_url)


def works_here() -> bool:
    """Tell whether this page was asked for at the address that passkeys belong to."""
    return request.host == party().host


def options_answer(options: str) -> Response:
    """Answer what a script hands to the browser's passkeys."""
    return Response(options, mimetype="application/json", headers={"Cache-Control": "no-store"})
