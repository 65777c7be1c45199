"""What routes declare, and the plain JSON answers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from pydantic import BaseModel

from app.core import doors
from app.core.doors import API_PREFIX, Door, door_of, encode, reply
from tests.core.toy_room import VERSION, toy_room


class Out(BaseModel):
    at: datetime
    note: str | None = None


def api_doors(app: Flask) -> list[tuple[str, tuple[str, ...], Door]]:
    return [(rule, methods, door) for _, rule, methods, door in doors.doors(app) if rule.startswith(API_PREFIX)]


def test_every_route_says_who_may_pass(app: Flask) -> None:
    assert [rule for _, rule, _, door in doors.doors(app) if not door.is_declared] == []


def test_every_call_of_the_api_declares_its_answers(app: Flask) -> None:
    silent = [rule for rule, _, door in api_doors(app) if not door.answers]
    assert silent == [f"{API_PREFIX}/openapi.json"]


def test_every_call_of_the_api_checks_its_parameters(app: Flask) -> None:
    unchecked = [(rule, methods) for rule, methods, door in api_doors(app) if door.body is None and door.query is None]
    assert unchecked == [(f"{API_PREFIX}/openapi.json", ("GET",))]


def test_times_are_utc_with_z_and_sets_are_sorted() -> None:
    moment = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    body = {"id": UUID(VERSION), "out": Out(at=moment), "scopes": frozenset({"b", "a"}), "at": moment}
    written = encode(body).decode()
    assert '"2026-11-20T09:30:00Z"' in written
    assert '"scopes":["a","b"]' in written
    assert f'"id":"{VERSION}"' in written
    assert '"note":null' in written


def test_what_is_ready_is_sent_as_it_is() -> None:
    assert encode(b'{"a": 1}') == b'{"a": 1}'


def test_what_has_no_json_form_is_a_bug() -> None:
    with pytest.raises(TypeError):
        encode({"thing": object()})


def test_jsonify_and_templates_use_the_same_encoder(tmp_path: Path) -> None:
    app = toy_room(tmp_path)
    with app.test_request_context():
        assert app.json.dumps({"a": None}) == '{"a":null}'
        assert app.json.loads("[1]") == [1]
        assert app.json.response({"a": 1}).mimetype == "application/json"


def test_a_reply_carries_its_place_and_its_headers(tmp_path: Path) -> None:
    with toy_room(tmp_path).test_request_context("/api/v1/x", method="POST"):
        answer = reply({"a": 1}, 201, location="/api/v1/x/1", headers={"Link": "<x>"})
    assert (answer.status_code, answer.headers["Location"], answer.headers["Link"]) == (201, "/api/v1/x/1", "<x>")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_write_is_never_answered_by_304(tmp_path: Path) -> None:
    given: dict[str, Any] = {"method": "PUT", "headers": {"If-None-Match": f'"{VERSION}"'}}
    with toy_room(tmp_path).test_request_context("/api/v1/x", **given):
        assert reply({"a": 1}, etag=VERSION).status_code == 200


def test_a_door_is_one_object_through_all_its_lids() -> None:
    def view() -> None:
        """Do nothing."""

    assert door_of(view) is door_of(view)
    assert not door_of(view).is_declared
