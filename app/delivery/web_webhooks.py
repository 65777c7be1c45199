"""Pages: the list of webhooks, making one, looking at one and changing it."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, flash, url_for

from app.accounts.page_door import private_page
from app.core.access import current_actor, requires
from app.core.errors import ValidationFailed
from app.core.forms import read_form
from app.core.htmx import redirect_to
from app.core.idempotency import submitted
from app.core.listing import page_request
from app.core.shown_once import make_and_show
from app.core.validation import read_query_leniently
from app.delivery import queries_webhooks, web_webhook_deeds, webhooks
from app.delivery.page_webhooks import LIST, SHOW, bp, form_page, webhook_page
from app.delivery.schemas_webhooks import WebhookInput, WebhookQuery
from app.delivery.webhook_words import result_of, state_of, title_of

__all__ = ["bp", "web_webhook_deeds"]


@bp.get("/webhooks")
@requires("webhooks:manage")
def list_webhooks() -> Response:
    """List the webhooks."""
    asked = read_query_leniently(WebhookQuery)
    page = queries_webhooks.list_webhooks(page_request(asked))
    latest = queries_webhooks.latest_deliveries([webhook.id for webhook in page.data])
    return private_page(
        "delivery/webhooks.html",
        page=page,
        rows=[
            {
                "webhook": webhook,
                "title": title_of(webhook),
                "state": state_of(webhook),
                "latest": latest.get(webhook.id),
                "result": result_of(latest[webhook.id]) if webhook.id in latest else None,
            }
            for webhook in page.data
        ],
        page_url=lambda number: url_for(LIST, page=number if number > 1 else None),
    )


@bp.get("/webhooks/new")
@requires("webhooks:manage")
def new_webhook() -> Response:
    """Show the form for another webhook."""
    return form_page({"events": ["*"], "is_active": True}, [], 200)


@bp.post("/webhooks/new")
@requires("webhooks:manage")
def create_webhook() -> Response:
    """Make the webhook and show its secret, this once. Sent again, the form leads to the webhook."""
    form = read_form(WebhookInput)
    if form.data is None:
        return form_page(_again(form.typed), form.errors, 422)
    try:
        return _made_once(form.data)
    except ValidationFailed as refusal:
        return form_page(_again(form.typed), refusal.errors, refusal.status)


def _made_once(wanted: WebhookInput) -> Response:
    return make_and_show(
        partial(webhooks.create_webhook, wanted, actor=current_actor()),
        lambda made: webhook_page(made.webhook.id, made.secret, is_new=True),
        place_of=lambda made: url_for(SHOW, webhook_id=made.webhook.id),
        asked=submitted(),
        words="This webhook was made already. Its secret was shown then and cannot be shown again.",
    )


def _again(typed: dict[str, Any]) -> dict[str, Any]:
    return {**typed, "is_active": typed.get("is_active") == "true"}


@bp.get("/webhooks/<id:webhook_id>")
@requires("webhooks:manage")
def show_webhook(webhook_id: UUID) -> Response:
    """Show a webhook and what it was told."""
    return webhook_page(webhook_id)


@bp.get("/webhooks/<id:webhook_id>/edit")
@requires("webhooks:manage")
def edit_webhook(webhook_id: UUID) -> Response:
    """Show the form of a webhook."""
    webhook = queries_webhooks.get_webhook(webhook_id)
    typed = {"url": webhook.url, "description": webhook.description, "events": webhook.event_names}
    return form_page({**typed, "is_active": webhook.is_active}, [], 200, webhook_id)


@bp.post("/webhooks/<id:webhook_id>/edit")
@requires("webhooks:manage")
def change_webhook(webhook_id: UUID) -> Response:
    """Change the webhook."""
    queries_webhooks.get_webhook(webhook_id)
    form = read_form(WebhookInput)  # a form sends every field, so what is not there was taken away
    if form.data is None:
        return form_page(_again(form.typed), form.errors, 422, webhook_id)
    try:
        webhooks.change_webhook(webhook_id, form.data.fields(), rotate=False, actor=current_actor())
    except ValidationFailed as refusal:
        return form_page(_again(form.typed), refusal.errors, refusal.status, webhook_id)
    flash("The webhook is changed.", "ok")
    return redirect_to(url_for(SHOW, webhook_id=webhook_id))
