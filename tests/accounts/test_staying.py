"""The end of a session: the pages know how long it has left, and only a person's own doing prolongs it."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.accounts.models_remembered import RememberedBrowser
from app.core.database import utc_now
from app.extensions import db
from tests.browsing import Person
from tests.factories import PASSWORD, MadeAccount

OpenPage = Callable[..., Person]
MakeAccount = Callable[..., MadeAccount]
BY_SCRIPT = {"HX-Request": "true"}
BY_TIMER = {**BY_SCRIPT, "X-Unattended": "true"}


class Later:
    """Moves the clock of a test on from its start; what was remembered is older than that clock."""

    def __init__(self, app: Flask, traveller: time_machine.Traveller) -> None:
        self._app, self._traveller, self._start = app, traveller, datetime.now(UTC)

    def __call__(self, minutes: float) -> None:
        self._traveller.move_to(self._start + timedelta(minutes=minutes))
        self._app.extensions["credentials_bell"].ring()


@pytest.fixture
def later(app: Flask) -> Iterator[Later]:
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        yield Later(app, traveller)


def told(answer: TestResponse) -> tuple[int, str | None]:
    """Return the seconds left and what comes then, as an answer says it."""
    assert answer.status_code == 204, answer.text
    return int(answer.headers["Session-Left"]), answer.headers.get("Session-End")


def end_of(person: Person) -> tuple[int, str | None]:
    return told(person.get("/session", headers=BY_TIMER))


def countdown(page: str) -> dict[str, str]:
    (form,) = re.findall(r'<form [^>]*id="sign-out"[^>]*>', page)
    return dict(re.findall(r'data-([\w-]+)="([^"]*)"', form))


# --- what is told ----------------------------------------------------------------------------------------------------


def test_a_page_knows_how_long_its_session_has_left(page: OpenPage, later: Later) -> None:
    person = page("viewer")
    assert countdown(person.get("/records").text) == {"session-left": "1800", "warn-before": "120.0"}
    later(12 * 60 - 10)
    assert person.get("/login").status_code == 200
    assert "Session-Left" not in person.get("/login", headers=BY_SCRIPT).headers


def test_an_error_in_the_frame_knows_it_too(page: OpenPage, later: Later) -> None:
    answer = page("viewer").get("/records/nowhere/at/all")
    assert answer.status_code == 404
    assert countdown(answer.text)["session-left"] == "1800"


def test_a_script_is_told_with_every_answer(page: OpenPage, later: Later) -> None:
    person = page("viewer")
    assert person.get("/records", headers=BY_SCRIPT).headers["Session-Left"] == "1800"
    assert "Session-Left" not in person.get("/records").headers


def test_the_program_door_tells_nothing_of_sessions(page: OpenPage) -> None:
    assert "Session-Left" not in page("viewer").get("/api/v1/users/", headers=BY_SCRIPT).headers


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({"SESSION_IDLE_MINUTES": "4"}, "120.0"),
        ({"SESSION_IDLE_MINUTES": "1"}, "30.0"),
        ({"SESSION_MAX_HOURS": "0.05"}, "90.0"),
    ],
)
def test_a_short_limit_is_warned_of_at_half(
    make_app: Callable[..., Flask], make_account: MakeAccount, settings: dict[str, str], seconds: str
) -> None:
    person = Person(make_app(**settings).test_client()).be_let_in(make_account("viewer"))
    assert countdown(person.get("/records").text)["warn-before"] == seconds


# --- what prolongs it ------------------------------------------------------------------------------------------------


def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(page: OpenPage, later: Later) -> None:
    person = page("viewer")
    person.get("/records")
    for minutes in (10, 20, 29):
        later(minutes)
        answer = person.get("/records", headers=BY_TIMER)
        assert (answer.status_code, answer.headers["Session-Left"]) == (200, str((30 - minutes) * 60))
    later(31)
    assert person.get("/records", headers=BY_TIMER).status_code == 401


def test_a_use_counts_though_the_page_has_looked_by_itself_just_before(page: OpenPage, later: Later) -> None:
    person = page("viewer")
    later(29)
    person.get("/records", headers=BY_TIMER)
    assert person.get("/records").status_code == 200
    later(58)
    assert end_of(person) == (60, "idle")


def test_a_change_is_somebodys_doing_however_it_is_marked(page: OpenPage, later: Later) -> None:
    person = page("viewer")
    token = person.csrf_token()
    later(29)
    assert told(person.client.post("/session", data={"csrf_token": token}, headers=BY_TIMER)) == (1800, None)


def test_staying_signed_in_begins_the_time_anew(page: OpenPage, later: Later) -> None:
    person = page("viewer")
    token = person.csrf_token()
    later(28)
    assert end_of(person) == (120, "idle")
    assert told(person.client.post("/session", data={"csrf_token": token}, headers=BY_SCRIPT)) == (1800, None)
    assert end_of(person) == (1800, "idle")


def test_staying_signed_in_takes_the_sessions_token(page: OpenPage, later: Later) -> None:
    person = page("viewer")
    later(28)
    assert person.client.post("/session", headers=BY_SCRIPT).status_code == 400


def test_the_longest_time_is_named_where_staying_does_not_help(page: OpenPage, later: Later) -> None:
    person = page("viewer")
    for quarter in range(1, 48):
        later(15 * quarter)
        assert person.get("/records").status_code == 200
    later(12 * 60 - 2)
    assert end_of(person) == (120, "longest")
    assert countdown(person.get("/records").text)["session-left"] == "120"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_session_that_is_over_is_said_to_be(page: OpenPage, later: Later, method: str) -> None:
    person = page("viewer")
    person.get("/records")
    later(31)
    answer = person.client.open("/session", method=method, headers=BY_SCRIPT)
    assert (answer.status_code, "Session-Left" in answer.headers) == (401, False)


# --- remembered browsers ---------------------------------------------------------------------------------------------


@pytest.fixture
def kept(page: OpenPage, make_account: MakeAccount) -> Person:
    """Sign somebody in who asked to be kept signed in."""
    person, account = page(None), make_account("viewer")
    assert person.submit("/login", email=account.email, password=PASSWORD, remember="true").status_code == 303
    person.account = account
    return person


def test_a_remembered_browser_is_not_warned_for_it_comes_back_by_itself(kept: Person) -> None:
    assert "data-remembered" in kept.get("/records").text
    assert end_of(kept)[1] == "resumed"
    assert end_of(kept)[1] == "resumed", "the token is looked at, not used"


@pytest.mark.parametrize(
    "change",
    [
        lambda: {"ended_at": utc_now()},
        lambda: {"expires_at": utc_now() + timedelta(minutes=29)},
    ],
    ids=["ended", "over before the session"],
)
def test_a_browser_that_will_not_come_back_is_warned(
    app: Flask, kept: Person, change: Callable[[], dict[str, datetime]]
) -> None:
    with app.app_context():
        db.session.execute(update(RememberedBrowser).values(**change()))
        db.session.commit()
    assert end_of(kept)[1] == "idle"


def test_a_cookie_of_somebody_else_promises_nothing(kept: Person, page: OpenPage) -> None:
    other = page("viewer")
    cookie = kept.client.get_cookie("remember")
    assert cookie is not None
    other.client.set_cookie("remember", cookie.value)
    assert end_of(other)[1] == "idle"
