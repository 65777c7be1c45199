"""How far the proof of a record's address and mobile is, on its page. Verification knows records and not the other
way round, so it tells here how that is found out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, current_app

from app.core.identity import Actor


@dataclass(frozen=True, slots=True)
class NextStep:
    """What may be done next about an address: a link, or a button that sends something."""

    label: str
    url: str
    is_post: bool = False


@dataclass(frozen=True, slots=True)
class ProofState:
    """One address or number: its badge, how far the proof is in words, and what may be done next."""

    is_proven: bool
    badge: str
    note: str = ""
    steps: Sequence[NextStep] = ()
    waits_for_code: bool = False


@dataclass(frozen=True, slots=True)
class ContactProofs:
    """Both of a record; `watch_url` is asked again and again while a link is out, and tells when this has changed."""

    email: ProofState
    primary_mobile: ProofState
    watch_url: str = ""


FindProofs = Callable[[Any, Actor, Mapping[str, Any]], ContactProofs]


def find_proofs_by(app: Flask, find: FindProofs) -> None:
    """Have the state of a record's proofs found by `find`; it gets the record, the reader, and the list's address."""
    app.extensions["contact_proofs"] = find


def proofs_of(record: Any, actor: Actor, place: Mapping[str, Any]) -> ContactProofs:
    """Return how far the proofs of a record are, and what its reader may do about them."""
    find = cast("FindProofs", current_app.extensions["contact_proofs"])
    return find(record, actor, place)
