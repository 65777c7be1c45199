"""What watches over the program from outside: slow statements always, traces and fault reports where they are set.

Their packages are extras. Off means that nothing of them is loaded.
"""

from importlib import import_module
from importlib.util import find_spec

from flask import Flask

from app.core import slow_statements
from app.extensions import db
from config import Config, ConfigError

# The setting that turns it on, its field in Config, the package it needs, the extra that brings that, our module.
WATCHERS = (
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "otel_exporter_otlp_endpoint", "opentelemetry", "otel", "app.core.tracing"),
    ("SENTRY_DSN", "sentry_dsn", "sentry_sdk", "sentry", "app.core.fault_reports"),
)


def init_app(app: Flask) -> None:
    """Note slow statements, and start what the settings ask for. Raises ConfigError where its package is missing."""
    config: Config = app.extensions["config"]
    if "sqlalchemy" in app.extensions:
        with app.app_context():
            slow_statements.watch(db.engine)
    for setting, field, package, extra, module in WATCHERS:
        if not getattr(config, field):
            continue
        if find_spec(package) is None:
            raise ConfigError({setting: f"needs the package {package}; install the extra {extra}, or remove it"})
        import_module(module).start(app, config)
