"""The JSON door of webhooks: `/api/v1/webhooks`."""

from uuid import UUID

from flask import Blueprint, Response

from app.core.access import current_actor, requires
from app.core.doors import API_PREFIX, answers, reply
from app.core.idempotency import idempotent, idempotent_except
from app.core.listing import name_listing, page_request, reply_page
from app.core.validation import accepts
from app.core.validation import queries as query_string
from app.core.versioning import missing_first
from app.delivery import queries_webhooks, webhooks
from app.delivery.queries_webhooks import get_webhook
from app.delivery.schemas_webhooks import (
    DeliveryOutput,
    DeliveryPageOutput,
    DeliveryQuery,
    TellingWebhookOutput,
    WebhookChanges,
    WebhookInput,
    WebhookPageOutput,
    WebhookQuery,
    present_delivery,
    present_webhook,
)
from app.delivery.webhooks import Changed

PATH = f"{API_PREFIX}/webhooks"

bp = Blueprint("delivery_api_webhooks", __name__, url_prefix=PATH)


@bp.get("")
@requires("webhooks:manage")
@query_string(WebhookQuery)
@answers(200, WebhookPageOutput)
def list_all(query: WebhookQuery) -> Response:
    """List webhooks."""
    ask = page_request(query, listing=f"webhooks:{name_listing(query)}")
    page = queries_webhooks.list_webhooks(ask)
    return reply_page(page.of([present_webhook(webhook) for webhook in page.data]))


@bp.post("")
@requires("webhooks:manage")
@idempotent_except("secret")
@accepts(WebhookInput)
@answers(201, TellingWebhookOutput)
def create(data: WebhookInput) -> Response:
    """Make a webhook; its secret is in this answer and nowhere else."""
    made = webhooks.create_webhook(data, actor=current_actor())
    return reply(_telling(made), 201, location=f"{PATH}/{made.webhook.id}")


@bp.patch("/<id:webhook_id>")
@requires("webhooks:manage")
@missing_first(get_webhook, "webhook_id")
@accepts(WebhookChanges)
@answers(200, TellingWebhookOutput, refuses=("NOT_FOUND",))
def update(webhook_id: UUID, data: WebhookChanges) -> Response:
    """Change a webhook, switch it on or off, or give it another secret."""
    actor = current_actor()
    return reply(_telling(webhooks.change_webhook(webhook_id, data.changes(), rotate=data.rotate_secret, actor=actor)))


@bp.delete("/<id:webhook_id>")
@requires("webhooks:manage")
@missing_first(get_webhook, "webhook_id")
@query_string()
@answers(204, refuses=("NOT_FOUND",))
def delete(webhook_id: UUID) -> Response:
    """Take a webhook away for good; what waits for it is given up."""
    webhooks.delete_webhook(webhook_id, actor=current_actor())
    return reply(status=204)


@bp.get("/<id:webhook_id>/deliveries")
@requires("webhooks:manage")
@missing_first(get_webhook, "webhook_id")
@query_string(DeliveryQuery)
@answers(200, DeliveryPageOutput, refuses=("NOT_FOUND",))
def list_deliveries(webhook_id: UUID, query: DeliveryQuery) -> Response:
    """List what a webhook was or is to be told, newest first."""
    listing = f"deliveries:{webhook_id}:{name_listing(query)}"
    ask = page_request(query, listing=listing)
    page = queries_webhooks.list_deliveries(get_webhook(webhook_id).id, ask, state=query.status)
    return reply_page(page.of([present_delivery(delivery) for delivery in page.data]))


@bp.post("/<id:webhook_id>/test")
@requires("webhooks:manage")
@idempotent
@missing_first(get_webhook, "webhook_id")
@query_string()
@answers(202, DeliveryOutput, refuses=("NOT_FOUND",))
def send_test(webhook_id: UUID) -> Response:
    """Send a webhook an event of type webhook.test, also while it is off."""
    delivery = present_delivery(webhooks.send_test(webhook_id))
    return reply(delivery, 202, location=f"{PATH}/{webhook_id}/deliveries")


def _telling(changed: Changed) -> TellingWebhookOutput:
    shown = present_webhook(changed.webhook).model_dump()
    return TellingWebhookOutput(**shown, secret=changed.secret)
