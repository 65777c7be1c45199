"""Sending webhooks: many at a time, a few for each receiver, so that one that hangs holds up nobody else.

Receivers that hung, broke off or were slow last time share a few threads of their own; the others never wait behind
them. What was sent is signed anew for each attempt, by Standard Webhooks.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from time import monotonic
from uuid import UUID

import structlog
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from standardwebhooks import Webhook as Signer

from app.core.database import new_id
from app.core.errors import DomainError
from app.core.identity import system_actor
from app.core.settings import settings
from app.core.vault import SealBroken
from app.core.version import VERSION
from app.delivery import posting, webhook_claims, webhooks
from app.delivery.errors_webhooks import NoSuchWebhook
from app.delivery.targets import NoSuchHost, Resolve, TargetRefused, addresses_of, ask_resolver, read_target
from app.delivery.webhook_claims import Claimed, Result

WHOLE_SECONDS = 9.5
"""How long one attempt may take in all, the look-up of the name included: receivers are promised at most ten."""

SLOW_MS = 3000
WELL, AILING = "well", "ailing"
THREADS = {WELL: 16, AILING: 8}
FOR_EACH = {WELL: 4, AILING: 1, "unknown": 1}
SEEN_OF_EACH = 24
LOOK_SECONDS = 0.2

log = structlog.get_logger(__name__)


class Sender:
    """One worker's hands for webhooks. `deliver` is called by one thread; only that one touches what is kept here."""

    def __init__(
        self, is_stopping: Callable[[], bool], *, resolve: Resolve = ask_resolver, seconds: float = WHOLE_SECONDS
    ) -> None:
        self.id = new_id()
        self._seconds = seconds
        self._is_stopping = is_stopping
        self._resolve = resolve
        self._threads = ThreadPoolExecutor(sum(THREADS.values()), thread_name_prefix="webhook")
        self._under_way: dict[Future[Result | None], tuple[UUID, UUID, str]] = {}
        self._known: dict[UUID, str] = {}
        self._seen: list[tuple[UUID, UUID]] = []
        self._seen_at = 0.0

    def deliver(self) -> int:
        """Send what is due until nothing is under way or the worker is told to stop; return how many attempts ended."""
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own way to it
        ended = 0
        while not self._is_stopping():
            self._begin_some(app)
            if not self._under_way:
                break
            ended += self._look_after(LOOK_SECONDS)
        return ended

    def close(self) -> None:
        """Wait for what is under way; none of it takes longer than an attempt may."""
        while self._under_way:
            self._look_after(None)
        self._threads.shutdown()

    def _begin_some(self, app: Flask) -> None:
        """Begin what is due and has room, from what was seen a moment ago while there is something left of it."""
        if monotonic() - self._seen_at < LOOK_SECONDS and self._begin(app):
            return
        self._seen, self._seen_at = webhook_claims.due(self._busy(), SEEN_OF_EACH), monotonic()
        self._begin(app)

    def _begin(self, app: Flask) -> int:
        """Begin of what was seen whatever has room; return how much that was."""
        lanes = Counter(lane for _delivery, _webhook, lane in self._under_way.values())
        hooks = Counter(webhook for _delivery, webhook, _lane in self._under_way.values())
        begun = {delivery for delivery, _webhook, _lane in self._under_way.values()}
        left, count = [], len(begun)
        for delivery_id, webhook_id in self._seen:
            lane = self._lane(webhook_id)
            if delivery_id in begun:
                continue
            if hooks[webhook_id] >= self._room(webhook_id) or lanes[lane] >= THREADS[lane]:
                left.append((delivery_id, webhook_id))
                continue
            hooks[webhook_id] += 1
            lanes[lane] += 1
            self._under_way[self._threads.submit(self._attempt, app, delivery_id)] = (delivery_id, webhook_id, lane)
        self._seen = left
        return len(self._under_way) - count

    def _busy(self) -> set[UUID]:
        """Name the webhooks that have no room."""
        hooks = Counter(webhook for _delivery, webhook, _lane in self._under_way.values())
        full = {webhook for webhook, count in hooks.items() if count >= self._room(webhook)}
        is_lane_full = sum(lane == AILING for _delivery, _webhook, lane in self._under_way.values()) >= THREADS[AILING]
        ailing = {webhook for webhook, state in self._known.items() if state == AILING}
        return full | ailing if is_lane_full else full

    def _lane(self, webhook_id: UUID) -> str:
        return AILING if self._known.get(webhook_id) == AILING else WELL

    def _room(self, webhook_id: UUID) -> int:
        """Return how many attempts a receiver gets at a time: one until it has answered well."""
        return FOR_EACH[self._known.get(webhook_id, "unknown")]

    def _look_after(self, seconds: float | None) -> int:
        """Wait until an attempt ends, for so long at most; remember how its receiver was. Raises what a thread did."""
        done, _rest = wait(self._under_way, seconds, FIRST_COMPLETED)
        for future in done:
            _delivery, webhook_id, _lane = self._under_way.pop(future)
            result = future.result()
            if result is None:
                continue
            is_ailing = result.took_ms > SLOW_MS or result.status is None
            self._known[webhook_id] = AILING if is_ailing else WELL
        return len(done)

    def _attempt(self, app: Flask, delivery_id: UUID) -> Result | None:
        """Make one attempt, in a thread of its own; where the database is away, the lease of the claim runs out."""
        with app.app_context():
            try:
                claimed = webhook_claims.claim(delivery_id, self.id)
                if claimed is None:
                    return None
                result = send(claimed, self._resolve, self._seconds)
                _settle(claimed, result)
            except (DomainError, SQLAlchemyError) as error:
                log.warning("webhook.not_settled", delivery_id=str(delivery_id), kind=type(error).__name__)
                return None
        return result


