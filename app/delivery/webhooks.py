"""Webhooks: where other systems are told of events, signed with a secret that is shown once (Standard Webhooks)."""

import secrets
from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core import transaction
from app.core.actions import Action
from app.core.database import new_id, utc_now
from app.core.errors import FieldError, ValidationFailed
from app.core.identity import Actor
from app.core.settings import settings
from app.core.transaction import command
from app.core.vault import vault
from app.delivery import queries_webhooks, webhook_queue
from app.delivery.models_webhooks import GONE, Delivery, Webhook
from app.delivery.schemas_webhooks import WebhookInput
from app.delivery.targets import NoSuchHost, Resolve, TargetRefused, addresses_of, ask_resolver, read_target
from app.extensions import db

PREFIX = "whsec_"
SECRET_BYTES = 32
BOTH_SIGN_FOR = timedelta(hours=24)
"""How long after a rotation the secret before still signs as well, so that no receiver has to be quick."""

RESOLVE_SECONDS = 1.0
"""How long a name may take while somebody waits for the form; it is looked at again before anything is sent."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A webhook that was made or changed. `secret` is there when it is new, and is kept nowhere else in clear."""

    webhook: Webhook
    secret: str | None


def create_webhook(data: WebhookInput, *, actor: Actor, resolve: Resolve = ask_resolver) -> Changed:
    """Make a webhook. Raises ValidationFailed for an address that leads inside."""
    _check_target(data.url, resolve)
    return _create(data, actor=actor)


@command(Action.WEBHOOK_CREATED)
def _create(data: WebhookInput, *, actor: Actor) -> Changed:
    webhook_id, secret = new_id(), _new_secret()
    webhook = Webhook(
        id=webhook_id,
        url=data.url,
        events=" ".join(data.events),
        description=data.description,
        is_active=data.is_active,
        sealed_secret=_sealed(secret, webhook_id),
    )
    db.session.add(webhook)
    return Changed(webhook, secret)


def change_webhook(
    webhook_id: UUID, changes: dict[str, Any], *, rotate: bool, actor: Actor, resolve: Resolve = ask_resolver
) -> Changed:
    """Change a webhook, and give it another secret with `rotate`. Raises NoSuchWebhook, ValidationFailed."""
    now = queries_webhooks.get_webhook(webhook_id)
    if changes.get("url", now.url) != now.url:
        _check_target(changes["url"], resolve)
    return _change(webhook_id, changes, rotate=rotate, actor=actor)


@command(Action.WEBHOOK_UPDATED)
def _change(webhook_id: UUID, changes: dict[str, Any], *, rotate: bool, actor: Actor) -> Changed:
    webhook = queries_webhooks.get_webhook(webhook_id, lock=True)
    stored = {**changes, **({"events": " ".join(changes["events"])} if "events" in changes else {})}
    differing = {name: value for name, value in stored.items() if getattr(webhook, name) != value}
    for name, value in differing.items():
        setattr(webhook, name, value)
    if "is_active" in differing:
        webhook.disabled_reason = None
        if not webhook.is_active:
            webhook_queue.give_up(webhook_id)
    secret = _rotate(webhook) if rotate else None
    if differing or rotate:
        webhook.updated_at = utc_now()
    return Changed(webhook, secret)


def _rotate(webhook: Webhook) -> str:
    secret = _new_secret()
    webhook.sealed_old_secret, webhook.old_secret_until = webhook.sealed_secret, utc_now() + BOTH_SIGN_FOR
    webhook.sealed_secret = _sealed(secret, webhook.id)
    return secret


@command(Action.WEBHOOK_DELETED)
def delete_webhook(webhook_id: UUID, *, actor: Actor) -> None:
    """Take a webhook away for good, with its secrets and what waits for it. Raises NoSuchWebhook."""
    webhook = queries_webhooks.get_webhook(webhook_id, lock=True)
    webhook.is_active, webhook.deleted_at = False, utc_now()
    webhook.sealed_secret, webhook.sealed_old_secret, webhook.old_secret_until = b"", None, None
    webhook_queue.give_up(webhook_id)


@command(Action.WEBHOOK_UPDATED)
def switch_off_gone(webhook_id: UUID, *, actor: Actor) -> None:
    """Switch a webhook off whose receiver answered that it is gone (410). Raises NoSuchWebhook."""
    webhook = queries_webhooks.get_webhook(webhook_id, lock=True)
    if webhook.is_active:
        webhook.is_active, webhook.disabled_reason, webhook.updated_at = False, GONE, utc_now()
        webhook_queue.give_up(webhook_id)


def send_test(webhook_id: UUID) -> Delivery:
    """Have a test sent, also to a webhook that is off. Raises NoSuchWebhook."""

    def queue() -> Delivery:
        webhook = queries_webhooks.get_webhook(webhook_id)
        return queries_webhooks.get_delivery(webhook.id, webhook_queue.plan_test(webhook.id))

    return transaction.run(queue)


def send_again(webhook_id: UUID, delivery_id: UUID) -> bool:
    """Have a settled delivery attempted anew; tell whether it is on its way. Raises NoSuchWebhook, NoSuchDelivery."""

    def queue() -> bool:
        webhook = queries_webhooks.get_webhook(webhook_id)
        delivery = queries_webhooks.get_delivery(webhook.id, delivery_id)
        may_go = webhook.is_active or delivery.event_type == webhook_queue.TEST_EVENT
        return may_go and webhook_queue.send_again(delivery.id)

    return transaction.run(queue)


def send_failed_again(webhook_id: UUID) -> int:
    """Have all that failed attempted anew; return how many are on their way. Raises NoSuchWebhook."""

    def queue() -> int:
        webhook = queries_webhooks.get_webhook(webhook_id)
        return webhook_queue.send_failed_again(webhook.id) if webhook.is_active else 0

    return transaction.run(queue)


def open_secret(sealed: bytes, webhook_id: UUID) -> str:
    """Return a secret as the receiver was shown it. Raises SealBroken."""
    return vault().open(sealed, _place(webhook_id)).decode()


def _new_secret() -> str:
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _sealed(secret: str, webhook_id: UUID) -> bytes:
    return vault().seal(secret.encode(), _place(webhook_id))


def _place(webhook_id: UUID) -> str:
    return f"webhooks:secret:{webhook_id}"


def _check_target(url: str, resolve: Resolve) -> None:
    """Refuse a name that stands for an address inside; one that stands for nothing yet may be set up later."""
    allow_private = settings().webhook_allow_private
    if allow_private:
        return
    try:
        target = read_target(url, allow_private=False)
        addresses_of(target, allow_private=False, seconds=RESOLVE_SECONDS, resolve=resolve)
    except NoSuchHost:
        return
    except TargetRefused as refused:
        raise ValidationFailed([FieldError("url", "INVALID", str(refused))]) from None
