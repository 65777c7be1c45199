"""The tick "Keep me signed in on this device", and the cookie behind it.

It stands with the password alone. A passkey signs in by one touch and needs no remembering; and how long somebody from
single sign-on stays is for the provider to say, who could not end what is remembered here.
"""

from flask import Response, after_this_request, g, request, session

from app.accounts import remembered
from app.core.cookies import drop_remember_cookie, keep_remember_cookie, remember_cookie
from app.core.identity import Actor

REMEMBER = "remember"
"""The name of the tick, and where the session keeps it on the way to the second step."""


def wants_remembering() -> bool:
    """Tell whether the sign-in form that was sent has the tick."""
    return request.form.getlist(REMEMBER)[-1:] == ["true"]


def was_ticked() -> bool:
    """Tell whether the sign-in form had the tick that led to the step in hand."""
    return session.get(REMEMBER) is True


def keep_token(token: str) -> None:
    """Have the answer in hand give the browser the token it is remembered by."""
    _tell(token)


def drop_token() -> None:
    """Have the answer in hand take the token from the browser."""
    _tell(None)


def _tell(token: str | None) -> None:
    """Have the answer set the cookie once, by the last word that was said about it."""
    if "remember_token" not in g:
        after_this_request(_write)
    g.remember_token = token


def _write(response: Response) -> Response:
    token = g.pop("remember_token")
    if token is None:
        drop_remember_cookie(response)
    else:
        keep_remember_cookie(response, token, remembered.LIVES)
    return response


def forget_browser(actor: Actor) -> None:
    """Remember this browser no more: on signing out, and before anybody signs in anew."""
    token = remember_cookie()
    if token is not None:
        remembered.forget(token, actor=actor)
        drop_token()
