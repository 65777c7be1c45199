"""Requests that two servers could read differently get one refusal or one answer, here and there (BAR S38)."""

import json
import re
import socket
from http.client import HTTPResponse

import pytest

from app.core.problems import PROBLEM_TYPE
from tests.factories import record_input
from tests.faults.room import wait_for
from tests.proxy.conftest import House
from tests.services.nginx import HOST, drain

SEALED = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cache-Control",
    "Strict-Transport-Security",
    "Permissions-Policy",
    "Cross-Origin-Opener-Policy",
)
START = "POST /api/v1/auth/login HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\n"
CHUNKED_END = "0\r\n\r\n"
PROBES = {
    "two lengths": START + "Content-Length: 2\r\nContent-Length: 90\r\n\r\n{}",
    "length list": START + "Content-Length: 2, 90\r\n\r\n{}",
    "length and chunked": START + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED_END,
    "chunked twice": START + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED_END,
    "chunked, then identity": START + "Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED_END,
    "chunked spelled oddly": START + "Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\n" + CHUNKED_END,
    "a tab before chunked": START + "Content-Length: 5\r\nTransfer-Encoding:\tchunked\r\n\r\n" + CHUNKED_END,
    "a blank before the colon": START + "Content-Length: 5\r\nTransfer-Encoding : chunked\r\n\r\n" + CHUNKED_END,
    "a folded header": START + "Content-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKED_END,
    "an underscore": START + "Content-Length: 5\r\nTransfer_Encoding: chunked\r\n\r\n" + CHUNKED_END,
    "a negative length": START + "Content-Length: -1\r\n\r\n",
    "a signed length": START + "Content-Length: +2\r\n\r\n{}",
    "a hexadecimal length": START + "Content-Length: 0x2\r\n\r\n{}",
    "a length beyond all numbers": START + "Content-Length: 99999999999999999999\r\n\r\n{}",
    "a chunk size beyond all numbers": START + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx\r\n0\r\n\r\n",
    "a signed chunk size": START + "Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n" + CHUNKED_END,
    "a bare carriage return": START + "X-A: b\rTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
    "a zero byte": START + "X-A: b\0c\r\nContent-Length: 2\r\n\r\n{}",
    "a header without a name": START + ": b\r\nContent-Length: 2\r\n\r\n{}",
    "two hosts": "GET /api/v1/users/ HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\n\r\n",
    "no host": "GET /api/v1/users/ HTTP/1.1\r\n\r\n",
    "another host in the address": "GET http://evil.example/api/v1/users/ HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "a version that is none": "GET /api/v1/users/ HTTP/9.9\r\nHost: HOST\r\n\r\n",
    "no version": "GET /api/v1/users/\r\n\r\n",
    "a length on a GET": "GET /api/v1/auth/me HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\n\r\n{}",
}  # fmt: skip
# These end well-framed, so what follows would be a request of its own to both of them alike.
WELL_FRAMED = {"a length on a GET", "another host in the address", "an underscore", "no host", "no version"}


def statuses(answers: bytes) -> list[int]:
    """Find every status line in what came back."""
    return [int(found) for found in re.findall(rb"^HTTP/1\.[01] (\d{3}) ", answers, re.MULTILINE)]


def written(probe: str, host: str, name: str) -> bytes:
    """Write a probe for a host, with a second request hidden behind it that says its name in the log."""
    sent = PROBES[probe].replace("HOST", host)
    if probe in WELL_FRAMED:
        return sent.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1).encode()
    return f"{sent}GET /api/v1/hidden HTTP/1.1\r\nHost: {host}\r\nX-Request-ID: {name}\r\n\r\n".encode()


@pytest.mark.parametrize("probe", PROBES)
def test_a_request_of_two_meanings_gets_one_refusal_through_nginx(house: House, probe: str) -> None:
    found = statuses(house.nginx.raw(written(probe, HOST, "smuggled-in")))
    assert len(found) <= 1
    assert all(status >= 400 for status in found)
    assert "smuggled-in" not in house.server.output()


@pytest.mark.parametrize("probe", PROBES)
def test_nor_is_there_a_second_answer_straight_from_gunicorn(house: House, probe: str) -> None:
    with socket.create_connection(("127.0.0.1", house.server.port), 5) as line:
        line.sendall(written(probe, "127.0.0.1", "smuggled-straight"))
        found = statuses(drain(line, 0.5))
    assert len(found) <= 1
    assert all(status >= 400 for status in found)
    assert "smuggled-straight" not in house.server.output()


