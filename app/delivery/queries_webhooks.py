"""Reading webhooks and their deliveries."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from app.core.paging import Page, PageRequest, walk
from app.delivery.errors_webhooks import NoSuchDelivery, NoSuchWebhook
from app.delivery.models_webhooks import Delivery, Webhook
from app.extensions import db


def get_webhook(webhook_id: UUID, *, lock: bool = False) -> Webhook:
    """Return a webhook that was not deleted, for a change of it with `lock`. Raises NoSuchWebhook."""
    found = select(Webhook).where(Webhook.id == webhook_id, Webhook.deleted_at.is_(None))
    webhook = db.session.scalars(found.with_for_update() if lock else found).one_or_none()
    if webhook is None:
        raise NoSuchWebhook
    return webhook


def list_webhooks(ask: PageRequest) -> Page[Webhook]:
    """Page through the webhooks that were not deleted, newest first."""
    total = select(func.count()).select_from(Webhook).where(Webhook.deleted_at.is_(None))
    page = walk(select(Webhook).where(Webhook.deleted_at.is_(None)), total, Webhook.created_at, Webhook.id, ask)
    return page.of([row.Webhook for row in page.data])


def list_deliveries(webhook_id: UUID, ask: PageRequest, *, state: str | None = None) -> Page[Delivery]:
    """Page through what a webhook was or is to be told, newest first; in one state, where it is named."""
    rows = select(Delivery).where(Delivery.webhook_id == webhook_id)
    total = select(func.count()).select_from(Delivery).where(Delivery.webhook_id == webhook_id)
    if state is not None:
        rows, total = rows.where(Delivery.state == state), total.where(Delivery.state == state)
    page = walk(rows, total, Delivery.created_at, Delivery.id, ask)
    return page.of([row.Delivery for row in page.data])


def get_delivery(webhook_id: UUID, delivery_id: UUID) -> Delivery:
    """Return one delivery of a webhook. Raises NoSuchDelivery."""
    found = select(Delivery).where(Delivery.id == delivery_id, Delivery.webhook_id == webhook_id)
    delivery = db.session.scalars(found).one_or_none()
    if delivery is None:
        raise NoSuchDelivery
    return delivery


def latest_deliveries(webhook_ids: Sequence[UUID]) -> dict[UUID, Delivery]:
    """Return the newest delivery of each webhook that has one."""
    found = {}
    for webhook_id in webhook_ids:
        newest = select(Delivery).where(Delivery.webhook_id == webhook_id)
        ordered = newest.order_by(Delivery.created_at.desc(), Delivery.id.desc()).limit(1)
        delivery = db.session.scalars(ordered).one_or_none()
        if delivery is not None:
            found[webhook_id] = delivery
    return found
