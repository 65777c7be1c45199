"""The requests of each operation, ready to be sent."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from app.records.people import generate_people

OLD_ENOUGH = date(2026, 1, 1)
UNKNOWN = "zqxjvwk"
COMMON = "kumar"


@dataclass
class Known:
    """What the load knows of the room: who it is, and records to ask for."""

    token: str
    cookie: str
    ids: Sequence[UUID]
    emails: Sequence[str]
    mobiles: Sequence[str]
    cursor: str
    name_cursor: str
    deep_page: int
    seed: int
    sign_in: Mapping[str, str]
    fresh: Sequence[UUID] = field(default_factory=list)


@dataclass(frozen=True)
class Operation:
    """One kind of request: its name, what makes its requests, and the status that is right."""

    name: str
    requests: Callable[[Known], Iterator[bytes]]
    status: int = 200


def request(method: str, path: str, known: Known, body: Any = None, *headers: str) -> bytes:
    """Write a request of the JSON door."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {known.token}", *headers]
    return _whole(lines, body)


def _whole(lines: list[str], body: Any) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


def get_constant(path: str) -> bytes:
    """Write a request without any credential."""
    return _whole([f"GET {path} HTTP/1.1", "Host: 127.0.0.1"], None)


def _each(known: Known, make: Callable[[UUID], bytes]) -> Iterator[bytes]:
    return itertools.cycle([make(record_id) for record_id in known.ids])


def _always(*made: bytes) -> Iterator[bytes]:
    return itertools.cycle(made)


def _read(known: Known) -> Iterator[bytes]:
    return _each(known, lambda record_id: request("GET", f"/api/v1/users/{record_id}", known))


def _create(known: Known) -> Iterator[bytes]:
    for number, person in enumerate(generate_people(100_000, known.seed, OLD_ENOUGH)):
        key = f"Idempotency-Key: bench-{known.seed}-{number}"
        yield request("POST", "/api/v1/users/", known, person, key)


def _update(known: Known) -> Iterator[bytes]:
    for number in itertools.count():
        record_id, place = known.ids[number % len(known.ids)], f"House {number} of {known.seed}, Lake Road, Pune 411001"
        yield request("PATCH", f"/api/v1/users/{record_id}", known, {"current_address": place})


def _delete(known: Known) -> Iterator[bytes]:
    return (request("DELETE", f"/api/v1/users/{record_id}", known) for record_id in known.fresh)


def _by_number(known: Known) -> Iterator[bytes]:
    asked = ({"q": mobile} for mobile in known.mobiles)
    return itertools.cycle([request("POST", "/api/v1/users/search/", known, body) for body in asked])


def _list(query: str) -> Callable[[Known], Iterator[bytes]]:
    return lambda known: _always(request("GET", f"/api/v1/users/?{query}", known))


def _by_name(known: Known) -> Iterator[bytes]:
    return _list(f"sort=name&cursor={known.name_cursor}")(known)


def _search(known: Known, texts: Sequence[str]) -> Iterator[bytes]:
    return _always(*(request("GET", f"/api/v1/users/search/?q={text}", known) for text in texts))


def _sign_in(known: Known) -> Iterator[bytes]:
    return _always(_whole(["POST /api/v1/auth/login HTTP/1.1", "Host: 127.0.0.1"], known.sign_in))


def _page(path: str) -> Callable[[Known], Iterator[bytes]]:
    def requests(known: Known) -> Iterator[bytes]:
        return _always(_whole([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"Cookie: {known.cookie}"], None))

    return requests


OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation("get", _read),
        Operation("create", _create, 201),
        Operation("update", _update),
        Operation("delete", _delete),
        Operation("list", _list("")),
        Operation("list-cursor", lambda known: _always(request("GET", f"/api/v1/users/?cursor={known.cursor}", known))),
        Operation("list-page", lambda known: _always(request("GET", f"/api/v1/users/?page={known.deep_page}", known))),
        Operation("list-name-cursor", _by_name),
        Operation("list-idle-name", _list("is_active=false&sort=name")),
        Operation("list-rare", _list("mobile_verified=true")),
        Operation("list-deleted", _list("deleted=only")),
        Operation("list-all", _list("deleted=include")),
        Operation("search-hit", lambda known: _search(known, [email.partition("@")[0] for email in known.emails])),
        Operation("search-common", lambda known: _search(known, [COMMON])),
        Operation("search-miss", lambda known: _search(known, [UNKNOWN])),
        Operation("search-number", _by_number),
        Operation("html-list", _page("/records")),
        Operation("html-record", lambda known: _page(f"/records/{known.ids[0]}")(known)),
        Operation("sign-in", _sign_in),
    )
}
