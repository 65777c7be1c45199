"""Who may pass which route, and in which order that is found out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Blueprint, Flask, g
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.access import account_of, current_actor, public, require_scope, requires, signed_in
from app.core.audit import AuditDetail, AuditEntry
from app.core.doors import door_of, reply
from app.core.errors import NotAuthenticated
from app.core.identity import Actor, anonymous_actor, system_actor
from app.core.vault import vault
from app.extensions import db
from tests.browsing import JsonClient, Person, said
from tests.factories import MadeAccount

Api = Callable[..., JsonClient]
MakeAccount = Callable[..., MadeAccount]


@pytest.fixture
def room(make_app: Callable[..., Flask]) -> Flask:
    """Lend an application with some routes more, on the API and as pages."""
    app = make_app()
    for prefix in ("/api/v1/toys", "/toys"):
        app.register_blueprint(_toys(prefix), name=prefix.strip("/").replace("/", "_"))
    return app


def _toys(prefix: str) -> Blueprint:
    bp = Blueprint("toys", __name__, url_prefix=prefix)

    @bp.route("/shut", methods=["GET", "POST"])
    def shut() -> Any:
        return reply({})

    @bp.get("/open")
    @public("a toy")
    def open_to_all() -> Any:
        return reply({"who": current_actor().type})

    @bp.get("/either")
    @requires("records:reveal", "records:read")
    def either() -> Any:
        return reply({"who": current_actor().name})

    @bp.get("/mine")
    @signed_in
    def mine() -> Any:
        actor = current_actor()
        return reply({"channel": actor.channel, "ip": actor.ip, "request_id": actor.request_id})

    @bp.get("/more")
    @requires("records:read")
    def more() -> Any:
        require_scope("records:delete")
        return reply({})

    return bp


def on(room: Flask, api: JsonClient) -> JsonClient:
    return JsonClient(room.test_client(), api.token)


def test_a_route_that_says_nothing_is_shut_for_everybody(room: Flask, api: Api, make_account: MakeAccount) -> None:
    assert JsonClient(room.test_client()).get("/toys/shut").status_code == 401
    assert on(room, api("admin")).get("/toys/shut").status_code == 403
    person = Person(room.test_client()).sign_in(make_account("admin"))
    assert person.get("/toys/shut").status_code == 403
    assert Person(room.test_client()).get("/toys/shut").status_code == 303


def test_every_route_of_the_application_says_who_may_pass(app: Flask) -> None:
    silent = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and not door_of(app.view_functions[rule.endpoint]).is_declared
    ]
    assert silent == []


def test_one_of_several_scopes_is_enough(room: Flask, api: Api) -> None:
    assert on(room, api("viewer")).get("/toys/either").status_code == 200
    assert on(room, api("member")).get("/toys/either").status_code == 403


def test_a_scope_that_only_some_requests_need_is_asked_for_inside(room: Flask, api: Api) -> None:
    assert on(room, api("viewer")).get("/toys/more").status_code == 403
    assert on(room, api("editor")).get("/toys/more").status_code == 200


def test_a_cookie_is_no_credential_for_the_api(room: Flask, make_account: MakeAccount) -> None:
    person = Person(room.test_client()).sign_in(make_account("admin"))
    assert person.get("/toys/mine").status_code == 200
    answer = person.get("/api/v1/toys/mine")
    assert (answer.status_code, said(answer)["code"]) == (401, "NOT_AUTHENTICATED")
    assert said(person.get("/api/v1/toys/open")) == {"who": "anonymous"}
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers["Vary"]


def test_a_bearer_is_no_credential_for_a_page(room: Flask, api: Api) -> None:
    bearer = {"Authorization": f"Bearer {api('admin').token}"}
    assert room.test_client().get("/toys/mine", headers=bearer).status_code == 303
    assert said(room.test_client().get("/toys/open", headers=bearer)) == {"who": "anonymous"}


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({}, "NOT_AUTHENTICATED"),
        ({"Authorization": ""}, "NOT_AUTHENTICATED"),
        ({"Authorization": "Bearer"}, "INVALID_TOKEN"),
        ({"Authorization": "Bearer x"}, "INVALID_TOKEN"),
        ({"Authorization": "Basic YTpi"}, "INVALID_TOKEN"),
    ],
)
def test_without_a_good_credential_the_api_answers_401(room: Flask, header: dict[str, str], code: str) -> None:
    answer = room.test_client().get("/api/v1/toys/mine", headers=header)
    assert (answer.status_code, said(answer)["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.mimetype == "application/problem+json"


def test_the_name_of_the_scheme_has_no_case(room: Flask, api: Api) -> None:
    header = {"Authorization": f"bearer  {api('viewer').token}"}
    assert room.test_client().get("/api/v1/toys/mine", headers=header).status_code == 200


def test_the_actor_knows_its_door_address_and_request(room: Flask, api: Api, make_account: MakeAccount) -> None:
    seen = said(on(room, api("viewer")).get("/toys/mine", headers={"X-Request-ID": "abc-1"}))
    assert seen == {"channel": "api", "ip": "127.0.0.1", "request_id": "abc-1"}
    person = Person(room.test_client()).sign_in(make_account("viewer"))
    assert said(person.get("/toys/mine"))["channel"] == "screen"


def test_a_refused_permission_is_on_record(room: Flask, api: Api) -> None:
    caller = api("member")
    on(room, caller).get("/toys/either")
    with room.app_context():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "access.denied")).one()
        detail = db.session.get_one(AuditDetail, entry.id)
        words = vault().open(detail.sealed, f"audit_values:sealed:{entry.id}").decode()
    assert caller.account is not None
    assert (entry.outcome, entry.actor_id, entry.subject_id) == ("denied", caller.account.id, caller.account.id)
    assert "GET /api/v1/toys/either needs records:reveal or records:read" in words


def test_the_checks_run_in_the_contracts_order(room: Flask, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(room.extensions, "config", replace(room.extensions["config"], rate_limit_per_minute=1))
    member, stranger = on(room, api("member")), JsonClient(room.test_client())
    assert stranger.post("/toys/nowhere", data=b"{").status_code == 404
    assert stranger.post("/toys/either", data=b"{").status_code == 405
    assert [stranger.get("/toys/either").status_code for _ in range(3)] == [401] * 3
    with time_machine.travel(datetime.now(UTC), tick=False):
        assert [member.get("/toys/either").status_code for _ in range(3)] == [403, 429, 429]


def test_options_needs_no_credential(room: Flask) -> None:
    answer = room.test_client().options("/api/v1/toys/either")
    assert (answer.status_code, answer.data) == (204, b"")
    assert "GET" in answer.headers["Allow"]


def test_head_is_let_in_as_get_is(room: Flask, api: Api) -> None:
    assert JsonClient(room.test_client()).request("HEAD", "/toys/either").status_code == 401
    assert on(room, api("viewer")).request("HEAD", "/toys/either").status_code == 200


def test_nobody_is_taken_for_the_caller_before(room: Flask, api: Api, make_account: MakeAccount) -> None:
    caller, account = on(room, api("viewer")), make_account("viewer")
    with room.app_context():
        assert caller.get("/toys/mine").status_code == 200
        assert JsonClient(room.test_client()).get("/toys/mine").status_code == 401
        Person(room.test_client()).sign_in(account).get("/toys/mine")
        assert room.test_client().get("/toys/mine").status_code == 303
        g.pop("actor", None)


def test_an_account_is_asked_for_only_of_who_has_one() -> None:
    with pytest.raises(NotAuthenticated):
        account_of(anonymous_actor("api"))
    assert system_actor().may("privacy:manage")
    assert not anonymous_actor("api").may("records:read")
    assert anonymous_actor("api").is_anonymous
    assert isinstance(system_actor(), Actor)


def test_a_page_refused_is_a_page(room: Flask, make_account: MakeAccount, client: FlaskClient) -> None:
    person = Person(room.test_client()).sign_in(make_account("member"))
    answer = person.get("/toys/either")
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
