"""The worker's part of webhooks, done by hand: give events their place, then send what is due."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from app.core import outbox, transaction
from app.core.database import new_id
from app.delivery import arranging
from app.delivery.models_webhooks import Delivery
from app.delivery.sender import Sender
from app.delivery.targets import ask_resolver
from app.extensions import db

ATTEMPT_SECONDS = 0.6


def make(caller: Any, url: str, events: tuple[str, ...] = ("*",), **more: Any) -> dict[str, Any]:
    """Make a webhook over the API and return what it answered."""
    answer = caller.post("/webhooks", json={"url": url, "events": list(events), **more})
    assert answer.status_code == 201, answer.get_json()
    made: dict[str, Any] = answer.get_json()
    return made


def publish(app: Flask, *types: str, subject: UUID | None = None) -> UUID:
    """Commit events about one subject; return its id."""
    about = subject or new_id()

    def write() -> None:
        for type_ in types:
            outbox.publish(type_, subject_id=about, changed_fields=["name"])

    with app.app_context():
        transaction.run(write)
    return about


def deliver(app: Flask, *, sender: Sender | None = None, resolve: Callable[..., Any] = ask_resolver) -> int:
    """Arrange what was committed and send what is due; return how many attempts were made."""
    by_hand = sender or Sender(lambda: False, resolve=resolve, seconds=ATTEMPT_SECONDS)
    with app.app_context():
        arranging.arrange()
        attempts = by_hand.deliver()
        if sender is None:
            by_hand.close()
    return attempts


def rows(app: Flask) -> list[Delivery]:
    """Return every delivery, oldest first."""
    with app.app_context():
        return list(db.session.scalars(select(Delivery).order_by(Delivery.created_at, Delivery.id)))
