"""Traces by OpenTelemetry (OTEL_EXPORTER_OTLP_ENDPOINT): which route took how long, and which statements in it.

The instruments see addresses, queries, callers and messages of errors. What leaves is what stands in `KEPT`, and no
event, no link and no description of an error with it. Loaded only where the setting asks for it.
"""

from collections.abc import Sequence
from typing import Any

from flask import Flask
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status

from app.core.version import VERSION
from app.extensions import db
from config import Config

SERVICE = "record-room"
QUIET = "health/live,health/ready,health,metrics,static/.*"
KEPT = frozenset(
    {
        "http.method",
        "http.request.method",
        "http.route",
        "http.status_code",
        "http.response.status_code",
        "db.system",
        "db.system.name",
        "db.operation",
        "db.operation.name",
        "db.statement",
        "db.query.text",
    }
)


class Discreet(SpanExporter):
    """Passes spans on without what may be somebody's."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans, cleaned."""
        return self._exporter.export([_clean(span) for span in spans])

    def shutdown(self) -> None:
        """Send no more."""
        self._exporter.shutdown()


def start(app: Flask, config: Config) -> None:
    """Trace every request of the application and every statement of its database."""
    provider = TracerProvider(resource=Resource({"service.name": SERVICE, "service.version": VERSION}))
    exporter = OTLPSpanExporter(endpoint=f"{config.otel_exporter_otlp_endpoint}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(Discreet(exporter)))
    app.extensions["tracing"] = provider
    web: Any = FlaskInstrumentor()
    web.instrument_app(app, tracer_provider=provider, excluded_urls=QUIET)
    with app.app_context():
        # It names SQLAlchemy 2.0 as the newest it knows; tests/core/test_telemetry.py holds it to ours.
        SQLAlchemyInstrumentor().instrument(engine=db.engine, tracer_provider=provider, skip_dep_check=True)


def _clean(span: ReadableSpan) -> ReadableSpan:
    attributes = {name: value for name, value in (span.attributes or {}).items() if name in KEPT}
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
