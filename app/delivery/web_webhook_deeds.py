"""Pages: what is done with a webhook: another secret, a test, sending again, taking it away."""

from functools import partial
from uuid import UUID

from flask import Response, flash, url_for

from app.accounts.page_door import private_page
from app.core.access import current_actor, requires
from app.core.htmx import redirect_to
from app.core.idempotency import idempotent, submitted
from app.core.presenting import number
from app.core.shown_once import make_and_show
from app.delivery import queries_webhooks, webhooks
from app.delivery.errors_webhooks import NoSuchWebhook
from app.delivery.page_webhooks import LIST, SHOW, bp, webhook_page
from app.delivery.webhook_words import row_of, shown_body, size_of, title_of


@bp.post("/webhooks/<id:webhook_id>/test")
@requires("webhooks:manage")
@idempotent
def send_test(webhook_id: UUID) -> Response:
    """Send the webhook a test."""
    webhooks.send_test(webhook_id)
    flash("The test is on its way. What came of it is listed below.", "ok")
    return redirect_to(url_for(SHOW, webhook_id=webhook_id))


@bp.get("/webhooks/<id:webhook_id>/rotate")
@requires("webhooks:manage")
def ask_rotate(webhook_id: UUID) -> Response:
    """Ask once whether to make another secret."""
    webhook = queries_webhooks.get_webhook(webhook_id)
    return private_page("delivery/webhook_rotate.html", webhook=webhook, title=title_of(webhook))


@bp.post("/webhooks/<id:webhook_id>/rotate")
@requires("webhooks:manage")
def rotate(webhook_id: UUID) -> Response:
    """Make another secret and show it, this once. Sent again, the form leads to the webhook."""
    return make_and_show(
        partial(webhooks.change_webhook, webhook_id, {}, rotate=True, actor=current_actor()),
        lambda made: webhook_page(webhook_id, made.secret),
        place_of=lambda _made: url_for(SHOW, webhook_id=webhook_id),
        asked=submitted(),
        words="The secret was made already. It was shown then and cannot be shown again.",
    )


@bp.get("/webhooks/<id:webhook_id>/delete")
@requires("webhooks:manage")
def ask_delete(webhook_id: UUID) -> Response:
    """Ask once whether to take the webhook away."""
    webhook = queries_webhooks.get_webhook(webhook_id)
    return private_page("delivery/webhook_delete.html", webhook=webhook, title=title_of(webhook))


@bp.post("/webhooks/<id:webhook_id>/delete")
@requires("webhooks:manage")
def delete_webhook(webhook_id: UUID) -> Response:
    """Take the webhook away. A second press finds it done, which is just as well."""
    try:
        webhooks.delete_webhook(webhook_id, actor=current_actor())
    except NoSuchWebhook as refusal:
        flash(refusal.detail, "info")
        return redirect_to(url_for(LIST))
    flash("The webhook is deleted. Nothing is sent there any more.", "ok")
    return redirect_to(url_for(LIST))


@bp.get("/webhooks/<id:webhook_id>/deliveries/<id:delivery_id>")
@requires("webhooks:manage")
def show_delivery(webhook_id: UUID, delivery_id: UUID) -> Response:
    """Show what was sent, and what came of it."""
    webhook = queries_webhooks.get_webhook(webhook_id)
    delivery = queries_webhooks.get_delivery(webhook_id, delivery_id)
    return private_page(
        "delivery/webhook_delivery.html",
        webhook=webhook,
        title=title_of(webhook),
        row=row_of(delivery),
        size=size_of(delivery),
        body=shown_body(delivery),
    )


@bp.post("/webhooks/<id:webhook_id>/deliveries/<id:delivery_id>/send-again")
@requires("webhooks:manage")
@idempotent
def send_again(webhook_id: UUID, delivery_id: UUID) -> Response:
    """Have a delivery attempted anew."""
    is_on_its_way = webhooks.send_again(webhook_id, delivery_id)
    if is_on_its_way:
        flash("It is on its way again.", "ok")
    else:
        _say_why_not(webhook_id)
    return redirect_to(url_for(SHOW, webhook_id=webhook_id))


@bp.post("/webhooks/<id:webhook_id>/send-failed-again")
@requires("webhooks:manage")
@idempotent
def send_failed_again(webhook_id: UUID) -> Response:
    """Have all that failed attempted anew, in its order."""
    count = webhooks.send_failed_again(webhook_id)
    if count:
        flash(f"{number(count)} {'delivery is' if count == 1 else 'deliveries are'} on the way again.", "ok")
    else:
        _say_why_not(webhook_id)
    return redirect_to(url_for(SHOW, webhook_id=webhook_id))


def _say_why_not(webhook_id: UUID) -> None:
    if queries_webhooks.get_webhook(webhook_id).is_active:
        flash("It is on its way already.", "info")
    else:
        flash("Nothing was sent: the webhook is off. Switch it on first.", "bad")
