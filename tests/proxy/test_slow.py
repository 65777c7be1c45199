"""Hundreds of callers who send next to nothing or do not read: nobody else waits for them, and they are dropped."""

import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from statistics import quantiles

import pytest

from tests.proxy.conftest import House
from tests.services.nginx import HOST, Nginx

CALLERS, SENDERS = 300, 200
KINDS = ("header", "body", "reader")
DROPPED_WITHIN = 60
BEGINNINGS = {
    "header": f"GET /health/live HTTP/1.1\r\nHost: {HOST}\r\nX-Slow: ",
    "body": f"POST /login HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 900\r\n\r\n",
    "reader": f"GET /static/vendor/redoc/redoc.standalone.js HTTP/1.1\r\nHost: {HOST}\r\n\r\n",
}


class SlowCallers:
    """Connections on which next to nothing happens."""

    def __init__(self, nginx: Nginx, opened: ExitStack) -> None:
        self.lines: list[ssl.SSLSocket] = []
        for number in range(CALLERS):
            line = opened.enter_context(nginx.line())
            line.sendall(BEGINNINGS[KINDS[number % len(KINDS)]].encode())
            line.settimeout(0)
            self.lines.append(line)

    def drip(self) -> None:
        """Send one more byte of each header; bodies have stopped, and readers read nothing."""
        for line in self.lines[:: len(KINDS)]:
            with suppress(OSError):
                line.send(b"x")

    def dropped(self) -> int:
        """Count the senders that nginx has hung up on."""
        return sum(is_over(line) for kind in range(2) for line in self.lines[kind :: len(KINDS)])


def is_over(line: ssl.SSLSocket) -> bool:
    try:
        while line.recv(4096):
            pass
    except ssl.SSLWantReadError:
        return False
    except OSError:
        return True
    return True


@pytest.fixture
def slow(house: House) -> Iterator[SlowCallers]:
    """Connect them."""
    with ExitStack() as opened:
        yield SlowCallers(house.nginx, opened)


@pytest.mark.slow
def test_three_hundred_slow_callers_keep_nobody_waiting_and_are_dropped(house: House, slow: SlowCallers) -> None:
    waits, began = [], time.monotonic()
    while (still_there := SENDERS - slow.dropped()) and time.monotonic() - began < DROPPED_WITHIN:
        slow.drip()
        for path in ("/health", "/api/v1/openapi.json", "/login"):
            asked = time.monotonic()
            house.nginx.ask("GET", path)
            waits.append(time.monotonic() - asked)
        time.sleep(0.3)
    assert quantiles(waits, n=20)[-1] < 1
    assert still_there == 0
