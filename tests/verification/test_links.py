"""Proving a record's e-mail by a link: what a link is worth, at both doors."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.core.letters import QueuedLetter
from app.core.outbox import OutboxMessage
from app.extensions import db
from tests.browsing import JsonClient, Person, said
from tests.factories import PASSWORD, MadeRecord
from tests.mailbox import Mailbox, text_of

Api = Callable[..., JsonClient]
OpenPage = Callable[..., Person]
MakeRecord = Callable[..., MadeRecord]


def later(**time: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(**time), tick=False)


def send(clerk: JsonClient, record: MadeRecord) -> TestResponse:
    return clerk.post(f"/users/{record.id}/verification-email")


def verify(caller: JsonClient, token: str) -> TestResponse:
    return caller.post("/users/verify-email", json={"token": token})


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, said(answer)["code"]


def test_a_link_proves_the_address_of_a_record_once(
    app: Flask, api: Api, make_record: MakeRecord, mailbox: Mailbox
) -> None:
    record, clerk = make_record(), api("editor")
    answer = send(clerk, record)
    assert (answer.status_code, set(said(answer))) == (202, {"message"})
    token = mailbox.token(record.values["email"])
    assert said(clerk.get(f"/users/{record.id}"))["email_verified"] is False

    done = verify(api(None), token)
    assert done.status_code == 200
    told = said(done)
    assert (set(told), told["user_id"]) == ({"message", "user_id", "verified_at"}, str(record.id))
    assert told["verified_at"].endswith("Z")
    after = said(clerk.get(f"/users/{record.id}"))
    assert after["email_verified"] is True
    assert after["version"] != str(record.version)
    assert refusal(verify(api(None), token)) == (400, "INVALID_TOKEN")

    [entry] = [
        one
        for one in said(clerk.get(f"/users/{record.id}/history"))["data"]
        if one["action"] == "record.email_verified"
    ]
    assert entry["changes"] == [{"field": "email_verified", "before": False, "after": True}]
    assert (entry["actor_id"], entry["subject_id"]) == (None, str(record.id))
    with app.app_context():
        of_kind = OutboxMessage.type == "record.email_verified"
        [event] = db.session.scalars(select(OutboxMessage).where(of_kind)).all()
        assert event.data == {"version": after["version"], "changed_fields": ["email_verified"]}


def test_the_mail_says_who_asks_and_nothing_about_the_person(
    api: Api, make_record: MakeRecord, mailbox: Mailbox
) -> None:
    record, clerk = make_record(name="Ananya Deshpande"), api("editor")
    send(clerk, record)
    reference = said(clerk.get(f"/users/{record.id}"))["reference"]
    [mail] = mailbox.to(record.values["email"])
    assert mail["Subject"] == "Confirm your email address"
    for kind in ("plain", "html"):
        text = text_of(mail, kind)
        assert reference in text
        assert "We never ask for your" in text
        for value in ("Ananya", record.values["primary_mobile"], record.values["pan"], record.values["aadhaar"][-4:]):
            assert value not in text.replace(reference, "")


def test_a_newer_link_voids_the_older(api: Api, make_record: MakeRecord, mailbox: Mailbox) -> None:
    record, clerk, anybody = make_record(), api("editor"), api(None)
    send(clerk, record)
    older = mailbox.token(record.values["email"])
    send(clerk, record)
    newer = mailbox.token(record.values["email"])
    assert refusal(verify(anybody, older)) == (400, "INVALID_TOKEN")
    assert verify(anybody, newer).status_code == 200


def test_a_proven_address_is_mailed_nothing(api: Api, make_record: MakeRecord, mailbox: Mailbox) -> None:
    record, clerk = make_record(), api("editor")
    send(clerk, record)
    verify(api(None), mailbox.token(record.values["email"]))
    assert send(clerk, record).status_code == 202
    assert len(mailbox.to(record.values["email"])) == 1


def test_another_address_voids_the_link_and_so_does_the_way_back(
    api: Api, make_record: MakeRecord, mailbox: Mailbox
) -> None:
    record, clerk, anybody = make_record(), api("editor"), api(None)
    send(clerk, record)
    token = mailbox.token(record.values["email"])
    for address in ("other@example.com", record.values["email"]):
        clerk.patch(f"/users/{record.id}", json={"email": address})
        assert refusal(verify(anybody, token)) == (400, "INVALID_TOKEN"), address
    send(clerk, record)
    assert verify(anybody, mailbox.token(record.values["email"])).status_code == 200
    changed = said(clerk.patch(f"/users/{record.id}", json={"email": "third@example.com"}))
    assert changed["email_verified"] is False


def test_other_changes_leave_a_link_alone(api: Api, make_record: MakeRecord, mailbox: Mailbox) -> None:
    record, clerk = make_record(), api("editor")
    send(clerk, record)
    clerk.patch(f"/users/{record.id}", json={"name": "Asha Rao", "primary_mobile": "6000000001"})
    assert verify(api(None), mailbox.token(record.values["email"])).status_code == 200


def test_a_letter_that_waited_until_the_address_was_another_is_not_sent(
    api: Api, make_record: MakeRecord, mailbox: Mailbox
) -> None:
    record, clerk = make_record(), api("editor")
    send(clerk, record)
    clerk.patch(f"/users/{record.id}", json={"email": "other@example.com"})
    assert mailbox.fetch() == []


def test_a_late_link_is_told_so_and_a_deleted_record_has_none(
    api: Api, make_record: MakeRecord, mailbox: Mailbox
) -> None:
    record, gone, clerk, anybody = make_record(), make_record(), api("editor"), api(None)
    for one in (record, gone):
        send(clerk, one)
    late, void = (mailbox.token(one.values["email"]) for one in (record, gone))
    clerk.delete(f"/users/{gone.id}")
    assert refusal(verify(anybody, void)) == (400, "INVALID_TOKEN")
    assert refusal(send(clerk, gone)) == (404, "USER_NOT_FOUND")
    with later(hours=24, minutes=1):
        assert refusal(verify(anybody, late)) == (410, "EXPIRED_TOKEN")


def test_a_tampered_token_is_no_token(api: Api, make_record: MakeRecord, mailbox: Mailbox) -> None:
    record, anybody = make_record(), api(None)
    send(api("editor"), record)
    token = mailbox.token(record.values["email"])
    last = [
        letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" if letter != token[-1]
    ]
    for wrong in (*(token[:-1] + letter for letter in last), token[1:], token + "x", "", "é", "x" * 5000):
        status, code = refusal(verify(anybody, wrong))
        assert (status, code) in {(400, "INVALID_TOKEN"), (422, "VALIDATION_ERROR")}, wrong[:9]
    assert verify(anybody, token).status_code == 200


def test_links_are_limited_for_each_record_and_say_when_the_next_may_go(
    api: Api, make_record: MakeRecord, mailbox: Mailbox
) -> None:
    record, clerk = make_record(), api("editor")
    assert [send(clerk, record).status_code for _ in range(5)] == [202] * 5
    answer = send(clerk, record)
    assert refusal(answer) == (429, "RATE_LIMITED")
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    assert send(clerk, make_record()).status_code == 202
    with later(hours=1, minutes=1):
        assert send(api("editor"), record).status_code == 202


def test_the_limit_holds_for_those_who_ask_at_once(app: Flask, api: Api, make_record: MakeRecord) -> None:
    record, clerk = make_record(), api("editor")
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: send(JsonClient(app.test_client(), clerk.token), record), range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [429] * 3
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(QueuedLetter)) == 5


def test_of_two_who_use_a_link_at_once_one_does(
    app: Flask, api: Api, make_record: MakeRecord, mailbox: Mailbox
) -> None:
    record = make_record()
    send(api("editor"), record)
    token = mailbox.token(record.values["email"])
    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(lambda _: verify(JsonClient(app.test_client()), token), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_may_not_write_sends_nothing(api: Api, page: OpenPage, make_record: MakeRecord, role: str) -> None:
    record = make_record()
    for path in ("verification-email", "verification-sms", "verify-mobile"):
        assert refusal(api(role).post(f"/users/{record.id}/{path}", json={})) == (403, "FORBIDDEN")
        assert page(role).post(f"/records/{record.id}/{path}").status_code == 403
    if role == "viewer":
        shown = page(role).get(f"/records/{record.id}").text
        assert "Send link" not in shown
        assert "Not verified" in shown


def test_a_repeated_request_under_one_key_sends_one_link(api: Api, make_record: MakeRecord, mailbox: Mailbox) -> None:
    record, clerk = make_record(), api("editor")
    key = {"Idempotency-Key": "once"}
    answers = [clerk.post(f"/users/{record.id}/verification-email", headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len(mailbox.to(record.values["email"])) == 1


# --- the pages -----------------------------------------------------------------------------------------------------


def test_a_clerk_sends_a_link_and_the_person_confirms_on_the_page(
    page: OpenPage, make_record: MakeRecord, mailbox: Mailbox
) -> None:
    record, clerk, person = make_record(), page("editor"), page(None)
    path = f"/records/{record.id}"
    sent = clerk.submit(path, f"{path}/verification-email")
    assert sent.status_code == 303
    shown = clerk.get(sent.headers["Location"]).text
    assert "A mail with the link is on its way" in shown
    assert "link on its way" in shown
    link = mailbox.link(record.values["email"])
    assert "link sent" in clerk.get(path).text

    for _ in range(2):
        seen = person.get(link)
        assert "a•••••••" in seen.text
        assert record.values["email"] not in seen.text
        assert seen.headers["Referrer-Policy"] == "no-referrer"
        assert seen.headers["Cache-Control"] == "no-store"
    done = person.submit(link)
    assert done.status_code == 303
    thanks = person.get(done.headers["Location"]).text
    assert "Thank you. Your email address is confirmed." in thanks
    assert "Sign in" not in thanks
    again = person.post("/verify-email", {"token": link.partition("token=")[2]})
    assert again.status_code == 400
    assert "Ask the office for a new one." in again.text

    turned = clerk.get(path).text
    assert "Verified" in turned
    assert "The person" in turned
    assert "link in a mail" in turned


def test_the_page_of_an_account_s_link_stays_as_it_was(page: OpenPage, mailbox: Mailbox) -> None:
    person = page(None)
    person.submit("/register", email="new@example.com", password=PASSWORD, password_confirmation=PASSWORD)
    done = person.submit(mailbox.link("new@example.com"))
    assert "Sign in" in person.get(done.headers["Location"]).text
    dead = person.get("/verify-email?token=none")
    assert (dead.status_code, "Send a new link" in dead.text) == (400, True)


def test_a_late_link_says_when_it_ended(page: OpenPage, api: Api, make_record: MakeRecord, mailbox: Mailbox) -> None:
    record = make_record()
    send(api("editor"), record)
    link = mailbox.link(record.values["email"])
    with later(hours=25):
        answer = page(None).get(link)
        assert answer.status_code == 410
        assert "This link ended on" in answer.text
        assert "Ask the office for a new one." in answer.text
        assert "Link expired" in page("editor").get(f"/records/{record.id}").text


def test_the_page_says_when_the_next_link_may_go(page: OpenPage, api: Api, make_record: MakeRecord) -> None:
    record, clerk = make_record(), page("editor")
    path = f"/records/{record.id}"
    caller = api("editor")
    for _ in range(5):
        send(caller, record)
    shown = clerk.get(path).text
    assert "the next link can be sent at" in shown
    assert f"{path}/verification-email" not in shown
    refused = clerk.post(f"{path}/verification-email")
    assert refused.status_code == 429
    assert "Enough links were sent for now" in refused.text
    for loaded_again in ("verification-email", "verification-sms"):
        assert clerk.get(f"{path}/{loaded_again}").headers["Location"] == path


def watch_url(clerk: Person, path: str) -> str:
    """Return what an open page asks again and again."""
    shown = clerk.get(path).text
    card = shown.partition('id="contact"')[2].partition(">")[0]
    assert 'hx-trigger="every 4s"' in card
    return card.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")


def test_an_open_page_asks_only_while_a_link_is_out_and_hears_when_that_was_used(
    page: OpenPage, make_record: MakeRecord, mailbox: Mailbox
) -> None:
    record, clerk = make_record(), page("editor")
    path = f"/records/{record.id}"
    assert "every 4s" not in clerk.get(path).text
    clerk.submit(path, f"{path}/verification-email")
    link = mailbox.link(record.values["email"])
    url = watch_url(clerk, path)
    assert clerk.get(url, headers={"HX-Request": "true"}).status_code == 204
    page(None).submit(link)
    turned = clerk.get(url, headers={"HX-Request": "true"})
    assert turned.status_code == 200
    assert "The email address is verified." in turned.text
    assert "every 4s" not in turned.text
    assert 'hx-swap-oob="outerHTML"' in turned.text
    assert clerk.get(url).status_code == 303
    assert "every 4s" not in clerk.get(path).text


def test_an_open_page_stops_asking_after_ten_minutes(page: OpenPage, make_record: MakeRecord, mailbox: Mailbox) -> None:
    record, clerk = make_record(), page("editor")
    path = f"/records/{record.id}"
    clerk.submit(path, f"{path}/verification-email")
    mailbox.fetch()
    url = watch_url(clerk, path)
    with later(minutes=11):
        over = clerk.get(url, headers={"HX-Request": "true"})
        assert (over.status_code, "every 4s" in over.text) == (200, False)
