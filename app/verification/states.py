"""How far the proof of a record's address and number is, in the words of its page."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask, url_for

from app.core.database import utc_now
from app.core.identity import Actor
from app.core.letters import FAILED, PENDING
from app.core.presenting import clock, moment
from app.core.vault import vault
from app.records.proving import ContactProofs, NextStep, ProofState, find_proofs_by
from app.verification import correspondence
from app.verification.bonds import email_bond, mobile_bond
from app.verification.limits import again_at
from app.verification.mobiles import TRIES, digest_of
from app.verification.queries_states import find_state

VERIFIED, NOT_VERIFIED, LINK_EXPIRED = "Verified", "Not verified", "Link expired"
WATCHED_FOR = timedelta(minutes=10)
"""How long a page asks whether a link was used: the person may stand at the counter with the phone in hand."""


def init_app(app: Flask) -> None:
    """Tell the page of a record how far its proofs are, and have their letters written."""
    correspondence.init_app(app)
    find_proofs_by(app, find_proofs)


def find_proofs(record: Any, actor: Actor, place: Mapping[str, Any]) -> ContactProofs:
    """Return how far the proofs of a record are, with the steps its reader may take."""
    seen = find_state(record.id, digest_of(record.primary_mobile), actor.account_id)
    email, asked_at = _email(seen)
    mobile = _mobile(seen)
    if actor.may("records:write"):
        send = url_for("verification_web.send_link", record_id=record.id, **place)
        email = _with_steps(email, "link", send, again_at(seen.links_filled_at))
        mobile = _with_code_steps(seen, mobile, place)
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


def _email(seen: Any) -> tuple[ProofState, datetime | None]:
    """Return the state of the address, and when its latest link was asked for."""
    if seen.email_verified:
        return _proven(seen.email_proven_at), None
    asked_at = seen.letter_created_at
    if seen.letter_state == PENDING:
        words = "the mail server does not take the link yet" if seen.letter_problem else "link on its way"
        return ProofState(False, NOT_VERIFIED, words), asked_at
    if seen.letter_state == FAILED:
        return ProofState(False, NOT_VERIFIED, f"the mail of {clock(asked_at)} could not be delivered"), None
    if seen.link_id is None or seen.link_used_at is not None or seen.link_bound_to != email_bond(seen):
        return ProofState(False, NOT_VERIFIED), None
    if seen.link_expires_at <= utc_now():
        return ProofState(False, LINK_EXPIRED, f"on {moment(seen.link_expires_at)}"), None
    sent_at = seen.letter_settled_at if seen.letter_id == seen.link_id else None
    until = f"works until {moment(seen.link_expires_at)}"
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


def _with_code_steps(seen: Any, state: ProofState, place: Mapping[str, Any]) -> ProofState:
    if state.waits_for_code:
        return replace(state, steps=(NextStep("Enter code", code_url(seen.id, place)),))
    send = url_for("verification_web.send_code", record_id=seen.id, **place)
    return _with_steps(state, "code", send, again_at(seen.number_filled_at, seen.account_filled_at))


def code_url(record_id: UUID, place: Mapping[str, Any]) -> str:
    """Return the page where a code is typed."""
    return url_for("verification_web.ask_code", record_id=record_id, **place)


def _proven(at: datetime | None) -> ProofState:
    return ProofState(True, VERIFIED, moment(at) if at else "")


def _mobile(seen: Any) -> ProofState:
    if seen.mobile_verified:
        return _proven(seen.mobile_proven_at)
    if seen.code_id is None or seen.code_used_at is not None or seen.code_bound_to != mobile_bond(seen):
        return ProofState(False, NOT_VERIFIED)
    if seen.code_expires_at <= utc_now():
        return ProofState(False, NOT_VERIFIED, f"code ended {clock(seen.code_expires_at)}")
    left = TRIES - seen.code_tries
    if left == 0:
        return ProofState(False, NOT_VERIFIED, "code tried 5 times")
    how = f"code sent {clock(seen.code_created_at)}"
    if seen.code_letter_state == PENDING:
        how = "the message service does not take the code yet" if seen.code_letter_problem else "code on its way"
    tries = "1 try" if left == 1 else f"{left} tries"
    return ProofState(False, NOT_VERIFIED, f"{how}, {tries} left", waits_for_code=True)
