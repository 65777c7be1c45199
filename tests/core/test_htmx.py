"""A page or its fragment, and where a browser is sent (C-008, S40)."""

from pathlib import Path

import pytest
from flask import Flask, Response

from app.core.htmx import is_htmx, on_site, redirect_to, render_page, retarget
from tests.core.toy_room import toy_room


@pytest.fixture(name="app")
def _app(tmp_path: Path) -> Flask:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text("<h1>{% block part %}<p>{{ text }}</p>{% endblock %}</h1>")
    return toy_room(tmp_path)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"HX-Request": "true"}, True),
        ({"HX-Request": "true", "HX-Request-Type": "partial"}, True),
        ({"HX-Request": "true", "HX-Request-Type": "full"}, False),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, False),
        ({"HX-Request": "false"}, False),
    ],
)
def test_only_a_part_asked_for_by_htmx_is_a_fragment(app: Flask, headers: dict[str, str], expected: bool) -> None:
    with app.test_request_context(headers=headers):
        assert is_htmx() is expected
        html = render_page("page.html", "part", text="<b>").get_data(as_text=True)
    assert html == ("<p>&lt;b&gt;</p>" if expected else "<h1><p>&lt;b&gt;</p></h1>")


def test_a_page_without_a_fragment_is_always_whole(app: Flask) -> None:
    with app.test_request_context(headers={"HX-Request": "true"}):
        answer = render_page("page.html", status=422, text="x")
    assert (answer.status_code, answer.get_data(as_text=True)) == (422, "<h1><p>x</p></h1>")


def test_after_a_write_a_browser_is_sent_on_by_303(app: Flask) -> None:
    with app.test_request_context():
        answer = redirect_to("/records")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/records")


def test_htmx_is_sent_on_by_header(app: Flask) -> None:
    with app.test_request_context(headers={"HX-Request": "true"}):
        assert redirect_to("/records").headers["HX-Location"] == "/records"
        assert redirect_to("/login", reload=True).headers["HX-Redirect"] == "/login"


@pytest.mark.parametrize(
    "url",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "", None,
     "records", "/a\r\nSet-Cookie: x=1", "/a\tb", "/é", " /records"],
)  # fmt: skip
def test_no_address_leads_off_the_site(app: Flask, url: str | None) -> None:
    assert on_site(url, "/records") == "/records"
    with app.test_request_context():
        assert redirect_to(url or "").headers["Location"] == "/"


@pytest.mark.parametrize("url", ["/", "/records?page=2", "/records/new#name"])
def test_a_path_of_the_site_is_kept(url: str) -> None:
    assert on_site(url) == url


def test_an_error_goes_into_the_message_element_and_leaves_the_address_alone() -> None:
    headers = retarget(Response()).headers
    assert (headers["HX-Retarget"], headers["HX-Reswap"], headers["HX-Push-Url"]) == ("#messages", "innerHTML", "false")
