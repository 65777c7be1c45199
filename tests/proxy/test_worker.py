"""The worker's main loop: one caller's trouble is that caller's alone, and together they hold no more than there is."""

import logging
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from selectors import DefaultSelector
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn, ThreadWorker

from gunicorn_arrival import Arrival
from gunicorn_worker import PatientWorker

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n"
Caller = Callable[[bytes], tuple[Any, socket.socket]]
HALF = b"x" * 20_000


@pytest.fixture
def worker() -> Iterator[PatientWorker]:
    """Make a worker whose loop the test turns."""
    made = PatientWorker(0, 0, [], None, 30, Config(), logging.getLogger("gunicorn.error"))
    made.poller = DefaultSelector()
    yield made
    made.poller.close()
    made.tmp.close()


@pytest.fixture
def caller(worker: PatientWorker) -> Iterator[Caller]:
    """Have the worker wait for the rest of what somebody has begun to send."""
    with ExitStack() as opened:

        def begin(sent: bytes) -> tuple[Any, socket.socket]:
            ours, theirs = map(opened.enter_context, socket.socketpair())
            conn, looked = TConn(worker.cfg, ours, "", ""), Future[Any]()
            worker.nr_conns += 1
            theirs.sendall(sent)
            looked.set_result(worker.handle(conn))
            worker.finish_request(conn, looked)
            return conn, theirs

        yield begin


def test_an_error_over_one_connection_ends_that_one_and_no_other(
    worker: PatientWorker, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    (unlucky, its_caller), (other, _) = caller(HEAD), caller(HEAD)

    def out_of_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Arrival, "receive", out_of_memory)
    its_caller.sendall(HALF)
    worker.wait_for_and_dispatch_events(1)
    assert (worker.nr_conns, unlucky.sock.fileno()) == (1, -1)
    assert [key.fileobj for key in worker.poller.get_map().values()] == [other.sock]


def test_when_all_bodies_together_are_too_much_the_one_that_grows_is_waited_for_no_longer(
    worker: PatientWorker, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_over: list[Any] = []
    monkeypatch.setattr(worker, "enqueue_req", handed_over.append)
    monkeypatch.setattr("gunicorn_worker.HELD_BY_ALL", 2 * len(HALF))
    (_, small), (large, its_caller) = caller(HEAD), caller(HEAD + HALF)
    small.sendall(b"x" * 9)
    worker.wait_for_and_dispatch_events(1)
    assert handed_over == []
    its_caller.sendall(HALF)
    worker.wait_for_and_dispatch_events(1)
    assert handed_over == [large]


def test_a_setting_is_found_at_once_and_is_what_was_given(
    worker: PatientWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ThreadWorker, "init_process", lambda _worker: None)
    worker.cfg.set("keepalive", 75)
    given = {name: setting.get() for name, setting in worker.cfg.settings.items()}
    worker.init_process()
    monkeypatch.delattr(Config, "__getattr__")
    assert {name: getattr(worker.cfg, name) for name in ("keepalive", "limit_request_line", "header_map")} == {
        "keepalive": 75, "limit_request_line": given["limit_request_line"], "header_map": given["header_map"]
    }  # fmt: skip
    assert {name: value for name, value in vars(worker.cfg).items() if name in given} == given
