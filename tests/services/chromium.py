"""A real browser for the tests: Debian's Chromium, driven by Playwright."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.services.machine import PROGRAMS

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium once for each worker."""
    program = PROGRAMS["chromium"].find()
    if program is None:
        pytest.skip("not run: there is no Chromium on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def window(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Open a fresh browser window (cookies, storage); `javascript=False` is a browser without scripts."""
    opened: list[BrowserContext] = []

    def open_window(*, javascript: bool = True, **options: Any) -> BrowserContext:
        usual = {"timezone_id": "Asia/Kolkata", "locale": "en-IN"}
        opened.append(browser.new_context(java_script_enabled=javascript, **{**usual, **options}))
        opened[-1].grant_permissions(["clipboard-write"])  # as a window on a screen does by itself at a click
        opened[-1].set_default_timeout(10_000)
        return opened[-1]

    yield open_window
    for context in opened:
        context.close()
