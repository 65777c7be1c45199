"""Pages: what could not be delivered, and sending it again."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, url_for

from app.accounts.page_door import private_page
from app.core.access import current_actor, requires
from app.core.htmx import redirect_to
from app.core.letters import MAIL, SMS
from app.core.list_queries import Paging
from app.core.listing import page_request
from app.core.presenting import masked_address, masked_mobile, number
from app.core.validation import read_query_leniently
from app.delivery import undelivered
from app.delivery.broker_relay import RELAY
from app.delivery.page_webhooks import SHOW
from app.delivery.undelivered import GivenUp
from app.delivery.webhook_words import title_of

HERE = "undelivered_web.list_all"
KINDS = {
    "verify_email": "Link to verify an email",
    "reset_password": "Link to set a new password",
    "invitation": "Invitation",
    "already_registered": "Note that the email is registered already",
    "password_changed": "Note that the password was changed",
    "record_email": "Link to verify the email of a record",
    "record_reminder": "Reminder to verify the email of a record",
    "mobile_code": "Code to verify the mobile of a record",
}
WAITING_FOR = {MAIL: "the mail server", SMS: "the message service", RELAY: "the broker"}
THINGS = {MAIL: ("mail", "mails"), SMS: ("message", "messages"), RELAY: ("event", "events")}

bp = Blueprint("undelivered_web", __name__, url_prefix="/undelivered")


@bp.get("")
@requires("webhooks:manage")
def list_all() -> Response:
    """List what was given up, and say what waits and why."""
    asked = read_query_leniently(Paging)
    page = undelivered.list_given_up(page_request(asked))
    trouble = undelivered.find_broker_trouble()
    waiting = [*undelivered.list_waiting(), *([trouble] if trouble is not None else [])]
    return private_page(
        "delivery/undelivered.html",
        page=page,
        rows=[_row(letter) for letter in page.data],
        waiting=[
            {"of": each, "what": _things(each.channel, each.count), "on": WAITING_FOR[each.channel]} for each in waiting
        ],
        failing=[
            {"title": title_of(webhook), "count": count, "url": url_for(SHOW, webhook_id=webhook.id, status="failed")}
            for webhook, count in undelivered.list_failing_webhooks()
        ],
        page_url=lambda place: url_for(HERE, page=place if place > 1 else None),
    )


@bp.post("/<id:letter_id>/again")
@requires("webhooks:manage")
def send_again(letter_id: UUID) -> Response:
    """Have one letter sent again. A second press finds it under way, which is just as well."""
    is_again = undelivered.send_again(letter_id, actor=current_actor())
    flash("It is sent again now." if is_again else "It is under way already.", "ok" if is_again else "info")
    return redirect_to(url_for(HERE))


@bp.post("/all-again")
@requires("webhooks:manage")
def send_all_again() -> Response:
    """Have everything that was given up sent again."""
    count = undelivered.send_all_again(actor=current_actor())
    words = "1 letter is sent again now." if count == 1 else f"{number(count)} letters are sent again now."
    flash(words if count else "Nothing was left to send again.", "ok" if count else "info")
    return redirect_to(url_for(HERE))


@bp.post("/try-now")
@requires("webhooks:manage")
def try_now() -> Response:
    """Have what waits tried now and not later."""
    undelivered.try_now()
    flash("Tried again now. What fails once more waits here.", "ok")
    return redirect_to(url_for(HERE))


def _row(letter: GivenUp) -> dict[str, Any]:
    mask = masked_mobile if letter.channel == SMS else masked_address
    words = KINDS.get(letter.kind, letter.kind.replace(".", " ").replace("_", " ").capitalize())
    return {"letter": letter, "what": words, "to": mask(letter.to) if letter.to else "Cannot be opened"}


def _things(channel: str, count: int) -> str:
    one, many = THINGS[channel]
    return one if count == 1 else many
