"""The pages of webhooks in a real browser: accessible in every state, and a test that is seen to arrive."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.office import DESK, PHONE, Office, is_accessible
from tests.delivery.webhook_room import deliver
from tests.factories import make_account
from tests.services.receiver import Receiver, answer, receiving

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)]
Window = Callable[..., BrowserContext]


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def viewport(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def here(office: Office, window: Window, viewport: Any) -> Page:
    who = f"admin.{uuid4().hex[:8]}"
    with office._application().app_context():
        make_account("admin", email=f"{who}@example.com", full_name="Rekha Menon")
    return office.open(window(viewport=viewport), who)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def test_a_webhook_from_its_making_to_its_end(here: Page, office: Office, receiver: Receiver) -> None:
    name = f"Payroll {uuid4().hex[:6]}"
    here.goto(f"{office.url}/webhooks/new")
    is_accessible(here)
    here.get_by_role("button", name="Make webhook").click()
    expect(here.locator("#error-summary")).to_be_focused()
    is_accessible(here)
    here.get_by_label("Address").fill(receiver.url("/" + "long-" * 40))
    here.get_by_label("Description").fill(name)
    here.get_by_role("button", name="Make webhook").click()
    expect(here.locator("#made")).to_be_focused()
    is_accessible(here)
    here.get_by_role("button", name="Copy secret").click()
    expect(here.get_by_text("Copied", exact=True).first).to_be_visible()
    here.get_by_role("link", name="I have stored it").click()
    is_accessible(here)
    _see_a_test_arrive(here, office)
    here.get_by_role("link", name="New secret").click()
    is_accessible(here)
    here.get_by_role("button", name="Make new secret").click()
    expect(here.locator("#made")).to_be_focused()
    here.get_by_role("link", name="Change", exact=True).click()
    is_accessible(here)
    here.goto(f"{office.url}/webhooks")
    is_accessible(here)
    here.get_by_role("link", name=name, exact=True).click()
    here.get_by_role("link", name="Delete", exact=True).click()
    expect(here.get_by_role("link", name="Cancel")).to_be_focused()
    is_accessible(here)
    here.get_by_role("button", name="Delete webhook").click()
    expect(here.locator("#messages")).to_contain_text("The webhook is deleted.")


def _see_a_test_arrive(here: Page, office: Office) -> None:
    here.get_by_role("button", name="Send test").click()
    expect(here.locator("#messages")).to_contain_text("The test is on its way.")
    expect(here.locator("#deliveries")).to_contain_text("Waiting")
    is_accessible(here)
    deliver(office._application())
    expect(here.locator("#deliveries")).to_contain_text("Delivered")  # the page asks by itself
    here.locator("#deliveries").get_by_role("link", name="Test").click()
    expect(here.get_by_role("heading", level=1)).to_have_text("Test")
    is_accessible(here)
    here.go_back()


@pytest.mark.parametrize("viewport", [PHONE], ids=["phone"])
def test_a_receiver_that_is_gone(here: Page, office: Office, receiver: Receiver) -> None:
    here.goto(f"{office.url}/webhooks/new")
    here.get_by_label("Address").fill(receiver.on("/gone", answer(410)))
    here.get_by_role("button", name="Make webhook").click()
    here.get_by_role("button", name="Send test").click()
    expect(here.locator("#deliveries")).to_contain_text("Waiting")
    deliver(office._application())
    here.reload()
    expect(here.locator("main")).to_contain_text("it wants to hear no more")
    is_accessible(here)
    here.get_by_text("Filters").click()
    here.get_by_label("State").select_option("failed")
    expect(here.get_by_role("button", name="Send all failed again")).to_be_visible()
    is_accessible(here)
    here.get_by_role("button", name="Send again").click()
    expect(here.locator("#messages")).to_contain_text("It is on its way again.")
    is_accessible(here)
