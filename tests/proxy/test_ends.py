"""Where a request ends is never told differently by what waits for it and by gunicorn, which reads it (BAR S38)."""

from collections.abc import Iterator

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.bodies import WholeBody
from app.core.errors import MalformedRequest
from gunicorn_arrival import HEAD_LIMIT, PIECE, Arrival, Source

LARGEST_BODY = 1000
SETTINGS = Config()
Request = tuple[str, str, bytes]
START = b"POST /%d HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
FRAMINGS = [
    b"\r\n",
    b"Content-Length: 0\r\n\r\n",
    b"content-LENGTH:\t5 \r\n\r\nhello",
    b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\na\r\n\r\nb\r\n\r\n",
    b"Content-Length: 0005\r\nContent-Length-Hint: 7\r\n\r\nhello",
    CHUNKED + b"0\r\n\r\n",
    CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b'0005;a=b;c="d"\r\nhello\r\n' + b"A;x\r\n0\r\n\r\nGET /\r\n0\r\nX-Trailer: a\r\nX-More: b\r\n\r\n",
]  # fmt: skip
SIZES = [b"0x5", b"+5", b"5_", b"-5", b" 5", b"5 ", b"5x", b"", b"5;\r", b'5;a="', b"5 ; a", b"f" * 9, b"0" * 40 + b"5"]
ODD = [
    b"Transfer-Encoding: gzip, Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
    b"Content-Length: 5\r\nContent-Length: 9\r\n\r\nhello",
    b"Content-Length: 5, 9\r\n\r\nhello",
    b"Content-Length: +5\r\n\r\nhello",
    b"Content-Length: 0x5\r\n\r\nhello",
    b"Content-Length: 1_0\r\n\r\nhello",
    b"Content-Length: \xb2\r\n\r\nhello",
    b"Content-Length : 5\r\n\r\nhello",
    b"Content-Length:\r\n 5\r\n\r\nhello",
    b"Content-Length:\r\n\r\nhello",
    b"X: a\nContent-Length: 5\r\n\r\nhello",
    b"X: a\rContent-Length: 5\r\n\r\nhello",
    b"Content-Length: 5\n\nhello",
    b"Content-Length: 00000000000000000000005\r\n\r\nhello",
    b"Content-Length: 2000\r\n\r\n" + b"x" * 2000,
    b"Content-Length: 5\r\n" + CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
    b"Transfer-Encoding: identity\r\n\r\nhello",
    b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n" + CHUNKED + b"0\r\n\r\n",
    b"Expect: more\r\n\r\n",
    *(CHUNKED + size + b"\r\nhello\r\n0\r\n\r\n" for size in SIZES),
    CHUNKED + b"5\nhello\n0\n\n",
    CHUNKED + b"4\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"5\r\nhello\r\n0\r\nbad\r\n\r\n",
    CHUNKED + b"5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
    CHUNKED + b"7d0\r\n" + b"x" * 2000 + b"\r\n0\r\n\r\n",
]  # fmt: skip
valid = st.lists(st.sampled_from(FRAMINGS), min_size=1, max_size=4)
any_framing = st.lists(st.sampled_from(FRAMINGS + ODD), min_size=1, max_size=4)
put_in = st.sampled_from([b"", b"\r", b"\n", b"\r\n", b":", b" ", b"0", b";"])
slips = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 2), put_in), max_size=3)
cuts = st.lists(st.integers(1, 40), min_size=1, max_size=30)


def stream_of(framings: list[bytes]) -> bytes:
    """Write requests one after the other."""
    return b"".join(START % number + framing for number, framing in enumerate(framings))


def read(parser: RequestParser) -> Request:
    """Read one request as the application does."""
    message = next(parser)
    length = dict(message.headers).get("CONTENT-LENGTH")
    body, whole = WholeBody(message.body, int(length) if length else None), b""
    while piece := body.read(100):
        whole += piece
    return message.method, message.uri, whole


