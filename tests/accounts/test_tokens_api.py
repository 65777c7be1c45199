"""Tokens of the API: which opens which call, and how each of them ends."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.accounts import families, keys, sessions
from app.accounts.models import BrowserSession
from app.accounts.sign_in import SignIn, SignInRules
from app.core.audit import AuditEntry
from app.core.doors import doors
from app.core.identity import ALL_SCOPES, ROLES, scopes_of, system_actor
from app.core.ids import NO_ID
from app.extensions import db
from tests.browsing import said
from tests.factories import MadeAccount

MakeAccount = Callable[..., MadeAccount]
AUTH = "/api/v1/auth"


@pytest.fixture
def account(make_account: MakeAccount) -> MadeAccount:
    return make_account("admin")


@pytest.fixture
def tokens(client: FlaskClient, account: MadeAccount) -> dict[str, Any]:
    return sign_in(client, account)


@pytest.fixture
def api_key(app: Flask, account: MadeAccount) -> str:
    with app.app_context():
        return keys.create_api_key(account.id, "Tests", ALL_SCOPES, actor=system_actor()).secret


def sign_in(client: FlaskClient, account: MadeAccount) -> dict[str, Any]:
    answer = client.post(f"{AUTH}/login", json={"email": account.email, "password": account.password})
    assert answer.status_code == 200
    found: dict[str, Any] = said(answer)
    return found


def me(client: FlaskClient, token: str) -> TestResponse:
    return client.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {token}"})


def refresh(client: FlaskClient, token: str) -> TestResponse:
    return client.post(f"{AUTH}/refresh", json={"refresh_token": token})


def refusal(answer: TestResponse) -> tuple[int, str | None]:
    return answer.status_code, (said(answer) or {}).get("code")


def actions(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


ENDS_ITSELF = {("POST", f"{AUTH}/logout"), ("DELETE", f"{AUTH}/me")}
INVALID, EXPIRED = (401, "INVALID_TOKEN"), (401, "EXPIRED_TOKEN")


# --- which token opens which call ----------------------------------------------------------------------------------


def calls(app: Flask) -> list[tuple[str, str, Any]]:
    """List every call of the API with a path that names nothing."""
    found = []
    for _endpoint, rule, methods, door in doors(app):
        if rule.startswith("/api/"):
            path = "/".join(str(NO_ID) if part.startswith("<") else part for part in rule.split("/"))
            found += [(method, path, door) for method in methods]
    return found


def test_only_access_tokens_and_keys_open_a_call(
    app: Flask, client: FlaskClient, tokens: dict[str, Any], api_key: str
) -> None:
    client.get("/login")
    wrong = {
        "a refresh token": f"Bearer {tokens['refresh_token']}",
        "a key nobody has": f"Bearer rr_{'0' * 48}",
        "half a key": f"Bearer {api_key[:-1]}",
        "another scheme": f"Basic {tokens['access_token']}",
        "no scheme": tokens["access_token"],
        "a scheme alone": "Bearer",
        "no token at all": "Bearer \u00e9\u00e9",
        "half a token": f"Bearer {tokens['access_token'][:-2]}",
        "a token and more": f"Bearer {tokens['access_token']} more",
    }
    for method, path, door in calls(app):
        if door.public:
            continue
        assert refusal(client.open(path, method=method)) == (401, "NOT_AUTHENTICATED"), (method, path)
        for kind, header in wrong.items():
            answer = client.open(path, method=method, headers={"Authorization": header})
            assert refusal(answer) == INVALID, (method, path, kind)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_every_role_passes_where_its_scopes_reach_and_nowhere_else(
    app: Flask, client: FlaskClient, make_account: MakeAccount
) -> None:
    bearers = {role: f"Bearer {sign_in(client, make_account(role))['access_token']}" for role in ROLES}
    for method, path, door in calls(app):
        if (method, path) in ENDS_ITSELF:
            continue
        for role, bearer in bearers.items():
            status = client.open(path, method=method, headers={"Authorization": bearer}).status_code
            may = door.public or door.signed_in or any(scope in scopes_of(role) for scope in door.scopes)
            assert (status == 403) == (not may), (method, path, role, status)
            assert door.public or status != 401, (method, path, role)


def test_an_api_key_reads_me_and_makes_no_other_auth_call(app: Flask, client: FlaskClient, api_key: str) -> None:
    found = {}
    for method, path, _door in calls(app):
        if path.startswith(AUTH):
            answer = client.open(path, method=method, headers={"Authorization": f"Bearer {api_key}"})
            found[method, path.removeprefix(AUTH)] = answer.status_code
    assert found.pop(("GET", "/me")) == 200
    assert set(found.values()) == {403}


def test_a_stale_bearer_does_not_keep_anybody_from_signing_in_or_refreshing(
    client: FlaskClient, account: MadeAccount, tokens: dict[str, Any]
) -> None:
    stale = {"Authorization": "Bearer worthless"}
    body = {"email": account.email, "password": account.password}
    assert client.post(f"{AUTH}/login", json=body, headers=stale).status_code == 200
    body = {"refresh_token": tokens["refresh_token"]}
    assert client.post(f"{AUTH}/refresh", json=body, headers=stale).status_code == 200


def test_a_refresh_takes_no_token_of_another_kind(client: FlaskClient, tokens: dict[str, Any], api_key: str) -> None:
    for token in (tokens["access_token"], api_key, "x", "é", "0" * 5000):
        assert refusal(refresh(client, token)) == INVALID


def test_roles_hold_the_scopes_of_the_table() -> None:
    viewer = {"records:read"}
    editor = viewer | {"records:write", "records:delete", "records:import"}
    supervisor = editor | {"records:reveal", "records:export", "records:approve", "audit:read", "events:read"}
    admin = supervisor | {"accounts:manage", "keys:manage", "webhooks:manage", "privacy:manage"}
    table = {"member": set(), "viewer": viewer, "editor": editor, "supervisor": supervisor, "admin": admin}
    assert {role: set(scopes_of(role)) for role in ROLES} == table
    assert scopes_of("root") == frozenset()


# --- access tokens -------------------------------------------------------------------------------------------------


def test_an_access_token_holds_ids_and_times_only(account: MadeAccount, tokens: dict[str, Any]) -> None:
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert set(claims) == {"iss", "aud", "sub", "fam", "jti", "typ", "iat", "nbf", "exp"}
    assert claims["sub"] == str(account.id)
    assert claims["exp"] - claims["iat"] == 1800
    assert set(jwt.get_unverified_header(tokens["access_token"])) == {"alg", "typ", "kid"}


def forged(app: Flask, token: str, *, key: str | None = None, alg: str = "HS256", **changes: Any) -> str:
    """Sign a token anew with changed claims (None leaves one out) or a changed header."""
    kid = changes.pop("header_kid", jwt.get_unverified_header(token)["kid"])
    claims = {**jwt.decode(token, options={"verify_signature": False}), **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    own: str = app.extensions["config"].jwt_secret_keys[0]
    return jwt.encode(kept, "" if alg == "none" else key or own, alg, headers={"kid": kid})


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "another key of thirty-two bytes or more"},
        {"alg": "none"},
        {"alg": "HS384", "key": "k" * 64},
        {"alg": "HS512"},
        {"header_kid": "unknown"},
        {"header_kid": "../../dev/null"},
        {"iss": "https://elsewhere.example"},
        {"aud": "another-service"},
        {"typ": "refresh"},
        {"typ": "mfa"},
        {"nbf": 4102444800},
        {"sub": str(uuid4())},
        {"sub": "not an id"},
        {"fam": str(uuid4())},
        {"fam": 1},
        *({name: None} for name in ("iss", "aud", "sub", "fam", "jti", "typ", "iat", "nbf", "exp")),
    ],
)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_forged_access_token_opens_nothing(
    app: Flask, client: FlaskClient, tokens: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert me(client, forged(app, tokens["access_token"])).status_code == 200
    assert refusal(me(client, forged(app, tokens["access_token"], **changes))) == INVALID


@pytest.mark.parametrize("token", ["a.b.c", "..", "W10.W10.W10", f"{'W' * 1500}.e30.", "e30." * 2, "x" * 8000])
def test_an_unreadable_token_is_refused_like_any_other(client: FlaskClient, token: str) -> None:
    assert refusal(me(client, token)) == INVALID


def test_a_token_past_its_time_says_so_and_a_forged_one_does_not(
    app: Flask, client: FlaskClient, tokens: dict[str, Any]
) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=30, seconds=1)):
        assert refusal(me(client, tokens["access_token"])) == EXPIRED
        other = forged(app, tokens["access_token"], key="another key of thirty-two bytes or more")
        assert refusal(me(client, other)) == INVALID


def test_tokens_of_every_key_in_the_ring_are_taken(
    app: Flask, make_app: Callable[..., Flask], tokens: dict[str, Any]
) -> None:
    old, new = app.extensions["config"].jwt_secret_keys[0], "a-New-key-of-thirty-two-bytes-0123456789"
    rotated, retired = make_app(JWT_SECRET_KEY=f"{new},{old}"), make_app(JWT_SECRET_KEY=new)
    assert me(rotated.test_client(), tokens["access_token"]).status_code == 200
    assert refusal(me(retired.test_client(), tokens["access_token"])) == INVALID


# --- families ------------------------------------------------------------------------------------------------------


def test_a_refresh_gives_new_tokens_of_the_same_shape(client: FlaskClient, tokens: dict[str, Any]) -> None:
    answer = refresh(client, tokens["refresh_token"])
    assert answer.status_code == 200
    assert set(said(answer)) == set(tokens)
    assert said(answer)["refresh_token"] != tokens["refresh_token"]
    assert me(client, said(answer)["access_token"]).status_code == 200
    assert me(client, tokens["access_token"]).status_code == 200


def test_a_used_refresh_token_ends_its_whole_family(app: Flask, client: FlaskClient, tokens: dict[str, Any]) -> None:
    newer = said(refresh(client, tokens["refresh_token"]))
    assert refusal(refresh(client, tokens["refresh_token"])) == INVALID
    for token in (tokens["access_token"], newer["access_token"]):
        assert refusal(me(client, token)) == INVALID
    assert refusal(refresh(client, newer["refresh_token"])) == INVALID
    assert actions(app).count("session.refresh_reused") == 1


def test_one_family_ends_without_the_others(client: FlaskClient, account: MadeAccount, tokens: dict[str, Any]) -> None:
    other = sign_in(client, account)
    refresh(client, tokens["refresh_token"])
    refresh(client, tokens["refresh_token"])
    assert me(client, other["access_token"]).status_code == 200


def test_of_two_refreshes_at_once_one_wins_and_then_the_family_is_over(app: Flask, tokens: dict[str, Any]) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refresh(app.test_client(), tokens["refresh_token"]), range(8)))
    won = [answer for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert all(refusal(answer) == INVALID for answer in answers if answer not in won)
    assert refusal(refresh(app.test_client(), said(won[0])["refresh_token"])) == INVALID


def test_a_refresh_token_lives_seven_days(client: FlaskClient, tokens: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now + timedelta(days=6, hours=23)):
        newer = refresh(client, tokens["refresh_token"])
        assert newer.status_code == 200
    with time_machine.travel(now + timedelta(days=14)):
        assert refusal(refresh(client, said(newer)["refresh_token"])) == EXPIRED


def test_signing_out_ends_the_family_at_once(app: Flask, client: FlaskClient, tokens: dict[str, Any]) -> None:
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert me(client, tokens["access_token"]).status_code == 200
    answer = client.post(f"{AUTH}/logout", headers=bearer)
    assert (answer.status_code, answer.data) == (204, b"")
    assert refusal(me(client, tokens["access_token"])) == INVALID
    assert refusal(refresh(client, tokens["refresh_token"])) == INVALID
    assert refusal(client.post(f"{AUTH}/logout", headers=bearer)) == INVALID
    assert actions(app)[-1] == "session.ended"


def test_signing_out_is_seen_at_once_by_the_other_processes_of_the_machine(
    make_app: Callable[..., Flask], account: MadeAccount
) -> None:
    one, other = make_app().test_client(), make_app().test_client()
    token = sign_in(one, account)["access_token"]
    assert me(other, token).status_code == 200
    one.post(f"{AUTH}/logout", headers={"Authorization": f"Bearer {token}"})
    assert refusal(me(other, token)) == INVALID


def test_a_disabled_account_is_shut_out_within_five_seconds_even_by_other_machines(
    app: Flask, client: FlaskClient, account: MadeAccount, tokens: dict[str, Any], api_key: str
) -> None:
    for token in (tokens["access_token"], api_key):
        assert me(client, token).status_code == 200
    with app.app_context():
        db.session.connection().exec_driver_sql("UPDATE accounts SET is_active = 0")
        db.session.commit()
    assert app.extensions["doorkeeper"].memory.seconds <= 5
    app.extensions["credentials_bell"].ring()  # stands for the seconds: what was remembered is looked up again
    for token in (tokens["access_token"], api_key):
        assert refusal(me(client, token)) == INVALID
    assert refusal(refresh(client, tokens["refresh_token"])) == INVALID


def test_me_shows_the_account_that_calls(client: FlaskClient, account: MadeAccount, tokens: dict[str, Any]) -> None:
    shown = said(me(client, tokens["access_token"]))
    assert list(shown) == [
        *("id", "email", "username", "full_name", "bio", "role", "scopes", "is_active", "email_verified"),
        *("mfa_enabled", "locked_until", "created_at", "last_login_at"),
    ]
    assert (shown["id"], shown["email"], shown["role"]) == (str(account.id), account.email, "admin")
    assert shown["scopes"] == sorted(ALL_SCOPES)
    assert "argon2" not in repr(shown)


def test_what_has_ended_ends_once(context: Flask, make_account: MakeAccount) -> None:
    account, rules, system = make_account(), SignInRules(5, timedelta(minutes=15)), system_actor()
    typed = SignIn(account.email, account.password)
    family = families.start_family(typed, "Tests", lifetime=timedelta(days=1), rules=rules, actor=system)
    session = sessions.start_session(typed, "Tests", rules=rules, actor=system)
    session_id = db.session.scalars(select(BrowserSession.id)).one()
    for _ in range(2):
        families.end_family(family.family_id, actor=system)
        sessions.end_session(session_id, actor=system)
    assert session.actor.account_id == account.id
    assert actions(context).count("session.ended") == 2
