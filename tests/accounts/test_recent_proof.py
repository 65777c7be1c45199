"""What needs a fresh proof asks for it, loses nothing meanwhile, and cannot be had by a session that proved nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.accounts.models import Account, BrowserSession
from app.core.audit import AuditEntry
from app.core.database import table_of, utc_now
from app.core.doors import doors
from app.extensions import db
from tests.accounts.authenticator import Authenticator, add
from tests.browsing import PageReader, Person, messages
from tests.factories import PASSWORD, MadeAccount, MadeRecord

OpenPage = Callable[..., Person]
MakeAccount = Callable[..., MadeAccount]
MakeRecord = Callable[..., MadeRecord]
SENSITIVE = {
    "accounts_web.new_account": 15,
    "accounts_web.create_account": 15,
    "accounts_web.change_account": 15,
    "accounts_web.disable_account": 15,
    "accounts_web.enable_account": 15,
    "accounts_web.reset_two_step": 15,
    "accounts_web.ask_delete_account": 15,
    "accounts_web.delete_account": 15,
    "records_web.ask_reveal": 120,
    "records_web.reveal": 120,
}
"""What needs a proof of at most so many minutes ago. Passwords, second factors and keys ask for one every time."""


def age_proofs(app: Flask, minutes: float) -> None:
    """Let every proof of who somebody is lie so long back."""
    with app.app_context():
        db.session.execute(update(BrowserSession).values(proven_at=utc_now() - timedelta(minutes=minutes)))
        db.session.commit()


def revealed(app: Flask) -> int:
    with app.app_context():
        shown = select(AuditEntry.id).where(AuditEntry.action == "record.revealed")
        return len(db.session.scalars(shown).all())


def test_every_sensitive_page_says_how_fresh_the_proof_has_to_be(built_app: Flask) -> None:
    found = {
        endpoint: door.proven_within.total_seconds() / 60
        for endpoint, _rule, _methods, door in doors(built_app)
        if door.proven_within is not None
    }
    assert {endpoint: minutes for endpoint, minutes in found.items() if endpoint in SENSITIVE} == SENSITIVE


def test_whoever_has_just_signed_in_is_not_asked(page: OpenPage, make_record: MakeRecord) -> None:
    assert page("supervisor").get(f"/records/{make_record().id}/reveal").status_code == 200
    assert page("admin").get("/accounts/new").status_code == 200


def test_a_page_that_needs_a_fresh_proof_asks_then_opens(app: Flask, page: OpenPage, make_record: MakeRecord) -> None:
    person, path = page("supervisor"), f"/records/{make_record().id}/reveal"
    age_proofs(app, 119)
    assert person.get(path).status_code == 200
    age_proofs(app, 121)
    answer = person.get(f"{path}?page=2")
    assert (answer.status_code, answer.location) == (303, f"/login/again?next={path}?page%3D2")
    answer = person.submit(answer.location, "/login/again", proof="wrong")
    assert (answer.status_code, messages(answer)) == (422, {"proof": "The password is not right"})
    answer = person.submit(f"/login/again?next={path}?page%3D2", "/login/again", proof=PASSWORD)
    assert (answer.status_code, answer.location) == (303, f"{path}?page=2")
    assert person.get(path).status_code == 200


def test_a_form_that_comes_too_late_is_asked_in_between_and_loses_nothing(
    app: Flask, page: OpenPage, make_record: MakeRecord
) -> None:
    person, record = page("supervisor"), make_record()
    path = f"/records/{record.id}/reveal"
    form = person.form(path)
    age_proofs(app, 121)
    typed = {"fields": ["aadhaar", "pan"], "reveal_why": "other", "reveal_note": "Bank asked <b>twice</b>"}
    answer = person.client.post(path, data={**form.values, **typed})
    assert answer.status_code == 200
    assert "Is it still you?" in answer.text
    assert revealed(app) == 0
    for proof, status in (("", 422), ("wrong", 422)):
        answer = person.client.post(path, data=carried(answer.text) | {"proof": proof})
        assert (answer.status_code, set(messages(answer))) == (status, {"proof"})
    answer = person.client.post(path, data=carried(answer.text) | {"proof": PASSWORD})
    assert answer.status_code == 200
    assert record.values["pan"] in answer.text
    assert revealed(app) == 1


def test_a_password_is_never_carried_from_one_page_to_the_next(app: Flask, page: OpenPage) -> None:
    admin, path = page("admin"), "/accounts/new"
    form = admin.form(path)
    age_proofs(app, 16)
    typed = {"email": "new.hand@example.com", "role": "viewer", "password": "Monsoon-4-Teacups"}
    answer = admin.client.post(path, data={**form.values, **typed})
    assert (answer.status_code, answer.location) == (303, f"/login/again?next={path}")
    asked = admin.get(answer.location)
    assert "Enter it once more" in asked.text
    assert "Monsoon" not in asked.text
    with app.app_context():
        assert db.session.scalar(select(Account.id).where(Account.email == typed["email"])) is None


def carried(html: str) -> dict[str, list[str]]:
    """Return what the question's form holds, names that come more than once included."""
    found: dict[str, list[str]] = {}
    form = html.partition('<form class="card-body')[2].partition("</form>")[0]
    for part in form.split("<input ")[1:]:
        name = part.partition('name="')[2].partition('"')[0]
        value = part.partition('value="')[2].partition('"')[0]
        plain = value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        found.setdefault(name, []).append(plain)
    return found


