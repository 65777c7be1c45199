"""Pages: the list of people, and searching it."""

from typing import Any

from flask import Response, request, url_for

from app.core.access import current_actor, requires, signed_in
from app.core.forms import read_form
from app.core.htmx import is_htmx, render_page
from app.core.paging import Page, PageRequest
from app.core.presenting import number
from app.core.settings import settings
from app.records import disclosure, page_done, queries_lists
from app.records.identifiers import ExactKinds, classify, stays_out_of_urls
from app.records.listing import exact_kinds, filter_of, record_page
from app.records.page_door import bp, send_to
from app.records.page_links import RowLinks, placed
from app.records.page_list import ListState, has_private_text, read_list
from app.records.page_rows import found_words, listed, matched_numbers, number_words
from app.records.schemas_lists import SearchBody

TEMPLATE = "records/list.html"
COLUMNS = (
    ("Name", "name"),
    ("Status", None),
    ("Reference", None),
    ("Email", "email"),
    ("Mobile", None),
    ("Aadhaar", None),
    ("Updated", "updated_at"),
)


@bp.get("/")
@signed_in
def home() -> Response:
    """Lead to the list; who may not read it to their own profile."""
    may_read = current_actor().may("records:read")
    return send_to(url_for("records_web.list_records" if may_read else "accounts_web.show_profile"))


@bp.get("/records")
@requires("records:read")
def list_records() -> Response:
    """Show the list, filtered and searched as its address says."""
    state = read_list()
    if has_private_text():
        return send_to(state.url(done="kept-out"))
    page = walk_list(state)
    if page.page is not None and page.total and page.page > page.total_pages:
        return send_to(state.page_url(page.total_pages))
    words = found_words(page.total, number(page.total))
    order = f", {state.order_words}" if page.total > 1 else ""
    return _list_page(state, page, result=words + order, text=state.asked.q)


@bp.post("/records/search")
@requires("records:read")
def search() -> Response:
    """Search from the box at the top. What may be personal is answered here and stands in no address."""
    text = request.form.get("q", "").strip()
    if not text or not (is_htmx() or stays_out_of_urls(text)):
        return send_to(url_for("records_web.list_records", q=text or None))
    form = read_form(SearchBody)
    if form.data is None:
        return _list_page(ListState(read_list().asked), _nobody(), result=form.errors[0].message, is_answer=True)
    return _answer(form.data)


@bp.get("/records/search")
@requires("records:read")
def after_search() -> Response:
    """Lead to the list whoever loads the address again that a search was sent to."""
    return send_to(url_for("records_web.list_records"))


@bp.get("/records/row")
@requires("records:read")
def go_to_row() -> Response:
    """Lead to the record at a place of the list, for stepping from one to the next."""
    state = read_list()
    row = state.asked.row or 1
    page = walk_list(state, PageRequest(size=1, page=row, descending=state.asked.descending))
    if not page.data:
        return send_to(state.url())
    place = {"row": row, "of": page.total}
    return send_to(url_for("records_web.show_record", record_id=page.data[0].id, **state.query(**place)))


def walk_list(state: ListState, ask: PageRequest | None = None) -> Page[Any]:
    """Fetch a part of the list as its address asks for it."""
    asked = state.asked
    ask = ask or record_page(asked)
    if asked.q is None:
        return queries_lists.list_records(filter_of(asked), ask, sort=asked.sort_by)
    kinds = exact_kinds(asked.q, numbers=False)
    return queries_lists.search_records(asked.q, kinds, filter_of(asked), ask, sort=asked.sort_by)


def _answer(asked: SearchBody) -> Response:
    """Answer a search in place: all that fits on the largest page, and how many there are."""
    kinds = classify(asked.q)
    ask = PageRequest(size=settings().max_page_size, descending=True)
    page = queries_lists.search_records(asked.q, kinds, filter_of(asked), ask, sort="updated_at")
    numbers = [name for name in ("aadhaar", "pan", "mobile") if getattr(kinds, name)]
    if numbers:
        disclosure.note_search(numbers, [row.id for row in page.data], actor=current_actor())
    matched = matched_numbers(page.data, kinds)
    text = None if numbers else asked.q
    return _list_page(
        ListState(read_list().asked), page, result=_result(page, kinds), text=text, matched=matched, is_answer=True
    )


def _result(page: Page[Any], kinds: ExactKinds) -> str:
    words = found_words(page.total, number(page.total))
    if kinds.has_identifier:
        return f"{words} by {number_words(kinds)}. The number is not kept in the address, the history or any log."
    shown = f" The first {number(len(page.data))} are shown." if page.total > len(page.data) else ""
    return f"{words}. What you typed is not kept in the address.{shown}"


def _list_page(
    state: ListState, page: Page[Any], *, result: str, text: str | None = None, is_answer: bool = False, **more: Any
) -> Response:
    actor = current_actor()
    may_delete, may_write = actor.may("records:delete"), actor.may("records:write")
    place = {} if is_answer or page.page is None else placed(state.query(), page.total)
    return render_page(
        TEMPLATE,
        "results",
        state=state,
        page=page,
        people=listed(page, RowLinks.of(place, may_write=may_write), text, more.get("matched", {})),
        result=result,
        columns=_columns(state, sortable=not is_answer),
        is_answer=is_answer,
        q=text or "",
        filters=state.filters(may_delete=may_delete),
        may_write=may_write,
        may_delete=may_delete,
        live_search=url_for("records_web.list_records"),
        flashes=page_done.flashes(state),
    )


def _columns(state: ListState, *, sortable: bool) -> list[dict[str, Any]]:
    return [
        {"label": label, "key": key, "url": state.sort_url(key) if key and sortable else ""} for label, key in COLUMNS
    ]


def _nobody() -> Page[Any]:
    return Page([], 0, 1, settings().default_page_size, None)
