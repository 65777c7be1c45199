"""Pages: what was deleted lately, and bringing it back."""

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.accounts.queries import find_names
from app.core import transaction
from app.core.access import current_actor, requires
from app.core.errors import DomainError
from app.core.htmx import render_page
from app.core.idempotency import idempotent
from app.core.list_queries import PageNumber, Paging
from app.core.office import office_day, office_today
from app.core.paging import PageRequest
from app.core.presenting import field_words, number
from app.core.rules import read_id
from app.core.settings import settings
from app.core.validation import read_query_leniently
from app.core.versioning import ExpectedVersion, expects_version
from app.records import page_done, queries, queries_lists, service
from app.records.errors import Duplicate, NotDeleted, RecordNotFound
from app.records.field_types import AnyText
from app.records.page_done import Flash
from app.records.page_door import bp, on_refusal, send_to
from app.records.page_list import read_list
from app.records.queries_lists import Filter
from app.records.retention import days_left
from app.records.web_detail import deleted_page

SOON_DAYS = 7
AT_ONCE = 100
MINE = "me"


class TrashQuery(Paging):
    """The address of the list of the deleted; `back` and `left` count what a restore of several did."""

    by: AnyText | None = None
    back: PageNumber | None = None
    left: PageNumber | None = None


@bp.get("/records/trash")
@requires("records:delete")
def list_deleted() -> Response:
    """List what was deleted, the latest first."""
    asked = read_query_leniently(TrashQuery)
    by = MINE if asked.by == MINE else None
    ask = PageRequest(size=settings().default_page_size, page=asked.page or 1)
    narrow = Filter(deleted="only", deleted_by=current_actor().account_id if by else None)
    page = queries_lists.list_records(narrow, ask, sort="deleted_at")
    return render_page(
        "records/trash.html",
        page=page,
        rows=_rows(page.data),
        by=by,
        page_url=lambda place: url_for("records_web.list_deleted", by=by, page=place if place > 1 else None),
        flashes=page_done.flashes(read_list()) + _restored(asked),
    )


@bp.post("/records/trash/restore")
@requires("records:delete")
@idempotent
def restore_several() -> Response:
    """Bring back every ticked record that can come back."""
    ticked = [record_id for text in request.form.getlist("selected") if (record_id := read_id(text))]
    back, left = transaction.run(lambda: _restore_each(ticked[:AT_ONCE]))
    return send_to(url_for("records_web.list_deleted", back=back or None, left=left or None))


def _restore_each(record_ids: list[UUID]) -> tuple[int, int]:
    """Restore each on its own: one that is refused keeps no other one from coming back."""
    left = 0
    for record_id in record_ids:
        try:
            with transaction.savepoint():
                service.restore_record(record_id, actor=current_actor())
        except NotDeleted:
            pass
        except (Duplicate, RecordNotFound):
            left += 1
    return len(record_ids) - left, left


def _restored(asked: TrashQuery) -> list[Flash]:
    if asked.back is None and asked.left is None:
        return []
    words = _people(asked.back or 0, "is back", "are back")
    if not asked.left:
        return [{"tone": "ok", "text": f"{words}."}]
    left = _people(asked.left, "was not", "were not")
    return [{"tone": "warn", "text": f"{words}, {left}: their email or mobile now belongs to another record."}]


def _people(count: int, one: str, many: str) -> str:
    return f"1 person {one}" if count == 1 else f"{number(count)} people {many}"


def _rows(records: Any) -> list[dict[str, Any]]:
    me, today = current_actor().account_id, office_today()
    names = find_names([record.deleted_by for record in records if record.deleted_by])
    return [
        {
            "record": record,
            "who": "You" if record.deleted_by == me else names.get(record.deleted_by, "Somebody"),
            "left": (left := days_left(office_day(record.deleted_at), today)),
            "is_soon": left <= SOON_DAYS,
        }
        for record in records
    ]


def _not_restored(refusal: DomainError, record_id: UUID) -> Response:
    """Say what stands in the way; a record that is back already needs nothing."""
    if isinstance(refusal, NotDeleted):
        return _back(record_id)
    record = queries.get_record(record_id, deleted="include")
    return deleted_page(record, flashes=[_taken(record, refusal)], status=409)


@bp.post("/records/<id:record_id>/restore")
@requires("records:delete")
@on_refusal(_not_restored, Duplicate, NotDeleted)
@idempotent
@expects_version(queries.get_any_version)
def restore(record_id: UUID, expected_version: ExpectedVersion | None) -> Response:
    """Bring a record back. A second press finds it back already, which is just as well."""
    if not queries.get_record(record_id, deleted="include").is_deleted:
        return _back(record_id)
    service.restore_record(record_id, expected_version=expected_version, actor=current_actor())
    return _back(record_id)


def _back(record_id: UUID) -> Response:
    """Lead to the list an Undo was pressed on, with the row that came back; else to the record."""
    state = read_list()
    if request.args.get("undo") == "yes":
        return send_to(state.url(done="restored", record=record_id, at=record_id))
    return send_to(url_for("records_web.show_record", record_id=record_id, done="restored"))


def _taken(record: Any, refusal: DomainError) -> Flash:
    words = " and the ".join(field_words(error.field).removeprefix("Primary ").lower() for error in refusal.errors)
    verb = "belongs" if len(refusal.errors) == 1 else "belong"
    holders = queries.find_taken({error.field: getattr(record, error.field) for error in refusal.errors})
    opens = [
        {"label": "Open it", "url": url_for("records_web.show_record", record_id=holder.record_id), "method": "get"}
        for holder in holders[:1]
    ]
    return {"tone": "bad", "text": f"Cannot restore: the {words} now {verb} to another record.", "action": opens}
