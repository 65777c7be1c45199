"""What the pages tell the browser about the end of its session, and staying signed in when it warns of it.

`static/js/session.js` counts; the numbers are seconds from the answer on, because no browser's clock is the server's.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import Response
from flask.globals import app_ctx, request_ctx

from app.accounts import resuming
from app.accounts.access import doorkeeper, sign_in_rules
from app.accounts.page_door import bp
from app.accounts.staying import Ends
from app.core.access import account_of, current_actor, signed_in
from app.core.cookies import remember_cookie
from app.core.database import utc_now

LEFT, END = "Session-Left", "Session-End"
IDLE, LONGEST, RESUMED = "idle", "longest", "resumed"


@dataclass(frozen=True, slots=True)
class Countdown:
    """What a page knows of the end: seconds left, seconds before it to warn, and whether the browser is remembered."""

    left: int
    warn_before: float
    is_remembered: bool


@bp.app_template_global("session_countdown")
def countdown() -> Countdown | None:
    """Return what the frame tells of the session's end; None where nobody is signed in."""
    ends = _ends()
    if ends is None:
        return None
    before = doorkeeper().warned_before.total_seconds()
    return Countdown(_seconds_to(ends.first), before, remember_cookie() is not None)


@bp.get("/session")
@signed_in
def tell_end() -> Response:
    """Say how long the session has left and what ends it, before a page warns of it."""
    answer, ends = Response(status=204), _ends()
    if ends is not None:
        answer.headers[LEFT] = str(_seconds_to(ends.first))
        answer.headers[END] = _what_comes(ends)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/session")
@signed_in
def stay() -> Response:
    """Stay signed in: that the session was used is noted by the door already."""
    return Response(status=204)


def _what_comes(ends: Ends) -> str:
    token, account_id = remember_cookie(), account_of(current_actor())
    if token is not None and resuming.would_sign_in(token, account_id, ends.first, rules=sign_in_rules()):
        return RESUMED
    return LONGEST if ends.is_last else IDLE


@bp.after_app_request
def tell_scripts(response: Response) -> Response:
    """Have every answer to a script say how long the session has left."""
    if "HTTP_HX_REQUEST" in request_ctx.request.environ and LEFT not in response.headers:
        ends = _ends()
        if ends is not None:
            response.headers[LEFT] = str(_seconds_to(ends.first))
    return response


def _ends() -> Ends | None:
    """Return when the session ends that was read on this request; none is read for it here."""
    ends: Ends | None = getattr(app_ctx.g.get("_login_user"), "ends", None)
    return ends


def _seconds_to(moment: datetime) -> int:
    return max(0, int((moment - utc_now()).total_seconds()))
