"""Counters for Prometheus, labelled by route and never by path: paths hold ids, and ids are without number."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(slots=True)
class Metrics:
    """The counters of one application."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    durations: Histogram = field(init=False)
    sign_ins: Counter = field(init=False)
    active_users: Callable[[], int] | None = None

    def __post_init__(self) -> None:
        labels = ("method", "endpoint", "status")
        self.requests = Counter("http_requests", "Answers given", labels, registry=self.registry)
        self.durations = Histogram(
            "http_request_duration_seconds", "Time to answer", labels[:2], buckets=BUCKETS, registry=self.registry
        )
        self.sign_ins = Counter("login_attempts", "Sign-ins tried", ("status",), registry=self.registry)

    def exposition(self) -> bytes:
        """Write all metrics in Prometheus' text format, those of the other worker processes as well."""
        source = self.registry
        if values.ValueClass is not values.MutexValue:
            source = CollectorRegistry()
            multiprocess.MultiProcessCollector(source)  # type: ignore[no-untyped-call]  # the library has no types here
        now = CollectorRegistry()
        now.register(_ActiveUsers(self.active_users() if self.active_users else 0))
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


def count_active_users_by(app: Flask, count: Callable[[], int]) -> None:
    """Have the gauge `active_users_total` read from `count` whenever it is asked for."""
    cast(Metrics, app.extensions["metrics"]).active_users = count


def _count(response: Response) -> Response:
    if (request.endpoint or "").rpartition(".")[2] == "static":
        return response
    method = request.method if request.method in METHODS else "OTHER"
    rule = request.url_rule.rule if request.url_rule else "(none)"
    metrics().requests.labels(method, rule, str(response.status_code)).inc()
    metrics().durations.labels(method, rule).observe(perf_counter() - g.get("began_at", perf_counter()))
    return response
