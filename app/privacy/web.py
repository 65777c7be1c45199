"""Pages: the corrections that wait and those that are decided; the HTML door, which attaches its pages to `bp`."""

from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for

from app.accounts.page_door import private_page
from app.accounts.queries import find_names
from app.core.access import current_actor, requires
from app.core.errors import DomainError, NotFound, ValidationFailed
from app.core.forms import read_form
from app.core.htmx import redirect_to
from app.core.idempotency import idempotent
from app.core.list_queries import Id
from app.core.listing import page_request
from app.core.presenting import clock, field_words
from app.core.validation import checks, read_query_leniently
from app.privacy import queries, service, web_request, web_reveal
from app.privacy.errors import AlreadyDecided, OwnCorrection
from app.privacy.models import PENDING
from app.privacy.page_cards import card_of, cards_of, next_after
from app.privacy.page_door import bp
from app.privacy.schemas import CorrectionQuery, ReasonInput
from app.records.errors import Duplicate
from app.records.page_door import on_refusal

__all__ = ["bp", "web_request", "web_reveal"]

LIST = "privacy_web.list_corrections"
TABS = (("pending", "Waiting"), ("approved", "Approved"), ("rejected", "Rejected"))


class CorrectionsQuery(CorrectionQuery):
    """The address of the page; after a decision `after` is the correction that was decided."""

    after: Id | None = None


@bp.get("/corrections")
@requires("records:approve")
def list_corrections() -> Response:
    """List the corrections that wait, or those that are decided."""
    return _list_page()


def _not_decided(refusal: DomainError, correction_id: UUID) -> Response:
    """Say above the list what stands in the way of a decision."""
    return _list_page({"tone": "bad" if refusal.errors else "warn", "text": _words(refusal, correction_id)}, refusal)


@bp.post("/corrections/<id:correction_id>/approve")
@requires("records:approve")
@on_refusal(_not_decided, AlreadyDecided, Duplicate, OwnCorrection, ValidationFailed)
@idempotent
def approve(correction_id: UUID) -> Response:
    """Approve what somebody else asked for, and go on with the next."""
    done = service.approve_correction(correction_id, checks=checks(), actor=current_actor())
    flash(f"Approved. {field_words(done.field)} is corrected.", "ok")
    return redirect_to(url_for(LIST, after=done.id))


@bp.get("/corrections/<id:correction_id>/approve")
@requires("records:approve")
def after_refusal(correction_id: UUID) -> Response:
    """Lead to the list whoever loads the address again that a refused decision had been sent to."""
    queries.get_correction(correction_id)
    return redirect_to(url_for(LIST))


@bp.get("/corrections/<id:correction_id>/reject")
@requires("records:approve")
def ask_reject(correction_id: UUID) -> Response:
    """Ask for the reason before a correction is rejected."""
    return _reject_page(correction_id)


@bp.post("/corrections/<id:correction_id>/reject")
@requires("records:approve")
@on_refusal(_not_decided, AlreadyDecided, OwnCorrection)
@idempotent
def reject(correction_id: UUID) -> Response:
    """Reject what somebody else asked for, with the reason."""
    form = read_form(ReasonInput)
    if form.data is None:
        return _reject_page(correction_id, form.typed.get("reason", ""), form.messages.get("reason"))
    done = service.reject_correction(correction_id, reason=form.data.reason, actor=current_actor())
    flash("Rejected. The record stays as it is.", "ok")
    return redirect_to(url_for(LIST, after=done.id))


def _list_page(flash_now: dict[str, Any] | None = None, refusal: DomainError | None = None) -> Response:
    asked, me = read_query_leniently(CorrectionsQuery), current_actor().account_id
    status = asked.status or PENDING
    page = queries.list_corrections(status, page_request(asked))
    waiting = page.total if status == PENDING else queries.count_waiting()
    return private_page(
        "privacy/corrections.html",
        status=refusal.status if refusal else 200,
        page=page,
        cards=cards_of(page.data, me, _focus(asked, page.data)),
        tabs=TABS,
        status_shown=status,
        waiting=waiting,
        refused=flash_now,
        may_reveal=current_actor().may("records:reveal"),
        page_url=lambda number: url_for(LIST, status=asked.status, page=number if number > 1 else None),
    )


def _focus(asked: CorrectionsQuery, listed: Any) -> UUID | None:
    if asked.after is None or asked.status not in (None, PENDING):
        return None
    try:
        return next_after(queries.get_correction(asked.after).correction, listed)
    except NotFound:
        return None


def _words(refusal: DomainError, correction_id: UUID) -> str:
    """Say who decided meanwhile, or which rule the value breaks now."""
    one = queries.get_correction(correction_id).correction
    if isinstance(refusal, AlreadyDecided) and one.decided_by is not None and one.decided_at is not None:
        names = find_names([one.decided_by])
        who = "You" if one.decided_by == current_actor().account_id else names.get(one.decided_by, "Somebody")
        return f"{who} {one.status} this at {clock(one.decided_at)}."
    if refusal.errors:
        return f"Not approved. {field_words(one.field)}: {refusal.errors[0].message}."
    return refusal.detail


def _reject_page(correction_id: UUID, typed: str = "", message: str | None = None) -> Response:
    listed = queries.get_correction(correction_id)
    if listed.correction.status != PENDING or listed.correction.requested_by == current_actor().account_id:
        refusal = AlreadyDecided() if listed.correction.status != PENDING else OwnCorrection()
        return _not_decided(refusal, correction_id)
    return private_page(
        "privacy/reject.html",
        status=422 if message else 200,
        card=card_of(listed, current_actor().account_id),
        reason={"name": "reason", "label": "Why not?", "value": typed, "error": message},
        errors=[{"field": "reason", "message": message}] if message else [],
        action=request.path,
    )
