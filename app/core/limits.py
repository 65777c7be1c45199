"""How many requests a caller may send a minute.

The counters lie in Redis where there is one, else in the process. When Redis
does not answer, each process counts for itself until it does, and it has kept
count of what it granted before: the limit then holds within a factor of the
number of processes, and no request fails or waits.
"""

import logging
import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import floor
from time import monotonic, time
from typing import Any, cast

from flask import Flask, Response, current_app
from flask.globals import app_ctx
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import RateLimiter, SlidingWindowCounterRateLimiter

from app.core.errors import RateLimited
from app.core.identity import Actor
from app.core.settings import settings
from app.core.window import SlidingWindow
from app.extensions import limiter
from config import Config

WINDOW_SECONDS = 60
REDIS_TIMEOUT_SECONDS = 0.07
"""For one answer. A request waits for three at most: a new connection, the hit, and what is left."""

REDIS_REST_SECONDS = 5.0
"""How long Redis is left alone after it failed to answer, so that its absence costs almost no request anything."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a bucket after this request. `reset` is in seconds."""

    amount: int
    left: int
    reset: int
    is_spent: bool

    def headers(self) -> dict[str, str]:
        """Write the quota as draft-ietf-httpapi-ratelimit-headers does."""
        return {
            "RateLimit-Policy": f'"default";q={self.amount};w={WINDOW_SECONDS}',
            "RateLimit": f'"default";r={self.left};t={self.reset}',
        }


class Meter:
    """Counts in the shared store, or in the process while that one is away."""

    def __init__(self, shared: RateLimiter | None) -> None:
        self._shared = shared
        self._own = SlidingWindow()
        self._shared_from = 0.0

    def hit(self, bucket: str, per_minute: int) -> Quota:
        """Take one from the bucket and tell what is left."""
        if self._shared is not None and monotonic() >= self._shared_from:
            try:
                return self._hit_shared(self._shared, bucket, per_minute)
            except StorageError:
                self._shared_from = monotonic() + REDIS_REST_SECONDS
                logger.warning("rate limits: the shared store does not answer; counting in this process")
        return self._hit_own(bucket, per_minute)

    def _hit_shared(self, shared: RateLimiter, bucket: str, per_minute: int) -> Quota:
        item = RateLimitItemPerMinute(per_minute)
        passed = shared.hit(item, bucket)
        window = shared.get_window_stats(item, bucket)
        if passed:
            self._hit_own(bucket, per_minute)  # or each process would grant it all again when the store goes away
        return _quota(per_minute, passed, window.remaining, window.reset_time - time())

    def _hit_own(self, bucket: str, per_minute: int) -> Quota:
        return _quota(per_minute, *self._own.hit(bucket, per_minute))


def _quota(amount: int, passed: bool, left: int, reset_in: float) -> Quota:
    # A moment more than the store says: at the very edge of a window it still refuses.
    reset = min(WINDOW_SECONDS, max(0, floor(reset_in + 0.01)) + 1)
    return Quota(amount, left if passed else 0, reset, not passed)


def init_app(app: Flask) -> None:
    """Bind the limiter to its store and have every counted answer tell its quota."""
    config: Config = app.extensions["config"]
    # What everybody else calls unix://, this library calls redis+unix://.
    app.config["RATELIMIT_STORAGE_URI"] = re.sub("^unix:", "redis+unix:", config.redis_url or "memory://")
    app.config["RATELIMIT_STORAGE_OPTIONS"] = _redis_options() if config.redis_url else {}
    app.config["RATELIMIT_STRATEGY"] = "sliding-window-counter"
    # It is here for its store. Known as bound already, it puts no hooks of its own before and after every request.
    app.extensions.setdefault("limiter", set()).add(limiter)
    limiter.init_app(app)
    app.extensions["meter"] = Meter(SlidingWindowCounterRateLimiter(limiter.storage) if config.redis_url else None)
    app.after_request(_tell)


def _redis_options() -> dict[str, Any]:
    return {
        "socket_timeout": REDIS_TIMEOUT_SECONDS,
        "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
        "retry": None,
        "wrap_exceptions": True,
        "driver_info": None,
        "redis_connect_func": _greet,
    }


def _greet(connection: Any) -> None:
    """Begin a connection with the scripts that count, in one journey.

    A Redis that was restarted knows none of them, and to find that out for each would take two more journeys.
    """
    connection.on_connect()
    scripts = (RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW, RedisStorage.SCRIPT_SLIDING_WINDOW)
    for script in scripts:
        connection.send_command("SCRIPT", "LOAD", script)
    for _ in scripts:
        connection.read_response()


def spend(limit: str, actor: Actor) -> None:
    """Count this request in the bucket of its caller: `default`, `auth` (by address), or `none`.

    Raises RateLimited.
    """
    app_ctx.g.quota = None
    per_minute = _per_minute(limit)
    if per_minute == 0:
        return
    meter = cast(Meter, current_app.extensions["meter"])
    quota = meter.hit(_bucket(limit, actor), per_minute)
    app_ctx.g.quota = quota
    if quota.is_spent:
        raise RateLimited(quota.reset)


def _per_minute(limit: str) -> int:
    if limit == "none":
        return 0
    config = settings()
    return config.rate_limit_auth_per_minute if limit == "auth" else config.rate_limit_per_minute


def _bucket(limit: str, actor: Actor) -> str:
    if limit == "auth" or actor.type not in ("account", "api_key"):
        return f"{limit}:address:{_network(actor.ip)}"
    owner = actor.account_id if actor.type == "account" else actor.credential_id
    return f"{limit}:{actor.type}:{owner}"


def _network(address: str | None) -> str:
    """Return what one caller holds: an IPv4 address, or the 64-bit network of an IPv6 one."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        return parsed.ipv4_mapped.compressed if parsed.ipv4_mapped else str(int(parsed) >> 64)
    return parsed.compressed


def _tell(response: Response) -> Response:
    quota: Quota | None = app_ctx.g.get("quota")
    if quota is not None:
        for name, value in quota.headers().items():
            response.headers.add(name, value)
    return response
