"""Pages: registering a person: the form, the answers to check, and saving them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from werkzeug.datastructures import MultiDict

from app.core.access import current_actor, requires
from app.core.errors import DomainError, FieldError, ValidationFailed
from app.core.forms import Form, read_form
from app.core.htmx import render_page
from app.core.idempotency import idempotent
from app.core.office import office_today
from app.core.presenting import day
from app.core.rules import read_id
from app.records import drafts, page_done, queries, service
from app.records.birth import age_on
from app.records.errors import Duplicate
from app.records.page_door import bp, on_refusal, send_to
from app.records.page_fields import DATE_BOXES, FORM_ORDER, form_fields, pan_fix, summary
from app.records.page_list import read_list
from app.records.schemas import RecordInput
from app.records.service import UNIQUE

SAME = "same_address"
PAGE_ONLY = (SAME, "draft")


@bp.get("/records/new")
@requires("records:write")
def new_record() -> Response:
    """Show the empty form, or what was typed before."""
    typed = _kept(request.args.get("draft")) or {}
    return _form_page(typed, [])


@bp.post("/records/new")
@requires("records:write")
def check_new_record() -> Response:
    """Keep what was typed, sealed, and go on to checking it; or show what is wrong with it."""
    form = read_person(request.form)
    if form.data is None:
        return _form_page(form.typed, form.errors)
    me, before = _me(), read_id(request.form.get("draft"))
    draft_id = drafts.keep_draft(form.typed, account_id=me)
    if before is not None:
        drafts.drop_draft(before, account_id=me)
    return send_to(url_for("records_web.check_answers", draft=draft_id))


@bp.post("/records/new/field/<field>")
@requires("records:write")
def check_field(field: str) -> Response:
    """Say what is wrong with one field, as it stands while the form is being filled in."""
    form = read_person(request.form)
    is_begun = field != "date_of_birth" or all(request.form.get(f"{field}_{part}") for part in DATE_BOXES)
    message = form.messages.get(field) if is_begun else None
    fix = pan_fix(request.form.get(field, "")) if field == "pan" and message else None
    return render_page("records/field.html", message=message, fix=fix)


@bp.get("/records/new/check")
@requires("records:write")
def check_answers() -> Response:
    """Show every answer to the one who typed it, Aadhaar and PAN in full."""
    draft_id = read_id(request.args.get("draft"))
    typed = _kept(request.args.get("draft"))
    if typed is None or draft_id is None:
        return send_to(url_for("records_web.new_record", done="draft-gone"))
    return _check_page(draft_id, typed, [], 200)


def _not_saved(refusal: DomainError) -> Response:
    """Show the answers again with what stands in the way; nothing that was typed is lost."""
    draft_id = read_id(request.form.get("draft"))
    typed = _kept(request.form.get("draft"))
    if typed is None or draft_id is None:
        return send_to(url_for("records_web.new_record", done="draft-gone"))
    if isinstance(refusal, Duplicate):
        return _check_page(draft_id, typed, list(refusal.errors), refusal.status)
    return _form_page({**typed, "draft": str(draft_id)}, list(refusal.errors))


@bp.post("/records/new/check")
@requires("records:write")
@on_refusal(_not_saved, Duplicate, ValidationFailed)
@idempotent
def save_record() -> Response:
    """Save the answers that were checked, and destroy the draft with the same stroke."""
    draft_id = read_id(request.form.get("draft"))
    typed = _kept(request.form.get("draft"))
    if typed is None or draft_id is None:
        return send_to(url_for("records_web.new_record", done="draft-gone"))
    form = read_person(typed)
    if form.data is None:
        raise ValidationFailed(form.errors)
    record, brought_back = service.create_record(form.data, actor=current_actor())
    drafts.drop_draft(draft_id, account_id=_me())
    done = "brought-back" if brought_back else "created"
    return send_to(url_for("records_web.show_record", record_id=record.id, done=done))


def read_person(submitted: Mapping[str, Any]) -> Form[RecordInput]:
    """Read the form of a person; the permanent address may be "the same as the current one"."""
    given: MultiDict[str, str] = MultiDict(submitted)
    ticked = given.getlist(SAME)[-1:]  # a tick is preceded by a hidden false of its name
    is_same = ticked == ["true"]
    if is_same:
        given["permanent_address"] = given.get("current_address", "")
    form = read_form(RecordInput, drop=PAGE_ONLY, submitted=given)
    form.typed.update({SAME: "true"} if is_same else {})
    form.typed.update({"draft": given["draft"]} if given.get("draft") else {})
    if is_same:
        form.errors = [error for error in form.errors if error.field != "permanent_address"]
    return form


def _form_page(typed: Mapping[str, Any], errors: list[FieldError]) -> Response:
    messages = {error.field: error.message for error in errors}
    return render_page(
        "records/new.html",
        "form",
        status=422 if errors else 200,
        fields=form_fields(typed, messages),
        is_same=typed.get(SAME) == "true",
        draft=typed.get("draft") or request.args.get("draft", ""),
        errors=summary(errors),
        flashes=page_done.flashes(read_list()),
    )


def _check_page(draft_id: UUID, typed: dict[str, Any], errors: list[FieldError], status: int) -> Response:
    data = read_person(typed).data
    if data is None:
        return _form_page({**typed, "draft": str(draft_id)}, read_person(typed).errors)
    return render_page(
        "records/check.html",
        "answers",
        status=status,
        draft=str(draft_id),
        data=data,
        order=FORM_ORDER,
        is_same=typed.get(SAME) == "true",
        age=age_on(office_today(), data.date_of_birth),
        errors=summary(errors, _ways_on(data, errors)),
    )


def _ways_on(data: RecordInput, errors: list[FieldError]) -> dict[str, dict[str, str]]:
    """Lead from each taken value to the record that has it: a deleted one only for who may restore it."""
    actor, ways = current_actor(), {}
    refused = {error.field: error for error in errors if error.field in UNIQUE}
    for taken in queries.find_taken({name: getattr(data, name) for name in refused}):
        holder = queries.get_record(taken.record_id, deleted="include")
        url = url_for("records_web.show_record", record_id=holder.id)
        if holder.deleted_at and "deleted_record" in refused[taken.field].extra:
            words = f"{refused[taken.field].message}. It belongs to a record deleted on {day(holder.deleted_at)}."
            ways[taken.field] = {"message": words, "url": url, "url_label": "Restore it"}
        elif not taken.is_deleted and actor.may("records:read"):
            ways[taken.field] = {"url": url, "url_label": f"Open {holder.reference}"}
    return ways


def _kept(draft: str | None) -> dict[str, Any] | None:
    draft_id = read_id(draft)
    return None if draft_id is None else drafts.find_draft(draft_id, account_id=_me())


def _me() -> UUID:
    account_id = current_actor().account_id
    assert account_id is not None, "pages that write are for people who signed in"  # noqa: S101 - narrows the type
    return account_id
