"""How requests come to gunicorn itself: in pieces, late, all at once, too large, or not at all (BAR R27, R28)."""

import json
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.factories import record_input
from tests.faults.room import wait_for
from tests.proxy.conftest import House
from tests.proxy.test_framing import CREATE, statuses
from tests.services.nginx import drain
from tests.services.served import workers

HEALTH = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
MORE_THAN_THREADS = 30
RESET = struct.pack("ii", 1, 0)  # a close that does not say goodbye
UNFINISHED = {
    "nothing": b"",
    "half a head": HEALTH[:30],
    "half a body": b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n\r\nhalf",
    "half a chunk": b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
    "a blank line": b"\r\n\r\n",
    "a length beyond all numbers": b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: "
    + b"9" * 20
    + b"\r\n\r\n",
    "a chunk beyond all numbers": (
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 9 + b"\r\nhalf"
    ),
    "half of far too much": b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99000000\r\n\r\nhalf",
    "an answer nobody takes": b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
}


@contextmanager
def line(house: House) -> Iterator[socket.socket]:
    """Connect to gunicorn itself."""
    with socket.create_connection(("127.0.0.1", house.server.port), 10) as made:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield made


@pytest.mark.parametrize("sent", UNFINISHED)
def test_more_callers_than_threads_that_send_no_whole_request_keep_nobody_waiting(house: House, sent: str) -> None:
    lines = [socket.create_connection(("127.0.0.1", house.server.port), 5) for _ in range(MORE_THAN_THREADS)]
    try:
        for waiting in lines:
            waiting.sendall(UNFINISHED[sent])
        for _ in range(3):
            began = time.monotonic()
            assert house.server.answers()
            assert time.monotonic() - began < 1
    finally:
        for waiting in lines:
            waiting.close()


def creation(house: House, framing: str) -> bytes:
    """Begin a request that registers somebody."""
    return f"{CREATE.replace('KEY', house.key)}Connection: close\r\n{framing}\r\n\r\n".encode()


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_request_that_comes_in_pieces_is_one_request(house: House, chunked: bool) -> None:
    body = json.dumps(record_input()).encode()
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    half = len(body) // 2
    framed = b"".join(b"%x;of=it\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:]))
    whole = creation(house, framing) + (framed + b"0\r\nX-Trailer: a\r\n\r\n" if chunked else body)
    with line(house) as sender:
        for at in range(0, len(whole), 97):
            sender.sendall(whole[at : at + 97])
        answer = drain(sender)
    assert statuses(answer) == [201], answer


def test_a_caller_that_waits_for_a_word_before_its_body_gets_it(house: House) -> None:
    body = json.dumps(record_input()).encode()
    with line(house) as sender:
        sender.sendall(creation(house, f"Content-Length: {len(body)}\r\nExpect: 100-continue"))
        assert sender.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        sender.sendall(body)
        assert statuses(drain(sender)) == [201], "and gets it once"


def test_a_caller_of_the_old_protocol_gets_no_such_word(house: House) -> None:
    with line(house) as sender:
        sender.sendall(b"POST /login HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert drain(sender, 0.3) == b""
        sender.sendall(b"none")
        assert len(statuses(drain(sender))) == 1


REFUSED_AT_ONCE = {
    "a head too long": (HEALTH[:-2] + b"X-A: a\r\n" * 10_000, 431),
    "a line too long": (b"GET /" + b"a" * 70_000, 414),
    "lines that end otherwise": (b"GET /health/live HTTP/1.1\nHost: 127.0.0.1\n\n", 400),
    "another expectation": (b"POST /login HTTP/1.1\r\nHost: a\r\nExpect: more\r\nContent-Length: 4\r\n\r\n", 417),
    "a body too large": (b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3000000\r\n\r\nhalf", 413),
    "trailers without end": (
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X-A: a\r\n" * 10_000,
        400,
    ),
}


@pytest.mark.parametrize("what", REFUSED_AT_ONCE)
def test_nothing_more_is_waited_for_where_a_request_can_only_be_refused(house: House, what: str) -> None:
    sent, status = REFUSED_AT_ONCE[what]
    with line(house) as sender:
        sender.sendall(sent)
        sender.settimeout(5)
        answer = b"".join(iter(lambda: sender.recv(65536), b""))
    assert statuses(answer) == [status]
    assert b"connection: close" in answer.lower()


def open_files(house: House) -> int:
    """Count what gunicorn's processes hold open."""
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in workers(house.server))


def test_callers_who_vanish_anywhere_leave_nothing_behind(house: House) -> None:
    whole = creation(house, "Content-Length: 50000") + b"x" * 50_000
    processes, before = workers(house.server), open_files(house)
    for number in range(100):
        with line(house) as sender:
            sender.sendall(whole[: (0, 30, len(whole) - 49_000, len(whole))[number % 4]])
            if number % 8 < 4:
                sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    wait_for(lambda: open_files(house) <= before)
    assert workers(house.server) == processes


def test_requests_sent_without_waiting_are_answered_one_by_one(house: House) -> None:
    with line(house) as sender:
        sender.sendall(HEALTH * 3)
        assert drain(sender, 1).count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize("chunk", [0, 10, 3_000_000], ids=["length", "small chunks", "one chunk"])
def test_who_sends_too_much_hears_so(house: House, chunk: int) -> None:
    size = 3_000_000
    framing = "Transfer-Encoding: chunked" if chunk else f"Content-Length: {size}"
    chunks = b"%x\r\n%b\r\n" % (chunk, b"x" * chunk)
    with line(house) as sender:
        sender.sendall(creation(house, framing))
        sender.sendall(chunks * (size // chunk) + b"0\r\n\r\n" if chunk else b"x" * size)
        assert statuses(drain(sender)) == [413]
