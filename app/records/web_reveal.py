"""Pages: seeing Aadhaar and PAN in full, with a reason, for thirty seconds."""

from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.datastructures import MultiDict

from app.accounts.page_recent import NUMBERS_WITHIN, asks_lately
from app.core.access import current_actor, requires
from app.core.forms import read_form
from app.core.htmx import is_htmx, render_page
from app.core.office import office_today
from app.records import disclosure, queries
from app.records.birth import age_on
from app.records.errors import RecordNotFound
from app.records.page_corrections import corrections_of
from app.records.page_door import bp, on_refusal
from app.records.page_list import read_list
from app.records.page_reasons import REVEAL, REVEAL_REASONS, ChosenReason, chosen_reason, reason_errors, reason_fields
from app.records.schemas import RevealInput
from app.records.web_detail import shown_as_deleted, timeline

SECONDS_SHOWN = 30
FORM = "#reveal-form"


@bp.get("/records/<id:record_id>/reveal")
@requires("records:reveal")
@asks_lately(NUMBERS_WITHIN)
@on_refusal(shown_as_deleted, RecordNotFound)
def ask_reveal(record_id: UUID) -> Response:
    """Ask which numbers are needed, and why."""
    return _form_page(record_id, ["aadhaar"], None, [])


@bp.post("/records/<id:record_id>/reveal")
@requires("records:reveal")
@asks_lately(NUMBERS_WITHIN)
@on_refusal(shown_as_deleted, RecordNotFound)
def reveal(record_id: UUID) -> Response:
    """Show the numbers, and put on record who saw them and why."""
    reason = chosen_reason(request.form, REVEAL_REASONS, REVEAL)
    fields = request.form.getlist("fields")
    texts: list[tuple[str, str]] = [("fields", name) for name in fields]
    texts += [("reason", reason.text)] if reason.text else []
    form = read_form(RevealInput, submitted=MultiDict(texts))
    errors = reason_errors(form.errors, reason, REVEAL)
    if form.data is None or errors:
        queries.get_version(record_id)
        return _form_page(record_id, fields, reason, errors)
    numbers = disclosure.reveal_numbers(record_id, form.data.fields, reason=form.data.reason, actor=current_actor())
    record = queries.get_record(record_id)
    page = render_page(
        "records/revealed.html",
        "revealed",
        record=record,
        state=read_list(),
        numbers=numbers,
        seconds=SECONDS_SHOWN,
        age=age_on(office_today(), record.date_of_birth),
        timeline=timeline(record_id),
        corrections=corrections_of(record_id),
        reveal={"fields": ["aadhaar"], "error": None, **reason_fields(REVEAL_REASONS, REVEAL)},
    )
    page.headers["Cache-Control"] = "no-store"
    return page


def _form_page(record_id: UUID, fields: list[str], reason: ChosenReason | None, errors: list[Any]) -> Response:
    messages = {error.field: error.message for error in errors}
    controls = {
        "fields": fields,
        "error": messages.get("fields"),
        **reason_fields(REVEAL_REASONS, REVEAL, reason, messages),
    }
    page = render_page(
        "records/reveal.html",
        "reveal_form",
        status=422 if errors else 200,
        record=queries.get_record(record_id),
        state=read_list(),
        reveal=controls,
        errors=[{"field": error.field, "message": error.message} for error in errors],
    )
    if is_htmx():
        page.headers["HX-Retarget"], page.headers["HX-Reswap"] = FORM, "outerHTML"
    return page
