"""The log: one JSON object a line whatever comes in, in UTC, with the request's id and nobody's personal data.

`init_app` has to be the first of all: what is registered first runs first before a request and last after it.
"""

import hashlib
import hmac
import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, cast

import click
import structlog
from flask import Flask, Response, g, request
from flask.globals import app_ctx, request_ctx

from app.core import request_line
from app.core.database import new_id
from app.core.logfile import SharedLogFile
from app.core.redaction import redact_all
from app.core.settings import settings
from config import Config

Event = MutableMapping[str, Any]

SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
MAX_FRAMES = 30
QUIET_ENDPOINTS = frozenset({"static", "health.live", "health.ready", "health.health", "health.metrics"})
REQUEST_ENDED = "request.ended"
NOISY_LOGGERS = ("werkzeug", "gunicorn.access", "sqlalchemy.engine", "sqlalchemy.pool", "alembic.runtime")
OWN_LOGGERS = ("gunicorn.error", "gunicorn.access", "werkzeug", "alembic", "sqlalchemy")
# What JSON leaves in a text as it is and a terminal or a line reader would act on.
_LOOSE = re.compile("[\x7f]")

LOGGER = "record_room"
log = structlog.stdlib.get_logger(LOGGER)
plain_log = logging.getLogger(LOGGER)


class Stdout(logging.Handler):
    """Standard output as it is at the moment; in a command, whose result stands there, standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; when it cannot be written it is lost, and the program goes on."""
        stream = sys.stderr if click.get_current_context(silent=True) else sys.stdout
        try:
            stream.write(f"{self.format(record)}\n")
            stream.flush()
        except (OSError, ValueError, TypeError):
            return


def init_app(app: Flask) -> None:
    """Send every log line through one formatter and write one line for each request."""
    config: Config = app.extensions["config"]
    configure(config.log_level, config.log_file)
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def configure(level: str, log_file: Path | None) -> None:
    """Route structlog and the standard library's loggers, those of libraries too, into one stream of JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    cleaning = (structlog.stdlib.ProcessorFormatter.remove_processors_meta, _frames, _without_request_lines)
    finish: list[Any] = [*cleaning, _redacted, _line]
    handler: logging.Handler = SharedLogFile(log_file) if log_file else Stdout()
    handler.setFormatter(request_line.Formatter(foreign_pre_chain=shared, processors=finish))
    _install(handler, level)


def _install(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, (SharedLogFile, Stdout))]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level)
    for name in OWN_LOGGERS:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def request_id() -> str:
    """Return this request's id: the caller's X-Request-ID if it is sane, else a new UUIDv7."""
    kept = app_ctx.g
    if "request_id" not in kept:
        given = request.environ.get("HTTP_X_REQUEST_ID", "")
        kept.request_id = given if given and SANE_REQUEST_ID.fullmatch(given) else str(new_id())
    return cast(str, kept.request_id)


def pii(value: str, field: str) -> str:
    """Return what the log may hold in place of a person's value: a keyed digest, `h:<key id>:<12 hex digits>`.

    The field's name is part of what is digested, so equal values of two fields do not show as equal.
    """
    key = settings().log_hash_secret.encode()
    key_id = hmac.digest(key, b"key-id", hashlib.sha256).hex()[:4]
    message = f"{field}\0{value}".encode("utf-8", "surrogatepass")
    return f"h:{key_id}:{hmac.digest(key, message, hashlib.sha256).hex()[:12]}"


def frames_of(error: BaseException) -> list[dict[str, Any]]:
    """Describe an error and what caused it by type and place; a message may carry values and is left out."""
    return [
        {"type": f"{type(link).__module__}.{type(link).__qualname__}", "frames": list(_places(link.__traceback__))}
        for link in _chain(error)
    ]


def _begin() -> None:
    g.pop("request_id", None)
    g.began_at = perf_counter()
    structlog.contextvars.bind_contextvars(request_id=request_id())


def _end(response: Response) -> Response:
    asked, kept, own_id = request_ctx.request, app_ctx.g, request_id()
    response.headers["X-Request-ID"] = own_id
    actor, now = kept.get("actor"), perf_counter()
    line = {
        "method": asked.method[:16],
        "route": asked.url_rule.rule if asked.url_rule else "(none)",
        "status": response.status_code,
        "duration_ms": round((now - kept.get("began_at", now)) * 1000, 2),
        "actor_id": str(actor.account_id) if actor is not None and actor.account_id else None,
    }
    level = logging.DEBUG if asked.endpoint in QUIET_ENDPOINTS else logging.INFO
    if request_line.is_plain(line["method"], asked.environ.get("HTTP_X_REQUEST_ID", "")):
        request_line.write(plain_log, level, {**line, "event": REQUEST_ENDED, "request_id": own_id})
    else:
        log.log(level, REQUEST_ENDED, **line)
    return response


def _forget(_error: BaseException | None) -> None:
    # Threads live on, and what a server says between two requests belongs to neither.
    structlog.contextvars.clear_contextvars()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _places(trace: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(trace)[-MAX_FRAMES:]:
        yield f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}"


def _frames(_logger: Any, _method: str, event: Event) -> Event:
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = frames_of(error)
    for name in ("stack_info", "stack"):
        event.pop(name, None)
    return event


def _without_request_lines(_logger: Any, _method: str, event: Event) -> Event:
    # What gunicorn cannot read it quotes, and the address in it may hold anything.
    if event.get("logger") == "gunicorn.error":
        event["event"] = str(event["event"]).partition("'")[0]
    return event


def _redacted(_logger: Any, _method: str, event: Event) -> Event:
    return cast(Event, redact_all(event))


def _line(_logger: Any, _method: str, event: Event) -> str:
    text = json.dumps(
        event, ensure_ascii=True, separators=(",", ":"), default=lambda value: f"<{type(value).__name__}>"
    )
    return _LOOSE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
