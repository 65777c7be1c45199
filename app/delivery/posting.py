"""Posting to somebody who may be slow, hostile or gone: one answer, within seconds, of which little is read.

The connection goes to an address that was checked, while the certificate has to be that of the name. No redirect is
followed, and no proxy of the environment is asked.
"""

import logging
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address
from time import monotonic

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError

from app.core.database import utc_now
from app.delivery.targets import Target

CONNECT_SECONDS = 3.0
PIECE_BYTES, LARGEST_BYTES = 4096, 64 * 1024
ADDRESSES_TRIED = 3
TOO_SLOW = "no answer in time"
BROKEN = (HTTPError, HTTPException, OSError, ValueError)
"""What an answer can do to whoever reads it; a chunk of negative length, for one, is a ValueError in urllib3."""

logging.getLogger("urllib3.connection").setLevel(logging.ERROR)  # its warning about odd headers quotes the address


class Unreachable(Exception):
    """No answer came; the text says what was in the way, and nothing of what was sent or answered."""


class NotConnected(Unreachable):
    """No connection came about, so nothing was handed over."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of an answer: its status, how much was read of its body, and when it wants to be asked again."""

    status: int
    size: int
    retry_after: float | None


def post(
    target: Target, addresses: list[IPv4Address | IPv6Address], headers: Mapping[str, str], body: bytes, until: float
) -> Answer:
    """Post a body and return the answer; it is over at `until` (monotonic) whatever happens.

    Raises Unreachable; NotConnected before anything was sent.
    """
    connection = _connected(target, addresses, until)
    try:
        with _ended(connection, until):
            named = {"Host": target.authority, **headers}
            connection.request("POST", target.path, body, named, preload_content=False, decode_content=False)
            response = connection.getresponse()
            if monotonic() >= until:  # headers that were cut look like headers that ended
                raise Unreachable(TOO_SLOW)
            return _read(response)
    except BROKEN as error:
        raise Unreachable(TOO_SLOW if monotonic() >= until else _words(error)) from error
    finally:
        connection.close()


def _connected(target: Target, addresses: list[IPv4Address | IPv6Address], until: float) -> HTTPConnection:
    """Connect to the first address that lets us, of a few."""
    problem = "no address"
    for address in addresses[:ADDRESSES_TRIED]:
        left = until - monotonic()
        if left <= 0:
            raise NotConnected(TOO_SLOW)
        connection = _connection(target, address, min(CONNECT_SECONDS, left / 2))  # once for TCP, once for TLS
        try:
            connection.connect()
        except (HTTPError, OSError) as error:
            connection.close()
            problem = _words(error)
        else:
            return connection
    raise NotConnected(problem)


def _connection(target: Target, address: IPv4Address | IPv6Address, seconds: float) -> HTTPConnection:
    if target.scheme == "http":
        return HTTPConnection(str(address), target.port, timeout=seconds)
    return HTTPSConnection(
        str(address), target.port, timeout=seconds, ssl_context=_tls_context(), server_hostname=target.host
    )


@cache
def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()


@contextmanager
def _ended(connection: HTTPConnection, until: float) -> Iterator[None]:
    """Cut the line when the time is over: a time-out of its own would begin anew with every byte that drips in."""
    line = connection.sock
    left = max(until - monotonic(), 0.01)
    connection.timeout = left
    line.settimeout(left)
    watch = threading.Timer(left, _cut, (line,))
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _read(response: HTTPResponse) -> Answer:
    """Read a little of the body: the status has decided already, so what goes wrong from here on changes nothing."""
    size = 0
    with suppress(*BROKEN):
        while size < LARGEST_BYTES and (piece := response.read(PIECE_BYTES)):
            size += len(piece)
    response.close()
    return Answer(response.status, size, _seconds_asked(response.headers.get("Retry-After", "")))


def _seconds_asked(text: str) -> float | None:
    """Read Retry-After, in seconds or as a date (RFC 9110 §10.2.3); None for anything else."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max((moment.replace(tzinfo=moment.tzinfo or UTC) - utc_now()).total_seconds(), 0.0)


def _words(error: Exception) -> str:
    """Name what was in the way by its kind; the text of an error may quote the address or the answer."""
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (ssl.SSLCertVerificationError, "certificate is not valid"),
        (ssl.SSLError, "TLS failed"),
        (ConnectionRefusedError, "could not connect"),  # urllib3 counts a refusal among the time-outs
        (ConnectTimeoutError, "could not connect in time"),
        (TimeoutError, TOO_SLOW),
        (ConnectionResetError, "connection was cut"),
        (BrokenPipeError, "connection was cut"),
        (OSError, "could not connect"),
    )
    causes = (error, error.__cause__, error.__context__)
    for kind, words in kinds:
        if any(isinstance(cause, kind) for cause in causes):
            return words
    return "answer is no HTTP"
