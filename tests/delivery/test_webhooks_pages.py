"""The pages of webhooks, at a browser without scripts."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from standardwebhooks import Webhook

from tests.browsing import Person, messages
from tests.delivery.webhook_room import deliver, publish, rows
from tests.services.receiver import Receiver, answer, receiving

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")
URL = "https://hooks.example.com/room"


@pytest.fixture
def admin(page: Callable[..., Person]) -> Person:
    return page("admin")


def make(admin: Person, url: str = URL, **more: Any) -> tuple[str, str]:
    """Make a webhook by its form; return the path of its page and its secret."""
    made = admin.submit("/webhooks/new", url=url, **more)
    assert made.status_code == 200, messages(made)
    (secret,) = set(SECRET.findall(made.text))
    (path,) = set(re.findall(r'"(/webhooks/[0-9a-f-]{36})"', made.text))
    return path, secret


def test_a_webhook_is_made_and_its_secret_shown_once(admin: Person) -> None:
    assert "No webhooks yet" in admin.get("/webhooks").text
    form = admin.form("/webhooks/new")
    values = {**form.values, "url": URL, "description": "Payroll <b>", "events": ["record.created", "record.erased"]}
    made = admin.client.post("/webhooks/new", data=values)
    assert made.headers["Cache-Control"] == "no-store"
    assert "Webhook is ready. Copy its secret now" in made.text
    assert "Payroll &lt;b&gt;" in made.text
    assert len(set(SECRET.findall(made.text))) == 1
    again = admin.client.post("/webhooks/new", data=values)
    assert again.status_code == 303
    assert "cannot be shown again" in admin.get(again.location).text
    html = admin.get("/webhooks").text
    assert html.count(URL) == 1
    assert "record.erased" in html
    assert not SECRET.search(html + admin.get(again.location).text)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"url": "ftp://example.com"}, {"url"}),
        ({"url": "", "events": None}, {"url", "events"}),
        ({"url": "https://u:p@example.com/", "description": "x" * 256}, {"url", "description"}),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    admin: Person, given: dict[str, Any], fields: set[str]
) -> None:
    refused = admin.submit("/webhooks/new", **{"description": "Keep me", **given})
    assert refused.status_code == 422
    assert messages(refused).keys() == fields
    assert "There is a problem" in refused.text
    assert given.get("description", "Keep me") in refused.text


def test_a_webhook_is_changed_and_what_is_unticked_is_gone(admin: Person) -> None:
    path, _secret = make(admin, events=["record.created", "record.updated"])
    edit = f"{path}/edit"
    form = admin.form(edit)
    assert form.values["url"] == URL
    sent = admin.client.post(edit, data={**form.values, "events": ["record.deleted"], "is_active": "false"})
    assert sent.location == path
    html = admin.get(path).text
    assert "The webhook is changed." in html
    assert "Record deleted" in html
    assert "Record created" not in html
    assert ">Off<" in html
    none = {name: value for name, value in form.values.items() if name != "events"}
    assert messages(admin.client.post(edit, data=none)) == {"events": "Choose at least one event"}


def test_another_secret_is_shown_once(app: Flask, admin: Person) -> None:
    with receiving() as receiver:
        path, secret = make(admin, receiver.url())
        assert "For 24 hours both secrets sign" in admin.get(f"{path}/rotate").text
        turned = admin.submit(f"{path}/rotate")
        assert "New secret is ready. Copy its secret now" in turned.text
        (new,) = set(SECRET.findall(turned.text))
        assert new != secret
        assert not SECRET.search(admin.get(path).text)
        publish(app, "record.created")
        deliver(app)
        for one in (secret, new):
            Webhook(one).verify(receiver.received[0].body, receiver.received[0].headers)


def test_a_test_is_sent_and_its_delivery_shown_without_what_was_answered(app: Flask, admin: Person) -> None:
    with receiving() as receiver:
        path, _secret = make(admin, receiver.on("/hook", answer(200, body=b"inner secrets of the receiver")))
        assert admin.submit(path, f"{path}/test").location == path
        waiting = admin.get(path).text
        assert "The test is on its way." in waiting
        assert "Waiting" in waiting
        assert 'hx-trigger="every 2s"' in waiting
        deliver(app)
    shown = admin.get(path).text
    assert "Delivered" in shown
    assert "hx-trigger" not in shown
    detail = admin.get(f"{path}/deliveries/{rows(app)[0].id}").text
    assert "29 bytes, not kept" in detail
    assert "webhook.test" in detail
    assert "inner secrets" not in detail


def test_a_part_of_the_page_is_given_to_who_asks_for_it(admin: Person) -> None:
    path, _secret = make(admin)
    part = admin.get(path, headers={"HX-Request": "true"}).text
    assert part.strip().startswith("<section")
    assert "<html" not in part


def test_a_failed_delivery_is_sent_again_by_one_press(app: Flask, admin: Person) -> None:
    with receiving() as receiver:
        path, _secret = make(admin, receiver.on("/hook", answer(410)))
        publish(app, "record.created")
        deliver(app)
        html = admin.get(path).text
        assert "Off, receiver gone" in html
        assert "it wants to hear no more" in html
        again = f"{path}/deliveries/{rows(app)[0].id}/send-again"
        assert admin.submit(path, again).location == path
        assert "the webhook is off" in admin.get(path).text
        receiver.behaviours.clear()
        edit = admin.form(f"{path}/edit")
        admin.client.post(f"{path}/edit", data={**edit.values, "is_active": "true"})
        assert admin.submit(path, again).location == path
        assert "It is on its way again." in admin.get(path).text
        admin.post(again)
        assert "It is on its way already." in admin.get(path).text
        assert deliver(app) == 1
    assert "Delivered" in admin.get(f"{path}?status=delivered").text
    assert "No deliveries match" in admin.get(f"{path}?status=failed").text


def test_all_that_failed_is_sent_again_in_its_order(app: Flask, admin: Person) -> None:
    with receiving() as receiver:
        path, _secret = make(admin, receiver.on("/hook", answer(410)), events=["record.created", "record.updated"])
        publish(app, "record.created", "record.updated", "record.updated")
        deliver(app)
        assert {row.state for row in rows(app)} == {"failed"}
        again = f"{path}/send-failed-again"
        assert admin.submit(f"{path}?status=failed", again).location == path
        assert "the webhook is off" in admin.get(path).text
        edit = admin.form(f"{path}/edit")
        admin.client.post(f"{path}/edit", data={**edit.values, "events": ["record.created"], "is_active": "true"})
        receiver.behaviours.clear()
        receiver.received.clear()
        admin.submit(f"{path}?status=failed", again)
        assert "3 deliveries are on the way again." in admin.get(path).text
        assert deliver(app) == 3
        told = [one.event["type"] for one in receiver.received]
    assert told == ["record.created", "record.updated", "record.updated"]
    assert "Send all failed again" not in admin.get(f"{path}?status=failed").text


def test_a_webhook_is_deleted_after_one_question(admin: Person) -> None:
    path, _secret = make(admin)
    assert "cannot be brought back" in admin.get(f"{path}/delete").text
    assert admin.submit(f"{path}/delete").location == "/webhooks"
    assert "The webhook is deleted." in admin.get("/webhooks").text
    assert admin.get(path).status_code == 404
    assert admin.post(f"{path}/delete").location == "/webhooks"
    assert "There is no such webhook" in admin.get("/webhooks").text


def test_nobody_else_sees_them(page: Callable[..., Person], admin: Person) -> None:
    path, _secret = make(admin)
    supervisor = page("supervisor")
    assert "Webhooks" in admin.get("/webhooks").text
    assert 'href="/webhooks"' not in supervisor.get("/records").text
    for address in ("/webhooks", "/webhooks/new", path, f"{path}/edit", f"{path}/rotate", f"{path}/delete"):
        assert supervisor.get(address).status_code == 403, address
    assert supervisor.post(f"{path}/test").status_code == 403


def test_pages_are_turned(app: Flask, admin: Person) -> None:
    receiver: Receiver
    with receiving() as receiver:
        path, _secret = make(admin, receiver.url(), events=["record.created"])
        for _number in range(11):
            publish(app, "record.created")
        deliver(app)
    assert "1–10 of 11" in admin.get(path).text
    assert "11–11 of 11" in admin.get(f"{path}?page=2").text
    assert admin.get(f"{path}?status=nonsense&page=x").status_code == 200
