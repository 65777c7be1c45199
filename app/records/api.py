"""The JSON door of person records: `/api/v1/users`."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from app.core.access import current_actor, require_scope, requires
from app.core.doors import API_PREFIX, answers, reply
from app.core.idempotency import idempotent
from app.core.list_queries import Paging
from app.core.listing import page_request, reply_page
from app.core.paging import Page
from app.core.trail import list_history
from app.core.trail_output import EntryPageOutput, present_entry
from app.core.validation import accepts
from app.core.validation import queries as query_string
from app.core.versioning import ExpectedVersion, expects_version, missing_first
from app.records import disclosure, queries, queries_lists, service, viewing
from app.records.api_create import create_each, created
from app.records.listing import exact_kinds, filter_of, record_page
from app.records.presentation import present, present_rows, present_values
from app.records.schemas import BatchInput, DeleteInput, RecordChanges, RecordInput, RestoreInput, RevealInput
from app.records.schemas_lists import ListQuery, RecordQuery, SearchBody, SearchQuery
from app.records.schemas_output import (
    BatchOutput,
    CreatedRecordOutput,
    DeletedOutput,
    RecordOutput,
    RecordPageOutput,
    RevealOutput,
)

TAKEN = ("DUPLICATE_EMAIL", "DUPLICATE_MOBILE", "DUPLICATE_AADHAAR", "DUPLICATE_PAN")

bp = Blueprint("records_api", __name__, url_prefix=f"{API_PREFIX}/users")


@bp.post("/")
@requires("records:write")
@idempotent
@accepts(RecordInput)
@answers(201, CreatedRecordOutput, refuses=TAKEN, conditional=True)
def create(data: RecordInput) -> Response:
    """Create a record, or bring back the deleted one of the same person."""
    return created(*service.create_record(data, actor=current_actor()))


@bp.post("/batch")
@requires("records:write")
@idempotent
@accepts(BatchInput)
@answers(200, BatchOutput)
def create_batch(data: BatchInput) -> Response:
    """Create up to 500 records, each on its own."""
    return reply(create_each(data.items))


@bp.get("/<id:record_id>")
@requires("records:read")
@missing_first(queries.get_any_version)
@query_string(RecordQuery)
@answers(200, RecordOutput, refuses=("USER_NOT_FOUND",), conditional=True)
def read(record_id: UUID, query: RecordQuery) -> Response:
    """Read one record."""
    _may_see_deleted(query.deleted)
    record = present_values(queries.get_values(record_id, deleted=query.deleted))
    viewing.note_view(record_id, current_actor())
    return reply(record, etag=record["version"])


@bp.route("/<id:record_id>", methods=["PUT", "PATCH"])
@requires("records:write")
@expects_version(queries.get_version)
@accepts(RecordChanges)
@answers(200, RecordOutput, refuses=("USER_NOT_FOUND", *TAKEN), conditional=True)
def update(record_id: UUID, data: RecordChanges, expected_version: ExpectedVersion | None) -> Response:
    """Change some fields of a record."""
    record = service.update_record(record_id, data, expected_version=expected_version, actor=current_actor())
    return reply(present(record), etag=record.version)


@bp.delete("/<id:record_id>")
@requires("records:delete")
@expects_version(queries.get_version)
@accepts(DeleteInput, optional=True)
@answers(200, DeletedOutput, refuses=("USER_NOT_FOUND",))
def delete(record_id: UUID, data: DeleteInput, expected_version: ExpectedVersion | None) -> Response:
    """Delete a record so that it can be restored."""
    service.delete_record(record_id, reason=data.reason, expected_version=expected_version, actor=current_actor())
    return reply({"message": "User deleted successfully"})


@bp.post("/<id:record_id>/restore")
@requires("records:delete")
@idempotent
@expects_version(queries.get_any_version)
@accepts(RestoreInput, optional=True)
@answers(200, RecordOutput, refuses=("USER_NOT_FOUND", "NOT_DELETED", *TAKEN[:2]), conditional=True)
def restore(record_id: UUID, data: RestoreInput, expected_version: ExpectedVersion | None) -> Response:
    """Bring a deleted record back."""
    record = service.restore_record(record_id, expected_version=expected_version, actor=current_actor())
    return reply(present(record), etag=record.version)


@bp.get("/")
@requires("records:read")
@query_string(ListQuery)
@answers(200, RecordPageOutput)
def list_all(query: ListQuery) -> Response:
    """List records."""
    _may_see_deleted(query.deleted)
    ask = record_page(query)
    return _page(queries_lists.list_records(filter_of(query), ask, sort=query.sort_by))


@bp.get("/search/")
@requires("records:read")
@query_string(SearchQuery)
@answers(200, RecordPageOutput)
def search(query: SearchQuery) -> Response:
    """Find records by a part of the name or e-mail, or by reference."""
    return _page(_search(query, numbers=False))


@bp.post("/search/")
@requires("records:read")
@accepts(SearchBody)
@answers(200, RecordPageOutput)
def search_by_body(data: SearchBody) -> Response:
    """Find records also by a whole mobile, Aadhaar or PAN, which never stand in an address."""
    page = _search(data, numbers=True)
    if kinds := exact_kinds(data.q, numbers=True).identifiers:
        disclosure.note_search(kinds, [row.id for row in page.data], actor=current_actor())
    return _page(page)


@bp.get("/<id:record_id>/history")
@requires("audit:read", "records:write")
@missing_first(queries.get_any_version)
@query_string(Paging)
@answers(200, EntryPageOutput, refuses=("USER_NOT_FOUND",))
def history(record_id: UUID, query: Paging) -> Response:
    """Tell what happened to a record, newest first."""
    queries.get_any_version(record_id)
    ask = page_request(query, listing=f"history:{record_id}")
    page = list_history(record_id, ask)
    return reply_page(page.of([present_entry(entry) for entry in page.data]))


@bp.post("/<id:record_id>/reveal")
@requires("records:reveal")
@missing_first(queries.get_version)
@accepts(RevealInput)
@answers(200, RevealOutput, refuses=("USER_NOT_FOUND",))
def reveal(record_id: UUID, data: RevealInput) -> Response:
    """Show Aadhaar and PAN in full, once, on record."""
    numbers = disclosure.reveal_numbers(record_id, data.fields, reason=data.reason, actor=current_actor())
    return reply({"id": record_id, **numbers})


def _search(asked: SearchQuery, *, numbers: bool) -> Page[Any]:
    _may_see_deleted(asked.deleted)
    ask = record_page(asked)
    kinds = exact_kinds(asked.q, numbers=numbers)
    return queries_lists.search_records(asked.q, kinds, filter_of(asked), ask, sort=asked.sort_by)


def _may_see_deleted(deleted: str) -> None:
    if deleted != "exclude":
        require_scope("records:delete")


def _page(page: Page[Any]) -> Response:
    return reply_page(page.of(present_rows(page.data)))
