"""How webhooks and their deliveries read on screen."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import orjson

from app.delivery.models_webhooks import DELIVERED, FAILED, GONE, Delivery, Webhook
from app.delivery.posting import LARGEST_BYTES
from app.delivery.webhook_queue import EVERYTHING, TEST_EVENT

EVENT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        EVERYTHING: "Everything, also what is added later",
        "record.created": "Record created",
        "record.updated": "Record updated",
        "record.deleted": "Record deleted",
        "record.restored": "Record restored",
        "record.email_verified": "Email of a record verified",
        "record.mobile_verified": "Mobile of a record verified",
        "record.erased": "Record erased",
        "user.registered": "Account registered",
        "user.logged_in": "Account signed in",
        "user.email_verified": "Email of an account verified",
        TEST_EVENT: "Test",
    }
)


@dataclass(frozen=True, slots=True)
class Badge:
    """A state as it is shown."""

    tone: str
    words: str


def title_of(webhook: Webhook) -> str:
    """Name a webhook: by its description, else by the host it leads to."""
    return webhook.description or urlsplit(webhook.url).hostname or webhook.url


def state_of(webhook: Webhook) -> Badge:
    """Say whether a webhook is told of events."""
    if webhook.is_active:
        return Badge("ok", "On")
    return Badge("warn", "Off, receiver gone") if webhook.disabled_reason == GONE else Badge("mute", "Off")


def result_of(delivery: Delivery) -> Badge:
    """Say how far a delivery is."""
    if delivery.state == DELIVERED:
        return Badge("ok", "Delivered")
    if delivery.state == FAILED:
        return Badge("bad", "Failed")
    return Badge("warn", "Not yet delivered") if delivery.attempts else Badge("info", "Waiting")


def answer_of(delivery: Delivery) -> str:
    """Say what came of the last attempt: the status, or what was in the way; never a word of the answer itself."""
    if delivery.response_status is None:
        return (delivery.problem or "No attempt yet").capitalize()
    is_redirect = 300 <= delivery.response_status < 400
    return f"{delivery.response_status}{', a redirect is not followed' if is_redirect else ''}"


def size_of(delivery: Delivery) -> str | None:
    """Say how large the answer was, as far as it was read."""
    if delivery.response_bytes is None:
        return None
    more = "More than " if delivery.response_bytes >= LARGEST_BYTES else ""
    return f"{more}{delivery.response_bytes} bytes, not kept"


def shown_body(delivery: Delivery) -> str:
    """Lay out what is sent so that it can be read; what travels has no blanks."""
    return orjson.dumps(orjson.loads(delivery.body), option=orjson.OPT_INDENT_2).decode()


def row_of(delivery: Delivery) -> dict[str, Any]:
    """Describe a delivery for a list."""
    return {
        "delivery": delivery,
        "event": EVENT_WORDS.get(delivery.event_type, delivery.event_type),
        "result": result_of(delivery),
        "answer": answer_of(delivery),
        "is_settled": delivery.state in (DELIVERED, FAILED),
    }
