"""What the call gives that lists where an account is signed in."""

from datetime import datetime
from ipaddress import ip_address
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.accounts.queries_sign_ins import API, ShownSignIn
from app.core.page_output import PageOutput


class SignInOutput(BaseModel):
    """A sign-in that is still good: by a browser, or by a program with tokens.

    `is_remembered`: the browser signs its owner in again by itself; its session may be over. `place` says in words what
    the address tells of where it is.
    """

    model_config = ConfigDict(extra="forbid")

    id: UUID
    kind: Literal["browser", "api"]
    device: str
    user_agent: str | None
    ip: str | None
    place: str
    created_at: datetime
    last_seen_at: datetime
    is_current: bool
    is_remembered: bool


class SignInPageOutput(PageOutput):
    """A part of the list of sign-ins."""

    data: list[SignInOutput]


def present_sign_in(found: ShownSignIn, current: UUID | None) -> SignInOutput:
    """Turn a sign-in into the JSON object of the API; `current` is the one that asks."""
    return SignInOutput(
        id=found.id,
        kind="api" if found.kind == API else "browser",
        device=device_words(found.user_agent),
        user_agent=found.user_agent,
        ip=found.ip,
        place=place_words(found.ip),
        created_at=found.created_at,
        last_seen_at=found.last_seen_at,
        is_current=found.id == current,
        is_remembered=found.is_remembered,
    )


_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_words(user_agent: str | None) -> str:
    """Say which browser on which system a user agent claims to be; of a program, its own first word."""
    text = user_agent or ""
    browser = next((words for mark, words in _BROWSERS if mark in text), "")
    system = next((words for mark, words in _SYSTEMS if mark in text), "")
    if browser:
        return f"{browser} on {system}" if system else browser
    return text.split(" ")[0][:60] or "Unknown device"


def place_words(ip: str | None) -> str:
    """Say what an address tells of a place. No map of addresses is asked: those that can be shipped are often wrong."""
    try:
        address = ip_address(ip or "")
    except ValueError:
        return "Unknown"
    if address.is_loopback:
        return "This server itself"
    return "Your own network" if address.is_private else "Internet"