def _settle(claimed: Claimed, result: Result) -> None:
    state = webhook_claims.settle(claimed, result)
    told = {"webhook_id": str(claimed.webhook_id), "delivery_id": str(claimed.id), "status": result.status}
    log.info("webhook.attempted", **told, state=state, problem=result.problem, took_ms=result.took_ms)
    if result.is_gone:
        try:
            webhooks.switch_off_gone(claimed.webhook_id, actor=system_actor("worker"))
        except NoSuchWebhook:
            return
        log.warning("webhook.gone", webhook_id=str(claimed.webhook_id))


def send(claimed: Claimed, resolve: Resolve, seconds: float) -> Result:
    """Make one attempt, for so many seconds at most, and tell what came of it."""
    began = monotonic()
    status, size, problem, asked = None, None, None, None
    try:
        answer = _post(claimed, resolve, began + seconds)
        status, size, asked = answer.status, answer.size, answer.retry_after
    except TargetRefused:
        problem = "address is not allowed"
    except (NoSuchHost, posting.Unreachable) as error:
        problem = str(error)
    except SealBroken:
        problem = "secret cannot be read"
    return Result(round((monotonic() - began) * 1000), status, size, problem, asked)


def _post(claimed: Claimed, resolve: Resolve, until: float) -> posting.Answer:
    allow_private = settings().webhook_allow_private
    target = read_target(claimed.url, allow_private=allow_private)
    left = until - monotonic()
    addresses = addresses_of(target, allow_private=allow_private, seconds=left, resolve=resolve)
    return posting.post(target, addresses, headers_of(claimed, datetime.now(UTC)), claimed.body, until)


def headers_of(claimed: Claimed, now: datetime) -> dict[str, str]:
    """Return the headers of an attempt, signed by every secret that counts at the moment. Raises SealBroken."""
    secrets = [webhooks.open_secret(sealed, claimed.webhook_id) for sealed in claimed.sealed_secrets]
    text = claimed.body.decode()
    return {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "User-Agent": f"Record-Room-Webhooks/{VERSION}",
        "webhook-id": str(claimed.event_id),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Signer(secret).sign(str(claimed.event_id), now, text) for secret in secrets),
    }
