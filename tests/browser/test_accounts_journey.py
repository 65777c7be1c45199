"""A person's whole way with an account in Chromium, with and without scripts: from registering to a new password."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Response, expect

from tests.accounts.second_factor import Phone
from tests.browser.office import DESK, PHONE, is_accessible
from tests.delivery.worker_process import mails_in, wait_until
from tests.mailbox import LINK
from tests.services.passkey_device import plug_in
from tests.services.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAME, PASSWORD, NEW = "asha@example.com", "Monsoon-4-Teacups", "Another-5-Teacups"
ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of (400|403|422|423)\b")
WATCH = """addEventListener("securitypolicyviolation", (seen) => console.error(`CSP: ${seen.violatedDirective}`))"""


class Browser:
    """A window of somebody's, who looks at every page on the way, the first time."""

    def __init__(self, room: Served, window: BrowserContext, *, looks: bool) -> None:
        self.url, self.folder = room.url.replace("127.0.0.1", "localhost"), room.folder
        self.looks = looks
        self.looked: set[str] = set()
        self.window, self.page = window, window.new_page()
        self.complaints: list[str] = []
        window.add_init_script(WATCH)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._check)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not ANSWERED.match(message.text):
            self.complaints.append(message.text)

    def _check(self, response: Response) -> None:
        if not response.url.startswith((self.url, "data:")):
            self.complaints.append(f"asked elsewhere: {response.url}")
        if response.status >= 500 or response.status == 404:
            self.complaints.append(f"{response.status} {response.url}")

    def look(self) -> None:
        """Look at the page as people do who hear or magnify it."""
        seen = f"{self.page.url.partition('?')[0]} {self.page.get_by_role('main').inner_text()}"
        if self.looks and seen not in self.looked:
            is_accessible(self.page)
        self.looked.add(seen)

    def go(self, path: str) -> None:
        """Open a page and look at it."""
        self.page.goto(f"{self.url}{path}")
        self.look()

    def fill(self, **values: str) -> None:
        """Fill in boxes by their names."""
        for name, value in values.items():
            self.page.locator(f"#f-{name}").fill(value)

    def press(self, label: str) -> None:
        """Press a button of the page's main part."""
        self.page.get_by_role("main").get_by_role("button", name=label, exact=True).click()

    def arrive(self, path: str) -> None:
        """Wait for an address and look at its page."""
        self.page.wait_for_url(re.compile(re.escape(f"{self.url}{path}") + r"($|[?#])"))
        self.look()

    def see(self, words: str | re.Pattern[str]) -> None:
        """Wait for words in the page's main part, and look at the page."""
        expect(self.page.get_by_role("main")).to_contain_text(words)
        self.look()

    def link_in_mail(self, path: str, number: int = 1) -> str:
        """Wait for so many mails with a link to a page; return the address in the last."""

        def found() -> list[str]:
            texts = [mail.read_text() for mail in mails_in(self.folder)]
            return [link[1] for text in texts if (link := LINK.search(text)) and link[1].startswith(path)]

        wait_until(lambda: len(found()) >= number)
        return found()[-1]

    def sign_in(self, password: str = PASSWORD) -> None:
        """Show name and password."""
        self.go("/login")
        self.fill(email=NAME, password=password)
        self.press("Sign in")

    def sign_out(self) -> None:
        """Sign out by the page."""
        self.go("/logout")
        self.press("Sign out")
        self.arrive("/login")


@pytest.fixture
def room(served: Callable[..., Served]) -> Served:
    """Serve a room with its worker, as `make run` does."""
    return served(RUN_WORKER="true")


@pytest.mark.parametrize(
    ("engine_name", "javascript", "viewport", "theme"),
    [
        ("sqlite", True, DESK, "light"),
        ("sqlite", True, PHONE, "dark"),
        ("sqlite", False, DESK, "light"),
        # The pages are alike on every engine, and the services are tested on both: one whole way is enough here.
        ("mariadb", True, DESK, "light"),
    ],
    ids=["sqlite-scripts", "sqlite-phone", "sqlite-no scripts", "mariadb-scripts"],
    indirect=["engine_name"],
)
def test_from_registering_to_a_password_set_anew(
    room: Served,
    window: Callable[..., BrowserContext],
    engine_name: str,
    javascript: bool,
    viewport: Any,
    theme: Any,
) -> None:
    kind = {"viewport": viewport, "color_scheme": theme, "javascript": javascript}
    looks = javascript and engine_name == "sqlite"  # the pages look alike on every engine
    here, there, stranger = (Browser(room, window(**kind), looks=looks) for _ in range(3))
    register(here)
    phone = set_up_app(here)
    here.sign_out()
    here.sign_in()
    pass_second_step(here, phone.code())
    if javascript:
        add_passkey(here)
        here.sign_out()
        here.page.get_by_role("button", name="Sign in with a passkey").click()
        here.arrive("/settings/profile")
    there.sign_in()
    there.page.get_by_role("link", name="Use a recovery code").click()
    there.fill(code=phone.recovery_codes[0])
    there.press("Continue")
    there.arrive("/settings/profile")
    be_locked_out(stranger)
    for still_in in (here, there):
        still_in.go("/settings/security")
        still_in.see("Two-step sign-in")
    set_password_anew(stranger)
    for ended in (here, there):
        ended.go("/settings/security")
        ended.arrive("/login")
    there.sign_in()
    there.see("Email or password is not right")
    there.sign_in(NEW)
    pass_second_step(there, phone.code(steps=1))
    assert here.complaints + there.complaints + stranger.complaints == []


