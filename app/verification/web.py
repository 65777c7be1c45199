"""The HTML door of verification: the page behind a link, sending links and codes, and typing a code."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.accounts import registration
from app.accounts.page_door import private_page
from app.accounts.web_registration import dead_link
from app.core import links
from app.core.access import current_actor, hides_address, public, requires
from app.core.errors import DomainError, ExpiredToken, FieldError, InvalidToken, ValidationFailed
from app.core.forms import read_form
from app.core.htmx import is_htmx, render_page
from app.core.idempotency import idempotent
from app.core.links import LinkLate, LinkVoid
from app.core.presenting import masked_address
from app.records import queries as records
from app.records.errors import RecordNotFound
from app.records.page_door import on_refusal, send_to
from app.records.page_list import ListState, read_list
from app.records.proving import proofs_of
from app.records.web_detail import detail_context, shown_as_deleted, timeline
from app.verification import emails, mobiles, states
from app.verification.errors import SentOften
from app.verification.queries import RECORD_EMAIL_LINK
from app.verification.schemas import CodeInput, TokenInput

bp = Blueprint("verification_web", __name__)

RECORD, ACCOUNT = "record", "account"


# --- the page behind a link ----------------------------------------------------------------------------------------


@bp.get("/verify-email")
@public("the token of a link in a mail is the credential")
@hides_address
def look_at_link() -> Response:
    """Show whose address a link proves, and the button that does it: whoever only looks changes nothing."""
    if "done" in request.args:
        return private_page("verification/done.html", is_account=request.args["done"] != RECORD)
    token = request.args.get("token", "")
    try:
        address, reference = _whose(token)
    except (LinkVoid, LinkLate) as refusal:
        return _dead_link(token, refusal)
    return private_page("verification/verify.html", token=token, address=masked_address(address), reference=reference)


def _whose(token: str) -> tuple[str, str | None]:
    """Return the address a link proves, and the reference of the record where it is a record's."""
    if links.is_for(RECORD_EMAIL_LINK, token):
        _link, record = emails.find_link(token)
        return record.email, record.reference
    _link, account = registration.find_link(token)
    return account.email, None


@bp.post("/verify-email")
@public("the token of a link in a mail is the credential", limit="auth")
@hides_address
def verify_email() -> Response:
    """Prove an address, of a record or of an account; the link is used up."""
    form = read_form(TokenInput)
    token = form.data.token if form.data else ""
    is_record = links.is_for(RECORD_EMAIL_LINK, token)
    try:
        if is_record:
            emails.verify_email(token, actor=current_actor())
        else:
            registration.verify_email(token, actor=current_actor())
    except (LinkVoid, LinkLate) as refusal:
        return _dead_link(token, refusal)
    return send_to(url_for("verification_web.look_at_link", done=RECORD if is_record else ACCOUNT))


def _dead_link(token: str, refusal: LinkVoid | LinkLate) -> Response:
    if not links.is_for(RECORD_EMAIL_LINK, token):
        return dead_link(refusal, url_for("accounts_web.resend_verification"))
    ended_at = refusal.ended_at if isinstance(refusal, LinkLate) else None
    return private_page("verification/dead_link.html", status=refusal.status, ended_at=ended_at)


# --- what a clerk does on the page of a record ---------------------------------------------------------------------


def _too_often(refusal: DomainError, record_id: UUID) -> Response:
    """Show the record again, and when the next one may be sent."""
    record, state = records.get_record(record_id), read_list()
    flashes = [{"tone": "warn", "text": refusal.detail}]
    page = render_page("records/detail.html", status=429, flashes=flashes, **detail_context(record, state))
    page.headers.update(refusal.headers)
    return page


@bp.get("/records/<id:record_id>/verification-email")
@bp.get("/records/<id:record_id>/verification-sms")
@requires("records:read")
def after_refusal(record_id: UUID) -> Response:
    """Lead to the record whoever loads the address again that a refused form had been sent to."""
    records.get_any_version(record_id)
    return send_to(url_for("records_web.show_record", record_id=record_id))


