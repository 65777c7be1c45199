"""What the rest of the application gets of corrections: their routes, and what records and the menu show of them."""

from uuid import UUID

from flask import Flask, url_for

from app.core.access import current_actor
from app.core.navigation import count_waiting_by
from app.privacy import api, queries, web
from app.records.page_corrections import Corrections, FieldCorrection, corrections_by
from app.records.schemas import FIXED

LIST = "privacy_web.list_corrections"
BLUEPRINTS = (api.bp, web.bp)


def init_app(app: Flask) -> None:
    """Tell the pages of records and the menu."""
    corrections_by(app, tell_corrections)
    count_waiting_by(app, LIST, queries.count_waiting)


def tell_corrections(record_id: UUID, is_own: bool) -> Corrections:
    """Say of each field that only a correction changes whether one waits, and where this reader goes on from there."""
    waiting = queries.list_waiting(record_id)
    return {field: FieldCorrection(field in waiting, _url(record_id, field, waiting, is_own)) for field in FIXED}


def _url(record_id: UUID, field: str, waiting: frozenset[str], is_own: bool) -> str:
    actor = current_actor()
    if field in waiting:
        return url_for(LIST) if actor.may("records:approve") and not is_own else ""
    if is_own:
        return url_for("privacy_web.ask_own_correction", field=field)
    return url_for("privacy_web.ask_correction", record_id=record_id, field=field) if actor.may("records:write") else ""
