"""Reminding people, once, of an address they were asked to prove."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import time_machine
from flask import Flask

from app.delivery.worker import reminding_of
from app.verification.reminding import remind
from tests.browsing import JsonClient
from tests.factories import MadeRecord
from tests.mailbox import Mailbox

Api = Callable[..., JsonClient]
MakeRecord = Callable[..., MadeRecord]
SUBJECT = "Your email address is not confirmed yet"


def reminded(app: Flask, days: int, after: timedelta) -> int:
    with time_machine.travel(datetime.now(UTC) + after, tick=False), app.app_context():
        return remind(days)


def test_nobody_is_reminded_unless_the_settings_ask_for_it(make_app: Callable[..., Flask]) -> None:
    assert reminding_of(make_app().extensions["config"]) == []
    [duty] = reminding_of(make_app(VERIFICATION_REMINDER_DAYS="3").extensions["config"])
    assert duty.name == "remind"


def test_who_never_used_a_link_gets_one_more_and_it_works(
    app: Flask, api: Api, make_record: MakeRecord, mailbox: Mailbox
) -> None:
    record, clerk = make_record(), api("editor")
    clerk.post(f"/users/{record.id}/verification-email")
    mailbox.fetch()
    assert reminded(app, 3, timedelta(days=2)) == 0
    assert reminded(app, 3, timedelta(days=4)) == 1
    assert reminded(app, 3, timedelta(days=8)) == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(days=4), tick=False):
        assert mailbox.subjects(record.values["email"])[-1] == SUBJECT
        token = mailbox.token(record.values["email"])
        assert api(None).post("/users/verify-email", json={"token": token}).status_code == 200
    assert reminded(app, 3, timedelta(days=20)) == 0


def test_another_address_is_another_reminder_and_who_was_never_asked_gets_none(
    app: Flask, api: Api, make_record: MakeRecord, mailbox: Mailbox
) -> None:
    record, _never_asked, deleted, inactive, clerk = (*(make_record() for _ in range(4)), api("editor"))
    for one in (record, deleted, inactive):
        clerk.post(f"/users/{one.id}/verification-email")
    mailbox.fetch()
    clerk.delete(f"/users/{deleted.id}")
    clerk.patch(f"/users/{inactive.id}", json={"is_active": False})
    assert reminded(app, 1, timedelta(days=2)) == 1
    clerk.patch(f"/users/{record.id}", json={"email": "other@example.com"})
    clerk.post(f"/users/{record.id}/verification-email")
    mailbox.fetch()
    assert reminded(app, 1, timedelta(days=2)) == 1
