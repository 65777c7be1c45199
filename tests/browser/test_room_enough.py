"""Little room, long words and bad lines: nothing is cut off, nothing that failed is said where nobody sees it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.office import DESK, PHONE, Office, fits, surname

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)]
Window = Callable[..., BrowserContext]
WIDTHS = (320, 780, 1024, 1280)
"""A desk at 400 % zoom, a tablet, an old screen, a common one."""


@pytest.fixture
def here(office: Office, window: Window) -> Page:
    return office.open(window(viewport=DESK))


@pytest.fixture
def failing(office: Office) -> Iterator[Callable[[Route], None]]:
    """Answer as a broken proxy would; the browser may complain of that."""

    def fail(route: Route) -> None:
        route.fulfill(status=502, body="bad gateway")

    yield fail
    office.complaints[:] = [one for one in office.complaints if "502" not in one]


def test_the_longest_words_fit_on_every_screen(here: Page, office: Office) -> None:
    name, far = surname(), ".".join(["d" * 60] * 3)
    long = office.register(
        name=f"{name} {'Venkatanarasimharajuvaripeta' * 8}", email=f"{name.lower()}@{far}.example.com"
    )
    office.register(name=f"{name} मीनाक्षी सुंदरराजन श्रीनिवासन")
    for address in (f"?q={name}", f"/{long.id}", f"/{long.id}/edit"):
        here.goto(f"{office.url}/records{address}")
        for width in WIDTHS:
            here.set_viewport_size({"width": width, "height": 800})
            fits(here)


def test_people_are_sorted_on_a_phone_too(here: Page, office: Office) -> None:
    name = surname()
    for letter in "BA":
        office.register(name=f"{name} {letter}")
    here.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    here.goto(f"{office.url}/records?q={name}&sort=-name")
    expect(here.locator(".rr-name").first).to_have_text(f"{name} B")
    here.get_by_role("columnheader", name="Name").get_by_role("link").click()
    expect(here.locator(".rr-name").first).to_have_text(f"{name} A")


def test_what_fails_in_a_dialog_is_said_in_the_dialog(
    here: Page, office: Office, failing: Callable[[Route], None]
) -> None:
    here.goto(f"{office.url}/records/{office.register().id}")
    here.get_by_role("link", name="Reveal numbers").click()
    here.get_by_label("Legal or audit request").check()
    here.route("**/reveal", failing)
    here.get_by_role("button", name="Reveal for 30 seconds").click()
    dialog = here.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("Something went wrong on our side.")
    expect(here.locator("#messages")).to_be_empty()
    here.unroute("**/reveal")
    dialog.get_by_role("button", name="Retry").click()
    expect(here.locator("[data-number]")).to_be_visible()


def test_what_fails_at_the_end_of_a_form_is_seen_there(
    here: Page, office: Office, failing: Callable[[Route], None]
) -> None:
    here.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    here.goto(f"{office.url}/records/{office.register().id}/edit")
    here.route("**/edit", failing)
    here.get_by_label("Permanent address").fill("Plot 9, Gandhi Nagar, Wardha 442001")
    here.get_by_role("button", name="Save changes").click()
    expect(here.get_by_role("alert").filter(has_text="Something went wrong")).to_be_in_viewport(ratio=1)


def test_a_search_that_failed_is_tried_again(here: Page, office: Office, failing: Callable[[Route], None]) -> None:
    name = surname()
    office.register(name=name)
    here.goto(f"{office.url}/records")
    before = here.locator("#results .rr-slot").inner_text()
    here.route("**/records?q=*", failing)
    here.get_by_label("Search records").fill(name)
    retry = here.get_by_role("button", name="Retry")
    expect(retry).to_be_visible()
    expect(here.locator("#results .rr-slot")).to_have_text(before)
    here.unroute("**/records?q=*")
    retry.click()
    expect(here.locator("#results")).to_contain_text("1 person found")


def test_passing_through_a_box_is_no_change(here: Page, office: Office) -> None:
    made = office.register()
    here.goto(f"{office.url}/records/{made.id}/edit")
    mobile = here.get_by_label("Primary mobile")
    expect(mobile).to_have_value(f"{made.values['primary_mobile'][:5]} {made.values['primary_mobile'][5:]}")
    mobile.focus()
    here.get_by_label("Name").focus()
    here.get_by_role("link", name="Cancel").click()
    here.wait_for_url(f"**/records/{made.id}")


def test_the_list_of_shortcuts_names_what_works_here(here: Page, office: Office) -> None:
    here.goto(f"{office.url}/records/{office.register().id}")
    here.keyboard.press("?")
    shown = here.get_by_role("dialog", name="Shortcuts on this page")
    expect(shown.get_by_text("Edit", exact=True)).to_be_visible()
    expect(shown.get_by_text("Next, previous row")).to_be_hidden()
    expect(shown.get_by_text("Select row")).to_be_hidden()


def test_no_number_is_printed(office: Office, window: Window) -> None:
    made = office.register()
    here = office.open(window(javascript=False))
    here.goto(f"{office.url}/records/{made.id}/reveal")
    here.get_by_label("Legal or audit request").check()
    here.get_by_role("button", name="Reveal for 30 seconds").click()
    expect(here.locator("[data-number]")).to_be_visible()
    here.emulate_media(media="print")
    expect(here.locator("[data-number]")).to_be_hidden()
