"""Receive webhooks and believe only ours: ROOM_WEBHOOK_SECRET=whsec_… receive_webhook.py [PORT].

Signatures are those of Standard Webhooks (standardwebhooks.com), which has libraries for most languages; this is all
they do.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300
MOST_BYTES = 1 << 20


def is_genuine(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Tell whether a delivery was signed with our secret, a short while ago, over exactly these bytes."""
    sent_at = headers.get("webhook-timestamp", "")
    if not sent_at.isdigit() or abs(now - int(sent_at)) > TOLERANCE_SECONDS:
        return False
    signed = b".".join((headers.get("webhook-id", "").encode(), sent_at.encode(), body))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
    # While a secret is being changed there are two signatures, divided by a blank.
    given = [
        part.removeprefix("v1,") for part in headers.get("webhook-signature", "").split() if part.startswith("v1,")
    ]
    return any(hmac.compare_digest(one.encode(), wanted) for one in given)


class Receiver(BaseHTTPRequestHandler):
    """Answers quickly, and does each event once."""

    secret = os.environ.get("ROOM_WEBHOOK_SECRET", "")
    done: set[str] = set()  # noqa: RUF012 - shared on purpose; keep this in your database, in the transaction of the work

    def do_POST(self) -> None:
        """Take one delivery: 204 when it is ours, 401 when it is not; anything but 2xx is sent again later."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), MOST_BYTES))
        if not is_genuine(self.secret, self.headers, body, time.time()):  # type: ignore[arg-type]  # a Message has get()
            self._answer(401)
            return
        event = json.loads(body)
        # Deliveries come at least once, so the same one may come again; its id stays the same.
        if event["id"] not in self.done:
            print(f"{event['type']} of {event['subject']}", flush=True)
            self.done.add(event["id"])
        self._answer(204)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing of requests; what they hold is nobody's business but the handler's."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000), Receiver).serve_forever()
