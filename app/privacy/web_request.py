"""Pages: asking for a correction, of somebody's record or of one's own."""

from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for
from werkzeug.datastructures import MultiDict

from app.accounts import queries as accounts
from app.accounts.own_record import own_record_of
from app.accounts.page_door import private_page
from app.core.access import account_of, current_actor, requires, signed_in
from app.core.errors import DomainError, FieldError, NotFound, ValidationFailed
from app.core.forms import read_form
from app.core.htmx import redirect_to
from app.core.idempotency import idempotent
from app.core.presenting import field_words, shown_value
from app.privacy import queries, service
from app.privacy.contents import shown_now
from app.privacy.page_door import bp
from app.privacy.schemas import SHAPES, ReasonInput
from app.records import queries as records
from app.records.correcting import NewValue
from app.records.errors import Duplicate, RecordNotFound
from app.records.identifiers import MASKS
from app.records.page_door import on_refusal
from app.records.page_fields import form_fields
from app.records.schemas import FIXED
from app.records.web_detail import shown_as_deleted

PROFILE = "accounts_web.show_profile"
WAITS_WORDS = "A correction of this waits already. It is decided first."


@bp.get("/records/<id:record_id>/corrections/new")
@requires("records:write")
@on_refusal(shown_as_deleted, RecordNotFound)
def ask_correction(record_id: UUID) -> Response:
    """Ask what is right, and how that is known."""
    return _form_page(records.get_record(record_id))


def _not_asked(refusal: DomainError, record_id: UUID) -> Response:
    """Show the form again with what is wrong; nothing that was typed is lost."""
    return _form_page(records.get_record(record_id), refusal)


@bp.post("/records/<id:record_id>/corrections/new")
@requires("records:write")
@on_refusal(shown_as_deleted, RecordNotFound)
@on_refusal(_not_asked, Duplicate, ValidationFailed)
@idempotent
def request_correction(record_id: UUID) -> Response:
    """Ask for a correction, which somebody else decides."""
    _request(record_id, tells_taken=True)
    return redirect_to(url_for("records_web.show_record", record_id=record_id, done="correction-asked"))


@bp.get("/settings/profile/correction")
@signed_in
def ask_own_correction() -> Response:
    """Ask what is right in one's own record, and how that is known."""
    return _form_page(_own_record(), is_own=True)


def _own_not_asked(refusal: DomainError) -> Response:
    return _form_page(_own_record(), refusal, is_own=True)


@bp.post("/settings/profile/correction")
@signed_in
@on_refusal(_own_not_asked, ValidationFailed)
@idempotent
def request_own_correction() -> Response:
    """Ask for a correction of one's own record, which the office decides."""
    _request(_own_record().id, tells_taken=False)
    flash("Your request is saved. The office looks at it and decides.", "ok")
    return redirect_to(url_for(PROFILE))


def _own_record() -> Any:
    """Return the record that has the reader's own proven address. Raises NotFound."""
    actor = current_actor()
    own = own_record_of(accounts.get_account(account_of(actor)), actor)
    if own is None:
        raise NotFound
    return own.record


def _field() -> str:
    """Return the field the address is about. Raises NotFound."""
    field = request.args.get("field", "")
    if field not in FIXED:
        raise NotFound
    return field


def _request(record_id: UUID, *, tells_taken: bool) -> None:
    """Read the form and save the request. Raises ValidationFailed with every bad field, Duplicate."""
    field = _field()
    value = read_form(SHAPES[field], drop=("reason",))
    why = read_form(ReasonInput, submitted=MultiDict({"reason": request.form.get("reason", "")}))
    errors = [*value.errors, *why.errors]
    if field in queries.list_waiting(record_id):
        errors = [FieldError("", "INVALID", WAITS_WORDS)]
    if value.data is None or why.data is None or errors:
        raise ValidationFailed(errors)
    wanted = NewValue(field, getattr(value.data, field))
    service.request_correction(
        record_id, wanted, reason=why.data.reason, tells_taken=tells_taken, actor=current_actor()
    )


def _form_page(record: Any, refusal: DomainError | None = None, *, is_own: bool = False) -> Response:
    field = _field()
    errors = [_moved(error, field) for error in refusal.errors] if refusal else []
    messages = {error.field: error.message for error in errors}
    typed = request.form.to_dict()
    return private_page(
        "privacy/request.html",
        status=refusal.status if refusal else 200,
        record=record,
        field=field,
        label=field_words(field),
        is_number=field in MASKS,
        now=shown_value(shown_now(field, record), field),
        box=form_fields(typed, messages)[field],
        reason={
            "name": "reason",
            "label": "How do you know?",
            "value": typed.get("reason", ""),
            "error": messages.get("reason"),
        },
        is_own=is_own,
        back=url_for(PROFILE) if is_own else url_for("records_web.show_record", record_id=record.id),
        waits=field in queries.list_waiting(record.id),
        waits_words=WAITS_WORDS,
        errors=errors,
    )


def _moved(error: FieldError, field: str) -> FieldError:
    """Put what is wrong with the value at the box it was typed in."""
    return FieldError(field, error.code, error.message) if error.field == "value" else error
