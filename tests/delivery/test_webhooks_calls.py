"""The calls that manage webhooks: /api/v1/webhooks."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.core.audit import AuditEntry
from app.delivery.models_webhooks import Webhook
from app.extensions import db
from tests.browsing import JsonClient, messages
from tests.delivery.webhook_room import deliver, make, publish
from tests.services.receiver import answer, receiving

URL = "https://hooks.example.com/room"
FIELDS = {"id", "url", "events", "description", "is_active", "disabled_reason", "created_at", "updated_at"}


@pytest.fixture
def admin(api: Callable[..., Any]) -> Any:
    return api("admin")


def test_a_webhook_is_made_listed_changed_and_deleted(admin: Any) -> None:
    given = {"url": URL, "events": ["record.updated", "record.created"], "description": " Payroll "}
    made = admin.post("/webhooks", json=given)
    hook = made.get_json()
    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/v1/webhooks/{hook['id']}"
    assert set(hook) == FIELDS | {"secret"}
    assert hook["secret"].startswith("whsec_")
    shown = {"url": URL, "events": ["record.created", "record.updated"], "description": "Payroll", "is_active": True}
    assert shown.items() <= hook.items()
    (listed,) = admin.get("/webhooks").get_json()["data"]
    assert set(listed) == FIELDS
    changed = admin.patch(f"/webhooks/{hook['id']}", json={"events": ["*", "record.created"], "description": None})
    assert changed.status_code == 200
    assert (changed.get_json()["events"], changed.get_json()["description"]) == (["*"], None)
    assert changed.get_json()["secret"] is None
    assert admin.delete(f"/webhooks/{hook['id']}").status_code == 204
    assert admin.get("/webhooks").get_json()["total"] == 0
    for call in (admin.delete, admin.patch):
        assert call(f"/webhooks/{hook['id']}", json={}).status_code == 404
    assert admin.get(f"/webhooks/{hook['id']}/deliveries").get_json()["code"] == "NOT_FOUND"
    assert admin.post(f"/webhooks/{hook['id']}/test").status_code == 404


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({}, {"url": "REQUIRED", "events": "REQUIRED"}),
        ({"url": "", "events": []}, {"url": "REQUIRED", "events": "REQUIRED"}),
        ({"url": 7, "events": "record.created"}, {"url": "INVALID", "events": "INVALID"}),
        ({"url": "https://" + "a" * 2050, "events": ["record.created"]}, {"url": "TOO_LONG"}),
        ({"url": "mailto:a@example.com", "events": ["record.sold"]}, {"url": "INVALID", "events": "INVALID"}),
        ({"url": URL, "events": ["*"], "is_active": "yes"}, {"is_active": "INVALID"}),
        ({"url": URL, "events": ["*"], "description": "x" * 256}, {"description": "TOO_LONG"}),
        ({"url": URL, "events": ["*"], "secret": "whsec_mine"}, {"secret": "UNKNOWN_FIELD"}),
        ({"url": "https://u:p@example.com/", "events": ["*"]}, {"url": "INVALID"}),
    ],
)
def test_every_bad_field_is_named_at_once(admin: Any, given: dict[str, Any], codes: dict[str, str]) -> None:
    refused = admin.post("/webhooks", json=given)
    assert refused.status_code == 422
    assert {error["field"]: error["code"] for error in refused.get_json()["errors"]} == codes


def test_a_change_is_judged_like_a_new_one(admin: Any) -> None:
    hook = make(admin, URL)
    bad: dict[str, Any] = {
        "url": None,
        "events": [],
        "created_at": "2026-01-01T00:00:00Z",
        "colour": "red",
        "is_active": None,
    }
    refused = admin.patch(f"/webhooks/{hook['id']}", json=bad).get_json()
    assert {error["field"]: error["code"] for error in refused["errors"]} == {
        "url": "REQUIRED",
        "events": "REQUIRED",
        "created_at": "IMMUTABLE_FIELD",
        "colour": "UNKNOWN_FIELD",
        "is_active": "REQUIRED",
    }
    assert admin.patch(f"/webhooks/{uuid4()}", json=bad).status_code == 404


def test_a_change_that_changes_nothing_is_on_no_record(app: Flask, admin: Any) -> None:
    hook = make(admin, URL)
    for body in ({}, {"url": URL, "is_active": True, "rotate_secret": False}):
        same = admin.patch(f"/webhooks/{hook['id']}", json=body).get_json()
        assert same["updated_at"] == hook["updated_at"]
    assert actions(app) == ["webhook.created"]


def actions(app: Flask) -> list[str]:
    with app.app_context():
        found = select(AuditEntry.action).where(AuditEntry.subject_type == "webhook").order_by(AuditEntry.id)
        return list(db.session.scalars(found))


def test_every_change_is_on_record_and_no_secret_in_it(app: Flask, admin: Any, api: Callable[..., Any]) -> None:
    hook = make(admin, URL)
    turned = admin.patch(f"/webhooks/{hook['id']}", json={"rotate_secret": True}).get_json()
    admin.patch(f"/webhooks/{hook['id']}", json={"is_active": False})
    admin.delete(f"/webhooks/{hook['id']}")
    assert actions(app) == ["webhook.created", "webhook.updated", "webhook.updated", "webhook.deleted"]
    trail = admin.get(f"/audit?subject_id={hook['id']}").text
    assert "hooks.example.com" in trail
    assert not any(one["secret"] in trail for one in (hook, turned))


def test_secrets_are_sealed_where_they_are_kept_and_gone_with_the_webhook(app: Flask, admin: Any) -> None:
    hook = make(admin, URL)
    other = make(admin, URL)
    with app.app_context():
        stored = db.session.execute(text("SELECT * FROM webhooks")).all()
        assert hook["secret"].encode()[6:] not in repr(stored).encode()
        assert len({row.sealed_secret for row in stored}) == 2
    admin.delete(f"/webhooks/{hook['id']}")
    with app.app_context():
        kept = {str(row.id): row.sealed_secret for row in db.session.scalars(select(Webhook))}
    assert kept[hook["id"]] == b""
    assert kept[other["id"]] != b""


@pytest.mark.parametrize("role", ["viewer", "editor", "supervisor", None])
def test_only_who_may_manage_webhooks_gets_near_them(api: Callable[..., Any], admin: Any, role: str | None) -> None:
    hook = make(admin, URL)
    stranger = api(role)
    expected = 401 if role is None else 403
    for method, path in (
        ("GET", "/webhooks"),
        ("POST", "/webhooks"),
        ("PATCH", f"/webhooks/{hook['id']}"),
        ("DELETE", f"/webhooks/{hook['id']}"),
        ("GET", f"/webhooks/{hook['id']}/deliveries"),
        ("POST", f"/webhooks/{hook['id']}/test"),
    ):
        assert stranger.request(method, path, json={}).status_code == expected, path


def test_a_key_with_the_scope_may_and_its_secret_is_told_once(app: Flask, admin: Any) -> None:
    key = admin.post("/api-keys", json={"name": "Integrator", "scopes": ["webhooks:manage"]}).get_json()
    program = JsonClient(app.test_client(), key["secret"])
    sent = {"url": URL, "events": ["*"]}
    first = program.post("/webhooks", json=sent, headers={"Idempotency-Key": "one"})
    again = program.post("/webhooks", json=sent, headers={"Idempotency-Key": "one"})
    assert first.get_json()["secret"].startswith("whsec_")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.get_json() == {**first.get_json(), "secret": None}
    assert program.get("/webhooks").get_json()["total"] == 1


def test_a_test_is_sent_also_while_the_webhook_is_off(app: Flask, admin: Any) -> None:
    with receiving() as receiver:
        hook = make(admin, receiver.url(), ("record.created",), is_active=False)
        accepted = admin.post(f"/webhooks/{hook['id']}/test")
        assert accepted.status_code == 202
        assert accepted.get_json()["status"] == "pending"
        publish(app, "record.created")
        assert deliver(app) == 1
        assert receiver.received[0].event["type"] == "webhook.test"
        (told,) = admin.get(f"/webhooks/{hook['id']}/deliveries").get_json()["data"]
    assert (told["event_type"], told["status"]) == ("webhook.test", "delivered")
    assert set(told) == {
        "id",
        "event_id",
        "event_type",
        "status",
        "attempts",
        "response_status",
        "next_attempt_at",
        "created_at",
    }


def test_deliveries_are_paged_filtered_and_keep_to_their_webhook(app: Flask, admin: Any) -> None:
    with receiving() as receiver:
        hook = make(admin, receiver.url())
        other = make(admin, receiver.on("/bad", answer(500)))
        for _number in range(3):
            publish(app, "record.created")
        deliver(app)
    path = f"/webhooks/{hook['id']}/deliveries"
    first = admin.get(f"{path}?page_size=2").get_json()
    assert (first["total"], first["total_pages"], len(first["data"])) == (3, 2, 2)
    rest = admin.get(f"{path}?page_size=2&cursor={first['next_cursor']}").get_json()
    assert len({one["id"] for one in first["data"] + rest["data"]}) == 3
    foreign = admin.get(f"/webhooks/{other['id']}/deliveries?page_size=2&cursor={first['next_cursor']}")
    assert messages(foreign).keys() == {"cursor"}
    assert admin.get(f"{path}?status=failed").get_json()["total"] == 0
    assert admin.get(f"{path}?status=delivered").get_json()["total"] == 3
    assert messages(admin.get(f"{path}?status=lost&colour=red")).keys() == {"status", "colour"}


def test_what_waits_is_given_up_when_a_webhook_is_switched_off(app: Flask, admin: Any) -> None:
    with receiving() as receiver:
        hook = make(admin, receiver.on("/bad", answer(500)))
        publish(app, "record.created")
        deliver(app)
        admin.patch(f"/webhooks/{hook['id']}", json={"is_active": False})
        (told,) = admin.get(f"/webhooks/{hook['id']}/deliveries").get_json()["data"]
    assert (told["status"], told["next_attempt_at"]) == ("failed", None)
