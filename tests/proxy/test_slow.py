"""Hundreds of callers who send or read next to nothing: nobody else waits for them, and they are dropped (BAR R27)."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import quantiles

import pytest

from tests.proxy.conftest import House
from tests.services.nginx import HOST, Nginx

CALLERS = 500
DROPPED_WITHIN = 60
BEGINNINGS = (
    f"GET /health/live HTTP/1.1\r\nHost: {HOST}\r\nX-Slow: ",
    f"POST /records/new HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 900\r\n\r\n",
    f"POST /api/v1/users/ HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n384\r\n",
    f"GET /static/vendor/redoc/redoc.standalone.js HTTP/1.1\r\nHost: {HOST}\r\n\r\n",
)
WINDOW = 4096
SIP, PIECE = 64, 65536


class SlowCaller:
    """A connection on which next to nothing happens: a byte now and then, one way or the other."""

    def __init__(self, nginx: Nginx, kind: int) -> None:
        self.is_reader = kind == len(BEGINNINGS) - 1
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
        plain.connect(("127.0.0.1", nginx.port))
        self.line = nginx.context.wrap_socket(plain, server_hostname=HOST)
        self.line.sendall(BEGINNINGS[kind].encode())
        self.line.settimeout(0)
        self.is_over = False

    def drip(self) -> None:
        """Send one more byte, or read a few."""
        try:
            if self.is_reader:
                # What nginx sent before it hung up would take long to read so slowly.
                self.is_over = bool(self.line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
                self.line.recv(SIP)
                return
            self.line.send(b"x")
            while not self.is_over:
                self.is_over = not self.line.recv(PIECE)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            self.is_over = True


@pytest.fixture
def slow(house: House) -> Iterator[list[SlowCaller]]:
    """Connect them."""
    with ExitStack() as opened:
        callers = [SlowCaller(house.nginx, number % len(BEGINNINGS)) for number in range(CALLERS)]
        for caller in callers:
            opened.callback(caller.line.close)
        yield callers


@pytest.mark.slow
def test_five_hundred_slow_callers_keep_nobody_waiting_and_are_dropped(house: House, slow: list[SlowCaller]) -> None:
    waits, began = [], time.monotonic()
    while (left := [caller for caller in slow if not caller.is_over]) and time.monotonic() - began < DROPPED_WITHIN:
        for caller in left:
            caller.drip()
        for path in ("/health", "/login"):
            asked = time.monotonic()
            assert house.nginx.ask("GET", path).status == 200
            waits.append(time.monotonic() - asked)
        time.sleep(1)
    assert quantiles(waits, n=20)[-1] < 1
    assert not left
