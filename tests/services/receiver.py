"""Somebody who is told of events: well-behaved, slow, broken or hostile, as the path of the address says."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

import orjson

Behaviour = Callable[[socket.socket, threading.Event], None]


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def event(self) -> dict[str, Any]:
        """The CloudEvent in the body."""
        found: dict[str, Any] = orjson.loads(self.body)
        return found


def answer(status: int = 200, *headers: str, body: bytes = b"") -> Behaviour:
    """Answer at once."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers, "", ""]
    return lambda line, _over: line.sendall("\r\n".join(lines).encode() + body)


def speak(raw: bytes) -> Behaviour:
    """Say just this and hang up."""
    return lambda line, _over: line.sendall(raw)


def hang(_line: socket.socket, over: threading.Event) -> None:
    """Take the request and say nothing."""
    over.wait()


def drop(_line: socket.socket, _over: threading.Event) -> None:
    """Hang up without a word."""


def garbage(line: socket.socket, _over: threading.Event) -> None:
    """Speak no HTTP."""
    line.sendall(b"\x00\x01 220 mail.example.com ESMTP\r\n\r\n")


def drip(before: bytes = b"") -> Behaviour:
    """Say something, then a byte now and then, for ever."""

    def keep_at_it(line: socket.socket, over: threading.Event) -> None:
        line.sendall(before)
        while not over.wait(0.05):
            line.sendall(b"a")

    return keep_at_it


def flood(before: bytes) -> Behaviour:
    """Say something, then as much as the line takes, for ever."""

    def pour(line: socket.socket, over: threading.Event) -> None:
        line.sendall(before)
        while not over.is_set():
            line.sendall(b"x-more: 1\r\n" * 4096)

    return pour


class Receiver:
    """A server on loopback that keeps what came in; paths nobody gave a behaviour are answered with 200."""

    def __init__(self, tls: SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self.behaviours: dict[str, Behaviour] = {}
        self.connections = 0
        self._tls = tls
        self._over = threading.Event()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str = "/ok", host: str = "127.0.0.1") -> str:
        """Return an address here."""
        return f"http{'s' if self._tls else ''}://{host}:{self.port}{path}"

    def on(self, path: str, behaviour: Behaviour) -> str:
        """Have a path behave, and return its address."""
        self.behaviours[path] = behaviour
        return self.url(path)

    def at(self, path: str) -> list[Received]:
        """Return what came to one path, oldest first."""
        return [one for one in self.received if one.path == path]

    def close(self) -> None:
        """End everything, also what hangs."""
        self._over.set()
        self._door.shutdown(socket.SHUT_RDWR)  # wakes who waits there
        self._door.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                line, _peer = self._door.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with suppress(OSError, ValueError):
            line.settimeout(30)
            if self._tls is not None:
                line = self._tls.wrap_socket(line, server_side=True)
            request = _read(line)
            self.received.append(request)
            self.behaviours.get(request.path, answer())(line, self._over)
        line.close()


def _read(line: socket.socket) -> Received:
    file = line.makefile("rb")
    first = file.readline().split()
    if len(first) != 3:
        raise ConnectionError("the caller hung up")
    path = first[1].decode()
    headers = {}
    while (header := file.readline().strip()) != b"":
        name, _, value = header.decode().partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    body = file.read(length)
    if len(body) != length:
        raise ConnectionError("the caller was cut off")
    return Received(path, headers, body)


@contextmanager
def receiving(tls: SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver(tls)
    try:
        yield receiver
    finally:
        receiver.close()
