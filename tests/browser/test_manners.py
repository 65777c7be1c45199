"""How the pages behave under the hand: searching, typing, waiting, going back, and the keyboard alone."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.office import Office, fill_in, surname
from tests.factories import record_input

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)]
Window = Callable[..., BrowserContext]


@pytest.fixture
def here(office: Office, window: Window) -> Page:
    return office.open(window())


def test_typing_asks_little_and_the_caret_stays(here: Page, office: Office) -> None:
    name = surname()
    office.register(name=f"Ravi {name}")
    asked: list[str] = []
    here.goto(f"{office.url}/records")
    here.on("request", lambda request: asked.append(request.url) if request.resource_type == "fetch" else None)
    box = here.get_by_label("Search records")
    box.focus()
    here.keyboard.type(name.lower(), delay=40)
    here.keyboard.press("ArrowLeft")
    expect(here.locator("#results mark").first).to_have_text(name)
    assert 1 <= len(asked) <= 2
    expect(box).to_be_focused()
    assert box.evaluate("(box) => box.selectionStart") == len(name) - 1
    expect(here.locator("#live-polite")).to_have_text("1 person found")
    expect(here).to_have_url(f"{office.url}/records?q={name.lower()}")


def test_a_late_answer_never_wins(here: Page, office: Office) -> None:
    slow, quick = surname(), surname()
    for name in (slow, quick):
        office.register(name=name)
    here.goto(f"{office.url}/records")

    def late(route: Route) -> None:
        time.sleep(1)
        route.continue_()

    here.route(f"**/records?q={slow}", late)
    box = here.get_by_label("Search records")
    for name in (slow, quick):
        box.fill(name)
        box.press("Enter")
    expect(here.locator("#results mark").first).to_have_text(quick)
    here.wait_for_timeout(1200)
    expect(here.locator("#results mark").first).to_have_text(quick)


def test_a_number_typed_stands_nowhere(here: Page, office: Office) -> None:
    made = office.register(name="Ravi Shankar")
    number = made.values["aadhaar"]
    here.goto(f"{office.url}/records?q=ravi")
    asked: list[str] = []
    here.on("request", lambda request: asked.append(request.url))
    here.get_by_label("Search records").fill(number)
    expect(here.locator("#results")).to_contain_text("Aadhaar matched")
    assert here.url == f"{office.url}/records"
    assert not [url for url in asked if number in url]
    assert number not in here.content()
    assert number not in office.server.output()


def test_a_field_is_checked_when_it_is_left_and_again_while_it_is_mended(here: Page, office: Office) -> None:
    here.goto(f"{office.url}/records/new")
    pan = here.locator("#f-pan")
    same = pan.element_handle()
    pan.press_sequentially("abcpe1o34f")
    expect(here.locator("#e-pan")).to_be_empty()
    pan.blur()
    expect(here.locator("#e-pan")).to_contain_text("The 7th is the letter O")
    expect(pan).to_have_value("ABCPE1O34F")
    here.get_by_role("button", name="Use 0 instead of O").click()
    expect(here.locator("#e-pan")).to_be_empty()
    expect(pan).to_have_value("ABCPE1034F")
    assert pan.evaluate("(box, before) => box === before", same), "the box itself is never swapped"
    here.locator("#f-aadhaar").fill("234123412346")
    here.locator("#f-aadhaar").blur()
    expect(here.locator("#f-aadhaar")).to_have_value("2341 2341 2346")
    here.goto("about:blank")
    office.complaints.clear()  # the browser asks before typed text is left, as it should


def test_pressing_twice_registers_once(here: Page, office: Office) -> None:
    here.goto(f"{office.url}/records/new")
    name = surname()
    fill_in(here, record_input(name=name))
    here.get_by_role("button", name="Continue to check").click()
    here.get_by_role("button", name="Save record").dblclick()
    expect(here.locator("#messages")).to_contain_text("is registered")
    here.reload()
    here.goto(f"{office.url}/records?q={name}")
    expect(here.locator("#results")).to_contain_text("1 person found")


def test_a_failure_leaves_the_form_as_typed(here: Page, office: Office) -> None:
    made = office.register()
    here.goto(f"{office.url}/records/{made.id}/edit")
    here.route("**/edit", lambda route: route.fulfill(status=502, body="bad gateway"))
    here.get_by_label("Name").fill("Typed And Kept")
    button = here.get_by_role("button", name="Save changes")
    button.click()
    expect(here.locator("#messages")).to_contain_text("Nothing was saved; your text is still here.")
    expect(here.get_by_label("Name")).to_have_value("Typed And Kept")
    expect(button).to_be_enabled()
    here.unroute("**/edit")
    here.get_by_role("button", name="Retry").click()
    expect(here.locator("#messages")).to_contain_text("Your changes are saved.")
    office.complaints[:] = [one for one in office.complaints if "502" not in one]


def test_while_it_is_saved_the_button_says_so(here: Page, office: Office) -> None:
    made = office.register()
    here.goto(f"{office.url}/records/{made.id}/edit")
    held: list[Route] = []
    here.route("**/edit", lambda route: held.append(route))  # noqa: PLW0108 - playwright wants a function of ours
    here.get_by_label("Name").fill("Asha Rao")
    here.get_by_role("button", name="Save changes").click(no_wait_after=True)
    busy = here.get_by_role("button", name="Saving…")
    expect(busy).to_have_attribute("aria-disabled", "true")
    expect(busy).to_be_focused()
    held[0].continue_()
    expect(here.locator("#messages")).to_contain_text("Your changes are saved.")


def test_a_number_leaves_the_page_after_its_time(here: Page, office: Office) -> None:
    made = office.register()
    here.clock.install()
    here.goto(f"{office.url}/records/{made.id}")
    here.get_by_role("link", name="Reveal numbers").click()
    here.get_by_label("Legal or audit request").check()
    here.get_by_role("button", name="Reveal for 30 seconds").click()
    expect(here.locator("[data-number]")).to_be_visible()
    here.clock.run_for(29_000)
    expect(here.locator("[data-number]")).to_be_visible()
    here.clock.run_for(2_000)
    expect(here.locator("[data-number]")).to_have_count(0)
    assert made.values["aadhaar"][:4] not in here.locator("#identity").inner_text()
    expect(here.get_by_role("link", name="Reveal numbers")).to_be_focused()


def test_going_back_shows_whole_pages_and_the_row_one_came_from(here: Page, office: Office) -> None:
    name = surname()
    for letter in "ABCDEFGHIJKL":
        office.register(name=f"{name} {letter}")
    here.goto(f"{office.url}/records?q={name}&sort=name&page=2")
    here.get_by_role("link", name=f"{name} L").click()
    here.locator(".rr-head").get_by_role("link", name="Edit").click()
    here.get_by_label("Name").fill(f"{name} Last")
    here.get_by_role("button", name="Save changes").click()
    expect(here.locator("#messages")).to_contain_text("saved")
    for _ in range(3):
        here.go_back()
        expect(here.locator(".rr-menu [aria-current=page]")).to_have_text("Records")
        assert here.evaluate("document.doctype !== null")
    expect(here).to_have_url(re.compile(rf"/records\?q={name}&sort=name&page=2$"))
    expect(here.get_by_role("link", name=f"{name} Last")).to_be_focused()
    here.go_forward()
    here.locator(".rr-crumb a").first.click()
    expect(here.get_by_role("link", name=f"{name} Last")).to_be_focused()


def test_signed_out_in_the_middle_of_a_form(here: Page, office: Office, window: Window) -> None:
    made = office.register()
    here.goto(f"{office.url}/records/{made.id}/edit")
    here.get_by_label("Name").fill("Typed And Kept")
    here.context.clear_cookies()
    here.get_by_role("button", name="Save changes").click()
    dialog = here.get_by_role("dialog", name="You were signed out")
    expect(dialog).to_be_visible()
    beside = here.context.new_page()
    office.sign_in(beside)
    dialog.get_by_role("button", name="I have signed in").click()
    expect(here.get_by_label("Name")).to_have_value("Typed And Kept")
    here.get_by_role("button", name="Save changes").click()
    expect(here.locator("#messages")).to_contain_text("Your changes are saved.")
    office.complaints[:] = [one for one in office.complaints if "401" not in one]


def test_the_keyboard_alone_does_it_all(here: Page, office: Office) -> None:
    name = surname()
    here.goto(f"{office.url}/records")
    register_by_keys(here, name)
    change_by_keys(here, name)
    delete_by_keys(here, f"Meenakshi {name} Iyer")


def register_by_keys(here: Page, name: str) -> None:
    person, keys = record_input(name=f"Meenakshi {name}"), here.keyboard
    year, month, day = person["date_of_birth"].split("-")
    keys.press("n")
    here.wait_for_url("**/records/new")
    here.locator("#f-name").focus()
    for text in (
        *(person["name"], person["aadhaar"], person["pan"], day, month, year, person["place_of_birth"]),
        *(person["email"], person["primary_mobile"], "", person["current_address"]),
    ):
        keys.type(text)
        keys.press("Tab")
    keys.press("Space")  # the permanent address is the same
    keys.press("Control+Enter")
    here.wait_for_url("**/records/new/check**")
    here.get_by_role("button", name="Save record").focus()
    keys.press("Enter")
    expect(here.locator("#messages")).to_contain_text("is registered")


def change_by_keys(here: Page, name: str) -> None:
    keys = here.keyboard
    keys.press("/")
    keys.type(name)
    keys.press("Enter")
    here.wait_for_url(f"**/records?q={name}")
    here.get_by_role("heading", level=1).focus()
    keys.press("j")
    expect(here.get_by_role("link", name=f"Meenakshi {name}")).to_be_focused()
    keys.press("Enter")
    here.wait_for_url(re.compile(r"row=1"))
    keys.press("e")
    here.wait_for_url("**/edit**")
    here.get_by_label("Name").focus()
    keys.press("End")
    keys.type(" Iyer")
    keys.press("Control+Enter")
    expect(here.locator("#messages")).to_contain_text("Your changes are saved.")


def delete_by_keys(here: Page, name: str) -> None:
    keys = here.keyboard
    delete = here.locator(".rr-head").get_by_role("link", name="Delete")
    delete.focus()
    keys.press("Enter")
    expect(here.get_by_role("link", name="Cancel")).to_be_focused()
    keys.press("Escape")
    expect(delete).to_be_focused()
    keys.press("Enter")
    here.get_by_label("Registered twice").focus()
    keys.press("Space")
    keys.press("Enter")
    expect(here.get_by_role("button", name="Undo")).to_be_visible()
    here.get_by_role("button", name="Undo").focus()
    keys.press("Enter")
    expect(here.locator("#messages")).to_contain_text("is back.")
    expect(here.get_by_role("link", name=name)).to_be_focused()


def test_twenty_steps_back_and_forward_always_show_a_whole_page(here: Page, office: Office) -> None:
    name = surname()
    made = office.register(name=f"{name} First")
    here.goto(f"{office.url}/records?q={name}")
    here.get_by_role("link", name=f"{name} First").click()
    here.locator(".rr-head").get_by_role("link", name="History").click()
    here.goto(f"{office.url}/records/{made.id}/edit")
    here.get_by_label("Name").fill(f"{name} Second")
    here.get_by_role("button", name="Save changes").click()
    expect(here.locator("#messages")).to_contain_text("saved")
    here.locator(".rr-head").get_by_role("link", name="Delete").click()
    here.get_by_label("Registered twice").check()
    here.get_by_role("button", name="Delete record").click()
    expect(here.locator("#messages")).to_contain_text("was deleted")
    here.get_by_role("link", name="Recently deleted").first.click()
    expect(here.locator(".rr-menu [aria-current=page]")).to_have_text("Recently deleted")
    for step in (*[here.go_back] * 5, *[here.go_forward] * 5, *[here.go_back] * 5, *[here.go_forward] * 5):
        step()
        assert_whole(here)
    expect(here.locator(".rr-menu [aria-current=page]")).to_have_text("Recently deleted")


def assert_whole(page: Page) -> None:
    """See a full document with its frame, one heading, a title, and the menu entry that its address belongs to."""
    entry = "Recently deleted" if page.url.partition("?")[0].endswith("/trash") else "Records"
    expect(page.locator(".rr-menu [aria-current=page]")).to_have_text(entry)
    expect(page.locator("h1")).to_have_count(1)
    assert page.evaluate("document.doctype !== null && document.title.length > 0")
