"""What is asked of the feed, and what it answers."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, WithJsonSchema

from app.core.inputs import Input
from app.core.list_queries import Id, enum_schema, one_of, whole_number
from app.delivery.events import EVENT_TYPES

LIMIT = 100
LONGEST_WAIT_SECONDS = 20
_WAIT_WORDS = (
    "Seconds to wait for an event where there is none yet; the answer comes as soon as there is one. When too many "
    "callers wait already, it comes at once and empty"
)

EventType = Annotated[str, one_of(EVENT_TYPES), enum_schema(EVENT_TYPES)]
Limit = Annotated[int, whole_number(1, LIMIT), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": LIMIT})]
Wait = Annotated[
    int,
    whole_number(0, LONGEST_WAIT_SECONDS),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT_SECONDS, "description": _WAIT_WORDS}),
]


class FeedQuery(Input):
    """From where the feed is read, how far, and for how long to wait for more."""

    after: Id | None = None
    limit: Limit | None = None
    type: EventType | None = None
    wait: Wait | None = None


class CloudEventOutput(BaseModel):
    """An event in the form of CloudEvents 1.0: ids and names of fields, never a person's data."""

    model_config = ConfigDict(extra="forbid")

    specversion: str
    id: UUID
    source: str
    type: str
    time: datetime
    subject: UUID
    datacontenttype: str
    data: dict[str, Any]


class FeedOutput(BaseModel):
    """A part of the feed, oldest first; read on with `after` set to `next_after`."""

    model_config = ConfigDict(extra="forbid")

    data: list[CloudEventOutput]
    next_after: UUID | None
    has_more: bool
