"""Corrections as their page shows them: a card each, identifiers masked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.accounts.queries import find_names
from app.core.presenting import field_words, shown_value
from app.privacy import queries
from app.privacy.contents import shown_now, unseal
from app.privacy.models import PENDING, Correction
from app.privacy.queries import Listed
from app.records.identifiers import MASKS

YOU, SOMEBODY = "You", "Somebody"


@dataclass(frozen=True, slots=True)
class Card:
    """One correction in words."""

    id: UUID
    record_id: UUID
    name: str
    reference: str
    status: str
    label: str
    is_number: bool
    before: str | None
    after: str | None
    reason: str
    who: str
    at: datetime
    answer: str | None
    decided_by: str
    decided_at: datetime | None
    is_mine: bool
    has_focus: bool


def cards_of(listed: Sequence[Listed], reader: UUID | None, focus: UUID | None = None) -> list[Card]:
    """Return the cards of a page; the one with the id `focus` takes the focus."""
    corrections = [each.correction for each in listed]
    people = [one.requested_by for one in corrections] + [one.decided_by for one in corrections if one.decided_by]
    names = find_names(people)
    befores = queries.find_befores(corrections)

    def card(each: Listed) -> Card:
        one, content = each.correction, unseal(each.correction.sealed, each.correction.id)
        before = shown_now(one.field, each.record) if one.status == PENDING else befores.get(one.id)
        return Card(
            id=one.id,
            record_id=one.record_id,
            name=each.record.name,
            reference=each.record.reference,
            status=one.status,
            label=field_words(one.field),
            is_number=one.field in MASKS,
            before=shown_value(before, one.field),
            after=shown_value(content.shown, one.field),
            reason=content.reason,
            who=_who(one.requested_by, names, reader),
            at=one.requested_at,
            answer=content.answer,
            decided_by=_who(one.decided_by, names, reader),
            decided_at=one.decided_at,
            is_mine=one.requested_by == reader,
            has_focus=one.id == focus,
        )

    return [card(each) for each in listed]


def next_after(done: Correction, listed: Sequence[Listed]) -> UUID | None:
    """Return the card that follows one that is no longer there; the last where nothing follows."""
    here = (done.requested_at, done.id)
    older = (each.correction.id for each in listed if (each.correction.requested_at, each.correction.id) < here)
    return next(older, listed[-1].correction.id if listed else None)


def _who(account_id: UUID | None, names: dict[UUID, str], reader: UUID | None) -> str:
    if account_id is not None and account_id == reader:
        return YOU
    return names.get(account_id, SOMEBODY) if account_id is not None else SOMEBODY


def card_of(listed: Listed, reader: UUID | None) -> Any:
    """Return the card of one correction."""
    return cards_of([listed], reader)[0]
