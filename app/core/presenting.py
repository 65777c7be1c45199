"""How things read on screen: numbers the Indian way, dates and times in the office's zone, plain words for facts.

Filters of the templates; each takes a value and gives text, so that escaping stays with the template.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from flask import Flask

from app.core.actions import Action
from app.core.database import utc_now
from app.core.drawing import kept
from app.core.office import office_day, office_today, office_zone
from app.core.settings import settings

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
GROUPED_MOBILE = 5
MASKED_FROM = 3

FIELD_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "name": "Name",
        "email": "Email",
        "primary_mobile": "Primary mobile",
        "secondary_mobile": "Secondary mobile",
        "aadhaar": "Aadhaar",
        "pan": "PAN",
        "date_of_birth": "Date of birth",
        "place_of_birth": "Place of birth",
        "current_address": "Current address",
        "permanent_address": "Permanent address",
        "is_active": "Status",
        "email_verified": "Email verified",
        "mobile_verified": "Mobile verified",
        "mobile": "Mobile",
    }
)
ACTION_WORDS: Mapping[str, str] = MappingProxyType(
    {
        Action.RECORD_CREATED: "Record created",
        Action.RECORD_UPDATED: "Record updated",
        Action.RECORD_DELETED: "Record deleted",
        Action.RECORD_RESTORED: "Record restored",
        Action.RECORD_REVEALED: "Numbers revealed",
        Action.RECORD_VIEWED: "Record viewed",
        Action.RECORD_EMAIL_VERIFIED: "Email verified",
        Action.RECORD_MOBILE_VERIFIED: "Mobile verified",
        Action.RECORDS_SEARCHED: "Searched by number",
        Action.RECORDS_GENERATED: "Sample records made",
        Action.MFA_ENABLED: "Two-step sign-in set up",
        Action.MFA_DISABLED: "Two-step sign-in removed",
        Action.ACCESS_DENIED: "Access denied",
    }
)
CHANNEL_WORDS: Mapping[str, str] = MappingProxyType(
    {"screen": "screen", "api": "program", "cli": "command line", "import": "import"}
)


def init_app(app: Flask) -> None:
    """Give the templates their filters, forms their keys, and components the means to draw a thing once."""
    app.jinja_env.filters.update(
        number=number,
        day=day,
        moment=moment,
        clock=clock,
        utc=utc,
        mobile=mobile,
        field_words=field_words,
        action_words=action_words,
        channel_words=channel_words,
        shown_value=shown_value,
        identifier=identifier,
    )
    app.jinja_env.globals["idempotency_key"] = lambda: str(uuid4())
    app.jinja_env.globals["today"] = office_today
    app.jinja_env.globals["kept"] = kept


def number(count: int) -> str:
    """Group a whole number the Indian way: 1,24,830."""
    digits = str(count)
    head, tail = digits[:-3], digits[-3:]
    groups = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    return ",".join([*reversed(groups), tail])


def day(value: date | datetime) -> str:
    """Spell a date: 20 Nov 2026. A moment is the date it has in the office."""
    if isinstance(value, datetime):
        value = office_day(value)
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime) -> str:
    """Spell a moment in the office's time: 20 Nov 2026, 10:42."""
    return f"{day(value)}, {value.astimezone(office_zone()):%H:%M}"


def clock(value: datetime) -> str:
    """Spell a moment of today by its time alone, 10:42; of another day with its date."""
    local = value.astimezone(office_zone())
    return f"{local:%H:%M}" if local.date() == office_today() else moment(value)


def utc(value: datetime) -> str:
    """Spell a moment for machines, in UTC: 2026-11-20T05:12:00Z."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def mobile(value: str) -> str:
    """Group a mobile: 98765 43201."""
    return f"{value[:GROUPED_MOBILE]} {value[GROUPED_MOBILE:]}"


def masked_address(email: str) -> str:
    """Return enough of an address for its owner to know it."""
    local, _, domain = email.partition("@")
    return f"{local[0]}•••••••{local[-1] if len(local) > MASKED_FROM else ''}@{domain}"


def masked_mobile(value: str) -> str:
    """Return enough of a mobile for its owner to know it."""
    return f"•••••• {value[-4:]}"


def field_words(name: str) -> str:
    """Name a field in the words of its label."""
    return FIELD_WORDS.get(name, name.replace("_", " ").capitalize())


def action_words(action: str) -> str:
    """Say a fact of the trail in plain words."""
    return ACTION_WORDS.get(action, action.replace(".", " ").replace("_", " ").capitalize())


def channel_words(channel: str) -> str:
    """Say by which door something came."""
    return CHANNEL_WORDS.get(channel, channel)


def shown_value(value: Any, field: str) -> str | None:
    """Write the value of a record's field as the screens do; None where there is nothing."""
    if value is None or value == "":
        return None
    if field == "is_active":
        return "Active" if value else "Inactive"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if field.endswith("_mobile"):
        return mobile(str(value))
    if field == "aadhaar":
        return identifier(str(value), field)
    if field == "date_of_birth":
        return day(value if isinstance(value, date) else date.fromisoformat(value))
    return str(value)


def identifier(value: str, kind: str) -> str:
    """Group an Aadhaar, masked or not, by fours: XXXX XXXX 9012; a PAN stands as it is."""
    if kind != "aadhaar":
        return value
    return " ".join(value[start : start + 4] for start in range(0, len(value), 4))


def zone_name() -> str:
    """Return the short name of the office's time zone: IST."""
    return utc_now().astimezone(office_zone()).tzname() or settings().timezone
