"""A small client for Record Room, of the standard library alone."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

URL = os.environ.get("ROOM_URL", "http://127.0.0.1:8000")
WORTH_A_RETRY = {429, 503}
PATIENCE_SECONDS = 10
TRIES = 6


@dataclass(frozen=True)
class Answer:
    """What the service said: a status, headers, and JSON (a resource, or a problem with a code)."""

    status: int
    headers: Mapping[str, str]
    json: Any

    @property
    def code(self) -> str | None:
        """The problem's code. It never changes; the words may."""
        return self.json.get("code") if self.status >= 400 and isinstance(self.json, dict) else None


def call(
    method: str, path: str, body: Any = None, *, token: str = "", headers: Mapping[str, str] | None = None
) -> Answer:
    """Send one request under /api/v1 and return the answer, whatever its status."""
    sent = {"Accept": "application/json", **(headers or {})}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    if body is not None:
        sent["Content-Type"] = "application/json"
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}/api/v1{path}", raw, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return _read(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return _read(refusal.code, refusal.headers, refusal.read())


def call_until_answered(method: str, path: str, body: Any, *, token: str, key: str) -> Answer:
    """Send a request that changes something until an answer arrives.

    The idempotency key makes that safe: if an earlier try did come through and only its answer was lost, this returns
    that answer, and nothing is done twice. Raises OSError when nobody answers at all.
    """
    for tried in range(1, TRIES + 1):
        try:
            answer = call(method, path, body, token=token, headers={"Idempotency-Key": key})
        except OSError:
            if tried == TRIES:
                raise
            time.sleep(min(2**tried / 10, 5))
            continue
        in_hand = answer.code == "IDEMPOTENCY_IN_PROGRESS"
        if tried == TRIES or not (answer.status in WORTH_A_RETRY or in_hand):
            return answer
        time.sleep(float(answer.headers.get("Retry-After", "1")))
    raise AssertionError("unreachable")


def _read(status: int, headers: Message, raw: bytes) -> Answer:
    return Answer(status, dict(headers.items()), json.loads(raw) if raw else None)
