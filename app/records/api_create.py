"""How the JSON door answers a create, alone and as one of many."""

from collections.abc import Sequence
from typing import Any

import orjson
from flask import Response

from app.core import transaction
from app.core.access import current_actor
from app.core.doors import API_PREFIX, reply
from app.core.errors import DomainError, MalformedRequest
from app.core.idempotency import Answer, answer_of, claim_for, key_of, perform
from app.core.problems import problem
from app.core.validation import check
from app.records import service
from app.records.models import UserRecord
from app.records.presentation import present
from app.records.schemas import RecordInput

PATH = f"{API_PREFIX}/users"


def created(record: UserRecord, restored: bool) -> Response:
    """Answer a create: 201, where the record is, and its version."""
    body = present(record, restored=restored)
    return reply(body, 201, etag=record.version, location=f"{PATH}/{record.id}")


def create_each(items: Sequence[Any]) -> list[dict[str, Any]]:
    """Create each item on its own, in one transaction: what one item did is taken back when it is refused."""
    return transaction.run(lambda: [_create_one(index, item) for index, item in enumerate(items)])


def _create_one(index: int, item: Any) -> dict[str, Any]:
    try:
        with transaction.savepoint():
            answer = _answer(item)
    except DomainError as refusal:
        return {"index": index, "status": refusal.status, "id": None, "problem": problem(refusal)}
    return {"index": index, "status": answer.status, "id": orjson.loads(answer.body)["id"]}


def _answer(item: Any) -> Answer:
    if not isinstance(item, dict):
        raise MalformedRequest("Each item has to be a JSON object with the fields of a record.")
    key = key_of(item)
    if key is None:
        return _created(item)
    return perform(claim_for(key, "POST", PATH, item, query=False), lambda: _created(item))


def _created(item: dict[str, Any]) -> Answer:
    return answer_of(created(*service.create_record(check(RecordInput, item), actor=current_actor())))