@bp.post("/records/<id:record_id>/verification-email")
@requires("records:write")
@on_refusal(shown_as_deleted, RecordNotFound)
@on_refusal(_too_often, SentOften)
@idempotent
def send_link(record_id: UUID) -> Response:
    """Have a link mailed to the record's address."""
    return _to_record(record_id, "link-sent" if emails.send_link(record_id) else "proven-before")


@bp.post("/records/<id:record_id>/verification-sms")
@requires("records:write")
@on_refusal(shown_as_deleted, RecordNotFound)
@on_refusal(_too_often, SentOften)
@idempotent
def send_code(record_id: UUID) -> Response:
    """Have a code sent to the record's mobile, and go on to where it is typed."""
    if not mobiles.send_code(record_id, actor=current_actor()):
        return _to_record(record_id, "proven-before")
    return send_to(states.code_url(record_id, _place(read_list())))


@bp.get("/records/<id:record_id>/verify-mobile")
@requires("records:write")
@on_refusal(shown_as_deleted, RecordNotFound)
def ask_code(record_id: UUID) -> Response:
    """Ask for the code that was sent."""
    return _code_page(record_id, [], 200)


def _not_proven(refusal: DomainError, record_id: UUID) -> Response:
    """Ask again, with what is wrong and how many tries are left."""
    errors = list(refusal.errors) or [FieldError("", refusal.code, refusal.detail)]
    return _code_page(record_id, errors, refusal.status)


@bp.post("/records/<id:record_id>/verify-mobile")
@requires("records:write")
@on_refusal(shown_as_deleted, RecordNotFound)
@on_refusal(_not_proven, ValidationFailed, InvalidToken, ExpiredToken)
def verify_mobile(record_id: UUID) -> Response:
    """Prove the record's mobile by the code that was sent to it."""
    form = read_form(CodeInput)
    if form.data is None:
        raise ValidationFailed(form.errors)
    mobiles.verify_mobile(record_id, form.data.code, actor=current_actor())
    return _to_record(record_id, "mobile-proven")


def _code_page(record_id: UUID, errors: list[FieldError], status: int) -> Response:
    record, state, actor = records.get_record(record_id), read_list(), current_actor()
    messages = {error.field: error.message for error in errors}
    proof = proofs_of(record, actor, _place(state)).primary_mobile
    return render_page(
        "verification/code.html",
        status=status,
        record=record,
        state=state,
        proof=proof,
        send_url=url_for("verification_web.send_code", record_id=record_id, **_place(state)),
        again_at=mobiles.codes_again_at(record.primary_mobile, actor),
        field={"name": "code", "label": "Code", "value": "", "error": messages.get("code")},
        errors=errors,
    )


@bp.get("/records/<id:record_id>/contact")
@requires("records:read")
def watch(record_id: UUID) -> Response:
    """Show how far the proofs are, when that is not what the page shows already; for htmx, which asks every moment."""
    record, state = records.get_record(record_id, deleted="include"), read_list()
    if not is_htmx() or record.is_deleted:
        return send_to(url_for("records_web.show_record", record_id=record_id, **_place(state)))
    proofs = proofs_of(record, current_actor(), _place(state))
    if states.mark_of(proofs) == request.args.get("seen"):
        return Response(status=204)
    return render_page(
        "verification/contact.html",
        "contact",
        record=record,
        state=state,
        proofs=proofs,
        may_write=current_actor().may("records:write"),
        may_delete=current_actor().may("records:delete"),
        timeline=timeline(record_id),
        turned="The email address is verified." if proofs.email.is_proven else "",
    )


def _to_record(record_id: UUID, done: str) -> Response:
    return send_to(url_for("records_web.show_record", record_id=record_id, **{**_place(read_list()), "done": done}))


def _place(state: ListState) -> Mapping[str, Any]:
    return state.query(row=state.asked.row, of=state.asked.of)
