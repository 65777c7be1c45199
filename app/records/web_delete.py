"""Pages: deleting a record, with a reason."""

from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.datastructures import MultiDict

from app.core.access import current_actor, requires
from app.core.errors import DomainError, FieldError, ValidationFailed, VersionConflict
from app.core.forms import read_form
from app.core.htmx import render_page
from app.core.idempotency import idempotent
from app.core.office import office_today
from app.core.paging import PageRequest
from app.core.versioning import ExpectedVersion, expects_version
from app.records import queries, service
from app.records.errors import RecordNotFound
from app.records.page_door import bp, on_refusal, send_to
from app.records.page_list import ListState, read_list
from app.records.page_reasons import DELETE, DELETE_REASONS, ChosenReason, chosen_reason, reason_errors, reason_fields
from app.records.retention import kept_until
from app.records.schemas import DeleteInput
from app.records.web_detail import shown_as_deleted
from app.records.web_list import walk_list

CHANGED_WORDS = (
    "Somebody changed this record after you opened it. Look at it again below, then delete it if that is right"
)


@bp.get("/records/<id:record_id>/delete")
@requires("records:delete")
@on_refusal(shown_as_deleted, RecordNotFound)
def ask_delete(record_id: UUID) -> Response:
    """Ask once whether to delete, and why."""
    return _form_page(queries.get_record(record_id), None, [])


def _not_deleted(refusal: DomainError, record_id: UUID) -> Response:
    """Show the form again with what is wrong; a record that is deleted already needs nothing."""
    if isinstance(refusal, RecordNotFound):
        if not queries.get_record(record_id, deleted="include").is_deleted:
            raise refusal
        return _gone(record_id, read_list())
    errors = list(refusal.errors)
    if isinstance(refusal, VersionConflict):
        errors = [FieldError("", refusal.code, CHANGED_WORDS)]
    reason = chosen_reason(request.form, DELETE_REASONS, DELETE)
    return _form_page(queries.get_record(record_id), reason, errors, refusal.status)


@bp.post("/records/<id:record_id>/delete")
@requires("records:delete")
@on_refusal(_not_deleted, RecordNotFound, ValidationFailed, VersionConflict)
@idempotent
@expects_version(queries.get_version)
def delete(record_id: UUID, expected_version: ExpectedVersion | None) -> Response:
    """Delete a record so that it can be restored."""
    reason = chosen_reason(request.form, DELETE_REASONS, DELETE)
    form = read_form(DeleteInput, submitted=MultiDict({"reason": reason.text or ""}))
    errors = reason_errors(form.errors, reason, DELETE)
    if form.data is None or errors:
        raise ValidationFailed(errors)
    state = read_list()
    follower = _following(state, record_id)
    service.delete_record(record_id, reason=form.data.reason, expected_version=expected_version, actor=current_actor())
    return _gone(record_id, state, follower)


def _gone(record_id: UUID, state: ListState, follower: UUID | None = None) -> Response:
    return send_to(state.url(done="deleted", record=record_id, at=follower))


def _following(state: ListState, record_id: UUID) -> UUID | None:
    """Return the next record of the list, whose row gets the focus; the one before it at the end."""
    row = state.asked.row
    if row is None:
        return None
    first = max(1, row - 1)
    around = walk_list(state, PageRequest(size=1, page=row + 1, descending=state.asked.descending)).data
    around = around or walk_list(state, PageRequest(size=1, page=first, descending=state.asked.descending)).data
    return next((record.id for record in around if record.id != record_id), None)


def _form_page(record: Any, reason: ChosenReason | None, errors: list[FieldError], status: int = 200) -> Response:
    messages = {error.field: error.message for error in errors}
    return render_page(
        "records/delete.html",
        status=status,
        record=record,
        state=read_list(),
        delete=reason_fields(DELETE_REASONS, DELETE, reason, messages),
        kept_until=kept_until(office_today()),
        errors=[{"field": error.field, "message": error.message} for error in errors],
    )
