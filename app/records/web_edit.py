"""Pages: changing a record."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.core.access import current_actor, requires
from app.core.errors import DomainError, FieldError, IdempotencyKeyReused, ValidationFailed, VersionConflict
from app.core.forms import read_form
from app.core.htmx import render_page
from app.core.idempotency import idempotent
from app.core.office import office_today
from app.core.rules import read_id
from app.core.versioning import ExpectedVersion, expects_version
from app.records import drafts, page_done, queries, service
from app.records.birth import age_on
from app.records.errors import Duplicate, RecordNotFound
from app.records.page_conflict import Conflict
from app.records.page_door import bp, on_refusal, send_to
from app.records.page_fields import form_fields, summary, typed_of
from app.records.page_list import read_list
from app.records.schemas import RecordChanges
from app.records.web_detail import shown_as_deleted
from app.records.web_merge import conflict_page, deleted_meanwhile_page

SENT_TWICE = "This form was sent before with other values. Look at it again, then save once more"


@bp.get("/records/<id:record_id>/edit")
@requires("records:write")
@on_refusal(shown_as_deleted, RecordNotFound)
def edit_record(record_id: UUID) -> Response:
    """Show the form with what is saved, or with what was typed before signing in anew."""
    record = queries.get_record(record_id)
    kept = _kept()
    typed = kept or typed_of(record)
    return _form_page(record, typed, [], version=typed.get("version") or str(record.version))


def _not_saved(refusal: DomainError, record_id: UUID) -> Response:
    """Show the form again with what is wrong, or the two versions that met."""
    form = read_form(RecordChanges)
    if isinstance(refusal, RecordNotFound):
        return deleted_meanwhile_page(record_id, _conflict_of(form.data))
    if isinstance(refusal, VersionConflict) and form.data is not None:
        return conflict_page(record_id, _conflict_of(form.data), [], refusal.status)
    errors = form.errors or list(refusal.errors)
    if isinstance(refusal, IdempotencyKeyReused):
        errors = [FieldError("", refusal.code, SENT_TWICE)]
    record = queries.get_record(record_id)
    status = 422 if form.errors else refusal.status
    return _form_page(record, form.typed, errors, version=request.form.get("version", ""), status=status)


@bp.post("/records/<id:record_id>/edit")
@requires("records:write")
@on_refusal(_not_saved, RecordNotFound, ValidationFailed, VersionConflict, Duplicate, IdempotencyKeyReused)
@idempotent
@expects_version(queries.get_version)
def save_changes(record_id: UUID, expected_version: ExpectedVersion | None) -> Response:
    """Save the changes, unless somebody saved others meanwhile."""
    form = read_form(RecordChanges)
    if form.data is None:
        raise ValidationFailed(form.errors)
    before = queries.get_version(record_id)
    record = service.update_record(record_id, form.data, expected_version=expected_version, actor=current_actor())
    done = "saved" if record.version != before else "unchanged"
    return send_to(url_for("records_web.show_record", record_id=record_id, **read_list().query(done=done)))


def _conflict_of(data: RecordChanges | None) -> Conflict:
    return Conflict(read_id(request.form.get("version")), data.changes() if data else {})


def _form_page(
    record: Any, typed: Mapping[str, Any], errors: list[FieldError], *, version: str, status: int = 200
) -> Response:
    messages = {error.field: error.message for error in errors}
    state = read_list()
    return render_page(
        "records/edit.html",
        "form",
        status=status,
        record=record,
        state=state,
        version=version,
        fields=form_fields(typed, messages),
        age=age_on(office_today(), record.date_of_birth),
        errors=summary(errors),
        flashes=page_done.flashes(state),
    )


def _kept() -> dict[str, Any] | None:
    draft_id, account_id = read_id(request.args.get("draft")), current_actor().account_id
    if draft_id is None or account_id is None:
        return None
    return drafts.find_draft(draft_id, account_id=account_id)
