"""The end of a session in a real browser: said before it comes, never in vain, and nothing that was typed goes.

The page's clock is Playwright's; what the server knows is aged in its table, as if nobody had asked for so long.
"""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from sqlalchemy import select, update

from app.accounts import queries, remembered
from app.accounts.models import BrowserSession
from app.core.database import utc_now
from app.core.transaction import run
from app.extensions import db
from tests.browser.office import PHONE, Office, fits, is_accessible

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)]
Window = Callable[..., BrowserContext]
TYPED = "Typed And Kept"
STAY = "Stay signed in"


class Desk:
    """Somebody's browser with an edit form open in it, and the session that is behind it."""

    def __init__(self, office: Office, context: BrowserContext, path: str) -> None:
        self.office, self.context, self.path = office, context, path
        context.clock.install()
        self.page = self.tab(office.open(context))
        with office._application().app_context():
            newest = select(BrowserSession.id).order_by(BrowserSession.id.desc())
            self.session_id: UUID = db.session.scalars(newest).first()  # type: ignore[assignment]  # opened just now
        self.page.get_by_label("Name").fill(TYPED)

    def tab(self, page: Page | None = None) -> Page:
        """Open the form in a tab."""
        opened = page or self.office.watched(self.context)
        opened.goto(self.office.url + self.path)
        return opened

    def leave_for(self, *, idle: timedelta, old: timedelta | None = None) -> None:
        """Let the server not have heard of the session for so long, and have opened it so long ago."""
        now = utc_now()
        times = {"last_seen_at": now - idle, "created_at": now - (old or idle)}
        with self.office._application().app_context():
            db.session.execute(update(BrowserSession).where(BrowserSession.id == self.session_id).values(**times))
            db.session.commit()
            self.office._application().extensions["credentials_bell"].ring()

    def last_seen(self) -> timedelta:
        """Return how long ago the session was last used."""
        with self.office._application().app_context():
            seen = db.session.scalars(
                select(BrowserSession.last_seen_at).where(BrowserSession.id == self.session_id)
            ).one()
            return utc_now() - seen


@pytest.fixture
def path(office: Office) -> str:
    return f"/records/{office.register().id}/edit"


def warning(page: Page) -> Locator:
    return page.get_by_role("alertdialog")


def signed_out(page: Page) -> Locator:
    return page.get_by_role("dialog", name="You were signed out")


def nearly(desk: Desk) -> None:
    """Come to a minute and a half before the idle limit."""
    desk.leave_for(idle=timedelta(minutes=28, seconds=29))
    desk.context.clock.fast_forward("28:31")


def test_the_warning_comes_in_every_tab_and_staying_keeps_text_and_focus(
    office: Office, window: Window, path: str
) -> None:
    desk = Desk(office, window(), path)
    page, beside = desk.page, desk.tab()
    page.get_by_label("Name").focus()
    nearly(desk)
    expect(warning(page)).to_have_accessible_name("You will be signed out in 90 seconds")
    expect(warning(page)).to_have_accessible_description("What you typed stays.")
    expect(warning(beside)).to_be_visible()
    expect(page.get_by_role("button", name=STAY)).to_be_focused()
    is_accessible(page)
    # The warning took the focus from a field that was typed into; only now is that one sent to be checked.
    with page.expect_request("**/field/name*"):
        page.keyboard.press("Enter")
    expect(warning(page)).to_be_hidden()
    expect(page.get_by_label("Name")).to_be_focused()
    expect(page.get_by_label("Name")).to_have_value(TYPED)
    desk.context.clock.run_for(100)
    expect(page.locator("#live-polite")).to_have_text("You stay signed in")
    expect(warning(beside)).to_be_hidden()
    assert desk.last_seen() < timedelta(minutes=1)


def test_escape_stays_on_the_page_and_prolongs_nothing(office: Office, window: Window, path: str) -> None:
    desk = Desk(office, window(), path)
    nearly(desk)
    expect(warning(desk.page)).to_be_visible()
    desk.page.keyboard.press("Escape")
    expect(warning(desk.page)).to_be_hidden()
    desk.context.clock.run_for(30_000)
    expect(warning(desk.page)).to_be_hidden()
    expect(desk.page.get_by_label("Name")).to_have_value(TYPED)
    assert desk.last_seen() > timedelta(minutes=28)


