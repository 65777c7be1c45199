"""A form that was sent after the session had run out: what was typed waits, sealed, until the same person is back.

Only for browsers without scripts: with them the form stays on the screen while somebody signs in beside it. The draft
belongs to the account of the session that ran out, which the browser still held the token of; anybody else who signs
in finds nothing.
"""

from typing import Any
from uuid import UUID

import orjson
from flask import Response, g, request, url_for

from app.core.access import SIGN_IN_PAGE
from app.core.forms import DATE_PARTS
from app.records import drafts
from app.records.page_door import bp
from app.records.schemas import CHANGEABLE, FIXED

FORMS = {
    "records_web.check_new_record": "records_web.new_record",
    "records_web.save_changes": "records_web.edit_record",
}
TYPED = frozenset((*CHANGEABLE, *FIXED, "same_address", "version", *(f"date_of_birth_{part}" for part in DATE_PARTS)))
DRAFT_BYTES = 16_000


@bp.after_request
def keep_typed(response: Response) -> Response:
    """Have a form that came too late shown again, as it was typed, after signing in."""
    account_id: UUID | None = g.get("signed_out")
    page = FORMS.get(request.endpoint or "")
    if account_id is None or page is None or request.method != "POST" or response.status_code != 303:
        return response
    typed: dict[str, Any] = {name: request.form[name] for name in request.form if name in TYPED}
    typed |= {"same_address": "true"} if "true" in request.form.getlist("same_address") else {}
    if len(orjson.dumps(typed)) > DRAFT_BYTES:
        return response
    draft_id = drafts.keep_draft(typed, account_id=account_id)
    again = url_for(page, **(request.view_args or {}), draft=draft_id, done="signed-out")
    response.headers["Location"] = url_for(SIGN_IN_PAGE, next=again)
    return response
