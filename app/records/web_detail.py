"""Pages: one record, and its story."""

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.core.access import current_actor, requires
from app.core.errors import DomainError
from app.core.htmx import render_page
from app.core.list_queries import Paging
from app.core.listing import page_request
from app.core.office import office_today
from app.core.presenting import zone_name
from app.core.trail import find_last_change, list_history, list_newest
from app.core.validation import read_query_leniently
from app.records import page_done, queries, viewing
from app.records.birth import age_on
from app.records.page_corrections import corrections_of
from app.records.page_done import Flash
from app.records.page_door import bp, send_to
from app.records.page_list import ListState, read_list
from app.records.page_reasons import DELETE, DELETE_REASONS, REVEAL, REVEAL_REASONS, reason_fields
from app.records.page_trail import ToldEntry, told
from app.records.proving import proofs_of
from app.records.retention import kept_until

TIMELINE_LENGTH = 5
READS_HISTORY = ("audit:read", "records:write")


@bp.get("/records/<id:record_id>")
@requires("records:read")
def show_record(record_id: UUID) -> Response:
    """Show one record; of a deleted one, who deleted it, when and why."""
    record = queries.get_record(record_id, deleted="include")
    if record.is_deleted:
        return deleted_page(record)
    viewing.note_view(record.id, current_actor())
    state = read_list()
    return render_page("records/detail.html", flashes=page_done.flashes(state, record), **detail_context(record, state))


@bp.get("/records/<id:record_id>/history")
@requires(*READS_HISTORY)
def show_history(record_id: UUID) -> Response:
    """Tell what happened to a record, newest first."""
    record = queries.get_record(record_id, deleted="include")
    state, asked = read_list(), read_query_leniently(Paging)
    page = list_history(record_id, page_request(asked))
    entries = told(page.data, current_actor().account_id)
    return render_page(
        "records/history.html",
        record=record,
        state=state,
        page=page,
        entries=entries,
        zone=zone_name(),
        page_url=lambda number: url_for("records_web.show_history", record_id=record_id, page=number),
    )


@bp.get("/records/<id:record_id>/restore")
@bp.get("/records/<id:record_id>/edit/merge")
@bp.get("/records/<id:record_id>/edit/restore")
@requires("records:read")
def after_refusal(record_id: UUID) -> Response:
    """Lead to the record whoever loads the address again that a refused form had been sent to."""
    queries.get_any_version(record_id)
    return send_to(url_for("records_web.show_record", record_id=record_id))


def shown_as_deleted(refusal: DomainError, record_id: UUID) -> Response:
    """Show that a record was deleted where a page needs a live one. Raises the refusal when there never was one."""
    record = queries.get_record(record_id, deleted="include")
    if not record.is_deleted:
        raise refusal
    return deleted_page(record)


def detail_context(record: Any, state: ListState) -> dict[str, Any]:
    """Return what the page of a live record shows, chosen by what the reader may do."""
    actor = current_actor()
    return {
        "record": record,
        "state": state,
        "age": age_on(office_today(), record.date_of_birth),
        "steps": _steps(state),
        "timeline": timeline(record.id),
        "corrections": corrections_of(record.id),
        "proofs": proofs_of(record, actor, state.query(row=state.asked.row, of=state.asked.of)),
        "may_write": actor.may("records:write"),
        "may_delete": actor.may("records:delete"),
        "may_reveal": actor.may("records:reveal"),
        "reveal": {"fields": ["aadhaar"], "error": None, **reason_fields(REVEAL_REASONS, REVEAL)},
        "delete": reason_fields(DELETE_REASONS, DELETE),
        "kept_until": kept_until(office_today()),
        "errors": [],
    }


def timeline(record_id: UUID) -> list[ToldEntry] | None:
    """Tell the newest of a record's story, to who may read it."""
    actor = current_actor()
    if not any(actor.may(scope) for scope in READS_HISTORY):
        return None
    return told(list_newest(record_id, TIMELINE_LENGTH), actor.account_id)


def deleted_page(record: Any, flashes: list[Flash] | None = None, status: int = 410) -> Response:
    """Say that a record was deleted, by whom, when and why; who may restore it also sees what it holds."""
    actor = current_actor()
    last = find_last_change(record.id)
    is_mine = last is not None and last.actor_id is not None and last.actor_id == actor.account_id
    who = "You" if is_mine else (last and last.actor_name) or "Somebody"
    may_restore = actor.may("records:delete")
    return render_page(
        "records/deleted.html",
        status=status,
        record=record,
        state=read_list(),
        who=who,
        age=age_on(office_today(), record.date_of_birth),
        may_restore=may_restore,
        may_read_history=any(actor.may(scope) for scope in READS_HISTORY),
        flashes=[*(flashes or []), *([page_done.was_deleted(record, who)] if may_restore else [])],
    )


def _steps(state: ListState) -> dict[str, Any] | None:
    """Return the way to the next and the previous person of the list this record was opened from."""
    row, of = state.asked.row, state.asked.of
    if row is None or of is None or row > of or request.method != "GET":
        return None

    def url(place: int) -> str:
        return url_for("records_web.go_to_row", **state.query(row=place))

    return {"row": row, "of": of, "back": url(row - 1) if row > 1 else "", "on": url(row + 1) if row < of else ""}
