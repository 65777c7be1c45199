"""Letters to people: put into the queue in the transaction of the change they tell of, sent out by the worker.

A feature says which kinds of letter it writes (`use_writer`). What a letter says is written only when it is about to
go out; the queue knows whom it is about by id, and the address and the secret of its link are sealed until it is sent.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import orjson
from flask import Flask, current_app
from sqlalchemy import CheckConstraint, Index, Integer, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core import purging
from app.core.database import BinaryUuid, Bytes, Text, UtcDateTime, new_id, table_of, utc_now
from app.core.unit import require_work
from app.core.vault import vault
from app.extensions import Base, db

PENDING, SENT, DROPPED, FAILED = STATES = ("pending", "sent", "dropped", "failed")
MAIL, SMS = "mail", "sms"
KEPT_FOR = timedelta(days=7)
SECRET_BYTES = 32


class QueuedLetter(Base):
    """A letter in the queue. `unanswered` counts the times it was handed over and nobody said that it arrived.

    `revived_at` is when somebody had it sent again after it was given up.
    """

    __tablename__ = "letters"
    __table_args__ = (
        Index("ix_letters_state_next_attempt_at", "state", "next_attempt_at"),
        Index("ix_letters_channel_state_next_attempt_at", "channel", "state", "next_attempt_at"),
        Index("ix_letters_subject_id_kind", "subject_id", "kind"),
        CheckConstraint("state IN ('pending', 'sent', 'dropped', 'failed')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text(32))
    subject_id: Mapped[UUID | None] = mapped_column(BinaryUuid)
    sealed: Mapped[bytes | None] = mapped_column(Bytes(2048))
    state: Mapped[str] = mapped_column(Text(16))
    attempts: Mapped[int] = mapped_column(Integer)
    unanswered: Mapped[int] = mapped_column(Integer)
    problem: Mapped[str | None] = mapped_column(Text(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_by: Mapped[UUID | None] = mapped_column(BinaryUuid)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    channel: Mapped[str] = mapped_column(Text(8), server_default=MAIL)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that is about to be written: to which address or number, about whom, and the secret it may carry."""

    id: UUID
    kind: str
    subject_id: UUID | None
    to: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a letter says: the folder of its templates under `email/`, and what they are filled with."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict, repr=False)


Writer = Callable[[Letter], Draft | None]
"""Writes a letter in a transaction, or returns None when it has become pointless."""


def post(kind: str, *, subject_id: UUID | None, to: str) -> UUID:
    """Have a letter mailed once the transaction in hand is committed, and not otherwise; return its id."""
    return _queue(MAIL, kind, subject_id, {"to": to, "secret": secrets.token_urlsafe(SECRET_BYTES)})


def text(kind: str, *, subject_id: UUID | None, to: str, secret: str) -> UUID:
    """Have a message sent to a mobile by the same rules; `secret` is the code in it."""
    return _queue(SMS, kind, subject_id, {"to": to, "secret": secret})


def _queue(channel: str, kind: str, subject_id: UUID | None, sealed: Mapping[str, str]) -> UUID:
    require_work(db.session)
    letter_id, now = new_id(), utc_now()
    row = {
        "id": letter_id,
        "channel": channel,
        "kind": kind,
        "subject_id": subject_id,
        "sealed": vault().seal(orjson.dumps(sealed), place_of(letter_id)),
        "state": PENDING,
        "attempts": 0,
        "unanswered": 0,
        "created_at": now,
        "next_attempt_at": now,
    }
    db.session.execute(insert(table_of(QueuedLetter)).values(row))
    return letter_id


def opened(letter_id: UUID, kind: str, subject_id: UUID | None, sealed: bytes) -> Letter:
    """Return a letter of the queue with its seal opened. Raises SealBroken."""
    content = orjson.loads(vault().open(sealed, place_of(letter_id)))
    return Letter(letter_id, kind, subject_id, content["to"], content["secret"])


def place_of(letter_id: UUID) -> str:
    """Return the place a sealed letter is bound to."""
    return f"letters:sealed:{letter_id}"


def count_sent(kind: str, subject_id: UUID, since: datetime) -> int:
    """Count the letters of a kind about one subject that went out since a moment."""
    table = table_of(QueuedLetter)
    sent = select(func.count()).where(
        table.c.subject_id == subject_id, table.c.kind == kind, table.c.state == SENT, table.c.settled_at >= since
    )
    return db.session.scalars(sent).one()


def use_writer(app: Flask, kind: str, writer: Writer) -> None:
    """Have letters of a kind written by a feature."""
    app.extensions.setdefault("letter_writers", {})[kind] = writer


def write(letter: Letter) -> Draft | None:
    """Have a letter written by its feature, in the transaction in hand. Raises LookupError for an unknown kind."""
    writers = cast("dict[str, Writer]", current_app.extensions.get("letter_writers", {}))
    return writers[letter.kind](letter)


def purge(now: datetime) -> int:
    """Remove the letters that were settled a week ago."""
    table = table_of(QueuedLetter)
    return purging.remove(table, (table.c.state != PENDING) & (table.c.settled_at < now - KEPT_FOR))
