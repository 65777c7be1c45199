"""Pages: where somebody is signed in, and ending it elsewhere."""

from uuid import UUID

from flask import Response, flash, url_for

from app.accounts import queries_sign_ins, sign_ins
from app.accounts.errors import NoSuchSession
from app.accounts.page_door import bp, private_page
from app.accounts.schemas_sign_ins import present_sign_in
from app.core.access import account_of, current_actor, signed_in
from app.core.database import utc_now
from app.core.htmx import redirect_to
from app.core.list_queries import Paging
from app.core.listing import page_request
from app.core.settings import settings
from app.core.validation import read_query_leniently

SIGN_INS = "accounts_web.list_sign_ins"


@bp.get("/settings/sessions")
@signed_in
def list_sign_ins() -> Response:
    """Show where the account is signed in."""
    actor, config = current_actor(), settings()
    ask = page_request(read_query_leniently(Paging))
    page = queries_sign_ins.list_sign_ins(account_of(actor), sign_ins.limits_of(config), utc_now(), ask)
    return private_page(
        "accounts/sign_ins.html",
        page=page,
        rows=[present_sign_in(found, actor.credential_id) for found in page.data],
        page_url=lambda number: url_for(SIGN_INS, page=number if number > 1 else None),
    )


@bp.post("/settings/sessions/<id:session_id>/end")
@signed_in
def end_sign_in(session_id: UUID) -> Response:
    """End one sign-in. A second press finds it ended, which is just as well."""
    actor = current_actor()
    try:
        sign_ins.end_sign_in(session_id, account_of(actor), actor=actor)
    except NoSuchSession as refusal:
        flash(refusal.detail, "info")
        return redirect_to(url_for(SIGN_INS))
    flash("That sign-in has ended.", "ok")
    return redirect_to(url_for(SIGN_INS))


@bp.post("/settings/sessions/end-others")
@signed_in
def end_other_sign_ins() -> Response:
    """End every sign-in but this one."""
    actor = current_actor()
    ended = sign_ins.end_other_sign_ins(account_of(actor), keep=actor.credential_id, actor=actor)
    flash("You are signed out everywhere else." if ended else "You were not signed in anywhere else.", "ok")
    return redirect_to(url_for(SIGN_INS))
