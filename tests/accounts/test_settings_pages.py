"""The pages of /api-keys and /settings: keys, one's own profile and record, where one is signed in."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import ApiKey
from app.core.audit import AuditEntry
from app.extensions import db
from tests.browsing import JsonClient, Person, messages
from tests.factories import PASSWORD, MadeAccount, MadeRecord

Page = Callable[..., Person]
MakeAccount = Callable[..., MadeAccount]
MakeRecord = Callable[..., MadeRecord]
SECRET = re.compile(r"rr_[0-9a-f]{48}")


# --- API keys ------------------------------------------------------------------------------------------------------


def test_a_key_is_made_shown_once_and_revoked(app: Flask, page: Page) -> None:
    admin = page("admin")
    assert "No keys yet" in admin.get("/api-keys").text
    answer = admin.submit(
        "/api-keys/new", password=PASSWORD, name="Payroll nightly", scopes=["records:read", "records:write"]
    )
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Key “<bdi>Payroll nightly</bdi>” is ready. Copy it now" in answer.text
    (secret,) = set(SECRET.findall(answer.text))
    caller = JsonClient(app.test_client(), secret)
    assert caller.get("/users/").status_code == 200
    html = admin.get("/api-keys").text
    assert secret not in html
    assert "Payroll nightly" in html
    with app.app_context():
        key_id = db.session.scalars(select(ApiKey.id)).one()
    assert "Programs that use it stop within 5 seconds." in admin.get(f"/api-keys/{key_id}/revoke").text
    assert admin.submit(f"/api-keys/{key_id}/revoke").location == "/api-keys"
    assert caller.get("/users/").status_code == 401
    assert "The key is revoked." in admin.get("/api-keys").text
    assert admin.post(f"/api-keys/{key_id}/revoke").location == "/api-keys"


def test_a_form_sent_twice_makes_one_key_and_keeps_its_secret_to_the_first_answer(app: Flask, page: Page) -> None:
    admin = page("admin")
    form = admin.form("/api-keys/new")
    values = {**form.values, "name": "Kiosk", "scopes": "records:read", "password": PASSWORD}
    first = admin.client.post("/api-keys/new", data=values)
    again = admin.client.post("/api-keys/new", data=values)
    assert SECRET.search(first.text)
    assert (again.status_code, again.location) == (303, "/api-keys")
    assert "cannot be shown again" in admin.get("/api-keys").text
    with app.app_context():
        assert len(db.session.scalars(select(ApiKey.id)).all()) == 1


def test_what_is_wrong_with_a_key_stands_at_its_field(page: Page, make_account: MakeAccount) -> None:
    admin, viewer = page("admin"), make_account("viewer")
    answer = admin.submit("/api-keys/new", name=" ", scopes=None, account="nobody@example.com", expires_at="2020-01-01")
    assert (answer.status_code, set(messages(answer))) == (422, {"name", "scopes", "account"})
    answer = admin.submit(
        "/api-keys/new", password=PASSWORD, name="Kiosk", scopes="records:write", account=viewer.email
    )
    assert "The account's role lacks records:write".replace("'", "&#39;") in answer.text
    answer = admin.submit(
        "/api-keys/new", password=PASSWORD, name="Kiosk", scopes="records:read", expires_at="2020-01-01"
    )
    assert (answer.status_code, set(messages(answer))) == (422, {"expires_at"})
    answer = admin.submit(
        "/api-keys/new", password=PASSWORD, name="Kiosk", scopes="records:read", account=viewer.email, expires_at=""
    )
    assert "Expires Never" in " ".join(answer.text.split())


def test_a_key_asks_for_the_password_of_whoever_makes_it(app: Flask, page: Page) -> None:
    admin = page("admin")
    for password in ("", "wrong"):
        answer = admin.submit("/api-keys/new", name="Kiosk", scopes="records:read", password=password)
        assert (answer.status_code, set(messages(answer))) == (422, {"password"})
        assert 'value="Kiosk"' in answer.text
    with app.app_context():
        assert db.session.scalars(select(ApiKey.id)).all() == []


# --- profile -------------------------------------------------------------------------------------------------------


def test_everybody_changes_their_own_names(page: Page, make_account: MakeAccount) -> None:
    make_account("viewer", username="taken")
    person = page("member")
    answer = person.submit("/settings/profile", full_name="Asha Verma", username="Asha", bio="Counter 3\r\nMornings")
    assert (answer.status_code, answer.location) == (303, "/settings/profile")
    html = person.get("/settings/profile").text
    assert "Your changes are saved." in html
    assert 'value="asha"' in html
    assert "Counter 3\nMornings" in html
    answer = person.submit("/settings/profile", username="TAKEN", full_name="New Name")
    assert (answer.status_code, messages(answer)) == (409, {"username": "Another account has this username"})
    assert 'value="New Name"' in answer.text
    answer = person.post("/settings/profile", {"role": "admin", "full_name": "X Y"})
    assert answer.status_code == 422


def test_a_person_closes_their_account_with_their_password(app: Flask, page: Page, make_account: MakeAccount) -> None:
    account = make_account("member")
    person = page(account=account)
    answer = person.submit("/settings/profile/close", password="wrong")
    assert (answer.status_code, set(messages(answer))) == (422, {"password"})
    answer = person.submit("/settings/profile/close", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/login")
    assert "Your account is closed." in person.get("/login").text
    assert person.get("/settings/profile").status_code == 303
    assert page(None).submit("/login", email=account.email, password=PASSWORD).status_code == 403


def test_the_last_admin_cannot_close_their_account(page: Page) -> None:
    answer = page("admin").submit("/settings/profile/close", password=PASSWORD)
    assert answer.status_code == 409
    assert "This is the last admin. Make another one first." in answer.text


# --- what a member sees --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", ["", "/", "/records", "/records/trash", "/settings/profile"])
def test_a_member_lands_on_the_profile(page: Page, make_account: MakeAccount, wanted: str) -> None:
    account = make_account("member")
    answer = page(None).submit(f"/login?next={wanted}", "/login", email=account.email, password=PASSWORD, next=wanted)
    assert answer.location == "/settings/profile"


def test_a_member_sees_the_profile_and_nothing_else(page: Page, make_record: MakeRecord) -> None:
    member, record = page("member"), make_record()
    assert member.get("/").location == "/settings/profile"
    html = member.get("/settings/profile").text
    assert 'id="own-record"' not in html
    assert 'role="search"' not in html
    assert 'href="/records"' not in html
    for path in (
        "/records",
        "/records/new",
        f"/records/{record.id}",
        f"/records/{record.id}/history",
        "/records/trash",
    ):
        answer = member.get(path)
        assert answer.status_code == 403, path
        assert record.values["name"] not in answer.text
    assert member.post("/records/search", {"q": "asha"}).status_code == 403


def test_a_member_sees_the_record_of_their_proven_address_masked_and_that_is_noted(
    app: Flask, page: Page, make_account: MakeAccount, make_record: MakeRecord
) -> None:
    record = make_record(email="asha@example.com", name="Asha Verma")
    other = make_record(name="Somebody Else")
    account = make_account("member", email="asha@example.com")
    html = page(account=account).get("/settings/profile").text
    own = html.partition('id="own-record"')[2].partition("</section>")[0]
    assert "Asha Verma" in own
    assert record.values["current_address"] in own
    for number in ("aadhaar", "pan"):
        assert record.values[number] not in html.replace(" ", "")
    assert f"XXXX XXXX {record.values['aadhaar'][-4:]}" in own
    assert other.values["name"] not in html
    app.extensions["views"].later.flush()
    assert noted(app, record.id) == [account.id]


def test_a_deleted_record_is_not_shown_to_its_person(
    app: Flask, page: Page, make_account: MakeAccount, make_record: MakeRecord
) -> None:
    record = make_record(email="asha@example.com")
    account = make_account("member", email="asha@example.com")
    member = page(account=account)
    assert 'id="own-record"' in member.get("/settings/profile").text
    page("editor").submit(f"/records/{record.id}/delete", delete_why="twice")
    assert 'id="own-record"' not in member.get("/settings/profile").text


def noted(app: Flask, record_id: UUID) -> list[UUID | None]:
    with app.app_context():
        viewed = select(AuditEntry.actor_id).where(
            AuditEntry.action == "record.viewed", AuditEntry.subject_id == record_id
        )
        return list(db.session.scalars(viewed))


# --- where one is signed in ----------------------------------------------------------------------------------------


def test_one_sign_in_is_ended_and_then_all_others(page: Page, make_account: MakeAccount) -> None:
    account = make_account("viewer")
    here, there, elsewhere = (page(account=account) for _ in range(3))
    html = here.get("/settings/sessions").text
    assert html.count("This one") == 1
    ends = re.findall(r'action="(/settings/sessions/[^"/]+/end)"', html)
    assert len(ends) == 2
    assert here.submit("/settings/sessions", ends[-1]).location == "/settings/sessions"
    assert [one.get("/records").status_code for one in (here, there, elsewhere)].count(200) == 2
    assert "no such sign-in" in here.client.get(here.post(ends[-1]).location).text
    here.submit("/settings/sessions", "/settings/sessions/end-others")
    html = here.get("/settings/sessions").text
    assert "You are signed out everywhere else." in html
    assert "Sign out everywhere else" not in html
    assert [one.get("/records").status_code for one in (here, there, elsewhere)] == [200, 303, 303]


def test_nobody_ends_the_sign_in_of_somebody_else(page: Page, make_account: MakeAccount) -> None:
    owner, account = page("viewer"), make_account("viewer")
    page(account=account)
    other = page(account=account)
    (ends,) = re.findall(r'action="(/settings/sessions/[^"/]+/end)"', other.get("/settings/sessions").text)
    owner.post(ends)
    assert re.findall(r'action="(/settings/sessions/[^"/]+/end)"', other.get("/settings/sessions").text) == [ends]
