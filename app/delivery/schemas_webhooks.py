"""What the calls take and give that manage webhooks; the forms meet the same rules."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationInfo, WithJsonSchema

from app.accounts.field_types import Truth, clearable
from app.core.inputs import Input, absent, checks_of, refuse
from app.core.list_queries import Paging, enum_schema, one_of
from app.core.page_output import PageOutput
from app.core.rules import trimmed
from app.core.text import TextRule
from app.delivery.events import EVENT_TYPES
from app.delivery.models_webhooks import DESCRIPTION_LENGTH, STATES, URL_LENGTH, Delivery, Webhook
from app.delivery.targets import TargetRefused, read_target
from app.delivery.webhook_queue import EVERYTHING

READ_ONLY: Final = frozenset({"id", "secret", "disabled_reason", "created_at", "updated_at"})
CHOICES: Final = (EVERYTHING, *EVENT_TYPES)
DESCRIPTION = TextRule("The description", 1, DESCRIPTION_LENGTH, "Enter the description")


def _judge_url(value: object, info: ValidationInfo) -> str:
    if value is None or (isinstance(value, str) and not trimmed(value)):
        raise refuse("REQUIRED", "Enter the address")
    if not isinstance(value, str):
        raise refuse("INVALID", "The address must be text")
    url = trimmed(value)
    if len(url) > URL_LENGTH:
        raise refuse("TOO_LONG", f"The address has at most {URL_LENGTH} characters")
    try:
        read_target(url, allow_private=checks_of(info).allow_private_targets)
    except TargetRefused as refused:
        raise refuse("INVALID", str(refused)) from None
    return url


def _judge_events(value: object) -> list[str]:
    if value is None or value == []:
        raise refuse("REQUIRED", "Choose at least one event")
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise refuse("INVALID", "Must be a list of events")
    if set(value) - set(CHOICES):
        raise refuse("INVALID", f"Choose from {', '.join(CHOICES)}")
    return [EVERYTHING] if EVERYTHING in value else [name for name in EVENT_TYPES if name in value]


_EVENTS_SCHEMA = {"type": "array", "items": {"type": "string", "enum": list(CHOICES)}, "minItems": 1}
_URL_SCHEMA = {"type": "string", "format": "uri", "maxLength": URL_LENGTH}
_DESCRIPTION_SCHEMA = {"type": ["string", "null"], "maxLength": DESCRIPTION_LENGTH}

Url = Annotated[str, PlainValidator(_judge_url), WithJsonSchema(_URL_SCHEMA)]
Events = Annotated[list[str], PlainValidator(_judge_events), WithJsonSchema(_EVENTS_SCHEMA)]
Description = Annotated[str | None, clearable(DESCRIPTION.canonical), WithJsonSchema(_DESCRIPTION_SCHEMA)]
StateChoice = Annotated[str, one_of(STATES), enum_schema(STATES)]


class WebhookForm(Input):
    """An input about a webhook, with the words of its form."""

    required_words: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"url": "Enter the address", "events": "Choose at least one event"}
    )


class WebhookInput(WebhookForm):
    """A new webhook: where to tell of which events."""

    url: Url
    events: Events
    description: Description = None
    is_active: Truth = True
    idempotency_key: str | None = None

    def fields(self) -> dict[str, Any]:
        """Return the webhook itself, by field."""
        return self.model_dump(exclude={"idempotency_key"})


class WebhookChanges(WebhookForm):
    """What is changed about a webhook. `rotate_secret` gives it another secret; the old one signs for a day more."""

    immutable: ClassVar[frozenset[str]] = READ_ONLY

    url: Url = absent()
    events: Events = absent()
    description: Description = absent()
    is_active: Truth = absent()
    rotate_secret: Truth = False

    def changes(self) -> dict[str, Any]:
        """Return what was given of the webhook itself, by field."""
        return {name: getattr(self, name) for name in self.model_fields_set - {"rotate_secret"}}


class WebhookQuery(Paging):
    """The parameters of the list of webhooks."""


class DeliveryQuery(Paging):
    """The parameters of the list of deliveries."""

    status: StateChoice | None = None


class WebhookOutput(BaseModel):
    """A webhook. `disabled_reason` is `gone` when it was switched off because its receiver answered 410."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    url: str
    events: list[str]
    description: str | None
    is_active: bool
    disabled_reason: str | None
    created_at: datetime
    updated_at: datetime


class TellingWebhookOutput(WebhookOutput):
    """A webhook that was just made or changed. A secret that is new is told this once; else it is null."""

    secret: str | None


class DeliveryOutput(BaseModel):
    """One event for one webhook, and what came of it so far."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    event_id: UUID
    event_type: str
    status: StateChoice
    attempts: int
    response_status: int | None
    next_attempt_at: datetime | None
    created_at: datetime


class WebhookPageOutput(PageOutput):
    """A part of the list of webhooks."""

    data: list[WebhookOutput]


class DeliveryPageOutput(PageOutput):
    """A part of the list of deliveries."""

    data: list[DeliveryOutput]


def present_webhook(webhook: Webhook) -> WebhookOutput:
    """Turn a webhook into the JSON object of the API."""
    return WebhookOutput(
        id=webhook.id,
        url=webhook.url,
        events=webhook.event_names,
        description=webhook.description,
        is_active=webhook.is_active,
        disabled_reason=webhook.disabled_reason,
        created_at=webhook.created_at,
        updated_at=webhook.updated_at,
    )


def present_delivery(delivery: Delivery) -> DeliveryOutput:
    """Turn a delivery into the JSON object of the API."""
    return DeliveryOutput(
        id=delivery.id,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        status=delivery.state,
        attempts=delivery.attempts,
        response_status=delivery.response_status,
        next_attempt_at=delivery.next_attempt_at,
        created_at=delivery.created_at,
    )
