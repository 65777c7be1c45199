"""Proving a record's mobile by a code: what a code is worth, at both doors."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import time_machine
from flask import Flask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from app.core.letters import QueuedLetter
from app.core.outbox import OutboxMessage
from app.extensions import db
from app.verification.models import MobileCode
from tests.browsing import JsonClient, Person, messages, said
from tests.factories import MadeRecord
from tests.mailbox import Phones

Api = Callable[..., JsonClient]
OpenPage = Callable[..., Person]
MakeRecord = Callable[..., MadeRecord]


def later(**time: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(**time), tick=False)


def send(clerk: JsonClient, record: MadeRecord) -> TestResponse:
    return clerk.post(f"/users/{record.id}/verification-sms")


def verify(clerk: JsonClient, record: MadeRecord, code: object) -> TestResponse:
    return clerk.post(f"/users/{record.id}/verify-mobile", json={"code": code})


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, said(answer)["code"]


def number(record: MadeRecord) -> str:
    return str(record.values["primary_mobile"])


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_code_proves_the_mobile_of_a_record_once(
    app: Flask, api: Api, make_record: MakeRecord, phones: Phones
) -> None:
    record, clerk = make_record(), api("editor")
    answer = send(clerk, record)
    assert (answer.status_code, set(said(answer))) == (202, {"message"})
    code = phones.code(number(record))
    done = verify(clerk, record, code)
    assert done.status_code == 200
    after = said(done)
    assert (after["mobile_verified"], after["id"]) == (True, str(record.id))
    assert done.headers["ETag"] == f'"{after["version"]}"'
    assert after == said(clerk.get(f"/users/{record.id}"))
    assert refusal(verify(clerk, record, code)) == (400, "INVALID_TOKEN")
    assert clerk.account is not None
    [entry] = [
        one
        for one in said(clerk.get(f"/users/{record.id}/history"))["data"]
        if one["action"] == "record.mobile_verified"
    ]
    assert entry["changes"] == [{"field": "mobile_verified", "before": False, "after": True}]
    assert (entry["actor_id"], after["updated_by"]) == (str(clerk.account.id), str(clerk.account.id))
    with app.app_context():
        of_kind = OutboxMessage.type == "record.mobile_verified"
        [event] = db.session.scalars(select(OutboxMessage).where(of_kind)).all()
        assert event.data == {"version": after["version"], "changed_fields": ["mobile_verified"]}


def test_the_text_has_the_code_and_nothing_about_the_person(api: Api, make_record: MakeRecord, phones: Phones) -> None:
    record = make_record(name="Ananya Deshpande")
    send(api("editor"), record)
    code = phones.code(number(record))
    [message] = phones.fetch(number(record))
    assert message.startswith(f"{code} is your code to confirm this mobile at Record Room.")
    assert len(message) <= 160
    assert "Ananya" not in message
    [file] = phones.folder.glob("*.txt")
    assert file.read_text() == f"To: {number(record)}\n\n{message}"
    assert file.stat().st_mode & 0o777 == 0o600


def test_five_wrong_codes_end_the_right_one(api: Api, make_record: MakeRecord, phones: Phones) -> None:
    record, clerk = make_record(), api("editor")
    send(clerk, record)
    code = phones.code(number(record))
    for left in ("4 tries", "3 tries", "2 tries", "1 try", "No tries"):
        answer = verify(clerk, record, other(code))
        assert refusal(answer) == (422, "VALIDATION_ERROR")
        [error] = said(answer)["errors"]
        assert (error["field"], error["code"]) == ("code", "INVALID")
        assert f"{left} left" in error["message"]
    for tried in (code, other(code)):
        assert refusal(verify(clerk, record, tried)) == (410, "EXPIRED_TOKEN")
    send(clerk, record)
    assert verify(clerk, record, phones.code(number(record))).status_code == 200


def test_the_fifth_try_may_still_be_right(api: Api, make_record: MakeRecord, phones: Phones) -> None:
    record, clerk = make_record(), api("editor")
    send(clerk, record)
    code = phones.code(number(record))
    for _ in range(4):
        verify(clerk, record, other(code))
    assert verify(clerk, record, f"{code[:3]} {code[3:]}").status_code == 200


def test_what_is_no_code_is_told_apart_and_costs_no_try(api: Api, make_record: MakeRecord, phones: Phones) -> None:
    record, clerk = make_record(), api("editor")
    send(clerk, record)
    code = phones.code(number(record))
    wrong = [("12345", "INVALID"), ("1234567", "INVALID"), ("१२३४५६", "INVALID"), (123456, "INVALID"), ("", "REQUIRED")]
    wrong += [(" ", "REQUIRED")]
    for typed, problem in [*wrong, (None, "REQUIRED")]:
        [error] = said(verify(clerk, record, typed))["errors"]
        assert (error["field"], error["code"]) == ("code", problem), typed
    for _ in range(4):
        verify(clerk, record, other(code))
    assert verify(clerk, record, code).status_code == 200


def test_tries_are_counted_exactly_for_those_who_guess_at_once(
    app: Flask, api: Api, make_record: MakeRecord, phones: Phones
) -> None:
    record, clerk = make_record(), api("editor")
    send(clerk, record)
    wrong = other(phones.code(number(record)))
    with ThreadPoolExecutor(10) as crowd:
        answers = list(
            crowd.map(lambda _: verify(JsonClient(app.test_client(), clerk.token), record, wrong), range(10))
        )
    assert sorted(answer.status_code for answer in answers) == [410] * 5 + [422] * 5
    with app.app_context():
        assert db.session.scalars(select(MobileCode.tries)).all() == [5]


def test_of_two_who_type_the_code_at_once_one_proves_it(
    app: Flask, api: Api, make_record: MakeRecord, phones: Phones
) -> None:
    record, clerk = make_record(), api("editor")
    send(clerk, record)
    code = phones.code(number(record))
    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(lambda _: verify(JsonClient(app.test_client(), clerk.token), record, code), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]


def test_a_code_is_over_after_ten_minutes(api: Api, make_record: MakeRecord, phones: Phones) -> None:
    record, clerk = make_record(), api("editor")
    send(clerk, record)
    code = phones.code(number(record))
    with later(minutes=9):
        assert verify(clerk, record, other(code)).status_code == 422
    with later(minutes=10, seconds=1):
        assert refusal(verify(clerk, record, code)) == (410, "EXPIRED_TOKEN")


def test_a_code_that_was_not_sent_in_time_never_is(api: Api, make_record: MakeRecord, phones: Phones) -> None:
    record = make_record()
    send(api("editor"), record)
    with later(minutes=11):
        assert phones.fetch(number(record)) == []


def test_a_newer_code_voids_the_older_and_another_number_both(
    api: Api, make_record: MakeRecord, phones: Phones
) -> None:
    record, clerk = make_record(), api("editor")
    send(clerk, record)
    older = phones.code(number(record))
    send(clerk, record)
    newer = phones.code(number(record))
    if older != newer:
        assert verify(clerk, record, older).status_code == 422
    for mobile in ("6000000001", number(record)):
        clerk.patch(f"/users/{record.id}", json={"primary_mobile": mobile})
        for code in (newer, other(newer)):  # nothing is out for the new number, so no code is right or wrong
            assert refusal(verify(clerk, record, code)) == (400, "INVALID_TOKEN")
    send(clerk, record)
    assert verify(clerk, record, phones.code(number(record))).status_code == 200
    changed = said(clerk.patch(f"/users/{record.id}", json={"primary_mobile": "6000000002"}))
    assert changed["mobile_verified"] is False


def test_nobody_s_code_works_for_another_record(api: Api, make_record: MakeRecord, phones: Phones) -> None:
    record, another, clerk = make_record(), make_record(), api("editor")
    assert refusal(verify(clerk, record, "123456")) == (400, "INVALID_TOKEN")
    for one in (record, another):
        send(clerk, one)
    code = phones.code(number(another))
    if code != phones.code(number(record)):
        assert verify(clerk, record, code).status_code == 422


def test_a_proven_mobile_and_a_deleted_record_are_sent_nothing(
    api: Api, make_record: MakeRecord, phones: Phones
) -> None:
    record, clerk = make_record(), api("editor")
    send(clerk, record)
    verify(clerk, record, phones.code(number(record)))
    assert send(clerk, record).status_code == 202
    assert len(phones.fetch(number(record))) == 1
    clerk.delete(f"/users/{record.id}")
    assert refusal(send(clerk, record)) == (404, "USER_NOT_FOUND")
    assert refusal(verify(clerk, record, "nonsense")) == (404, "USER_NOT_FOUND")


def test_codes_are_limited_for_each_number_also_when_it_is_another_record_s(api: Api, make_record: MakeRecord) -> None:
    record, clerk = make_record(), api("editor")
    assert [send(clerk, record).status_code for _ in range(5)] == [202] * 5
    answer = send(clerk, record)
    assert refusal(answer) == (429, "RATE_LIMITED")
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    clerk.patch(f"/users/{record.id}", json={"primary_mobile": "6000000003"})
    another = make_record(primary_mobile=number(record))
    assert send(api("editor"), another).status_code == 429
    assert send(clerk, record).status_code == 202


def test_codes_are_limited_for_each_account(app: Flask, api: Api, make_record: MakeRecord) -> None:
    clerk, record = api("editor"), make_record()
    send(clerk, make_record())
    with app.app_context():
        copies = "number_digest, asked_by, bound_to, code_hash, tries, created_at, expires_at"
        is_sqlite = db.session.get_bind().dialect.name == "sqlite"
        fresh = "randomblob(16)" if is_sqlite else "unhex(replace(uuid(), '-', ''))"
        for _ in range(99):
            statement = f"INSERT INTO mobile_codes (id, record_id, {copies})"
            db.session.execute(text(f"{statement} SELECT {fresh}, {fresh}, {copies} FROM mobile_codes LIMIT 1"))
        db.session.connection().commit()
        db.session.remove()
    assert refusal(send(clerk, record)) == (429, "RATE_LIMITED")
    assert send(api("editor"), record).status_code == 202


def test_neither_number_nor_code_lies_open_in_the_database(
    app: Flask, api: Api, make_record: MakeRecord, phones: Phones
) -> None:
    record = make_record()
    send(api("editor"), record)
    with app.app_context():
        row = db.session.execute(select(QueuedLetter)).scalar_one()
        assert (row.channel, row.subject_id) == ("sms", record.id)
        waiting = row.sealed or b""
        assert waiting
    code = phones.code(number(record))
    with app.app_context():
        held = db.session.execute(select(MobileCode)).scalar_one()
        kept = b"".join(bytes(part) for part in (held.number_digest, held.bound_to, held.code_hash, waiting))
        assert number(record).encode() not in kept
        assert code.encode() not in kept
        assert db.session.scalars(select(QueuedLetter.sealed)).all() == [None]


# --- the pages -----------------------------------------------------------------------------------------------------


def test_a_clerk_sends_a_code_and_types_what_the_person_says(
    page: OpenPage, make_record: MakeRecord, phones: Phones
) -> None:
    record, clerk = make_record(), page("editor")
    path = f"/records/{record.id}"
    sent = clerk.submit(path, f"{path}/verification-sms")
    asked = sent.headers["Location"]
    assert (sent.status_code, asked) == (303, f"{path}/verify-mobile")
    code = phones.code(number(record))
    shown = clerk.get(path).text
    assert "5 tries left" in shown
    assert "Enter code" in shown
    wrong = clerk.submit(asked, code=other(code))
    assert wrong.status_code == 422
    assert messages(wrong) == {"code": "The code is not right. 4 tries left"}
    assert other(code) not in wrong.text
    done = clerk.submit(asked, code=code)
    assert done.status_code == 303
    assert "The mobile is verified." in clerk.get(done.headers["Location"]).text
    assert "Mobile verified" in clerk.get(path).text
    assert "This mobile is verified." in clerk.get(asked).text


def test_the_page_offers_a_new_code_when_the_old_one_is_over(
    page: OpenPage, make_record: MakeRecord, phones: Phones
) -> None:
    record, clerk = make_record(), page("editor")
    path = f"/records/{record.id}"
    asked = clerk.submit(path, f"{path}/verification-sms").headers["Location"]
    code = phones.code(number(record))
    with later(minutes=11):
        person = page("editor")
        late = person.post(asked, {"code": code})
        assert late.status_code == 410
        assert "Send a new code" in late.text
        assert "code ended" in person.get(path).text
    for _ in range(4):
        clerk.submit(path + "/verify-mobile", f"{path}/verification-sms")
    assert "The next one can be sent at" in clerk.get(asked).text
    refused = clerk.post(f"{path}/verification-sms")
    assert refused.status_code == 429
    assert "Enough codes were sent for now" in refused.text


def test_both_pages_of_a_deleted_record_say_so(page: OpenPage, api: Api, make_record: MakeRecord) -> None:
    record, clerk = make_record(), page("editor")
    api("editor").delete(f"/users/{record.id}")
    assert clerk.get(f"/records/{record.id}/verify-mobile").status_code == 410
    for path in ("verification-email", "verification-sms", "verify-mobile"):
        assert clerk.post(f"/records/{record.id}/{path}", {"code": "123456"}).status_code == 410
