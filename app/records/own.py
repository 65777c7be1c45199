"""A person's own record, on the profile page of their account: masked, as everybody else sees it."""

from dataclasses import dataclass
from typing import Any

from flask import Flask

from app.accounts.own_record import find_own_record_by
from app.core.identity import Actor
from app.records import queries, viewing
from app.records.page_corrections import Corrections, corrections_of


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """The record, and what may be asked to have corrected in it."""

    record: Any
    corrections: Corrections


def init_app(app: Flask) -> None:
    """Tell accounts how a record is found by its address."""
    find_own_record_by(app, find_and_note)


def find_and_note(email: str, actor: Actor) -> OwnRecord | None:
    """Find the live record of an address, and note that the actor has seen it."""
    holders = queries.find_taken({"email": email})
    if not holders:
        return None
    record = queries.get_record(holders[0].record_id)
    viewing.note_view(record.id, actor)
    return OwnRecord(record, corrections_of(record.id, is_own=True))