def register(here: Browser) -> None:
    """Register, read the mail, and prove the address by the button; the link alone does nothing."""
    here.go("/login")
    here.page.get_by_role("link", name="Register").click()
    here.fill(email=NAME, full_name="Asha Verma", password="weak")
    here.press("Register")
    here.see("The password needs at least 8 characters")
    expect(here.page.get_by_label("Email")).to_have_value(NAME)
    here.fill(password=PASSWORD, password_confirmation=PASSWORD)
    here.press("Register")
    here.see("Check your mail")
    here.sign_in()
    here.see("Open the link in the mail we sent before you sign in")
    link = here.link_in_mail("/verify-email")
    here.go(link)
    here.sign_in()
    expect(here.page.locator(".rr-summary")).to_be_visible()  # opening the link has proven nothing
    here.go(link)
    here.press("Yes, this is my address")
    here.see("Your email address is confirmed")
    here.go(link)
    here.see("This link does not work any more")
    here.sign_in()
    here.arrive("/settings/profile")


def set_up_app(here: Browser) -> Phone:
    """Turn the authenticator app on, as a phone would."""
    here.go("/settings/security")
    here.page.get_by_role("link", name="Set up", exact=False).first.click()
    here.look()
    here.fill(password=PASSWORD)
    here.press("Continue")
    here.see("Code from your app")
    assert here.page.locator("img[src^='data:image/svg']").count() == 1
    phone = Phone(here.page.locator(".rr-secret").inner_text().replace(" ", ""))
    here.fill(code=phone.wrong())
    here.press("Turn on")
    here.see("The code is not right")
    phone.await_step()
    here.fill(code=phone.code(steps=-1))
    here.press("Turn on")
    expect(here.page.locator(".rr-recovery li")).to_have_count(10)
    here.look()
    phone.recovery_codes = here.page.locator(".rr-recovery li").all_inner_texts()
    return phone


def pass_second_step(here: Browser, code: str) -> None:
    """Show a code of the app and arrive at one's profile."""
    here.arrive("/login/second-step")
    here.fill(code=code)
    here.press("Continue")
    here.arrive("/settings/profile")


def add_passkey(here: Browser) -> None:
    """Add a passkey that a device of this browser keeps."""
    plug_in(here.window, here.page)
    here.go("/settings/security")
    here.page.get_by_role("link", name="Add a passkey").click()
    here.fill(name="Office laptop", password=PASSWORD)
    here.look()
    here.press("Continue")
    here.press("Create passkey")
    expect(here.page.locator("#messages")).to_contain_text("Passkey “Office laptop” is ready.")
    here.see("Office laptop")


def be_locked_out(stranger: Browser) -> None:
    """Try wrong passwords until the door is shut, for the right one too."""
    for left in ("4 tries", "3 tries", "2 tries", "1 try", "locked"):
        stranger.sign_in("Wrong-1-guess")
        stranger.see(left)
    for password in ("Wrong-1-guess", PASSWORD):
        stranger.sign_in(password)
        stranger.see("Too many tries. Try again at")


def set_password_anew(stranger: Browser) -> None:
    """Forget the password, read the mail, and set another, by the button again; the link works once."""
    stranger.page.get_by_role("link", name="Forgot password?").click()
    stranger.look()
    stranger.fill(email=NAME)
    stranger.press("Send the link")
    stranger.see("Check your mail")
    link = stranger.link_in_mail("/reset-password")
    stranger.go(link)
    stranger.fill(password="weak", password_confirmation="weak")
    stranger.press("Set the password")
    stranger.see("The password needs at least 8 characters")
    stranger.fill(password=NEW, password_confirmation=NEW)
    stranger.press("Set the password")
    stranger.see("Your password is set")
    stranger.go(link)
    stranger.see("This link does not work any more")
    stranger.go("/settings/profile")
    stranger.arrive("/login")  # a link signs nobody in


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_mails_lie_where_the_contract_says(room: Served, window: Callable[..., BrowserContext]) -> None:
    here = Browser(room, window(javascript=False), looks=False)
    here.go("/register")
    here.fill(email=NAME, password=PASSWORD, password_confirmation=PASSWORD)
    here.press("Register")
    here.link_in_mail("/verify-email")
    assert {path.parent for path in mails_in(room.folder)} == {Path(room.folder) / "instance" / "mail"}