def test_with_htmx_the_question_takes_the_whole_page(app: Flask, page: OpenPage, make_record: MakeRecord) -> None:
    person, path = page("supervisor"), f"/records/{make_record().id}/reveal"
    form = person.form(path)
    age_proofs(app, 121)
    answer = person.client.post(path, data=form.values, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (200, "body")
    answer = person.get(path, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/login/again?next={path}")


@pytest.mark.parametrize("change", ["disable", "reset-two-step", "delete", ""])
def test_an_open_screen_takes_nobodys_account(
    app: Flask, page: OpenPage, make_account: MakeAccount, change: str
) -> None:
    admin, other = page("admin"), make_account("editor")
    age_proofs(app, 16)
    path = f"/accounts/{other.id}/{change}".rstrip("/")
    answer = admin.post(path, {"role": "admin", "full_name": "", "username": ""} if not change else {})
    assert "Is it still you?" in answer.text
    with app.app_context():
        account = db.session.get_one(Account, other.id)
        assert (account.role, account.is_active, account.deleted_at) == ("editor", True, None)
    answer = admin.client.post(path, data=carried(answer.text) | {"proof": PASSWORD})
    assert (answer.status_code, answer.location) == (303, f"/accounts/{other.id}")
    with app.app_context():
        account = db.session.get_one(Account, other.id)
        assert (account.role == "admin") == (change == "")
        assert account.is_active == (change in ("", "reset-two-step"))


def test_the_question_counts_wrong_passwords_as_wrong_sign_ins(app: Flask, page: OpenPage) -> None:
    admin = page("admin")
    for _ in range(5):
        assert admin.submit("/login/again", proof="wrong").status_code == 422
    answer = admin.submit("/login/again", proof=PASSWORD)
    assert answer.status_code == 423
    assert "Too many tries." in answer.text


def test_a_remembered_browser_proves_nothing(
    page: OpenPage, make_account: MakeAccount, make_record: MakeRecord
) -> None:
    person, account, record = page(None), make_account("supervisor"), make_record()
    person.submit("/login", email=account.email, password=PASSWORD, remember="true")
    path = f"/records/{record.id}/reveal"
    assert person.get(path).status_code == 200
    person.client.delete_cookie("session")
    assert person.get(path, follow_redirects=True).request.path == "/login/again"
    person.account = account
    assert person.submit(f"/login/again?next={path}", "/login/again", proof=PASSWORD).location == path
    assert person.get(path).status_code == 200


def test_a_proof_gives_the_session_another_token(app: Flask, page: OpenPage) -> None:
    admin = page("admin")
    cookie = admin.client.get_cookie("session")
    admin.submit("/login/again", proof=PASSWORD)
    assert admin.get("/accounts").status_code == 200
    thief = app.test_client()
    thief.set_cookie("session", cookie.value if cookie else "")
    assert thief.get("/accounts").status_code == 303


def test_a_password_shown_for_another_change_counts_as_well(app: Flask, page: OpenPage) -> None:
    admin = page("admin")
    age_proofs(app, 16)
    assert admin.get("/accounts/new").status_code == 303
    admin.submit("/api-keys/new", password=PASSWORD, name="Kiosk", scopes="records:read")
    assert admin.get("/accounts/new").status_code == 200


def test_without_a_password_the_way_to_one_is_shown(app: Flask, page: OpenPage) -> None:
    admin = page("admin")
    with app.app_context():
        db.session.execute(update(table_of(Account)).values(password_hash=None))
        db.session.commit()
    html = admin.get("/login/again").text
    assert "Set a password" in html
    assert all(form.action != "/login/again" for form in PageReader(html).forms)


def test_the_question_leads_nowhere_else(page: OpenPage) -> None:
    answer = page("admin").submit("/login/again?next=https://evil.example", "/login/again", proof=PASSWORD)
    assert answer.location == "/records"


def test_a_passkey_of_ones_own_is_a_proof_and_good_once(app: Flask, page: OpenPage) -> None:
    admin, device = page("admin"), Authenticator()
    add(admin, device)
    age_proofs(app, 16)
    headers = {"X-CSRFToken": admin.csrf_token()}
    told = admin.client.post("/login/again/passkey/options", headers=headers).get_json()
    said = {"credential": device.sign(told), "next": "/accounts/new"}
    assert admin.post("/login/again/passkey", said).location == "/accounts/new"
    assert admin.get("/accounts/new").status_code == 200
    age_proofs(app, 16)
    answer = admin.post("/login/again/passkey", said)
    assert answer.status_code == 422
    assert "Is it still you?" in answer.text
    assert admin.get("/accounts/new").status_code == 303


def test_a_passkey_of_somebody_else_is_no_proof(app: Flask, page: OpenPage) -> None:
    admin, other, device = page("admin"), page("admin"), Authenticator()
    add(other, device)
    age_proofs(app, 16)
    told = admin.client.post("/login/again/passkey/options", headers={"X-CSRFToken": admin.csrf_token()}).get_json()
    answer = admin.post("/login/again/passkey", {"credential": device.sign(told), "next": "/accounts/new"})
    assert answer.status_code == 422
    assert admin.get("/accounts/new").status_code == 303
