"""How far the proof of a record's address and number is, in the words of its page."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask, url_for

from app.core import letters, links
from app.core.actions import Action
from app.core.database import utc_now
from app.core.identity import Actor
from app.core.letters import FAILED, PENDING
from app.core.presenting import clock, moment
from app.core.vault import vault
from app.records.proving import ContactProofs, NextStep, ProofState, find_proofs_by
from app.verification import correspondence, queries
from app.verification.bonds import email_bond, mobile_bond
from app.verification.correspondence import LINK_LETTERS, MOBILE_CODE
from app.verification.emails import links_again_at
from app.verification.mobiles import TRIES, codes_again_at
from app.verification.queries import RECORD_EMAIL_LINK

VERIFIED, NOT_VERIFIED, LINK_EXPIRED = "Verified", "Not verified", "Link expired"
WATCHED_FOR = timedelta(minutes=10)
"""How long a page asks whether a link was used: the person may stand at the counter with the phone in hand."""


def init_app(app: Flask) -> None:
    """Tell the page of a record how far its proofs are, and have their letters written."""
    correspondence.init_app(app)
    find_proofs_by(app, find_proofs)


def find_proofs(record: Any, actor: Actor, place: Mapping[str, Any]) -> ContactProofs:
    """Return how far the proofs of a record are, with the steps its reader may take."""
    contact = queries.get_contact(record.id)
    email, asked_at = _email(contact)
    mobile = _mobile(contact)
    if actor.may("records:write"):
        send = url_for("verification_web.send_link", record_id=record.id, **place)
        email = _with_steps(email, "link", send, links_again_at(contact.id))
        mobile = _with_code_steps(contact, mobile, actor, place)
    proofs = ContactProofs(email, mobile)
    if email.is_proven or asked_at is None or utc_now() - asked_at > WATCHED_FOR:
        return proofs
    watched = replace(proofs, watch_url="/")
    url = url_for("verification_web.watch", record_id=record.id, seen=mark_of(watched), **place)
    return replace(proofs, watch_url=url)


def mark_of(proofs: ContactProofs) -> str:
    """Return a short mark that is another one when the page would show something else."""
    shown = f"{proofs.email}{proofs.primary_mobile}{bool(proofs.watch_url)}"
    return vault().mac("proofs-shown", shown.encode()).hex()[:16]


def _email(contact: Any) -> tuple[ProofState, datetime | None]:
    """Return the state of the address, and when its latest link was asked for."""
    if contact.email_verified:
        return _proven(contact.id, Action.RECORD_EMAIL_VERIFIED), None
    letter, link = letters.find_last(LINK_LETTERS, contact.id), links.find_of(RECORD_EMAIL_LINK, contact.id)
    is_ours = link is not None and link.bound_to == email_bond(contact) and link.used_at is None
    asked_at = letter.created_at if letter is not None else None
    if letter is not None and letter.state == PENDING:
        words = "the mail server does not take the link yet" if letter.problem else "link on its way"
        return ProofState(False, NOT_VERIFIED, words), asked_at
    if letter is not None and letter.state == FAILED:
        return ProofState(False, NOT_VERIFIED, f"the mail of {clock(letter.created_at)} could not be delivered"), None
    if link is None or not is_ours:
        return ProofState(False, NOT_VERIFIED), None
    if link.expires_at <= utc_now():
        return ProofState(False, LINK_EXPIRED, f"on {moment(link.expires_at)}"), None
    sent_at = letter.settled_at if letter is not None and letter.id == link.id else None
    until = f"works until {moment(link.expires_at)}"
    words = f"link sent {clock(sent_at)}, {until}" if sent_at else f"link {until}"
    return ProofState(False, NOT_VERIFIED, words), asked_at


def _with_steps(state: ProofState, what: str, send_url: str, again_at: datetime | None) -> ProofState:
    """Add the button that sends, or say when it may be pressed again."""
    if state.is_proven:
        return state
    if again_at is not None:
        words = f"the next {what} can be sent at {clock(again_at + timedelta(minutes=1))}"
        return replace(state, note=f"{state.note}; {words}" if state.note else words)
    return replace(state, steps=(NextStep("Send again" if state.note else f"Send {what}", send_url, is_post=True),))


def _with_code_steps(contact: Any, state: ProofState, actor: Actor, place: Mapping[str, Any]) -> ProofState:
    if state.waits_for_code:
        return replace(state, steps=(NextStep("Enter code", code_url(contact.id, place)),))
    send = url_for("verification_web.send_code", record_id=contact.id, **place)
    return _with_steps(state, "code", send, codes_again_at(contact.primary_mobile, actor))


def code_url(record_id: UUID, place: Mapping[str, Any]) -> str:
    """Return the page where a code is typed."""
    return url_for("verification_web.ask_code", record_id=record_id, **place)


def _proven(record_id: UUID, action: Action) -> ProofState:
    at = queries.find_proven_at(record_id, action)
    return ProofState(True, VERIFIED, moment(at) if at else "")


def _mobile(contact: Any) -> ProofState:
    if contact.mobile_verified:
        return _proven(contact.id, Action.RECORD_MOBILE_VERIFIED)
    code = queries.find_code(contact.id)
    if code is None or code.used_at is not None or code.bound_to != mobile_bond(contact):
        return ProofState(False, NOT_VERIFIED)
    if code.expires_at <= utc_now():
        return ProofState(False, NOT_VERIFIED, f"code ended {clock(code.expires_at)}")
    left = TRIES - code.tries
    if left == 0:
        return ProofState(False, NOT_VERIFIED, "code tried 5 times")
    letter = letters.find_last((MOBILE_CODE,), contact.id)
    how = f"code sent {clock(code.created_at)}"
    if letter is not None and letter.id == code.id and letter.state == PENDING:
        how = "the message service does not take the code yet" if letter.problem else "code on its way"
    tries = "1 try" if left == 1 else f"{left} tries"
    return ProofState(False, NOT_VERIFIED, f"{how}, {tries} left", waits_for_code=True)
