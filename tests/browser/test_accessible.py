"""Every page and state, on a desk and on a phone: nothing for axe to find, light or dark, and no sideways scroll."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.office import DESK, PHONE, Office, fill_in, is_accessible, mobile
from tests.factories import record_input
from tests.services.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)]
Window = Callable[..., BrowserContext]


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def viewport(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def here(office: Office, window: Window, viewport: Any) -> Page:
    return office.open(window(viewport=viewport))


def test_finding_people(here: Page, office: Office) -> None:
    for letter in "ABCDEFGHIJKL":
        office.register(name=f"Ravi {letter}")
    last = office.register(name="மீனாட்சி சுந்தரம்", is_active=False)
    for address in ("", "?q=ravi&is_active=true&sort=name&page=2", "?q=nobody"):
        here.goto(f"{office.url}/records{address}")
        is_accessible(here)
    here.get_by_label("Search records").fill(last.values["aadhaar"])
    here.get_by_label("Search records").press("Enter")
    expect(here.locator("#results")).to_contain_text("Aadhaar matched")
    is_accessible(here)


def test_registering(here: Page, office: Office) -> None:
    taken = office.register()
    here.goto(f"{office.url}/records/new")
    is_accessible(here)
    here.get_by_role("button", name="Continue to check").click()
    expect(here.locator(".rr-summary")).to_be_focused()
    assert here.title().startswith("Error: ")
    is_accessible(here)
    fill_in(here, record_input(aadhaar=taken.values["aadhaar"]))
    here.get_by_role("button", name="Continue to check").click()
    expect(here.get_by_role("heading", level=1)).to_have_text("Check before you save")
    is_accessible(here)
    here.get_by_role("button", name="Save record").click()
    expect(here.locator(".rr-summary")).to_be_focused()
    is_accessible(here)


def test_one_record(here: Page, office: Office) -> None:
    made = office.register(name="Ananya Deshpande")
    record = f"{office.url}/records/{made.id}"
    here.goto(record)
    is_accessible(here)
    here.get_by_role("link", name="Reveal numbers").click()
    is_accessible(here)
    here.get_by_role("button", name="Reveal for 30 seconds").click()
    expect(here.locator("#reveal .rr-summary")).to_be_visible()
    is_accessible(here)
    here.get_by_label("Legal or audit request").check()
    here.get_by_role("button", name="Reveal for 30 seconds").click()
    expect(here.get_by_text("Hide now")).to_be_focused()
    is_accessible(here)
    for page in ("reveal", "history", "delete", "edit"):
        here.goto(f"{record}/{page}")
        is_accessible(here)
    here.get_by_label("Name").fill("1")
    here.get_by_role("button", name="Save changes").click()
    expect(here.locator(".rr-summary")).to_be_focused()
    is_accessible(here)


def test_two_at_one_record(here: Page, office: Office, window: Window) -> None:
    record = f"{office.url}/records/{office.register(name='Ananya Deshpande').id}"
    other = office.open(window(), "suresh")
    for page, name in ((here, "Ananya D"), (other, "Ananya Despande")):
        page.goto(f"{record}/edit")
        page.get_by_label("Name").fill(name)
    here.get_by_label("Secondary mobile").fill(mobile())
    other.get_by_role("button", name="Save changes").click()
    expect(other.locator("#messages")).to_contain_text("saved")
    here.get_by_role("button", name="Save changes").click()
    expect(here.get_by_role("heading", level=1)).to_be_focused()
    is_accessible(here)
    here.get_by_role("button", name="Save the result").click()
    expect(here.locator(".rr-summary")).to_be_focused()
    is_accessible(here)
    here.get_by_role("radio", name="Type another").check()
    is_accessible(here)


def test_deleting(here: Page, office: Office) -> None:
    made = office.register(name="Joseph D’Souza")
    here.goto(f"{office.url}/records/{made.id}")
    here.locator(".rr-head").get_by_role("link", name="Delete").click()
    expect(here.get_by_role("link", name="Cancel")).to_be_focused()
    is_accessible(here)
    here.get_by_label("Wrong person").check()
    here.get_by_role("button", name="Delete record").click()
    expect(here.get_by_role("button", name="Undo")).to_be_visible()
    for address in ("", "/trash", f"/{made.id}", "/nonsense", "?deleted=include"):
        here.goto(f"{office.url}/records{address}")
        is_accessible(here)


def test_an_empty_room(served: Callable[..., Served], tmp_path: Path, window: Window, viewport: Any) -> None:
    empty = Office(served(), tmp_path)
    empty.employ()
    here = empty.open(window(viewport=viewport))
    here.goto(f"{empty.url}/records")
    expect(here.get_by_role("heading", name="No people yet")).to_be_visible()
    expect(here.locator(".btn-primary:visible")).to_have_count(1)
    is_accessible(here)
    here.goto(f"{empty.url}/records/trash")
    is_accessible(here)
    assert empty.complaints == []


def test_refusals(office: Office, window: Window, viewport: Any) -> None:
    made = office.register()
    here = office.open(window(viewport=viewport), "asha")
    for address in ("/new", f"/{made.id}/edit", "/nonsense", "/trash"):
        here.goto(f"{office.url}/records{address}")
        is_accessible(here)


def test_signing_in(office: Office, window: Window, viewport: Any) -> None:
    here = window(viewport=viewport).new_page()
    here.goto(office.url)
    is_accessible(here)
    here.get_by_label("Email or username").fill("nobody@example.com")
    here.locator("#f-password").fill("wrong")
    here.get_by_role("button", name="Sign in").click()
    expect(here.locator(".rr-summary")).to_be_visible()
    is_accessible(here)
