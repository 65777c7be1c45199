"""The API's documentation: from this server alone, open on a laptop, behind sign-in in production."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from app import create_app
from config import Config
from tests.settings import production_settings

DOCUMENT = "/api/v1/openapi.json"


def test_the_document_is_json_that_nobody_keeps(client: Any) -> None:
    answer = client.get(DOCUMENT)
    assert answer.status_code == 200
    assert answer.json["openapi"].startswith("3.1")
    assert answer.json["servers"][0]["url"].endswith("/api/v1")
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("application/json", "no-store")
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_readers_fetch_the_document_with_the_session_that_opened_them(client: Any, path: str) -> None:
    [address] = re.findall(r'data-openapi="([^"]+)"', client.get(path).text)
    assert not address.startswith("/api/")
    answer = client.get(address)
    assert (answer.headers["Content-Type"], answer.data) == ("application/json", client.get(DOCUMENT).data)


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_readers_load_nothing_from_elsewhere(client: Any, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert DOCUMENT in answer.text
    assert not re.search(r"(src|href)=\"(https?:)?//", answer.text)
    for address in re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", answer.text):
        with client.get(address) as file:
            assert file.status_code == 200, address


def test_no_page_may_bring_scripts_or_styles_of_its_own(client: Any) -> None:
    for path in ("/docs", "/redoc", "/login", "/problems/", "/api/v1/users/", "/nowhere"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert "unsafe" not in policy, path
        assert "script-src 'self';" in policy, path


def test_production_shows_the_documentation_to_signed_in_accounts_alone(engine_url: str) -> None:
    client = create_app(Config.from_env(production_settings(engine_url))).test_client()
    home = {"base_url": "https://records.example.com"}
    assert client.get(DOCUMENT, **home).status_code == 401
    for path in ("/docs", "/redoc", "/docs/openapi.json"):
        answer = client.get(path, **home)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/login")


def test_any_signed_in_account_may_read_it(api: Callable[..., Any], page: Callable[..., Any]) -> None:
    assert api("member").get("/openapi.json").status_code == 200
    assert page("member").get("/docs").status_code == 200
