"""Pages: two people changed one record: both versions side by side, and saving the result."""

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.core import transaction
from app.core.access import current_actor, require_scope, requires
from app.core.errors import DomainError, FieldError, IdempotencyKeyReused, ValidationFailed, VersionConflict
from app.core.htmx import is_htmx, render_page
from app.core.idempotency import idempotent
from app.core.presenting import field_words, shown_value
from app.core.trail import find_last_change
from app.core.validation import check
from app.core.versioning import ExpectedVersion, expects_version
from app.records import queries, service
from app.records.errors import Duplicate, NotDeleted, RecordNotFound
from app.records.merging import MergedField, Side, open_clashes, result_of
from app.records.page_conflict import (
    CHOOSE,
    Conflict,
    choice_errors,
    merge_reason,
    read_conflict,
    shown_fields,
)
from app.records.page_door import bp, on_refusal, send_to
from app.records.page_fields import summary
from app.records.page_list import read_list
from app.records.schemas import RecordChanges

PAGE = "#main"
CHOOSE_WORDS = "Choose what to save"
REFUSALS = (RecordNotFound, ValidationFailed, VersionConflict, Duplicate, IdempotencyKeyReused, NotDeleted)


def _not_merged(refusal: DomainError, record_id: UUID) -> Response:
    """Come back to the screen with the choices kept: a third person saved, or something is still open."""
    return conflict_page(record_id, read_conflict(request.form), list(refusal.errors), refusal.status)


@bp.post("/records/<id:record_id>/edit/merge")
@requires("records:write")
@on_refusal(_not_merged, *REFUSALS)
@idempotent
@expects_version(queries.get_version)
def save_merge(record_id: UUID, expected_version: ExpectedVersion | None) -> Response:
    """Save the result over the newest version."""
    conflict, record = read_conflict(request.form), queries.get_record(record_id)
    merged = conflict.merged(record)
    undecided = open_clashes(merged, conflict.settled)
    if undecided:
        raise ValidationFailed([FieldError(f"{CHOOSE}{name}", "REQUIRED", _choose_words(name)) for name in undecided])
    changes = check(RecordChanges, result_of(merged, conflict.settled))
    service.update_record(
        record_id,
        changes,
        expected_version=expected_version,
        reason=merge_reason(conflict, merged, record.version),
        actor=current_actor(),
    )
    done = "saved" if changes.changes() else "kept"
    return send_to(url_for("records_web.show_record", record_id=record_id, **read_list().query(done=done)))


@bp.post("/records/<id:record_id>/edit/restore")
@requires("records:delete")
@on_refusal(_not_merged, *REFUSALS)
@idempotent
@expects_version(queries.get_any_version)
def restore_and_apply(record_id: UUID, expected_version: ExpectedVersion | None) -> Response:
    """Bring a record back that was deleted under somebody's hands, with what they had typed."""
    require_scope("records:write")
    conflict, actor = read_conflict(request.form), current_actor()
    merged = _without_status(conflict.merged(queries.get_record(record_id, deleted="include")))
    changes = check(RecordChanges, result_of(merged, {}))

    def restore_with_changes() -> None:
        service.restore_record(record_id, expected_version=expected_version, actor=actor)
        service.update_record(record_id, changes, reason="Typed while the record was being deleted", actor=actor)

    transaction.run(restore_with_changes)
    return send_to(url_for("records_web.show_record", record_id=record_id, done="restored"))


def conflict_page(record_id: UUID, conflict: Conflict, errors: list[FieldError], status: int) -> Response:
    """Show what was there, what they saved, what was typed, and what comes of it."""
    record = queries.get_record(record_id, deleted="include")
    if record.is_deleted:
        return deleted_meanwhile_page(record_id, conflict)
    merged = conflict.merged(record)
    placed = choice_errors(errors, merged)
    rows = shown_fields(merged, conflict, {error.field: error.message for error in placed})
    last = find_last_change(record_id)
    return _whole_page(
        "records/conflict.html",
        status,
        record=record,
        state=read_list(),
        who=_who(last),
        saved_at=last.occurred_at if last else record.updated_at,
        clashes=[row for row in rows if row.side == Side.BOTH],
        merges=[row for row in rows if row.side in (Side.THEIRS, Side.MINE)],
        same=[row for row in rows if row.side == Side.NOBODY],
        hidden=conflict.hidden(),
        is_again=bool(conflict.settled),
        chosen=len([name for name in conflict.settled if any(row.field["name"] == name for row in rows)]),
        errors=summary(placed),
    )


def deleted_meanwhile_page(record_id: UUID, conflict: Conflict) -> Response:
    """Say who deleted the record that was being changed, and offer to bring it back with what was typed."""
    record, actor = queries.get_record(record_id, deleted="include"), current_actor()
    merged = _without_status(conflict.merged(record))
    mine = [field for field in merged if field.side in (Side.MINE, Side.BOTH)]
    last = find_last_change(record_id)
    typed = [f"{field_words(field.name)}: {shown_value(field.mine, field.name) or 'None'}" for field in mine]
    return _whole_page(
        "records/deleted_meanwhile.html",
        409,
        record=record,
        state=read_list(),
        who=_who(last),
        typed="\n".join(typed),
        hidden=conflict.hidden(),
        may_restore=actor.may("records:delete"),
        can_apply=bool(mine) and not any(field.clashes for field in mine),
    )


def _without_status(merged: list[MergedField]) -> list[MergedField]:
    # Deleting made the record inactive; restoring gives it the status it had.
    return [field for field in merged if field.name != "is_active"]


def _whole_page(template: str, status: int, **context: Any) -> Response:
    page = render_page(template, "main", status=status, **context)
    if is_htmx():
        page.headers["HX-Retarget"], page.headers["HX-Reswap"] = PAGE, "innerHTML"
    return page


def _who(last: Any) -> str:
    return (last.actor_name if last else None) or "Somebody"


def _choose_words(name: str) -> str:
    return f"{CHOOSE_WORDS} for {field_words(name).lower()}"
