"""The audit trail: written by itself, and such that nobody can quietly edit it.

Every writer (a thread of a process) keeps a chain of its own: each entry holds
its place in the chain, the seal of the entry before, and a seal (HMAC) over all
of it, so an edited, removed or moved entry shows, and writers on several nodes
never wait for one another. A chain that lost its end is found by comparing with
an anchor kept outside the database (audit_chain.py).

What a field held before and after lies sealed in a row of its own, bound to the
entry by a digest: a person's data can be destroyed for good and the chain still
verifies.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, cast
from uuid import UUID

import orjson
from flask import Flask, current_app
from sqlalchemy import Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column, scoped_session

from app.core.actions import Action, Outcome
from app.core.database import BinaryUuid, Blob, Bytes, Text, UtcDateTime, new_id, table_of
from app.core.identity import Actor
from app.core.statements import send_rows
from app.core.unit import Change, Entry, Subject, command_of, require_work
from app.core.vault import vault
from app.extensions import Base, db

GENESIS = bytes(32)


class AuditEntry(Base):
    """One fact: who did what to which subject, when, from where, and how it ended."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        UniqueConstraint("stream", "seq"),
        Index("ix_audit_entries_subject", "subject_id", "occurred_at", "id"),
        Index("ix_audit_entries_occurred_at_id", "occurred_at", "id"),
        Index("ix_audit_entries_version", "subject_id", "subject_version"),
    )

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    action: Mapped[str] = mapped_column(Text(64))
    outcome: Mapped[str] = mapped_column(Text(16))
    actor_id: Mapped[UUID | None] = mapped_column(BinaryUuid)
    actor_type: Mapped[str] = mapped_column(Text(16))
    subject_type: Mapped[str] = mapped_column(Text(32))
    subject_id: Mapped[UUID | None] = mapped_column(BinaryUuid)
    subject_version: Mapped[UUID | None] = mapped_column(BinaryUuid)
    channel: Mapped[str] = mapped_column(Text(16))
    ip: Mapped[str | None] = mapped_column(Text(45))
    request_id: Mapped[str | None] = mapped_column(Text(64))
    fields: Mapped[str] = mapped_column(Text(512))
    details_digest: Mapped[bytes] = mapped_column(Bytes(32))
    stream: Mapped[UUID] = mapped_column(BinaryUuid)
    seq: Mapped[int] = mapped_column(Integer)
    previous: Mapped[bytes] = mapped_column(Bytes(32))
    seal: Mapped[bytes] = mapped_column(Bytes(32))


class AuditDetail(Base):
    """The sealed part of an entry: names, reason, and each field before and after."""

    __tablename__ = "audit_values"

    entry_id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(Blob())


class Audited:
    """A model whose rows are on record; `info={"audit": False}` on a column keeps it out, a name renames it."""

    audit_subject: ClassVar[str]


@dataclass(eq=False)
class Chain(threading.local):
    """Where this writer's chain ends; without slots, which threads would share."""

    stream: UUID = field(default_factory=new_id)
    seq: int = 0
    head: bytes = GENESIS

    def begin_anew(self) -> None:
        """Start another chain, because it is not known whether the last entry was kept."""
        self.stream, self.seq, self.head = new_id(), 0, GENESIS


def note(
    action: Action,
    *,
    subject: Subject,
    outcome: Outcome = Outcome.SUCCESS,
    reason: str | None = None,
    changes: Sequence[Change] = (),
) -> None:
    """Put a fact that is no change of a row on record, in the transaction in hand."""
    actor = command_of(db.session).actor
    entry = Entry(action, actor, subject, outcome=outcome, reason=reason, changes=list(changes))
    require_work(db.session).entries.append(entry)


def add_hidden_change(subject: Subject, change: Change) -> None:
    """Name a field in the command's entry where before and after look alike, as two numbers of one mask do."""
    action = command_of(db.session).action
    for entry in require_work(db.session).entries:
        if entry.action == action and entry.subject == subject:
            entry.changes.append(change)


def note_as(actor: Actor, action: Action, *, subject: Subject, at: datetime) -> None:
    """Put a fact on record that somebody caused a moment ago, in the transaction in hand."""
    require_work(db.session).entries.append(Entry(action, actor, subject, occurred_at=at))


def write(session: Session | scoped_session[Any], entries: Sequence[Entry]) -> tuple[int, bytes]:
    """Insert the entries at the end of this writer's chain; return where the chain ends once they are committed."""
    chain = _chain()
    seq, head = chain.seq, chain.head
    rows, details = [], []
    for entry in entries:
        seq += 1
        payload = orjson.dumps(_details(entry), option=orjson.OPT_UTC_Z)
        row = _row(entry, payload, chain.stream, seq) | {"previous": head}
        head = row["seal"] = seal_of(row)
        rows.append(row)
        details.append({"entry_id": entry.id, "sealed": vault().seal(payload, details_place(entry.id))})
    send_rows(table_of(AuditEntry), rows)
    send_rows(table_of(AuditDetail), details)
    return seq, head


@contextmanager
def chained(end: tuple[int, bytes]) -> Iterator[None]:
    """Move this writer's chain on when the commit inside succeeds; start another when nobody can tell."""
    chain = _chain()
    try:
        yield
    except BaseException:
        chain.begin_anew()
        raise
    chain.seq, chain.head = end


def seal_of(row: dict[str, Any]) -> bytes:
    """Return the seal over everything an entry says and its place in the chain."""
    return vault().mac("audit-chain", orjson.dumps([row[name] for name in SEALED_COLUMNS], default=bytes.hex))


def details_place(entry_id: UUID) -> str:
    """Return the place a sealed detail is bound to."""
    return f"audit_values:sealed:{entry_id}"


def details_digest(payload: bytes) -> bytes:
    """Return the digest by which an entry vouches for its sealed details."""
    return vault().mac("audit-details", payload)


SEALED_COLUMNS = tuple(column.name for column in AuditEntry.__table__.columns if column.name != "seal")


def _row(entry: Entry, payload: bytes, stream: UUID, seq: int) -> dict[str, Any]:
    actor = entry.actor
    return {
        "id": entry.id,
        "occurred_at": entry.occurred_at,
        "action": str(entry.action),
        "outcome": str(entry.outcome),
        "actor_id": actor.account_id,
        "actor_type": actor.type,
        "subject_type": entry.subject[0],
        "subject_id": entry.subject[1],
        "subject_version": entry.version,
        "channel": actor.channel,
        "ip": actor.ip,
        "request_id": actor.request_id,
        "fields": ",".join(change.field for change in entry.changes),
        "details_digest": details_digest(payload),
        "stream": stream,
        "seq": seq,
    }


def _details(entry: Entry) -> dict[str, Any]:
    changes = [[change.field, change.before, change.after] for change in entry.changes]
    known = {"actor_name": entry.actor.name, "reason": entry.reason, "changes": changes}
    return known if entry.previous_version is None else known | {"previous_version": entry.previous_version}


def _chain() -> Chain:
    return cast(Chain, current_app.extensions["audit_chain"])


def init_app(app: Flask) -> None:
    """Give the application its writers' chains."""
    app.extensions["audit_chain"] = Chain()
