"""Pages: seeing both numbers of a correction in full before deciding, with a reason, for thirty seconds."""

from uuid import UUID

from flask import Response, request

from app.accounts.page_door import private_page
from app.accounts.page_recent import NUMBERS_WITHIN, asks_lately
from app.core.access import current_actor, require_scope, requires
from app.core.errors import NotFound
from app.core.forms import read_form
from app.privacy import queries, service
from app.privacy.models import PENDING
from app.privacy.page_cards import card_of
from app.privacy.page_door import bp
from app.privacy.queries import Listed
from app.privacy.schemas import ReasonInput
from app.records.identifiers import MASKS

SECONDS_SHOWN = 30
PRESET_REASON = "Deciding a correction"


@bp.get("/corrections/<id:correction_id>/reveal")
@requires("records:approve")
@asks_lately(NUMBERS_WITHIN)
def ask_reveal(correction_id: UUID) -> Response:
    """Ask why the numbers are needed; the usual reason is there already."""
    require_scope("records:reveal")
    return _form_page(_waiting(correction_id), PRESET_REASON)


@bp.post("/corrections/<id:correction_id>/reveal")
@requires("records:approve")
@asks_lately(NUMBERS_WITHIN)
def reveal(correction_id: UUID) -> Response:
    """Show the number the record has and the one that is asked for, and put on record who saw them and why."""
    require_scope("records:reveal")
    listed, form = _waiting(correction_id), read_form(ReasonInput)
    if form.data is None:
        return _form_page(listed, form.typed.get("reason", ""), form.messages.get("reason"))
    held, asked = service.reveal_correction(correction_id, reason=form.data.reason, actor=current_actor())
    return private_page(
        "privacy/revealed.html",
        card=card_of(listed, current_actor().account_id),
        kind=listed.correction.field,
        held=held,
        asked=asked,
        seconds=SECONDS_SHOWN,
    )


def _waiting(correction_id: UUID) -> Listed:
    """Return a correction of a number that waits. Raises NotFound: of others there is nothing more to see."""
    listed = queries.get_correction(correction_id)
    if listed.correction.status != PENDING or listed.correction.field not in MASKS:
        raise NotFound("This correction has no number to show: it is decided, or about something else.")
    return listed


def _form_page(listed: Listed, typed: str, message: str | None = None) -> Response:
    return private_page(
        "privacy/reveal.html",
        status=422 if message else 200,
        card=card_of(listed, current_actor().account_id),
        reason={"name": "reason", "label": "Why do you need to see them?", "value": typed, "error": message},
        errors=[{"field": "reason", "message": message}] if message else [],
        action=request.path,
    )
