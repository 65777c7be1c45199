"""Forms that another site had a browser send: every write of a page carries its session's token."""

from flask import Flask, request
from flask_wtf.csrf import CSRFError, same_origin

from app.core.doors import Door
from app.extensions import csrf

FROM_HERE = frozenset({"same-origin", "none"})


def init_app(app: Flask) -> None:
    """Have the token checked where a route's lid asks for it, and where a form comes from by what stands here."""
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_SSL_STRICT=False)


def refuse_foreign_form(door: Door) -> None:
    """Refuse a form that does not carry this session's token, or that a browser sent for another site.

    Raises CSRFError.
    """
    csrf.protect()
    if _is_foreign(door):
        raise CSRFError("The form comes from elsewhere.")


def _is_foreign(door: Door) -> bool:
    """Tell whether the browser says that somebody else's page sent this; older ones say it by address alone.

    Who hides all of it still has to know the token, and no other site can plant the cookie it belongs to. A page that
    hides its address has the browser hide it here as well.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in FROM_HERE
    shown = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return shown != "" and not door.hides_address and not _is_here(shown)


def _is_here(address: str) -> bool:
    try:
        return bool(same_origin(address, request.host_url))
    except ValueError:
        return False
