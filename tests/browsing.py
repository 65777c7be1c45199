"""Callers of the application inside one process: a JSON client, and a person with a browser that has no scripts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Self

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from tests.factories import MadeAccount

API = "/api/v1"


class JsonClient:
    """Another system: sends JSON with a bearer. Paths are relative to /api/v1."""

    def __init__(self, client: FlaskClient, token: str | None = None, account: MadeAccount | None = None) -> None:
        self.client = client
        self.token = token
        self.account = account

    def sign_in(self, account: MadeAccount) -> Self:
        """Get an access token for an account."""
        answer = self.post("/auth/login", json={"email": account.email, "password": account.password})
        assert answer.status_code == 200, answer.text
        self.token, self.account = answer.get_json()["access_token"], account
        return self

    def be_let_in(self, account: MadeAccount) -> Self:
        """Get an access token past the door, for tests of what lies behind it."""
        with self.client.application.app_context():
            self.token, self.account = factories.access_token(account.email), account
        return self

    def request(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        """Send a request; `headers` are added to the bearer."""
        headers = dict(kwargs.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        path = path if path.startswith("/api/") else API + path
        return self.client.open(path, method=method, headers=headers, **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """Send GET."""
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> TestResponse:
        """Send POST."""
        return self.request("POST", path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> TestResponse:
        """Send PUT."""
        return self.request("PUT", path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> TestResponse:
        """Send PATCH."""
        return self.request("PATCH", path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> TestResponse:
        """Send DELETE."""
        return self.request("DELETE", path, **kwargs)


@dataclass
class Form:
    """A form of a page: where it goes, and every value it would send untouched."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)


class PageReader(HTMLParser):
    """Reads forms and the messages at their fields out of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.messages: dict[str, str] = {}  # at the fields
        self.summary: dict[str, str] = {}  # in the list on top
        self._link_to: str | None = None
        self._message_of: str | None = None
        self._depth = 0
        self._text_of: tuple[Form, str] | None = None
        self._select: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, fields and message elements."""
        given = {name: value or "" for name, value in attrs}
        if tag == "div":
            self._enter(given)
        elif tag == "a" and given.get("href", "").startswith("#f-"):
            self._link_to = given["href"][3:]
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag in {"input", "select", "textarea", "option"} and self.forms:
            self._note_field(tag, given)

    def _enter(self, given: Mapping[str, str]) -> None:
        if self._message_of is not None:
            self._depth += 1
        elif given.get("id", "").startswith("e-"):
            self._message_of, self._depth = given["id"][2:], 1

    def _note_field(self, tag: str, given: Mapping[str, str]) -> None:
        form, name = self.forms[-1], given.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in form.values):
            form.values[self._select] = given.get("value", "")
        elif tag == "textarea" and name:
            form.values[name], self._text_of = "", (form, name)
        elif tag == "input" and name and _is_sent(given):
            form.values[name] = given.get("value", "on" if given.get("type") == "checkbox" else "")

    def handle_data(self, data: str) -> None:
        """Gather the text of a message or a text area."""
        if self._message_of is not None and data.strip():
            self.messages[self._message_of] = (self.messages.get(self._message_of, "") + data).removeprefix("Error: ")
        if self._link_to is not None:
            self.summary[self._link_to] = self.summary.get(self._link_to, "") + data
        if self._text_of is not None:
            form, name = self._text_of
            form.values[name] += data

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        if tag == "a":
            self._link_to = None
        elif tag == "textarea":
            self._text_of = None
        elif tag == "select":
            self._select = None
        elif tag == "div" and self._message_of is not None:
            self._depth -= 1
            self._message_of = self._message_of if self._depth else None


def _is_sent(given: Mapping[str, str]) -> bool:
    if given.get("type") in {"submit", "button", "image", "reset", "file"} or "disabled" in given:
        return False
    return given.get("type") not in {"checkbox", "radio"} or "checked" in given


class Person:
    """Somebody at a browser without scripts: follows links, fills in forms as they stand on the page."""

    def __init__(self, client: FlaskClient, account: MadeAccount | None = None) -> None:
        self.client = client
        self.account = account

    def sign_in(self, account: MadeAccount) -> Self:
        """Sign in by the form."""
        answer = self.submit("/login", email=account.email, password=account.password)
        assert answer.status_code == 303, answer.text
        self.account = account
        return self

    def be_let_in(self, account: MadeAccount) -> Self:
        """Get a session past the door, for tests of what lies behind it."""
        with self.client.application.app_context():
            self.client.set_cookie(*factories.session_cookie(account.email))
        self.account = account
        return self

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, **kwargs)

    def form(self, path: str, action: str | None = None) -> Form:
        """Return the form of a page that goes to `action` (to the page itself unless told otherwise)."""
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status}"
        wanted = (action or path).partition("?")[0]
        posted = [form for form in PageReader(answer.text).forms if form.method == "post"]
        found = [form for form in posted if (form.action or path).partition("?")[0] == wanted]
        assert found, f"{path} has no form to {wanted}, only to {[form.action for form in posted]}"
        return found[0]

    def submit(self, path: str, action: str | None = None, **changes: Any) -> TestResponse:
        """Open a page, fill in its form and send it. A value of None leaves the field out."""
        form = self.form(path, action)
        values = {name: value for name, value in {**form.values, **changes}.items() if value is not None}
        return self.client.post(form.action or path, data=values)

    def post(self, path: str, data: Mapping[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Send a form that stands on no page here, with a valid CSRF token."""
        return self.client.post(path, data={"csrf_token": self.csrf_token(), **(data or {})}, **kwargs)

    def csrf_token(self) -> str:
        """Return a token of this browser's session."""
        answer = self.client.get("/login" if self.account is None else "/records", follow_redirects=True)
        tokens = [form.values["csrf_token"] for form in PageReader(answer.text).forms if "csrf_token" in form.values]
        assert tokens, "the page has no form with a CSRF token"
        return tokens[0]


def messages(answer: TestResponse) -> dict[str, str]:
    """Return what a page or a problem says at each field."""
    if (answer.mimetype or "").endswith("json"):
        return {error["field"]: error["message"] for error in answer.get_json().get("errors", [])}
    page = PageReader(answer.text)
    return page.messages or page.summary


def said(answer: TestResponse) -> Any:
    """Return what an answer says as JSON."""
    return answer.json