CONTROL_CHARACTER = "4111 1111\x011111"
UNREADABLE = {
    "a control character in a header": (f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: {CONTROL_CHARACTER}\r\n\r\n", 400),
    "a header without a colon": ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nnobody@example.com\r\n\r\n", 400),
    "a method that is none": ("G(T / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
    "a version that is none": (PROBES["a version that is none"], 400),
    "a coding that is none": (PROBES["chunked spelled oddly"], 400),
    "two lengths": (PROBES["two lengths"], 400),
    "an address too long": (f"GET /?q={'a' * 9000} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414),
    "an expectation of something else": ("GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", 417),
    "a header too long": (f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: {'a' * 9000}\r\n\r\n", 431),
    "too many headers": ("GET / HTTP/1.1\r\n" + "X-A: a\r\n" * 101 + "\r\n", 431),
}
ECHOES = ("4111", "nobody@", "xchunked", "aaaa", "9.9", "G(T", "more")


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_gunicorn_cannot_read_is_a_problem_like_any_other(house: House, what: str) -> None:
    sent, status = UNREADABLE[what]
    before = len(house.server.output())
    with socket.create_connection(("127.0.0.1", house.server.port), 5) as line:
        line.sendall(sent.encode())
        answer = HTTPResponse(line)
        answer.begin()
        told = json.loads(answer.read())
        assert line.recv(1) == b""
    headers, usual = answer.headers, house.nginx.ask("GET", "/api/v1/nowhere").headers
    assert (answer.status, headers["Connection"], headers["Content-Type"]) == (status, "close", PROBLEM_TYPE)
    assert {name: headers[name] for name in SEALED} == {name: usual[name.lower()] for name in SEALED}
    assert (told["status"], told["code"], told["title"]) == (status, "MALFORMED_REQUEST", "The request cannot be read")
    assert told["type"].endswith("/problems/malformed-request")
    assert told["request_id"] == headers["X-Request-ID"]
    wait_for(lambda: told["request_id"] in house.server.output()[before:])
    said = house.server.output()[before:]
    assert f'"status":{status}' in said
    assert "Traceback" not in said
    assert not [echo for echo in ECHOES if echo in said.replace(told["request_id"], "") + told["detail"]]


CREATE = (
    "POST /api/v1/users/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer KEY\r\nContent-Type: application/json\r\n"
)
FORM = "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
NO_WHOLE_BODY = {
    "a chunk size that is no number": "Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
    "a chunk longer than it says": "Transfer-Encoding: chunked\r\n\r\n2\r\n{}{}\r\n0\r\n\r\n",
    "a trailer that is no header": "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nbad\r\n\r\n",
    "chunks without an end": "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "a length never reached": "Content-Length: 90\r\n\r\n{}",
}


@pytest.mark.parametrize("end", NO_WHOLE_BODY)
@pytest.mark.parametrize("door", ["api", "page"])
def test_a_body_that_does_not_arrive_whole_is_400_at_both_doors(house: House, door: str, end: str) -> None:
    start = CREATE.replace("KEY", house.key) if door == "api" else FORM
    before = len(house.server.output())
    with socket.create_connection(("127.0.0.1", house.server.port), 5) as line:
        line.sendall(f"{start}{NO_WHOLE_BODY[end]}".encode())
        line.shutdown(socket.SHUT_WR)
        answer = drain(line)
    assert statuses(answer) == [400]
    assert (b'"code":"MALFORMED_REQUEST"' in answer) == (door == "api")
    wait_for(lambda: '"status":400' in house.server.output()[before:])
    assert "Traceback" not in house.server.output()[before:]


@pytest.mark.parametrize(
    ("name", "values", "status"),
    [
        ("Authorization", ("Bearer a", "Bearer b"), 400),
        ("Idempotency-Key", ("one", "two"), 400),
        ("If-Match", ('"a"', '"b"'), 400),
        ("If-Match", ('"a"', '"a"'), 404),
        ("Idempotency-Key", ("one,two", "one,two"), 404),
        ("Content-Type", ("application/json", "text/plain"), 400),
    ],
)
def test_a_header_given_twice_with_two_values_has_no_effect_of_either(
    house: House, name: str, values: tuple[str, str], status: int
) -> None:
    credential = "" if name == "Authorization" else f"Authorization: Bearer {house.key}\r\n"
    kind = "" if name == "Content-Type" else "Content-Type: application/json\r\n"
    doubled = "".join(f"{name}: {value}\r\n" for value in values)
    request = (
        f"PATCH /api/v1/users/01a01234-5678-7abc-8123-012345678901 HTTP/1.1\r\nHost: {HOST}\r\n"
        f"{credential}{kind}{doubled}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    )
    with socket.create_connection(("127.0.0.1", house.server.port), 5) as line:
        line.sendall(request.encode())
        assert statuses(drain(line)) == [status]
    # nginx refuses some of it already.
    assert statuses(house.nginx.raw(request.encode())) in ([status], [400])


@pytest.mark.parametrize(("keys", "status"), [(("one", "two"), 400), (("one,two",), 201), (("same", "same"), 201)])
def test_two_idempotency_keys_are_no_third_one(house: House, keys: tuple[str, ...], status: int) -> None:
    body = json.dumps(record_input())
    named = "".join(f"Idempotency-Key: {key}\r\n" for key in keys)
    request = (
        f"POST /api/v1/users/ HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {house.key}\r\n"
        f"Content-Type: application/json\r\n{named}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    )
    assert statuses(house.nginx.raw(request.encode())) == [status]
