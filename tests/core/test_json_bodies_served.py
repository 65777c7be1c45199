"""Bodies over a real connection: what a server in between makes of them (BAR R28, S38)."""

import json
import socket
from collections.abc import Callable
from functools import partial
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.services.served import Served

LOGIN = "/api/v1/auth/login"
JSON = {"Content-Type": "application/json"}
MEGABYTE = b"x" * (1 << 20)

pytestmark = pytest.mark.slow


LOGIN_HEAD = "POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\n"
LIST_HEAD = "GET /api/v1/users/ HTTP/1.1\r\nHost: a\r\n"
TWO_MEANINGS = {
    "two hosts": (f"{LIST_HEAD}Host: b\r\n\r\n", {400}),
    "two credentials": (f"{LIST_HEAD}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", {400}),
    "two lengths": (f"{LOGIN_HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", {400}),
    "length and chunks": (f"{LOGIN_HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    "packed chunks": (f"{LOGIN_HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", {400, 415, 501}),
    "an address that is no text": (LIST_HEAD.replace("users/", "users/?q=\xff") + "\r\n", {400}),
    "an address too long": (LIST_HEAD.replace("users/", "users/" + "x" * 9000) + "\r\n", {400, 414}),
}


def test_a_real_connection_gets_one_answer_to_whatever_it_sends(served: Callable[..., Served]) -> None:
    port = served().port
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    _a_body_of_twenty_megabytes_is_413_and_the_caller_hears_it(connection)
    _a_body_in_chunks_is_read_and_one_too_large_is_413(connection)
    connection.close()
    _a_request_that_could_mean_two_things_is_refused_once(port)


def _a_body_of_twenty_megabytes_is_413_and_the_caller_hears_it(connection: HTTPConnection) -> None:
    connection.request("POST", LOGIN, body=MEGABYTE * 20, headers=JSON)
    assert _code(connection.getresponse()) == (413, "REQUEST_TOO_LARGE")


def _a_body_in_chunks_is_read_and_one_too_large_is_413(connection: HTTPConnection) -> None:
    connection.request("POST", LOGIN, body=iter([b'{"email":', b'"a@example.com"}']), headers=JSON, encode_chunked=True)
    assert _code(connection.getresponse()) == (422, "VALIDATION_ERROR")
    connection.request("POST", LOGIN, body=iter([MEGABYTE, MEGABYTE]), headers=JSON, encode_chunked=True)
    assert _code(connection.getresponse()) == (413, "REQUEST_TOO_LARGE")


def _a_request_that_could_mean_two_things_is_refused_once(port: int) -> None:
    for name, (head, statuses) in TWO_MEANINGS.items():
        with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
            wire.sendall(head.encode("latin-1"))
            wire.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(partial(wire.recv, 65536), b""))
        assert answer.count(b"HTTP/1.1 ") == 1, name
        assert int(answer.split(b" ", 2)[1]) in statuses, (name, answer[:200])


def _code(answer: HTTPResponse) -> tuple[int, str]:
    return answer.status, json.loads(answer.read())["code"]