def as_gunicorn_reads(stream: bytes) -> Iterator[Request]:
    """Read requests as far as gunicorn alone would."""
    parser = RequestParser(SETTINGS, iter([stream]), ("", 0))
    try:
        while True:
            yield read(parser)
    except (ParseException, MalformedRequest, OSError, StopIteration):
        return


def as_the_worker_reads(stream: bytes, cuts: list[int]) -> tuple[list[Request], bool]:
    """Read requests as the worker has them read, from pieces; tell also whether the last of them came whole."""
    source = Source(None)
    parser = RequestParser(SETTINGS, iter([]), ("", 0))
    parser.unreader = source
    found: list[Request] = []
    place, pieces = 0, 0
    while True:
        arrival = Arrival(LARGEST_BODY)
        arrival.take(source.take_buffered())
        while not arrival.is_over and place < len(stream):
            size = cuts[pieces % len(cuts)]
            arrival.take(stream[place : place + size])
            place, pieces = place + size, pieces + 1
        source.hold(arrival)
        try:
            found.append(read(parser))
        except (ParseException, MalformedRequest, OSError, StopIteration):
            return found, arrival.is_whole
        source.settle()
        if not arrival.is_whole:
            return found, False


@settings(derandomize=True, deadline=None, max_examples=80)
@given(valid, cuts)
def test_requests_that_make_sense_are_all_found_however_they_are_cut(framings: list[bytes], cuts: list[int]) -> None:
    stream = stream_of(framings)
    found, _ = as_the_worker_reads(stream, cuts)
    assert found == list(as_gunicorn_reads(stream))
    assert [uri for _, uri, _ in found] == [f"/{number}" for number in range(len(framings))]


@settings(derandomize=True, deadline=None, max_examples=400)
@given(any_framing, slips, cuts)
def test_no_request_is_found_where_gunicorn_alone_finds_none(
    framings: list[bytes], slips: list[tuple[int, int, bytes]], cuts: list[int]
) -> None:
    stream = stream_of(framings)
    for place, lost, put in slips:
        stream = stream[: place % len(stream)] + put + stream[place % len(stream) + lost :]
    found, was_whole = as_the_worker_reads(stream, cuts)
    expected = list(as_gunicorn_reads(stream))
    assert found == expected[: len(found)]
    assert len(found) == len(expected) or not was_whole


ENDLESS = {
    "head": (START % 0, b"X: a\r\n"),
    "a line in the head": (START % 0, b"x"),
    "a line before a chunk": (START % 0 + CHUNKED, b"5"),
    "an extension": (START % 0 + CHUNKED + b"5;", b"a"),
    "trailers": (START % 0 + CHUNKED + b"0\r\n", b"X: a\r\n"),
    "small chunks": (START % 0 + CHUNKED, b"1\r\nx\r\n"),
    "one chunk": (START % 0 + CHUNKED + b"ffffffff\r\n", b"x"),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_what_never_ends_is_waited_for_no_longer_than_there_is_room(what: str) -> None:
    begin, more = ENDLESS[what]
    arrival = Arrival(LARGEST_BODY)
    arrival.take(begin)
    while not arrival.is_over:
        arrival.take(more * (PIECE // len(more)))
        assert len(arrival.data) <= 2 * HEAD_LIMIT + PIECE
    assert not arrival.is_whole


@pytest.mark.parametrize("over", [0, 1])
def test_the_largest_body_is_waited_for_and_one_byte_more_is_not(over: int) -> None:
    arrival = Arrival(LARGEST_BODY)
    arrival.take(START % 0 + b"Content-Length: %d\r\n\r\n" % (LARGEST_BODY + over))
    assert arrival.is_over == bool(over)
    arrival.take(b"x" * (LARGEST_BODY + over))
    assert arrival.is_whole


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_line_that_ends_otherwise_is_waited_for_no_longer_wherever_it_is_cut(cut: int) -> None:
    for stream, is_over in ((b"A\r\nB\r\n", False), (b"A\r\nB\n", True)):
        arrival = Arrival(LARGEST_BODY)
        arrival.take(stream[:cut])
        if not arrival.is_over:
            arrival.take(stream[cut:])
        assert arrival.is_over == is_over
