"""What other systems are told: an event of the outbox in its place in the feed, and how it is written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

EVENT_TYPES = (
    "user.registered",
    "user.logged_in",
    "user.email_verified",
    "record.created",
    "record.updated",
    "record.deleted",
    "record.restored",
    "record.email_verified",
    "record.mobile_verified",
    "record.erased",
)
"""Everything the feed can tell (CONTRACT section 7)."""


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One committed fact. Positions grow by one in the order in which events may be read; they are never shown."""

    position: int
    id: UUID
    type: str
    subject_id: UUID
    occurred_at: datetime
    data: Mapping[str, Any]


def cloud_event(event: FeedEvent, source: str) -> dict[str, Any]:
    """Write an event as CloudEvents 1.0 in JSON; `source` is the address of this installation."""
    noun = event.type.partition(".")[0]
    subject = str(event.subject_id)
    return {
        "specversion": "1.0",
        "id": str(event.id),
        "source": source,
        "type": event.type,
        "time": event.occurred_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "subject": subject,
        "datacontenttype": "application/json",
        "data": {f"{noun}_id": subject, **event.data},
    }
