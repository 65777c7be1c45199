"""What nginx and gunicorn lose when things end in the middle, and how many callers they hold (BAR R34, R35)."""

import asyncio
import resource
import signal
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.factories import record_input
from tests.faults.room import wait_for
from tests.proxy.conftest import House
from tests.proxy.fragile import fragile
from tests.services.nginx import HOST, Answer, Nginx
from tests.services.served import workers

CALLERS = 1000
CROWD = 5 * 8


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_that_was_cut_off_is_never_sent_again(before: Callable[[int], Nginx], method: str) -> None:
    with fragile() as server:
        answer = before(server.port).ask(method, "/api/v1/users/", "{}", {"Content-Type": "application/json"})
        assert (answer.status, answer.json["code"]) == (503, "UNAVAILABLE")
        assert server.seen == [f"{method} /api/v1/users/ HTTP/1.1"]


def test_a_write_has_a_connection_of_its_own_and_a_read_on_a_dying_one_is_asked_again(
    before: Callable[[int], Nginx],
) -> None:
    with fragile(good=1) as server:
        nginx = before(server.port)
        for _ in range(8):
            assert nginx.ask("GET", "/api/v1/users/").status == 200
            assert nginx.ask("POST", "/api/v1/users/", "{}").status == 200
        assert server.seen.count("POST /api/v1/users/ HTTP/1.1") == 8


@pytest.mark.slow
def test_a_reload_under_load_loses_no_request(house: House) -> None:
    over, statuses = threading.Event(), []

    def read() -> None:
        while not over.is_set():
            statuses.append(house.call("GET", "/users/?page_size=1").status)

    def write() -> None:
        while not over.is_set():
            statuses.append(house.call("POST", "/users/", record_input()).status)

    with ThreadPoolExecutor(4) as callers:
        running = [callers.submit(work) for work in (read, write, read, write)]
        try:
            for _ in range(2):
                reload(house)
        finally:
            over.set()
        for done in running:
            done.result(30)
    assert set(statuses) == {200, 201}


def reload(house: House) -> None:
    """Have gunicorn start its workers anew, and wait until the old one is gone."""
    [old] = workers(house.server)
    assert house.server.process is not None
    house.server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: old not in workers(house.server))


@pytest.mark.slow
def test_a_thousand_callers_at_once_are_all_answered(house: House) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CALLERS + 500
    if wanted > hard:
        pytest.skip("not run: this machine does not let a process open that many connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        with ThreadPoolExecutor(1) as apart:  # the browser tests of this process may have left a loop in its thread
            statuses = apart.submit(asyncio.run, asyncio.wait_for(everybody(house), 60)).result()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert statuses == [200] * 2 * CALLERS


async def everybody(house: House) -> list[int]:
    """Let everybody come in and ask, then let all of them ask again at once on the connections they have."""
    context = house.nginx.context
    gate = asyncio.Semaphore(100)
    lines = await asyncio.gather(*(connect(house.nginx.port, context, gate) for _ in range(CALLERS)))
    found = await asyncio.gather(*(ask(*line) for _, line in lines))
    for _, (_, writer) in lines:
        writer.close()
    return [status for status, _ in lines] + found


def test_far_more_than_can_be_done_at_once_is_done_or_put_off(house: House) -> None:
    """Prove it with five times the threads that there are (BAR R35)."""
    calls: list[tuple[str, str]] = [("GET", "/users/?page_size=60"), ("POST", "/users/")] * CROWD

    def call(sent: tuple[str, str]) -> Answer:
        return house.call(*sent, record_input() if sent[0] == "POST" else None)

    with ThreadPoolExecutor(CROWD) as crowd:
        answers = list(crowd.map(call, calls))
    assert {answer.status for answer in answers} <= {200, 201, 429, 503}
    assert all(answer.headers["Retry-After"] for answer in answers if answer.status in {429, 503})
    assert sum(answer.status < 300 for answer in answers) > CROWD
    began = time.monotonic()
    assert house.call("GET", "/users/?page_size=1").status == 200
    assert time.monotonic() - began < 1


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(port: int, context: ssl.SSLContext, gate: asyncio.Semaphore) -> tuple[int, Line]:
    """Shake hands and ask, at most a hundred at a time: who asks for nothing is not kept for long."""
    async with gate:
        line = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=HOST)
        return await ask(*line), line


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    """Ask on a connection, and return the status."""
    writer.write(f"GET /health/live HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = next(line for line in head.split("\r\n") if line.startswith("content-length: "))
    await reader.readexactly(int(length.partition(": ")[2]))
    return int(head.split(" ", 2)[1])
