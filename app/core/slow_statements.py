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


def is_watched_by_others(engine: Engine) -> bool:
    """Tell whether anybody else listens to each statement of an engine: traces, for one."""
    return len(engine.dispatch.before_cursor_execute) > 1


def note_slow(words: str, seconds: float) -> None:
    """Log a statement that took longer than half a second."""
    if seconds > SLOW_SECONDS:
        short = " ".join(words.split())[:MAX_WORDS]
        log.warning("database.slow", duration_ms=round(seconds * 1000), statement=short)


def _begin(connection: Connection, _cursor: Any, _words: str, *_: Any) -> None:
    connection.info[BEGAN] = perf_counter()


def _end(connection: Connection, _cursor: Any, words: str, *_: Any) -> None:
    note_slow(words, perf_counter() - connection.info[BEGAN])
