"""An office to test in: the served application, the people who work there, and what their browsers complain of."""

import random
import re
import string
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import BrowserContext, Page

from app import create_app
from config import Config
from tests.factories import MadeRecord, actor_of, make_account, make_record, record_input, session_cookie
from tests.services.served import ROOT, Served

PASSWORD = "Monsoon-4-Teacups"
AXE = (ROOT / "tests" / "vendor" / "axe.min.js").read_text()
RUN_AXE = """async (only) => (await axe.run(document, {resultTypes: ["violations"], ...only})).violations
    .filter((one) => ["serious", "critical", "moderate"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 140)).join(" | ")}`)"""
EVERY_RULE: dict[str, Any] = {}
COLOUR_RULES = {"runOnly": ["color-contrast", "link-in-text-block"]}
TOO_WIDE = """() => [document.documentElement, ...document.querySelectorAll(".rr-table-card, .rr-fit")]
    .filter((one) => one.scrollWidth > one.clientWidth)
    .map((one) => `${one.tagName}.${one.className}: ${one.scrollWidth} > ${one.clientWidth}`)"""
IS_DARK = "matchMedia('(prefers-color-scheme: dark)').matches"
END_TRANSITIONS = (
    "document.getAnimations().filter((one) => one instanceof CSSTransition).forEach((one) => one.finish())"
)
ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of (403|404|409|410|422)\b")
DESK = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 740}


@dataclass
class Office:
    """A served application with people in it."""

    server: Served
    home: Path
    complaints: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the start page."""
        return self.server.url

    def employ(self) -> None:
        """Make the accounts of the people who work here."""
        with self._application().app_context():
            for role, name in (("supervisor", "Priya Kulkarni"), ("editor", "Suresh Pillai"), ("viewer", "Asha Bhat")):
                email = f"{name.split()[0].lower()}@example.com"
                make_account(role, email=email, full_name=name)

    def register(self, **changes: Any) -> MadeRecord:
        """Save a record, as if somebody had registered it yesterday."""
        with self._application().app_context():
            return make_record(actor_of(make_account("editor")), **changes)

    @cached_property
    def _app(self) -> Flask:
        return create_app(Config.from_env(self.server.settings, home=self.home))

    def _application(self) -> Flask:
        return self._app

    def open(self, window: BrowserContext, who: str = "priya") -> Page:
        """Open a page for somebody who is signed in, on a blank sheet; the door is proven by the journeys."""
        with self._app.app_context():
            name, value = session_cookie(f"{who}@example.com")
        window.add_cookies([{"name": name, "value": value, "url": self.url}])
        return self.watched(window)

    def watched(self, window: BrowserContext) -> Page:
        """Open a page, and listen to what the browser complains of."""
        page = window.new_page()
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._answer)
        return page

    def sign_in(self, page: Page, who: str = "priya") -> None:
        """Fill in the sign-in page."""
        page.goto(f"{self.url}/login")
        page.get_by_label("Email or username").fill(f"{who}@example.com")
        page.locator("#f-password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/records**")

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not ANSWERED.match(text):
            self.complaints.append(text)

    def _answer(self, dialog: Any) -> None:
        self.complaints.append(f"the browser asked: {dialog.message or dialog.type}")
        dialog.accept()


def surname() -> str:
    """Return a name nobody else in the office has."""
    return "Zq" + "".join(random.choices(string.ascii_lowercase, k=8))


def mobile() -> str:
    """Return a mobile nobody else in the office has."""
    return str(record_input()["primary_mobile"])


def is_accessible(page: Page) -> None:
    """Assert that axe finds nothing, in light and in dark, and that nothing hangs over the right edge or is cut off.

    What the other light changes are colours alone, so the page is not walked to again for it.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE)
    assert page.evaluate(RUN_AXE, EVERY_RULE) == [], page.url
    here, there = ("dark", "light") if page.evaluate(IS_DARK) else ("light", "dark")
    _turn(page, there)
    assert page.evaluate(RUN_AXE, COLOUR_RULES) == [], f"{page.url} in {there}"
    _turn(page, here)
    fits(page)


def fits(page: Page) -> None:
    """Assert that nothing hangs over the right edge or is cut off."""
    assert page.evaluate(TOO_WIDE) == [], f"{page.url} at {page.viewport_size}"


def _turn(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.evaluate(END_TRANSITIONS)


def fill_in(page: Page, values: dict[str, Any]) -> None:
    """Fill in the form of a new person."""
    year, month, day = values["date_of_birth"].split("-")
    for name in ("name", "aadhaar", "pan", "place_of_birth", "email", "primary_mobile", "current_address"):
        page.locator(f"#f-{name}").fill(str(values[name]))
    page.locator("[name=date_of_birth_day]").fill(day)
    page.locator("[name=date_of_birth_month]").fill(month)
    page.locator("[name=date_of_birth_year]").fill(year)
    page.locator("#f-permanent_address").fill(str(values["permanent_address"]))
