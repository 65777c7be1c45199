"""Signing in again by a remembered browser, on the way through the sign-in page.

Only here is the cookie looked at: a page that needs a person sends the browser to sign in, and from here it goes back.
"""

from flask import Response, flash, request, url_for

from app.accounts import resuming
from app.accounts.access import sign_in_rules
from app.accounts.page_door import begin_session, next_page, nobody_yet
from app.accounts.page_remember import drop_token
from app.accounts.resuming import Unremembered
from app.core.cookies import remember_cookie
from app.core.htmx import redirect_to

UNSAVED = "You were signed in again. What you last sent was not saved. Send it once more."
REUSED = (
    "The mark that kept you signed in was shown twice, so it may have been copied. It has ended. "
    "Sign in, then look at where you are signed in under Settings."
)


def resume() -> Response | None:
    """Sign in whoever's browser is remembered and send them on; None where the sign-in page has to be shown.

    It is a GET that writes, as the way back from single sign-on is: the browser comes by itself, and without scripts.
    """
    token = remember_cookie()
    if token is None or request.method != "GET":
        return None
    outcome = resuming.sign_in_again(token, request.user_agent.string, rules=sign_in_rules(), actor=nobody_yet())
    if isinstance(outcome, Unremembered):
        return _not_resumed(outcome)
    begin_session(outcome)
    if request.args.get("unsaved"):
        flash(UNSAVED, "warn")
    return redirect_to(next_page(), reload=True)


def _not_resumed(why: Unremembered) -> Response | None:
    if why is Unremembered.JUST_USED:
        # Another page of this browser has the new session by now; once more is enough to find out.
        is_second = request.args.get("again") is not None
        return None if is_second else redirect_to(url_for("accounts_web.login", next=next_page(), again=1))
    drop_token()
    if why is Unremembered.REUSED:
        flash(REUSED, "warn")
    return None
