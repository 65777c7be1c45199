"""The log line of a request, which every request pays for.

Its fields are few and known: our own route, numbers, ids. Where method and id are plain as well, there is nothing in
it to take out, so it is written as JSON at once; it goes to the same handlers, under the same levels, as every other.
"""

import logging
from collections.abc import Mapping
from typing import Any

import orjson
from structlog.stdlib import ProcessorFormatter

from app.core.database import utc_now
from app.core.redaction import redact

LEVELS = {logging.INFO: "info", logging.DEBUG: "debug"}
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Line(str):
    """A line of the log that is JSON already."""

    __slots__ = ()


class Formatter(ProcessorFormatter):
    """Takes a line that is ready as it is, and every other record through its processors."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        return record.msg if isinstance(record.msg, Line) else super().format(record)


def is_plain(method: str, given_id: str) -> bool:
    """Tell whether the two parts of a line that a caller may have chosen are what they seem."""
    return method in METHODS and redact(given_id) == given_id


def write(logger: logging.Logger, level: int, members: Mapping[str, Any]) -> None:
    """Write a line of known members."""
    if logger.isEnabledFor(level):
        told = {**members, "level": LEVELS[level], "logger": logger.name, "at": _now()}
        logger.handle(logging.LogRecord(logger.name, level, "", 0, Line(orjson.dumps(told).decode()), None, None))


def _now() -> str:
    return utc_now().isoformat().replace("+00:00", "Z")
