"""A clerk's whole day in a real browser, with and without scripts."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.office import Office, fill_in, mobile, surname
from tests.factories import record_input

pytestmark = pytest.mark.browser
Window = Callable[..., BrowserContext]


def register(page: Page, values: dict[str, object]) -> None:
    page.get_by_role("link", name="New record").first.click()
    fill_in(page, values)
    page.get_by_role("button", name="Continue to check").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check before you save")
    page.get_by_role("button", name="Save record").click()


def find(page: Page, text: str) -> None:
    page.get_by_label("Search records").fill(text)
    page.get_by_label("Search records").press("Enter")


def action(page: Page, name: str) -> None:
    page.locator(".rr-head").get_by_role("link", name=name, exact=True).click()


def grouped(number: str) -> str:
    return f"{number[:4]} {number[4:8]} {number[8:]}"


@pytest.mark.parametrize(
    ("engine_name", "scripts"),
    [("sqlite", True), ("sqlite", False), ("mariadb", True)],
    ids=["sqlite-scripts", "sqlite-no scripts", "mariadb-scripts"],
    indirect=["engine_name"],
)
def test_the_whole_day(office: Office, window: Window, scripts: bool) -> None:
    mine = office.watched(window(javascript=scripts))
    office.sign_in(mine)
    name = surname()
    person = record_input(name=f"Meenakshi {name}", place_of_birth="Madurai")
    aadhaar = str(person["aadhaar"])

    # Register, and meet the same Aadhaar again.
    register(mine, person)
    expect(mine.locator("#messages")).to_contain_text(f"Meenakshi {name} is registered. Reference")
    record = mine.url.partition("?")[0]
    mine.goto(f"{office.url}/records")
    register(mine, record_input(aadhaar=aadhaar))
    expect(mine.locator(".rr-summary")).to_contain_text("Another record has this Aadhaar")
    mine.locator(".rr-summary").get_by_role("link", name=re.compile("^Open ")).click()
    expect(mine.get_by_role("heading", level=1)).to_have_text(f"Meenakshi {name}")

    # Find by number and by name.
    mine.goto(f"{office.url}/records")
    find(mine, grouped(aadhaar))
    expect(mine.locator("#results")).to_contain_text("1 person found by Aadhaar.")
    expect(mine.locator("#results")).to_contain_text("Aadhaar matched")
    assert aadhaar[:8] not in mine.url
    find(mine, name.lower())
    expect(mine.locator("#results mark").first).to_have_text(name)
    expect(mine).to_have_url(re.compile(rf"/records\?q={name.lower()}$"))
    mine.get_by_role("link", name=f"Meenakshi {name}").click()

    reveal(mine, aadhaar, scripts)
    conflict(office, window, mine, record, scripts)
    delete_and_undo(office, mine, record)

    # The story, and the end of the day.
    mine.goto(f"{record}/history")
    for words in ("Record restored", "Record deleted", "Merged version", "Aadhaar revealed", "Record created"):
        expect(mine.locator("main")).to_contain_text(words)
    assert aadhaar not in mine.content()
    sign_out(office, mine, scripts)


def reveal(page: Page, aadhaar: str, scripts: bool) -> None:
    action(page, "Reveal numbers")
    page.get_by_label("Matching a document we received").check()
    page.get_by_label("Reference or note").fill("Bank letter 2026/1187")
    page.get_by_role("button", name="Reveal for 30 seconds").click()
    expect(page.locator("#identity")).to_contain_text(grouped(aadhaar))
    if scripts:
        expect(page.locator("[data-left]")).to_contain_text("Hides in")
        expect(page.locator("#timeline")).to_contain_text("Aadhaar revealed")
        expect(page.get_by_text("Hide now")).to_be_focused()
    page.get_by_text("Hide now").click()
    expect(page.locator("#identity")).to_contain_text(f"XXXX XXXX {aadhaar[-4:]}")
    assert grouped(aadhaar) not in page.content()


def grouped_mobile(number: str) -> str:
    return f"+91 {number[:5]} {number[5:]}"


def conflict(office: Office, window: Window, mine: Page, record: str, scripts: bool) -> None:
    theirs = office.open(window(javascript=scripts), "suresh")
    primary, secondary = mobile(), mobile()
    for page, number in ((mine, primary), (theirs, mobile())):
        page.goto(f"{record}/edit")
        page.get_by_label("Primary mobile").fill(number)
    mine.get_by_label("Secondary mobile").fill(secondary)
    theirs.get_by_role("button", name="Save changes").click()
    expect(theirs.locator("#messages")).to_contain_text("Your changes are saved.")
    mine.get_by_role("button", name="Save changes").click()
    expect(mine.get_by_role("heading", level=1)).to_have_text("Suresh Pillai saved this record before you")
    mine.get_by_role("button", name="Save the result").click()
    expect(mine.locator(".rr-summary")).to_contain_text("Choose what to save for primary mobile")

    theirs.goto(f"{record}/edit")
    theirs.get_by_label("Name").fill("Meenakshi S.")
    mine.get_by_role("radio", name=re.compile("Use mine")).check()
    theirs.get_by_role("button", name="Save changes").click()
    expect(theirs.locator("#messages")).to_contain_text("Your changes are saved.")
    mine.get_by_role("button", name="Save the result").click()
    expect(mine.locator(".rr-sub")).to_contain_text("Your choices are kept.")
    mine.get_by_role("button", name="Save the result").click()
    expect(mine.locator("#messages")).to_contain_text("Your changes are saved.")
    for words in (grouped_mobile(primary), grouped_mobile(secondary), "Meenakshi S."):
        expect(mine.locator("main")).to_contain_text(words)


def delete_and_undo(office: Office, page: Page, record: str) -> None:
    def delete() -> None:
        action(page, "Delete")
        page.get_by_label("Registered twice").check()
        page.get_by_role("button", name="Delete record").click()
        expect(page.locator("#messages")).to_contain_text("was deleted. Reason: registered twice.")

    delete()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#messages")).to_contain_text("Meenakshi S. is back.")
    page.goto(record)
    delete()
    page.get_by_role("link", name="Recently deleted", exact=True).first.click()
    page.get_by_role("button", name="Restore Meenakshi S.").click()
    expect(page.locator("#messages")).to_contain_text("Meenakshi S. is back.")
    assert page.url.startswith(f"{office.url}/records/")


def sign_out(office: Office, page: Page, scripts: bool) -> None:
    page.get_by_role("button", name=re.compile("^Account: ")).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "Meenakshi" not in page.content()
    if scripts:
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert kept == "[{},{}]"
