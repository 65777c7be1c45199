"""The page of what could not be delivered in a real browser."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import update

from app.core import letters, transaction
from app.core.database import table_of, utc_now
from app.core.letters import QueuedLetter
from app.extensions import db
from tests.browser.office import DESK, PHONE, Office, is_accessible
from tests.factories import make_account

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)]
Window = Callable[..., BrowserContext]
LETTERS = table_of(QueuedLetter)


@pytest.fixture
def here(office: Office, window: Window) -> Page:
    who = f"admin.{uuid4().hex[:8]}"
    with office._application().app_context():
        make_account("admin", email=f"{who}@example.com", full_name="Rekha Menon")
    return office.open(window(viewport=DESK), who)


def is_accessible_everywhere(page: Page) -> None:
    """Assert it on a desk and on a phone."""
    for size in (PHONE, DESK):
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        is_accessible(page)


def leave(office: Office, *, waiting: int, given_up: int) -> None:
    """Leave letters that are tried again later, and letters nobody tries any more."""
    failed = {"state": "failed", "settled_at": utc_now(), "attempts": 74, "problem": "SMTPRecipientsRefused 550"}
    held_up = {"next_attempt_at": utc_now() + timedelta(hours=1), "problem": "ConnectionRefusedError"}
    with office._application().app_context():
        for number in range(waiting + given_up):
            to = f"{uuid4().hex}.with.a.long.name@a-long-domain-name.example.com"
            letter = transaction.run(lambda to=to: letters.post("invitation", subject_id=None, to=to))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            with db.engine.begin() as connection:
                values = held_up if number < waiting else failed
                connection.execute(update(LETTERS).where(LETTERS.c.id == letter).values(values))


def test_what_was_given_up_is_sent_again(here: Page, office: Office) -> None:
    leave(office, waiting=2, given_up=3)
    here.goto(f"{office.url}/undelivered")
    expect(here.get_by_role("heading", name="Waiting")).to_be_visible()
    is_accessible_everywhere(here)
    here.get_by_role("button", name="Send again Invitation").first.click()
    expect(here.locator("#messages")).to_contain_text("It is sent again now.")
    here.get_by_role("button", name="Send all again").click()
    expect(here.locator("#messages")).to_contain_text("letters are sent again now.")
    is_accessible_everywhere(here)
    with office._application().app_context(), db.engine.begin() as connection:
        connection.execute(update(LETTERS).values(state="sent", problem=None))
    here.reload()
    expect(here.get_by_text("Everything was delivered")).to_be_visible()
    is_accessible_everywhere(here)
