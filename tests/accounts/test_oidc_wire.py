"""What a provider may put on the wire: what is whole comes in however it is packed, what breaks or is endless not."""

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from app.accounts.oidc_wire import LARGEST_BYTES, CarefulAdapter

BODY = b'{"issuer": "' + b"x" * 9000 + b'"}'
PACKED, BOMB = gzip.compress(BODY), gzip.compress(bytes(10 * LARGEST_BYTES))
GZIP, CHUNKED = b"Content-Encoding: gzip", b"Transfer-Encoding: chunked"


def chunks(body: bytes, size: int = 1000) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def of_length(length: int) -> bytes:
    return b"Content-Length: %d" % length


@contextmanager
def answering(head: tuple[bytes, ...], body: bytes) -> Iterator[str]:
    """Answer one call with these bytes and hang up."""

    def answer() -> None:
        caller, _address = listening.accept()
        with caller:
            caller.recv(65536)
            caller.sendall(b"\r\n".join((b"HTTP/1.1 200 OK", *head, b"", body)))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        thread.join()


def asked(address: str) -> bytes:
    with requests.Session() as wire:
        wire.trust_env = False
        wire.mount("http://", CarefulAdapter())
        return wire.get(address).content


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ((of_length(len(BODY)),), BODY),
        ((b"Server: x",), BODY),
        ((CHUNKED,), chunks(BODY)),
        ((GZIP, of_length(len(PACKED))), PACKED),
        ((GZIP, CHUNKED), chunks(PACKED, 7)),
    ],
    ids=["with its length", "until it hangs up", "in chunks", "packed", "packed in chunks"],
)
def test_a_whole_answer_comes_in_however_it_is_packed(head: tuple[bytes, ...], body: bytes) -> None:
    with answering(head, body) as address:
        assert asked(address) == BODY


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ((of_length(20_000),), BODY),
        ((CHUNKED,), chunks(BODY)[:500]),
        ((CHUNKED,), b"-5\r\nabc\r\n0\r\n\r\n"),
        ((CHUNKED,), b"zz\r\nabc\r\n0\r\n\r\n"),
        ((GZIP, of_length(5)), b"abcde"),
        ((GZIP, of_length(len(BOMB))), BOMB),
    ],
    ids=["cut off", "cut off in a chunk", "a negative chunk", "no chunk", "not packed", "a bomb"],
)
def test_a_broken_or_endless_answer_is_none(head: tuple[bytes, ...], body: bytes) -> None:
    with answering(head, body) as address, pytest.raises(requests.RequestException):
        asked(address)
