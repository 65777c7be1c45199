"""The same request sent twice has one effect (draft-ietf-httpapi-idempotency-key-header).

The claim of a key is the first row the transaction writes and the kept answer
the last, so a crash at any point leaves both or neither, and the claim of a
dead holder vanishes with its transaction.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec
from uuid import UUID

import orjson
from flask import Response, g, make_response, request
from sqlalchemy import Index, SmallInteger, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from app.core import purging, ready_sql, strict_json, transaction
from app.core.access import current_actor
from app.core.database import Blob, Bytes, UtcDateTime, table_of, utc_now
from app.core.doors import door_of
from app.core.errors import IdempotencyInProgress, IdempotencyKeyReused, MalformedRequest
from app.core.settings import settings
from app.core.statements import connection, insert_rows
from app.core.vault import vault
from app.extensions import Base, db

P = ParamSpec("P")
KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")
LOCK_WAIT_TIMEOUT = 1205
KEPT_HEADERS = ("Location", "ETag", "Content-Type", "Cache-Control")
NOT_PART_OF_THE_REQUEST = frozenset({"idempotency_key", "csrf_token", "proof"})


class IdempotencyKey(Base):
    """A claimed key, and the answer that was given under it."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_expires_at", "expires_at"),)

    id: Mapped[bytes] = mapped_column(Bytes(32), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(Bytes(32))
    status: Mapped[int | None] = mapped_column(SmallInteger)
    sealed_answer: Mapped[bytes | None] = mapped_column(Blob(), deferred=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


_KEEP = (
    update(table_of(IdempotencyKey))
    .where(table_of(IdempotencyKey).c.id == bindparam("claim_id"))
    .values(status=bindparam("status"), sealed_answer=bindparam("sealed_answer"))
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A key as one account uses it on one call, and what it asked for."""

    account_id: UUID | None
    method: str
    path: str
    key: str
    request: bytes

    @property
    def id(self) -> bytes:
        """The digest the claim is stored under."""
        return _digest("idempotency-key", [str(self.account_id), self.method, self.path, self.key])

    @property
    def fingerprint(self) -> bytes:
        """The keyed digest that tells whether a request is the same."""
        return vault().mac("idempotency-request", self.request)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of an answer: enough to give it again."""

    status: int
    headers: dict[str, str]
    body: str
    replayed: bool = False

    def as_response(self) -> Response:
        """Return the answer to be sent, marked when it is given again."""
        response = Response(self.body, self.status, self.headers)
        if self.replayed:
            response.headers["Idempotency-Replayed"] = "true"
        return response


def perform(claim: Claim, work: Callable[[], Answer]) -> Answer:
    """Do the work under a claimed key, or return the answer that was kept under it.

    Raises IdempotencyKeyReused when the key was used for another request and
    IdempotencyInProgress while the first one still runs. A refusal is not kept.
    """

    def claimed() -> Answer:
        kept = _claim(claim)
        if kept is not None:
            return kept
        answer = work()
        _keep(claim, answer)
        return answer

    return transaction.run(claimed)


def _claim(claim: Claim) -> Answer | None:
    expires = utc_now() + timedelta(hours=settings().idempotency_ttl_hours)
    row = {"id": claim.id, "fingerprint": claim.fingerprint, "expires_at": expires}
    try:
        insert_rows(table_of(IdempotencyKey), [row])
    except IntegrityError:
        return _kept(claim, row)
    except OperationalError as error:
        if error.orig is not None and error.orig.args[0] == LOCK_WAIT_TIMEOUT:
            raise IdempotencyInProgress from error
        raise
    return None


def _kept(claim: Claim, row: dict[str, Any]) -> Answer | None:
    table = table_of(IdempotencyKey)
    found = db.session.execute(select(*table.columns).where(table.c.id == claim.id)).first()
    if found is None or found.expires_at <= utc_now():
        db.session.execute(delete(table).where(table.c.id == claim.id))
        insert_rows(table, [row])
        return None
    if found.fingerprint != claim.fingerprint:
        raise IdempotencyKeyReused
    if found.sealed_answer is None:
        raise IdempotencyInProgress
    kept = orjson.loads(vault().open(found.sealed_answer, _place(claim.id)))
    return Answer(found.status, kept["headers"], kept["body"], replayed=True)


def _keep(claim: Claim, answer: Answer) -> None:
    sealed = vault().seal(orjson.dumps({"headers": answer.headers, "body": answer.body}), _place(claim.id))
    ready_sql.send(connection(), _KEEP, [{"claim_id": claim.id, "status": answer.status, "sealed_answer": sealed}])


def idempotent(view: Callable[P, Any]) -> Callable[P, Response]:
    """Make a POST safe to send again under one `Idempotency-Key` (header, body or form field)."""

    @wraps(view)
    def once(*args: P.args, **kwargs: P.kwargs) -> Response:
        key = requested_key()
        if key is None:
            return make_response(view(*args, **kwargs))
        claim = claim_for(key, request.method, request.path, submitted())
        return perform(claim, lambda: answer_of(make_response(view(*args, **kwargs)))).as_response()

    door_of(once).idempotent = True
    return once


def idempotent_except(*told_once: str) -> Callable[[Callable[P, Any]], Callable[P, Response]]:
    """Make a POST safe to send again, with null in the answer given again for members that are told this once."""

    def decorate(view: Callable[P, Any]) -> Callable[P, Response]:
        @wraps(view)
        def once(*args: P.args, **kwargs: P.kwargs) -> Response:
            key = requested_key()
            if key is None:
                return make_response(view(*args, **kwargs))
            given: list[Answer] = []

            def work() -> Answer:
                given.append(answer_of(make_response(view(*args, **kwargs))))
                kept = {**orjson.loads(given[-1].body), **dict.fromkeys(told_once)}
                return replace(given[-1], body=orjson.dumps(kept).decode())

            kept = perform(claim_for(key, request.method, request.path, submitted()), work)
            return (kept if kept.replayed else given[-1]).as_response()

        door_of(once).idempotent = True
        return once

    return decorate


def claim_for(key: str, method: str, path: str, asked: Any, *, query: bool = True) -> Claim:
    """Return the claim of the current actor; equal JSON values ask for the same."""
    parameters = sorted((name, value) for name, values in request.args.lists() for value in values) if query else []
    if isinstance(asked, dict):
        asked = {name: value for name, value in asked.items() if name not in NOT_PART_OF_THE_REQUEST}
    body = strict_json.canonical([parameters, asked])
    return Claim(current_actor().account_id, method, path.rstrip("/"), key, body)


def submitted() -> Any:
    """Return what the request asks, as a JSON value."""
    body = getattr(g, "body", None)
    return body if body is not None else {name: request.form.getlist(name) for name in request.form}


def requested_key() -> str | None:
    """Return the key of the request. Raises MalformedRequest for one out of shape, or two that differ."""
    header = request.headers.get("Idempotency-Key")
    body = getattr(g, "body", None)
    keys = {key_of(body if isinstance(body, dict) else request.form)}
    keys.add(None if header is None else shaped_key(header))
    keys.discard(None)
    if len(keys) > 1:
        raise MalformedRequest("The header Idempotency-Key and the member idempotency_key differ. Send one of them.")
    return keys.pop() if keys else None


def key_of(body: Mapping[str, Any]) -> str | None:
    """Return the key that stands in a body or a form. Raises MalformedRequest."""
    key = body.get("idempotency_key")
    if key is not None and not isinstance(key, str):
        raise MalformedRequest("The member idempotency_key has to be a text of 1 to 255 visible ASCII characters.")
    return None if key is None else shaped_key(key)


def shaped_key(key: str) -> str:
    """Return a key without surrounding quotes. Raises MalformedRequest."""
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not KEY.match(key):
        raise MalformedRequest("An idempotency key has 1 to 255 visible ASCII characters, without blanks.")
    return key


def answer_of(response: Response) -> Answer:
    """Return what is kept of a response."""
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    return Answer(response.status_code, headers, response.get_data(as_text=True))


def purge(now: datetime) -> int:
    """Remove the keys whose time is over."""
    table = table_of(IdempotencyKey)
    return purging.remove(table, table.c.expires_at <= now)


def _digest(purpose: str, parts: list[str]) -> bytes:
    return vault().mac(purpose, orjson.dumps(parts))


def _place(claim_id: bytes) -> str:
    return f"idempotency_keys:sealed_answer:{claim_id.hex()}"
