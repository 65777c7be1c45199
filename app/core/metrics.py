"""Counters for Prometheus, labelled by route and never by path: paths hold ids, and ids are without number."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

from flask import Flask, Response, current_app
from flask.globals import app_ctx, request_ctx
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from app.core.doors import is_static
from app.core.request_line import METHODS

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class Metrics:
    """The counters of one application."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    durations: Histogram = field(init=False)
    sign_ins: Counter = field(init=False)
    active_users: Callable[[], int | None] | None = None
    _known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        labels = ("method", "endpoint", "status")
        self.requests = Counter("http_requests", "Answers given", labels, registry=self.registry)
        self.durations = Histogram(
            "http_request_duration_seconds", "Time to answer", labels[:2], buckets=BUCKETS, registry=self.registry
        )
        self.sign_ins = Counter("login_attempts", "Sign-ins tried", ("status",), registry=self.registry)

    def count(self, method: str, rule: str, status: int, seconds: float) -> None:
        """Count one answer. Its counters are kept: to find them by their labels takes longer than to count."""
        known = self._known.get((method, rule, status))
        if known is None:
            known = self.requests.labels(method, rule, str(status)), self.durations.labels(method, rule)
            self._known[method, rule, status] = known
        known[0].inc()
        known[1].observe(seconds)

    def exposition(self) -> bytes:
        """Write all metrics in Prometheus' text format, those of the other worker processes as well."""
        source = self.registry
        if values.ValueClass is not values.MutexValue:
            source = CollectorRegistry()
            multiprocess.MultiProcessCollector(source)  # type: ignore[no-untyped-call]  # the library has no types here
        now, count = CollectorRegistry(), self.active_users() if self.active_users else 0
        if count is not None:
            now.register(_ActiveUsers(count))
        return generate_latest(source) + generate_latest(now)


@dataclass(slots=True, eq=False)
class _ActiveUsers:
    count: int

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("active_users_total", "Accounts that can sign in", value=self.count)


def init_app(app: Flask) -> None:
    """Count every answer of the application, static files aside."""
    app.extensions["metrics"] = Metrics()
    app.after_request(_count)


def metrics() -> Metrics:
    """Return the counters of the running application."""
    return cast(Metrics, current_app.extensions["metrics"])


def sign_in_tried(status: str) -> None:
    """Count one sign-in by its outcome: `success`, `failure` or `locked`."""
    metrics().sign_ins.labels(status).inc()


def count_active_users_by(app: Flask, count: Callable[[], int | None]) -> None:
    """Have the gauge `active_users_total` read from `count` whenever it is asked for; None: nobody knows now."""
    cast(Metrics, app.extensions["metrics"]).active_users = count


def _count(response: Response) -> Response:
    asked = request_ctx.request
    if is_static(asked.endpoint):
        return response
    method = asked.method if asked.method in METHODS else "OTHER"
    rule = asked.url_rule.rule if asked.url_rule else "(none)"
    now = perf_counter()
    metrics().count(method, rule, response.status_code, now - app_ctx.g.get("began_at", now))
    return response