def test_ignoring_it_signs_out_and_loses_nothing(office: Office, window: Window, path: str) -> None:
    desk = Desk(office, window(), path)
    nearly(desk)
    expect(warning(desk.page)).to_be_visible()
    desk.leave_for(idle=timedelta(minutes=30))
    desk.context.clock.run_for(91_000)
    expect(signed_out(desk.page)).to_be_visible()
    expect(warning(desk.page)).to_be_hidden()
    office.open(desk.context)  # signs in again in another tab
    signed_out(desk.page).get_by_role("button", name="I have signed in").click()
    expect(desk.page.get_by_label("Name")).to_have_value(TYPED)
    desk.page.get_by_role("button", name="Save changes").click()
    expect(desk.page.locator("#messages")).to_contain_text("Your changes are saved.")
    office.complaints[:] = [one for one in office.complaints if "401" not in one]


def test_a_laptop_that_slept_past_the_end_says_so_when_it_wakes(office: Office, window: Window, path: str) -> None:
    desk = Desk(office, window(), path)
    desk.leave_for(idle=timedelta(hours=8))
    desk.context.clock.fast_forward("08:00:00")
    expect(signed_out(desk.page)).to_be_visible()
    expect(desk.page.get_by_label("Name")).to_have_value(TYPED)
    office.complaints[:] = [one for one in office.complaints if "401" not in one]


def test_no_alarm_where_the_session_was_used_elsewhere(office: Office, window: Window, path: str) -> None:
    desk = Desk(office, window(), path)
    with desk.page.expect_response("**/session") as asked:
        desk.context.clock.fast_forward("29:00")
    assert (asked.value.status, asked.value.headers["session-end"]) == (204, "idle")
    desk.context.clock.run_for(2_000)
    expect(warning(desk.page)).to_be_hidden()


def test_at_the_longest_time_staying_is_not_offered(office: Office, window: Window, path: str) -> None:
    desk = Desk(office, window(viewport=PHONE), path)
    desk.leave_for(idle=timedelta(minutes=28, seconds=29), old=timedelta(hours=11, minutes=58, seconds=29))
    desk.context.clock.fast_forward("28:31")
    expect(warning(desk.page)).to_contain_text("A session cannot last longer than that")
    expect(desk.page.get_by_role("button", name=STAY)).to_be_hidden()
    expect(desk.page.get_by_role("button", name="Go on")).to_be_focused()
    fits(desk.page)
    warning(desk.page).get_by_role("button", name="Sign out").click()
    expect(desk.page.get_by_role("dialog", name="Leave without saving?")).to_be_visible()


def test_a_remembered_browser_is_left_alone(office: Office, window: Window, path: str) -> None:
    desk = Desk(office, window(), path)
    with office._application().app_context():
        account = queries.get_account_by_email("priya@example.com")
        kept = run(lambda: remembered.remember(account.id, "a test", None))
    desk.context.add_cookies([{"name": "remember", "value": kept.token, "url": office.url}])
    desk.leave_for(idle=timedelta(minutes=28, seconds=29))
    with desk.page.expect_response("**/session") as asked:
        desk.context.clock.fast_forward("28:31")
    assert asked.value.headers["session-end"] == "resumed"
    desk.context.clock.run_for(1_000)
    expect(warning(desk.page)).to_be_hidden()
    desk.leave_for(idle=timedelta(minutes=31))
    with desk.page.expect_response("**/session") as asked:
        desk.context.clock.fast_forward("02:00")
    assert asked.value.status == 401
    expect(signed_out(desk.page)).to_be_hidden()
    office.complaints[:] = [one for one in office.complaints if "401" not in one]


def test_what_the_page_asks_by_a_timer_is_marked(office: Office, window: Window) -> None:
    page = office.open(window())
    page.goto(f"{office.url}/records")
    with page.expect_request("**/session") as asked:
        page.evaluate(
            """() => {
                const asking = document.createElement("p");
                const how = {get: "/session", trigger: "every 50ms", target: "this", swap: "none"};
                Object.entries(how).forEach(([name, value]) => asking.setAttribute(`hx-${name}`, value));
                document.querySelector("main").append(asking);
                htmx.process(asking);
            }"""
        )
    assert asked.value.headers["x-unattended"] == "true"
