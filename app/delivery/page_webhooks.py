"""What the pages of webhooks share: their blueprint, and the page of one webhook."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, url_for

from app.accounts.page_door import private_page
from app.core.database import utc_now
from app.core.errors import FieldError
from app.core.listing import page_request
from app.core.settings import settings
from app.core.validation import read_query_leniently
from app.delivery import queries_webhooks
from app.delivery.models_webhooks import PENDING, Delivery
from app.delivery.schemas_webhooks import CHOICES, DeliveryQuery
from app.delivery.webhook_queue import EVERYTHING
from app.delivery.webhook_words import EVENT_WORDS, row_of, state_of, title_of

LIST, SHOW = "webhooks_web.list_webhooks", "webhooks_web.show_webhook"
STATE_OPTIONS = (("", "Any"), ("pending", "On its way"), ("delivered", "Delivered"), ("failed", "Failed"))
LABELS = {"url": "Address", "description": "Description", "events": "Events", "is_active": "On"}
URL_HINT = "Such as https://example.com/hook"
WATCHED_FOR = timedelta(minutes=1)

bp = Blueprint("webhooks_web", __name__)


def webhook_page(webhook_id: UUID, secret: str | None = None, *, is_new: bool = False) -> Response:
    """Show a webhook with what it was told; with a new secret, this once. Raises NoSuchWebhook."""
    webhook = queries_webhooks.get_webhook(webhook_id)
    asked = read_query_leniently(DeliveryQuery)
    ask = page_request(asked)
    page = queries_webhooks.list_deliveries(webhook_id, ask, state=asked.status)
    rows = [row_of(delivery) for delivery in page.data]
    return private_page(
        "delivery/webhook.html",
        fragment=None if secret else "deliveries",
        webhook=webhook,
        title=title_of(webhook),
        state=state_of(webhook),
        events=[EVENT_WORDS[name] for name in webhook.event_names],
        secret=secret,
        is_new=is_new,
        old_until=webhook.old_secret_until if (webhook.old_secret_until or utc_now()) > utc_now() else None,
        page=page,
        rows=rows,
        is_moving=any(_is_moving(row["delivery"]) for row in rows),
        status=200,
        asked_state=asked.status or "",
        filters=[{"name": "status", "label": "State", "value": asked.status, "options": STATE_OPTIONS}],
        page_url=lambda number: url_for(
            SHOW, webhook_id=webhook_id, status=asked.status, page=number if number > 1 else None
        ),
    )


def _is_moving(delivery: Delivery) -> bool:
    """Tell whether something may be seen to happen soon; a page that asks for ever would keep a session alive."""
    is_untried = delivery.state == PENDING and not delivery.attempts
    return is_untried and utc_now() - delivery.created_at < WATCHED_FOR


def form_page(
    typed: Mapping[str, Any], errors: Iterable[FieldError], status: int, webhook_id: UUID | None = None
) -> Response:
    """Show the form of a webhook, a new one unless it is named."""
    found = list(errors)
    messages = {error.field.partition(".")[0]: error.message for error in found}
    return private_page(
        "delivery/webhook_form.html",
        status=status,
        webhook_id=webhook_id,
        fields={
            name: {"name": name, "label": label, "value": typed.get(name) or "", "error": messages.get(name)}
            for name, label in LABELS.items()
        },
        choices=[
            (name, EVENT_WORDS[name], name if name != EVERYTHING else None) for name in EVENT_WORDS if name in CHOICES
        ],
        errors=found,
        url_hint=URL_HINT if settings().webhook_allow_private else f"{URL_HINT}. Only https, at port 443 or 8443",
    )
