"""The message that stands above a page after something was done.

The address names the deed and the record, never the person: the words are made anew from what is stored, so that no
name stands in a cookie or an address, and a made-up address cannot tell a lie.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import url_for

from app.core import messages
from app.core.access import current_actor
from app.core.errors import NotFound
from app.core.office import office_day
from app.core.presenting import day, moment
from app.core.rules import read_id
from app.records import queries
from app.records.page_list import ListState
from app.records.retention import kept_until

Flash = dict[str, Any]


def flashes(state: ListState, record: Any = None) -> list[Flash]:
    """Return the messages that wait, and the one that the address asks for, when what it says is so."""
    return [*messages.waiting(), *_asked_for(state, record)]


def _asked_for(state: ListState, record: Any) -> list[Flash]:
    done = state.asked.done
    if done in WORDS_ALONE:
        tone, text = WORDS_ALONE[done]
        return [{"tone": tone, "text": text}]
    tell = ABOUT_RECORDS.get(done or "")
    found = record if record is not None else _find(read_id(state.asked.record))
    told = tell(found, state) if tell is not None and found is not None else None
    return [told] if told else []


def deleted_flash(record: Any, state: ListState) -> Flash | None:
    """Say that somebody was deleted, with the way back."""
    if not record.is_deleted or not current_actor().may("records:delete"):
        return None
    undo = url_for("records_web.restore", record_id=record.id, **state.query(undo="yes"))
    reason = f" Reason: {_in_sentence(record.deletion_reason)}." if record.deletion_reason else ""
    until = day(kept_until(office_day(record.deleted_at)))
    return {
        "tone": "ok",
        "text": f"{record.name} was deleted.{reason}",
        "more": f"Also in Recently deleted until {until}.",
        "action": {"label": "Undo", "url": undo, "version": record.version, "icon": "arrow-back-up"},
    }


def was_deleted(record: Any, who: str) -> Flash:
    """Say above a deleted record who deleted it, when and why."""
    reason = f": {_in_sentence(record.deletion_reason)}" if record.deletion_reason else ""
    until = day(kept_until(office_day(record.deleted_at)))
    return {
        "tone": "warn",
        "text": f"{who} deleted this record on {moment(record.deleted_at)}{reason}.",
        "more": f"It can be restored until {until}.",
        "dismiss": False,
    }


def _created(record: Any, _state: ListState) -> Flash | None:
    if record.is_deleted:
        return None
    return {
        "tone": "ok",
        "text": f"{record.name} is registered. Reference {record.reference}",
        "action": [
            {"label": "Copy reference", "copy": record.reference},
            {"label": "Register another person", "url": url_for("records_web.new_record"), "method": "get"},
        ],
    }


def _restored(record: Any, _state: ListState) -> Flash | None:
    return None if record.is_deleted else {"tone": "ok", "text": f"{record.name} is back."}


def _brought_back(record: Any, _state: ListState) -> Flash | None:
    if record.is_deleted:
        return None
    words = "The deleted record of the same Aadhaar, PAN and date of birth is back, with what you typed."
    return {"tone": "ok", "text": f"{record.name} was registered before. {words}"}


def _saved(_record: Any, _state: ListState) -> Flash:
    return {"tone": "ok", "text": "Your changes are saved."}


def _find(record_id: UUID | None) -> Any:
    if record_id is None:
        return None
    try:
        return queries.get_record(record_id, deleted="include")
    except NotFound:
        return None


def _in_sentence(reason: str) -> str:
    return reason if reason[1:2].isupper() else reason[0].lower() + reason[1:]


_KEPT_OUT = (
    "Numbers and email addresses are searched from the box at the top only, so that they never stand in an address."
    " Type it there."
)
_DRAFT_GONE = (
    "There is nothing to check here: what was typed is saved already, or was kept for an hour and is gone."
    " Search for the person before you type it again."
)
WORDS_ALONE = {
    "kept-out": ("info", _KEPT_OUT),
    "draft-gone": ("info", _DRAFT_GONE),
    "kept": ("ok", "The record stays as your colleague saved it."),
    "correction-asked": ("ok", "Your request is saved. Another person decides, and then the record changes."),
    "unchanged": ("info", "Nothing was different, so nothing was saved."),
    "link-sent": ("info", "A mail with the link is on its way. This page shows when the address is confirmed."),
    "mobile-proven": ("ok", "The mobile is verified."),
    "proven-before": ("info", "This is verified already, so nothing was sent."),
    "signed-out": ("info", "You were signed out meanwhile. What you typed is here again; send it once more."),
}
ABOUT_RECORDS: dict[str, Callable[[Any, ListState], Flash | None]] = {
    "created": _created,
    "brought-back": _brought_back,
    "saved": _saved,
    "deleted": deleted_flash,
    "restored": _restored,
}
