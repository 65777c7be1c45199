"""Two-step sign-in by the API: setting it up, signing in with it, and no way around it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text

from app.accounts import mfa, retention, totp
from app.accounts.models_factors import RecoveryCode, SignInStep, Totp
from app.core.audit import AuditEntry
from app.core.database import utc_now
from app.core.errors import NotFound
from app.core.identity import system_actor
from app.core.outbox import OutboxMessage
from app.extensions import db
from tests.accounts.second_factor import STEP, Phone, enrolled, first_step, second_step
from tests.browsing import JsonClient, said
from tests.factories import PASSWORD, MadeAccount

Api = Callable[..., JsonClient]
MakeAccount = Callable[..., MadeAccount]
Clock = time_machine.Traveller


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Stop the clock in the middle of a step."""
    with time_machine.travel(datetime(2026, 11, 20, 10, 0, 15, tzinfo=UTC), tick=False) as stopped:
        yield stopped


def entries(app: Flask, *left_out: str) -> list[tuple[str, str]]:
    with app.app_context():
        rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        return [(row.action, row.outcome) for row in rows if row.action not in {"account.created", *left_out}]


# --- setting it up -----------------------------------------------------------------------------------------------


def test_the_secret_comes_with_the_address_that_apps_read(api: Api, make_account: MakeAccount) -> None:
    account = make_account()
    answer = api(account=account).post("/auth/mfa/totp", json={"password": PASSWORD})
    assert answer.status_code == 201
    assert set(said(answer)) == {"secret", "otpauth_uri"}
    assert len(said(answer)["secret"]) == 32
    uri = urlsplit(said(answer)["otpauth_uri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    asked = {name: values[0] for name, values in parse_qs(uri.query).items()}
    assert asked["secret"] == said(answer)["secret"]
    assert asked["issuer"] == "Record Room"
    assert {asked.get("algorithm", "SHA1"), asked.get("digits", "6"), asked.get("period", "30")} == {"SHA1", "6", "30"}


def test_nothing_is_asked_for_before_a_code_has_confirmed_the_app(api: Api, make_account: MakeAccount) -> None:
    account = make_account()
    system = api(account=account)
    system.post("/auth/mfa/totp", json={"password": PASSWORD})
    assert said(system.get("/auth/me"))["mfa_enabled"] is False
    assert api(account=account).token


def test_the_first_code_turns_it_on_and_gives_ten_recovery_codes(
    app: Flask, api: Api, make_account: MakeAccount, clock: Clock
) -> None:
    system, phone = enrolled(api, make_account())
    assert len(set(phone.recovery_codes)) == 10
    assert said(system.get("/auth/me"))["mfa_enabled"] is True
    assert entries(app, "session.started") == [("mfa.enabled", "success")]


def test_a_wrong_first_code_is_named_and_the_app_still_waits(api: Api, make_account: MakeAccount, clock: Clock) -> None:
    system = api(account=make_account())
    phone = Phone(said(system.post("/auth/mfa/totp", json={"password": PASSWORD}))["secret"])
    for code in (phone.wrong(), phone.code(steps=2), "12345", "１２３４５６", "abcdef"):
        answer = system.post("/auth/mfa/totp/confirm", json={"code": code})
        assert (answer.status_code, said(answer)["errors"][0]["field"], said(answer)["errors"][0]["code"]) == (
            422,
            "code",
            "INVALID",
        )
    shown = phone.code()
    assert system.post("/auth/mfa/totp/confirm", json={"code": f"{shown[:3]} {shown[3:]}"}).status_code == 200


def test_the_last_of_several_secrets_is_the_one_that_counts(api: Api, make_account: MakeAccount, clock: Clock) -> None:
    system = api(account=make_account())
    old, new = (Phone(said(system.post("/auth/mfa/totp", json={"password": PASSWORD}))["secret"]) for _ in range(2))
    assert system.post("/auth/mfa/totp/confirm", json={"code": old.code()}).status_code == 422
    assert system.post("/auth/mfa/totp/confirm", json={"code": new.code()}).status_code == 200


def test_a_secret_waits_a_quarter_of_an_hour(api: Api, make_account: MakeAccount, clock: Clock) -> None:
    system = api(account=make_account())
    assert system.post("/auth/mfa/totp/confirm", json={"code": "123456"}).status_code == 400
    phone = Phone(said(system.post("/auth/mfa/totp", json={"password": PASSWORD}))["secret"])
    clock.shift(timedelta(minutes=15))
    answer = system.post("/auth/mfa/totp/confirm", json={"code": phone.code()})
    assert (answer.status_code, said(answer)["code"]) == (400, "INVALID_TOKEN")


def test_a_second_app_is_refused(api: Api, make_account: MakeAccount, clock: Clock) -> None:
    system, phone = enrolled(api, make_account())
    for path, body in (("", {"password": PASSWORD}), ("/confirm", {"code": phone.code()})):
        answer = system.post(f"/auth/mfa/totp{path}", json=body)
        assert (answer.status_code, said(answer)["code"]) == (409, "MFA_ALREADY_ON")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_wrong_password_is_named_and_counts_as_a_wrong_sign_in(
    api: Api, make_account: MakeAccount, method: str
) -> None:
    account = make_account()
    system = api(account=account)
    for _ in range(5):
        answer = system.request(method, "/auth/mfa/totp", json={"password": "wrong"})
        assert (answer.status_code, said(answer)["errors"][0]["field"], said(answer)["errors"][0]["code"]) == (
            422,
            "password",
            "INVALID",
        )
    answer = system.request(method, "/auth/mfa/totp", json={"password": PASSWORD})
    assert (answer.status_code, said(answer)["code"]) == (423, "ACCOUNT_LOCKED")
    assert int(answer.headers["Retry-After"]) > 890
    assert api(None).post("/auth/login", json={"email": account.email, "password": PASSWORD}).status_code == 423


@pytest.mark.parametrize(("method", "body"), [("POST", {}), ("POST", {"password": ""}), ("DELETE", None)])
def test_the_password_is_required(api: Api, method: str, body: Any) -> None:
    answer = api().request(method, "/auth/mfa/totp", json=body) if body is not None else api().delete("/auth/mfa/totp")
    assert (answer.status_code, said(answer)["errors"][0]["code"]) == (422, "REQUIRED")


def test_turning_it_on_or_off_ends_every_other_sign_in(
    api: Api, page: Callable[..., Any], make_account: MakeAccount, clock: Clock
) -> None:
    account = make_account()
    other, person = api(account=account), page(account=account)
    system, _phone = enrolled(api, account)
    assert other.get("/auth/me").status_code == 401
    assert person.get("/records").status_code == 303
    assert system.get("/auth/me").status_code == 200
    token = first_step(api, account)[1]
    assert system.delete("/auth/mfa/totp", json={"password": PASSWORD}).status_code == 204
    assert second_step(api(None), token, "123456").status_code == 401
    assert system.get("/auth/me").status_code == 200


def test_it_can_be_turned_off_with_the_password(app: Flask, api: Api, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    system, _phone = enrolled(api, account)
    assert system.delete("/auth/mfa/totp", json={"password": PASSWORD}).status_code == 204
    assert said(system.get("/auth/me"))["mfa_enabled"] is False
    assert entries(app, "session.started") == [("mfa.enabled", "success"), ("mfa.disabled", "success")]
    assert api(account=account).token
    answer = system.delete("/auth/mfa/totp", json={"password": PASSWORD})
    assert (answer.status_code, said(answer)["code"]) == (404, "NOT_FOUND")
    with app.app_context():
        assert db.session.scalars(select(RecoveryCode)).all() == []


def test_no_secret_and_no_code_is_stored_in_clear(
    app: Flask, api: Api, make_account: MakeAccount, clock: Clock
) -> None:
    _system, phone = enrolled(api, make_account())
    with app.app_context():
        stored = db.session.scalars(select(Totp)).one().sealed
        codes = b"".join(db.session.scalars(select(RecoveryCode.digest)))
    assert phone.secret.encode() not in stored
    assert all(code.replace("-", "").encode() not in codes for code in phone.recovery_codes)


def test_an_api_key_may_not_touch_it(app: Flask, api: Api, make_account: MakeAccount) -> None:
    account = make_account()
    made = app.test_cli_runner().invoke(
        args=["api-keys", "create", "--account", account.email, "--scopes", "records:read", "--name", "k"]
    )
    key = JsonClient(app.test_client(), made.output.strip())
    for method, path in (("POST", ""), ("POST", "/confirm"), ("DELETE", "")):
        assert key.request(method, f"/auth/mfa/totp{path}", json={"password": PASSWORD}).status_code == 403


# --- signing in with it ------------------------------------------------------------------------------------------


def test_the_right_password_is_only_half_of_it(app: Flask, api: Api, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    enrolled(api, account)
    answer = api(None).post("/auth/login", json={"email": account.email, "password": PASSWORD})
    assert answer.status_code == 401
    assert said(answer)["code"] == "MFA_REQUIRED"
    assert "access_token" not in said(answer)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert entries(app)[-1] == ("session.failed", "denied")
    form = api(None).post("/auth/login", data={"username": account.email, "password": PASSWORD})
    assert said(form)["code"] == "MFA_REQUIRED"


def test_a_code_finishes_the_sign_in(app: Flask, api: Api, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    _, phone = enrolled(api, account)
    system, token = first_step(api, account)
    answer = second_step(system, token, phone.code())
    assert answer.status_code == 200
    assert set(said(answer)) == {"access_token", "refresh_token", "token_type", "expires_in", "user_id"}
    system.token = said(answer)["access_token"]
    assert said(system.get("/auth/me"))["id"] == str(account.id)
    assert entries(app)[-1] == ("session.started", "success")
    with app.app_context():
        assert [row.type for row in db.session.scalars(select(OutboxMessage))].count("user.logged_in") == 2
        assert db.session.scalars(select(SignInStep)).all() == []


@pytest.mark.parametrize(("away", "status"), [(-2, 401), (0, 200), (1, 200), (2, 401)])
def test_a_phone_may_be_one_step_off(api: Api, make_account: MakeAccount, clock: Clock, away: int, status: int) -> None:
    account = make_account()
    _, phone = enrolled(api, account)
    assert second_step(*first_step(api, account), phone.code(steps=away)).status_code == status


def test_a_step_works_once(api: Api, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    _, phone = enrolled(api, account)
    assert second_step(*first_step(api, account), phone.code(steps=-1)).status_code == 401  # the confirming one
    assert second_step(*first_step(api, account), phone.code()).status_code == 200
    assert second_step(*first_step(api, account), phone.code()).status_code == 401
    assert second_step(*first_step(api, account), phone.code(steps=1)).status_code == 200
    clock.shift(STEP)
    assert second_step(*first_step(api, account), phone.code(steps=-1)).status_code == 401  # an earlier one
    clock.shift(STEP)
    assert second_step(*first_step(api, account), phone.code()).status_code == 200


def test_of_many_uses_of_one_code_at_once_one_succeeds(
    app: Flask, api: Api, make_account: MakeAccount, clock: Clock
) -> None:
    account = make_account()
    _, phone = enrolled(api, account)
    tokens, code = [first_step(api, account)[1] for _ in range(4)], phone.code()
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda token: second_step(JsonClient(app.test_client()), token, code).status_code, tokens)
        )
    assert sorted(found) == [200, 401, 401, 401]


def test_a_recovery_code_works_once_in_any_spelling(api: Api, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    _, phone = enrolled(api, account)
    first, second = phone.recovery_codes[:2]
    assert second_step(*first_step(api, account), first).status_code == 200
    assert second_step(*first_step(api, account), first).status_code == 401
    assert second_step(*first_step(api, account), second.lower().replace("-", " ")).status_code == 200


def test_somebody_elses_recovery_code_is_a_wrong_one(api: Api, make_account: MakeAccount, clock: Clock) -> None:
    mine, other = make_account(), make_account()
    enrolled(api, mine)
    _, stolen = enrolled(api, other)
    assert second_step(*first_step(api, mine), stolen.recovery_codes[0]).status_code == 401
    assert second_step(*first_step(api, mine), stolen.code()).status_code == 401


def test_five_wrong_codes_and_then_the_lock_right_or_wrong(
    app: Flask, api: Api, make_account: MakeAccount, clock: Clock
) -> None:
    account = make_account()
    _, phone = enrolled(api, account)
    system, token = first_step(api, account)
    for _ in range(5):
        answer = second_step(system, token, phone.wrong())
        assert (answer.status_code, said(answer)["code"]) == (401, "INVALID_CREDENTIALS")
    answer = second_step(system, token, phone.code())
    assert (answer.status_code, said(answer)["code"]) == (423, "ACCOUNT_LOCKED")
    assert int(answer.headers["Retry-After"]) == 900
    login = api(None).post("/auth/login", json={"email": account.email, "password": PASSWORD})
    assert login.status_code == 423
    assert entries(app, "mfa.enabled", "session.started").count(("account.locked", "success")) == 1


def test_a_new_first_step_gives_no_new_tries_under_either_name(
    api: Api, make_account: MakeAccount, clock: Clock
) -> None:
    account = make_account(username="asha.k")
    _, phone = enrolled(api, account)
    found = []
    for name in (account.email, "asha.k") * 3:
        asked = api(None).post("/auth/login", json={"email": name, "password": PASSWORD})
        token = said(asked).get("mfa_token")
        found.append(second_step(api(None), token, phone.wrong()).status_code if token else asked.status_code)
    assert found == [401] * 5 + [423]


def test_a_good_second_step_clears_the_count(api: Api, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    _, phone = enrolled(api, account)
    for steps_on in range(2):
        system, token = first_step(api, account)
        found = [second_step(system, token, phone.wrong()).status_code for _ in range(4)]
        assert [*found, second_step(system, token, phone.code(steps=steps_on)).status_code] == [*[401] * 4, 200]


def test_the_token_of_a_step_is_good_for_ten_minutes_and_one_success(
    api: Api, make_account: MakeAccount, clock: Clock
) -> None:
    account = make_account()
    _, phone = enrolled(api, account)
    system, token = first_step(api, account)
    assert second_step(system, token, phone.code()).status_code == 200
    again = second_step(system, token, phone.code(steps=1))
    assert (again.status_code, said(again)["code"]) == (401, "INVALID_TOKEN")
    system, token = first_step(api, account)
    clock.shift(timedelta(minutes=10))
    late = second_step(system, token, phone.code())
    assert (late.status_code, said(late)["code"]) == (401, "EXPIRED_TOKEN")


@pytest.mark.parametrize("sets", ["is_active = 0", "email_verified = 0", "password_hash = 'another'"])
def test_what_changed_between_the_steps_counts(
    app: Flask, api: Api, make_account: MakeAccount, clock: Clock, sets: str
) -> None:
    account = make_account()
    _, phone = enrolled(api, account)
    system, token = first_step(api, account)
    with app.app_context():
        db.session.execute(text(f"UPDATE accounts SET {sets}"))
        db.session.commit()
    expected = {"is": (403, "ACCOUNT_DISABLED"), "em": (403, "EMAIL_NOT_VERIFIED"), "pa": (401, "INVALID_TOKEN")}
    answer = second_step(system, token, phone.code())
    assert (answer.status_code, said(answer)["code"]) == expected[sets[:2]]


def test_the_token_of_a_step_opens_nothing_else_and_nothing_else_opens_the_step(
    api: Api, make_account: MakeAccount, clock: Clock
) -> None:
    account = make_account()
    signed_in, phone = enrolled(api, account)
    system, token = first_step(api, account)
    system.token = token
    assert said(system.get("/auth/me"))["code"] == "INVALID_TOKEN"
    assert system.get("/users/").status_code == 401
    assert system.post("/auth/mfa/totp", json={"password": PASSWORD}).status_code == 401
    assert system.post("/auth/refresh", json={"refresh_token": token}).status_code == 401
    for other in (signed_in.token or "", "rr_" + "0" * 48, "", "x" * 5000, "\x00"):
        answer = second_step(api(None), other, phone.code())
        assert answer.status_code == (422 if not other else 401)


def test_every_missing_field_of_the_second_step_is_named(api: Api) -> None:
    answer = api(None).post("/auth/login/mfa", json={"token": "x"})
    assert {error["field"]: error["code"] for error in said(answer)["errors"]} == {
        "code": "REQUIRED",
        "mfa_token": "REQUIRED",
        "token": "UNKNOWN_FIELD",
    }


def test_steps_nobody_finished_are_removed(app: Flask, api: Api, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    enrolled(api, account)
    first_step(api, account)
    clock.shift(timedelta(minutes=9))
    first_step(api, account)
    clock.shift(timedelta(minutes=1))
    with app.app_context():
        assert retention.purge(utc_now()) == 1
        assert len(db.session.scalars(select(SignInStep)).all()) == 1


# --- for roles that cannot do without, and for owners who lost theirs -------------------------------------------


def test_a_role_that_needs_it_gets_no_token_without_it(
    app: Flask, api: Api, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, editor = make_account("admin"), make_account("editor")
    changed = replace(app.extensions["config"], mfa_required_roles=("admin", "supervisor"))
    monkeypatch.setitem(app.extensions, "config", changed)
    answer = api(None).post("/auth/login", json={"email": admin.email, "password": PASSWORD})
    assert (answer.status_code, said(answer)["code"]) == (401, "MFA_REQUIRED")
    assert not {"access_token", "mfa_token"} & set(said(answer))
    assert api(account=editor).token


def test_a_role_that_needs_it_is_signed_out_when_it_turns_it_off(
    app: Flask, api: Api, make_account: MakeAccount, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, _phone = enrolled(api, make_account("admin"))
    changed = replace(app.extensions["config"], mfa_required_roles=("admin",))
    monkeypatch.setitem(app.extensions, "config", changed)
    assert system.delete("/auth/mfa/totp", json={"password": PASSWORD}).status_code == 204
    assert system.get("/auth/me").status_code == 401


def test_a_reset_takes_every_factor_and_every_sign_in_away(
    app: Flask, api: Api, make_account: MakeAccount, clock: Clock
) -> None:
    account = make_account()
    system, phone = enrolled(api, account)
    with app.app_context():
        mfa.reset(account.id, actor=system_actor())
        assert mfa.factors_of(account.id) == mfa.Factors(app=False, passkeys=0, recovery_codes=0)
        with pytest.raises(NotFound):
            mfa.renew_recovery_codes(account.id, actor=system_actor())
    assert system.get("/auth/me").status_code == 401
    assert api(account=account).token
    assert entries(app)[-3:-1] == [("mfa.disabled", "success"), ("session.ended", "success")]
    assert phone.secret


def test_new_recovery_codes_void_the_old_ones(app: Flask, api: Api, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    _, phone = enrolled(api, account)
    with app.app_context():
        renewed = mfa.renew_recovery_codes(account.id, actor=system_actor())
    assert second_step(*first_step(api, account), phone.recovery_codes[0]).status_code == 401
    assert second_step(*first_step(api, account), renewed[0]).status_code == 200


def test_a_secret_is_sealed_for_its_account_alone(context: Flask) -> None:
    assert totp.matching_step("JBSWY3DPEHPK3PXP", "no code", utc_now()) is None
