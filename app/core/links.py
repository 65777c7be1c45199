"""Links in mails: signed, good for one use, and worth only what the database says.

A subject has at most one link for a purpose, so a newer one voids the older. A link is bound to what was true of its
subject when it was sent (`bound_to`: the address, the password's hash): when that changes the link is void.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Index, UniqueConstraint, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from app.core import purging
from app.core.database import BinaryUuid, Bytes, Text, UtcDateTime, table_of, utc_now, write_rows
from app.core.errors import ExpiredToken, InvalidToken
from app.core.letters import Letter
from app.core.signing import SignatureBroken, read_signed, sign
from app.core.vault import vault
from app.extensions import Base, db

KEPT_AFTER_EXPIRY = timedelta(days=30)
"""How long somebody who opens an old link is told that it is late, and not that it is none."""


class MailLink(Base):
    """The one link of a subject for a purpose. Its id is the id of the letter it stands in."""

    __tablename__ = "mail_links"
    __table_args__ = (UniqueConstraint("id"), Index("ix_mail_links_expires_at", "expires_at"))

    purpose: Mapped[str] = mapped_column(Text(32), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(BinaryUuid)
    secret_hash: Mapped[bytes] = mapped_column(Bytes(32))
    bound_to: Mapped[bytes] = mapped_column(Bytes(32))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LinkVoid(InvalidToken):
    """A link that was never ours, was used, was replaced by a newer one, or belongs to what has changed since."""

    status = 400
    words = "This link does not work any more. It was used, replaced by a newer one, or is not whole."


class LinkLate(ExpiredToken):
    """A link that was good once and is past its time."""

    status = 410
    words = "This link is past its time. Ask for a new one."

    def __init__(self, ended_at: datetime) -> None:
        self.ended_at = ended_at
        super().__init__()


@dataclass(frozen=True, slots=True)
class Link:
    """A link that somebody shows: whom it is about, and when it ends."""

    id: UUID
    purpose: str
    subject_id: UUID
    bound_to: bytes
    expires_at: datetime
    used_at: datetime | None


def renew(purpose: str, letter: Letter, *, bound_to: bytes, lifetime: timedelta) -> str | None:
    """Make the letter's link the one that counts and return its token; None when a newer one does, or it was used.

    A letter that goes out again has the same link with more time.
    """
    if letter.subject_id is None:
        return None
    table = table_of(MailLink)
    mine = (table.c.purpose == purpose) & (table.c.subject_id == letter.subject_id)
    found = db.session.execute(select(table.c.id, table.c.used_at).where(mine).with_for_update()).first()
    if found is not None and (found.id > letter.id or (found.id == letter.id and found.used_at is not None)):
        return None
    row = {
        "id": letter.id,
        "secret_hash": _hash(letter.secret),
        "bound_to": bound_to,
        "expires_at": utc_now() + lifetime,
        "used_at": None,
    }
    if found is not None:
        db.session.execute(update(table).where(mine).values(row))
    else:
        db.session.execute(insert(table).values({**row, "purpose": purpose, "subject_id": letter.subject_id}))
    return sign(purpose, [letter.id.hex, letter.secret])


def is_for(purpose: str, token: str) -> bool:
    """Tell whether we made a token for this purpose, whatever it is worth by now."""
    try:
        _read(purpose, token)
    except LinkVoid:
        return False
    return True


def find(purpose: str, token: str) -> Link:
    """Return the link of a token that we made for this purpose, used or late as it may be. Raises LinkVoid."""
    link_id, secret = _read(purpose, token)
    table = table_of(MailLink)
    row: Any = db.session.execute(select(table).where(table.c.id == link_id, table.c.purpose == purpose)).first()
    if row is None or not hmac.compare_digest(row.secret_hash, _hash(secret)):
        raise LinkVoid
    return _link(row)


def judge(link: Link, *, bound_to: bytes) -> None:
    """Refuse a link that is used, late, or bound to what is no longer so. Raises LinkVoid, LinkLate."""
    if link.used_at is not None or not hmac.compare_digest(link.bound_to, bound_to):
        raise LinkVoid
    if link.expires_at <= utc_now():
        raise LinkLate(link.expires_at)


def use_up(link: Link) -> None:
    """Use a link up, in the transaction of what it was good for. Raises LinkVoid when somebody was faster."""
    table = table_of(MailLink)
    unused = update(table).where(table.c.id == link.id, table.c.used_at.is_(None))
    if write_rows(unused.values(used_at=utc_now())) != 1:
        raise LinkVoid


def state_of(*facts: str | None) -> bytes:
    """Return the keyed digest of the facts a link is bound to."""
    return vault().mac("mail-link", orjson.dumps(facts))


def purge(now: datetime) -> int:
    """Remove the links that ended a month ago."""
    table = table_of(MailLink)
    return purging.remove(table, table.c.expires_at < now - KEPT_AFTER_EXPIRY)


def _link(row: Any) -> Link:
    return Link(row.id, row.purpose, row.subject_id, row.bound_to, row.expires_at, row.used_at)


def _read(purpose: str, token: str) -> tuple[UUID, str]:
    try:
        link_id, secret = read_signed(purpose, token)
        return UUID(link_id), str(secret)
    except (SignatureBroken, ValueError, TypeError, AttributeError):
        raise LinkVoid from None


def _hash(secret: str) -> bytes:
    return vault().mac("mail-link-secret", secret.encode())
