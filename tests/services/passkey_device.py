"""A device of Chromium's that keeps passkeys and says yes by itself."""

from playwright.sync_api import BrowserContext, CDPSession, Page

DEVICE = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def plug_in(window: BrowserContext, page: Page) -> tuple[CDPSession, str]:
    """Plug a device in to a page; return the line to it and its id."""
    line = window.new_cdp_session(page)
    line.send("WebAuthn.enable")
    return line, str(line.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"])
