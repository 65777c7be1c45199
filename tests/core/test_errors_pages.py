"""Refusals at the HTML door are pages and fragments in plain words (C-108, BAR S39, S22)."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.core.catalogue import CATALOGUE
from config import Config
from tests.browsing import PageReader
from tests.settings import settings_for

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def test_a_page_that_does_not_exist_says_so_with_the_request_id(client: Any) -> None:
    answer = client.get("/nowhere", headers={"X-Request-ID": "abc-123"})
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "We cannot find this page" in answer.text
    assert "abc-123" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_htmx_gets_the_error_as_a_part_for_the_message_element(client: Any) -> None:
    answer = client.get("/nowhere", headers=PART)
    assert answer.status_code == 404
    assert "<html" not in answer.text
    assert "We cannot find this page" in answer.text
    assert answer.headers["HX-Retarget"] == "#messages"
    assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize("headers", [{}, PART])
def test_an_address_is_never_repeated_as_markup(client: Any, headers: dict[str, str]) -> None:
    for path in ("/<script>alert(1)</script>", "/{{77777*77777}}", "/problems/<b>x</b>", "/records/%3Cimg%20src=x%3E"):
        text = client.get(path, headers=headers).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<b>x" not in text
        assert "6049261729" not in text


def test_a_signed_in_person_sees_the_error_in_the_frame(page: Callable[..., Any]) -> None:
    answer = page("viewer").get("/nowhere")
    assert answer.status_code == 404
    assert "Go to records" in answer.text


def test_only_who_may_search_is_sent_to_the_search_box(client: Any, page: Callable[..., Any]) -> None:
    told = "Search by name or reference"
    assert told in page("viewer").get("/nowhere").text
    assert told not in page("member").get("/nowhere").text
    assert told not in client.get("/nowhere").text


def test_a_wrong_method_is_405_with_the_methods_there_are(client: Any) -> None:
    answer = client.delete("/health")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert answer.mimetype == "text/html"


def test_a_form_without_its_token_is_refused_and_told_to_load_again(client: Any) -> None:
    answer = client.post("/login", data={"email": "a@example.com", "password": "x"})
    assert answer.status_code == 400
    assert "Load the page again" in answer.text


def test_a_form_too_large_is_413(client: Any) -> None:
    assert client.post("/login", data={"email": "x" * 1_200_000}).status_code == 413


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.code)
@pytest.mark.sqlite
def test_every_problem_type_is_a_page_that_explains_it(client: Any, entry: Any) -> None:
    answer = client.get(f"/problems/{entry.slug}")
    assert answer.status_code == 200
    assert entry.code in answer.text


def test_problem_codes_are_listed(client: Any) -> None:
    listed = client.get("/problems/").text
    assert all(entry.code in listed for entry in CATALOGUE.values())
    assert client.get("/problems/nothing").status_code == 404


@pytest.fixture(name="cut_off", scope="module")
def _cut_off() -> Any:
    nobody = "mariadb+pymysql://nobody:nothing@127.0.0.1:1/nowhere"
    return create_app(Config.from_env(settings_for(nobody))).test_client()


def test_without_the_database_the_api_is_503_at_once(cut_off: Any) -> None:
    answer = cut_off.post("/api/v1/auth/login", json={"email": "a@example.com", "password": "Secret-1234"})
    assert (answer.status_code, answer.json["code"]) == (503, "UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    assert "pymysql" not in answer.text


@pytest.mark.parametrize("headers", [{}, PART])
def test_without_the_database_people_are_told_in_plain_words(cut_off: Any, headers: dict[str, str]) -> None:
    form = next(form for form in PageReader(cut_off.get("/login").text).forms if "password" in form.values)
    typed = {**form.values, "email": "a@example.com", "password": "Secret-1234"}
    answer = cut_off.post(form.action or "/login", data=typed, headers=headers)
    assert answer.status_code == 503
    assert "Record Room is not available right now" in answer.text
    assert ("<html" in answer.text) is not bool(headers)


def test_without_the_database_health_says_so(cut_off: Any) -> None:
    assert cut_off.get("/health").status_code == 503
    assert cut_off.get("/health").json["database"] == "disconnected"
    assert cut_off.get("/health/live").status_code == 200


def test_a_bug_on_a_page_is_500_without_its_insides(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down() -> str:
        raise RuntimeError("ravi@example.com")

    monkeypatch.setitem(app.view_functions, "health.live", _same_lid(app, break_down))
    for headers in ({}, PART):
        answer = app.test_client().get("/health/live", headers=headers)
        assert answer.status_code == 500
        assert "Nothing was saved" in answer.text
        assert "ravi" not in answer.text
        assert "Traceback" not in answer.text


def _same_lid(app: Flask, view: Callable[[], str]) -> Callable[[], str]:
    vars(view)["door"] = vars(app.view_functions["health.live"])["door"]
    return view
