"""Liveness, readiness and metrics, for machines that watch over the service."""

import hmac
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST

from app.core.access import public
from app.core.database import utc_now
from app.core.doors import reply
from app.core.errors import NotFound
from app.core.metrics import metrics
from app.core.settings import settings
from app.core.version import VERSION
from app.health import queries

SERVICE = "record-room"

bp = Blueprint("health", __name__)


@bp.get("/health")
@public("load balancers ask without a credential", limit="none")
def health() -> Response:
    """Tell whether the service can work, with its version and the database's state."""
    connected = queries.database_answers()
    body: dict[str, Any] = {
        "status": "healthy" if connected else "unhealthy",
        "service": SERVICE,
        "version": VERSION,
        "database": "connected" if connected else "disconnected",
        "timestamp": utc_now(),
    }
    return reply(body, 200 if connected else 503)


@bp.get("/health/live")
@public("supervisors ask without a credential", limit="none")
def live() -> Response:
    """Tell that the process answers; whatever else is down, a restart would not mend it."""
    return reply({"status": "healthy"})


@bp.get("/health/ready")
@public("load balancers ask without a credential", limit="none")
def ready() -> Response:
    """Tell whether requests may be sent here."""
    connected = queries.database_answers()
    return reply({"status": "healthy" if connected else "unhealthy"}, 200 if connected else 503)


@bp.get("/metrics")
@public("guarded by METRICS_TOKEN or loopback", limit="none")
def expose() -> Response:
    """Give the counters to Prometheus. Raises NotFound for everybody else."""
    if not (_shows_token() or _is_local()):
        raise NotFound
    return Response(metrics().exposition(), content_type=CONTENT_TYPE_LATEST)


def _shows_token() -> bool:
    wanted = settings().metrics_token
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if not wanted or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode("utf-8", "replace"), wanted.encode())


def _is_local() -> bool:
    # A proxy on this machine connects from loopback too, but says for whom.
    if any(name.lower().startswith(("forwarded", "x-forwarded-", "x-real-ip")) for name, _ in request.headers):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
