"""Noting who opened a record, off the path that the reader waits on."""

from math import inf
from time import monotonic
from typing import cast
from uuid import UUID

from flask import Flask, current_app

from app.core.identity import Actor
from app.core.later import Later
from app.records.disclosure import VIEW_ONCE_IN, View, note_views

REMEMBERED = 50_000


class ViewNotes:
    """The views that wait to be put on record; one for each account and record in ten minutes."""

    def __init__(self, app: Flask) -> None:
        self.later: Later[View] = Later(app, note_views)
        self._noted: dict[tuple[UUID, UUID], float] = {}

    def add(self, record_id: UUID, actor: Actor) -> None:
        """Have a view put on record unless this process has just done so; the database knows of the others."""
        if actor.account_id is None:
            return
        key, now = (actor.account_id, record_id), monotonic()
        if now - self._noted.get(key, -inf) < VIEW_ONCE_IN.total_seconds():
            return
        if len(self._noted) >= REMEMBERED:
            self._noted.clear()
        self._noted[key] = now
        self.later.put(View(record_id, actor))


def init_app(app: Flask) -> None:
    """Give the application its notes of views."""
    app.extensions["views"] = ViewNotes(app)


def note_view(record_id: UUID, actor: Actor) -> None:
    """Note that somebody opened a record; it stands in the trail within seconds."""
    cast(ViewNotes, current_app.extensions["views"]).add(record_id, actor)
