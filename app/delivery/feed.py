"""Reading the feed of events: complete, in its order, and with patience where there is nothing new yet."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from uuid import UUID

from app.core.errors import FieldError, ValidationFailed
from app.delivery import queries_events
from app.delivery.events import FeedEvent
from app.delivery.schemas_events import LIMIT
from app.extensions import db

CATCH_UP_SECONDS = 2.0
CATCH_UP_LOOK_SECONDS = 0.02
LOOK_SECONDS = 0.2
UNPLACED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader wants: what follows an event, of one type or all, and how long to wait for it.

    Nobody waits any longer once the process that serves is to stop.
    """

    after: UUID | None
    type: str | None
    at_most: int = LIMIT
    wait_seconds: float = 0.0
    is_stopping: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A part of the feed, oldest first."""

    events: list[FeedEvent]
    has_more: bool


@dataclass(slots=True)
class Feed:
    """The feed of one process: `arrange_soon` has new events put in their place by somebody else.

    At most `seats` readers wait at a time, so that those who wait leave threads to everybody else.
    """

    arrange_soon: Callable[[], None]
    seats: int
    _seats: BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        self._seats = BoundedSemaphore(self.seats)

    def read(self, asked: Asked) -> FeedPage:
        """Read what follows an event. Raises ValidationFailed for one that the feed does not hold."""
        self._catch_up()
        start = _place_of(asked.after)
        page = _read(start, asked)
        if page.events or not asked.wait_seconds or not self._seats.acquire(blocking=False):
            return page
        try:
            return self._wait(start, asked)
        finally:
            self._seats.release()

    def _catch_up(self) -> None:
        """Wait until what was committed before this call stands in the feed: who writes and then reads sees it."""
        waiting = queries_events.list_unplaced(UNPLACED_AT_ONCE)
        if not waiting:
            return
        self.arrange_soon()
        give_up_at = time.monotonic() + CATCH_UP_SECONDS
        while queries_events.are_unplaced(waiting) and time.monotonic() < give_up_at:
            _rest(CATCH_UP_LOOK_SECONDS)

    def _wait(self, start: int, asked: Asked) -> FeedPage:
        give_up_at = time.monotonic() + asked.wait_seconds
        page = FeedPage([], has_more=False)
        while not (page.events or asked.is_stopping()) and (left := give_up_at - time.monotonic()) > 0:
            _rest(min(LOOK_SECONDS, left))
            if queries_events.list_unplaced(1):
                self.arrange_soon()
            page = _read(start, asked)
        return page


def _rest(seconds: float) -> None:
    """Wait without holding a connection, and look with fresh eyes afterwards."""
    db.session.close()
    time.sleep(seconds)


def _place_of(event_id: UUID | None) -> int:
    if event_id is None:
        return 0
    position = queries_events.find_position(event_id)
    if position is None:
        raise ValidationFailed([FieldError("after", "INVALID", "There is no such event. Start again without after")])
    return position


def _read(start: int, asked: Asked) -> FeedPage:
    found = queries_events.list_after(start, type_=asked.type, at_most=asked.at_most + 1)
    return FeedPage(found[: asked.at_most], has_more=len(found) > asked.at_most)
