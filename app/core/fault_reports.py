"""Reports of faults to Sentry (SENTRY_DSN): of what type, and where in the program; nobody's values.

Messages of errors, variables, requests and what was logged before may hold somebody's data, so an event is made anew
from what cannot. Loaded only where the setting asks for it.
"""

from typing import Any

import sentry_sdk
from flask import Flask
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration

from app.core.version import VERSION
from config import Config

KEPT = ("event_id", "timestamp", "platform", "level", "release", "environment", "transaction")
KEPT_OF_FRAME = ("filename", "function", "module", "lineno", "in_app")


def start(app: Flask, config: Config) -> None:
    """Report what the door for people and the door for programs did not expect, and what ends a thread."""
    sentry_sdk.init(
        dsn=config.sentry_dsn,
        release=f"record-room@{VERSION}",
        environment=config.app_env,
        default_integrations=False,
        integrations=[ExcepthookIntegration(), ThreadingIntegration()],
        before_send=_clean,
        before_breadcrumb=lambda *_: None,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        server_name="",
    )
    app.extensions.setdefault("fault_reports", []).append(sentry_sdk.capture_exception)


def _clean(event: Any, _hint: Any) -> Any:
    kept: dict[str, Any] = {name: event[name] for name in KEPT if name in event}
    errors = event.get("exception", {}).get("values", ())
    kept["exception"] = {"values": [_clean_error(error) for error in errors]}
    return kept


def _clean_error(error: Any) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames", ())
    places = [{name: frame[name] for name in KEPT_OF_FRAME if name in frame} for frame in frames]
    return {"type": error.get("type"), "module": error.get("module"), "stacktrace": {"frames": places}}
