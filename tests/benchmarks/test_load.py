"""The load client counts what it hears, and nothing else."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle, repeat

import pytest

from benchmarks import load
from benchmarks.load import Heard

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
REFUSED = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\nno"

Answers = Callable[[], Iterator[bytes | None]]


def press(port: int, requests: Iterator[bytes], seconds: float, connections: int) -> Heard:
    """Load a port from a thread that has no loop: browser tests leave theirs in this one."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(load.press, port, requests, seconds, connections).result()


@contextmanager
def saying(answers: Answers) -> Iterator[int]:
    """Serve connections that get these answers in turn; None hangs up."""

    class Line(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            for answer in answers():
                if not self.request.recv(65536) or answer is None:
                    return
                for piece in (answer[:20], answer[20:]):
                    self.request.sendall(piece)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Line) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def test_every_request_is_answered_once_and_counted_by_its_status() -> None:
    with saying(lambda: cycle([GOOD, EMPTY, REFUSED])) as port:
        heard = press(port, repeat(REQUEST, 30), 10, connections=1)
    assert heard.statuses == {200: 10, 204: 10, 429: 10}
    assert (len(heard.seconds), heard.broken) == (30, 0)
    assert heard.per_second == pytest.approx(30 / heard.elapsed)


def test_connections_share_the_requests() -> None:
    with saying(lambda: cycle([GOOD])) as port:
        assert press(port, repeat(REQUEST, 21), 10, connections=4).statuses == {200: 21}


def test_the_time_ends_it_also_where_requests_never_do() -> None:
    with saying(lambda: cycle([GOOD])) as port:
        heard = press(port, repeat(REQUEST), 0.05, connections=2)
    assert set(heard.statuses) == {200}
    assert heard.broken == 0


def test_a_connection_that_ends_early_is_counted() -> None:
    with saying(lambda: iter([GOOD, None])) as port:
        heard = press(port, repeat(REQUEST, 100), 10, connections=3)
    assert (heard.statuses, heard.broken) == ({200: 3}, 3)


def test_a_request_that_is_never_answered_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.load.PATIENCE_SECONDS", 0.05)
    with saying(lambda: iter([GOOD, b""])) as port:
        heard = press(port, repeat(REQUEST, 100), 0.05, connections=2)
    assert (heard.statuses, heard.broken) == ({200: 2}, 2)


@pytest.mark.parametrize(
    ("milliseconds", "share", "found"),
    [
        ([], 0.5, 0),
        ([7], 0.5, 7),
        ([7], 0.99, 7),
        (range(1, 101), 0.5, 50),
        (range(1, 101), 0.99, 99),
        (range(100, 0, -1), 0.99, 99),
        (range(1, 11), 0.99, 10),
        ([1, 1, 1, 90], 0.5, 1),
    ],
)
def test_a_percentile_is_the_time_within_which_so_many_answers_came(
    milliseconds: list[int], share: float, found: float
) -> None:
    assert Heard([each / 1000 for each in milliseconds]).percentile(share) == pytest.approx(found)
