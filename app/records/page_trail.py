"""The story of a record as its pages tell it: plain words, identifiers masked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.actions import Action
from app.core.presenting import action_words, channel_words, field_words, shown_value
from app.core.trail import TrailEntry
from app.records.schemas import REVEALABLE

ICONS = {
    Action.RECORD_CREATED: "user-plus",
    Action.RECORD_UPDATED: "pencil",
    Action.RECORD_DELETED: "trash",
    Action.RECORD_RESTORED: "arrow-back-up",
    Action.RECORD_REVEALED: "eye",
    Action.RECORDS_SEARCHED: "search",
    Action.CORRECTION_REQUESTED: "file-check",
    Action.CORRECTION_APPROVED: "check",
    Action.CORRECTION_REJECTED: "x",
    Action.RECORD_EMAIL_VERIFIED: "mail",
    Action.RECORD_MOBILE_VERIFIED: "circle-check",
}
CHANGES = (Action.RECORD_UPDATED, Action.CORRECTION_REQUESTED, Action.CORRECTION_APPROVED)
"""What is told with its fields, also where there is little room."""
MONOSPACED = frozenset(REVEALABLE)


@dataclass(frozen=True, slots=True)
class ToldChange:
    """One changed field in words."""

    label: str
    before: str | None
    after: str | None
    mono: bool


@dataclass(frozen=True, slots=True)
class ToldEntry:
    """One fact of the story."""

    icon: str
    what: str
    who: str
    channel: str
    at: datetime
    reason: str | None
    changes: Sequence[ToldChange]
    is_long: bool
    is_change: bool


def told(entries: Sequence[TrailEntry], reader: UUID | None) -> list[ToldEntry]:
    """Tell entries to somebody, who reads "You" where it was them."""
    return [_tell(entry, reader) for entry in entries]


def _tell(entry: TrailEntry, reader: UUID | None) -> ToldEntry:
    is_mine = entry.actor_id is not None and entry.actor_id == reader
    is_by_link = entry.action == Action.RECORD_EMAIL_VERIFIED and entry.actor_id is None
    return ToldEntry(
        icon=ICONS.get(Action(entry.action), "history"),
        what=_what(entry),
        who="The person" if is_by_link else "You" if is_mine else entry.actor_name or "Somebody",
        channel="link in a mail" if is_by_link else channel_words(entry.channel),
        at=entry.occurred_at,
        reason=entry.reason,
        changes=[] if _names_fields_only(entry) else [
            ToldChange(
                field_words(change.field),
                shown_value(change.before, change.field),
                shown_value(change.after, change.field),
                change.field in MONOSPACED,
            )
            for change in entry.changes
        ],
        is_long=entry.action == Action.RECORD_CREATED,
        is_change=entry.action in CHANGES,
    )  # fmt: skip


def _names_fields_only(entry: TrailEntry) -> bool:
    return entry.action in (Action.RECORD_REVEALED, Action.RECORDS_SEARCHED, Action.CORRECTION_REJECTED)


def _what(entry: TrailEntry) -> str:
    names = [field_words(change.field) for change in entry.changes]
    listed = " and ".join(names)
    if entry.action == Action.RECORD_REVEALED and names:
        return f"{listed} revealed"
    if entry.action == Action.RECORDS_SEARCHED and names:
        return f"Searched by {' or '.join(names)}"
    if entry.action == Action.CORRECTION_REJECTED and names:
        return f"{action_words(entry.action)}: {listed}"
    return action_words(entry.action)
