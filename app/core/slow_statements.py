"""Statements that took long, in the log: their words without any value, which travel apart from them."""

from time import perf_counter
from typing import Any

import structlog
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

SLOW_SECONDS = 0.5
MAX_WORDS = 500
BEGAN = "record_room_began_at"

log = structlog.get_logger(__name__)


def watch(engine: Engine) -> None:
    """Log each statement of an engine that takes longer than half a second."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)


def _begin(connection: Connection, _cursor: Any, _words: str, *_: Any) -> None:
    connection.info[BEGAN] = perf_counter()


def _end(connection: Connection, _cursor: Any, words: str, *_: Any) -> None:
    seconds = perf_counter() - connection.info[BEGAN]
    if seconds > SLOW_SECONDS:
        short = " ".join(words.split())[:MAX_WORDS]
        log.warning("database.slow", duration_ms=round(seconds * 1000), statement=short)
