"""The session cookie: who may read it, and how it is kept from others."""

import hashlib
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, current_app, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from app.core.doors import API_PREFIX, is_api
from config import Config


class PageSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, for pages only: under the API's prefix no cookie is read or set."""

    digest_method = staticmethod(hashlib.sha256)

    def open_session(self, app: Flask, request: Request) -> Any:
        """Return the session of the cookie; an empty one for the API."""
        if request.path.startswith(API_PREFIX):
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie when the session changed; never for the API."""
        if not is_api():
            super().save_session(app, session, response)


def init_app(app: Flask) -> None:
    """Name and guard the cookie: `__Host-` and Secure wherever the address is https."""
    config: Config = app.extensions["config"]
    is_secure = config.is_production or config.base_url.startswith("https://")
    app.session_interface = PageSessions()
    app.config.update(
        SESSION_COOKIE_NAME="__Host-session" if is_secure else "session",
        SESSION_COOKIE_SECURE=is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_DOMAIN=None,
        SESSION_REFRESH_EACH_REQUEST=False,
        REMEMBER_COOKIE_NAME="__Host-remember" if is_secure else "remember",
        SESSION_PROTECTION=None,
    )


def remember_cookie() -> str | None:
    """Return what the cookie of a remembered browser holds, as it was sent."""
    return request.cookies.get(current_app.config["REMEMBER_COOKIE_NAME"]) or None


def keep_remember_cookie(response: Response, token: str, lives: timedelta) -> None:
    """Have the browser keep the token it is remembered by, guarded as the session is."""
    response.set_cookie(current_app.config["REMEMBER_COOKIE_NAME"], token, max_age=lives, **_guards())


def drop_remember_cookie(response: Response) -> None:
    """Have the browser forget the token it was remembered by."""
    response.delete_cookie(current_app.config["REMEMBER_COOKIE_NAME"], **_guards())


def _guards() -> dict[str, Any]:
    is_secure = current_app.config["SESSION_COOKIE_SECURE"]
    return {"path": "/", "secure": is_secure, "httponly": True, "samesite": "Lax"}
