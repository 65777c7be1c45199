"""A system that does everything right while the room breaks, and remembers what it was told."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from itertools import pairwise
from typing import Any

from tests.factories import record_input
from tests.faults.room import Room
from tests.services.served import Served

WRITERS, READERS = 4, 2
TRIES = 400
EFFECTS = {
    "user_records": "", "identity_vault": "", "audit_entries": "WHERE action = 'record.created'",
    "outbox": "WHERE type = 'record.created'",
}  # fmt: skip


class CarefulPartner:
    """A system that sends the same request with the same key until there is an answer.

    With `hangs_up` the server itself is broken, so a connection may end without one.
    """

    def __init__(self, room: Room, server: Served, *, hangs_up: bool = False) -> None:
        self.room, self.server, self.hangs_up = room, server, hangs_up
        self.over = threading.Event()
        self.saved: list[dict[str, Any]] = []
        self.saved_at: list[float] = []

    def save(self, given: dict[str, Any]) -> None:
        """Register a person, however often it has to be asked."""
        for _ in range(TRIES):
            try:
                told = self.room.call(self.server, "POST", "/users/", given, Idempotency_Key=given["pan"])
            except (OSError, HTTPException):
                assert self.hangs_up, "the server hung up"
                time.sleep(0.05)
                continue
            if told.status == 201:
                self.saved_at.append(time.monotonic())
                self.saved.append(told.json)
                return
            assert told.status in (409, 503), told.text
            assert "Retry-After" in told.headers, told.text
            assert told.seconds < 10
            time.sleep(0.01)
        raise AssertionError("it was never saved")

    def write(self) -> None:
        """Register people until it is over."""
        while not self.over.is_set():
            self.save(record_input())

    def read(self) -> None:
        """Read a list until it is over."""
        while not self.over.is_set():
            try:
                told = self.room.call(self.server, "GET", "/users/?page_size=5")
            except (OSError, HTTPException):
                assert self.hangs_up, "the server hung up"
                time.sleep(0.05)
                continue
            assert told.status in (200, 503), told.text

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Write and read while something breaks; then have everything that was begun saved."""
        self.over.clear()
        with ThreadPoolExecutor(WRITERS + READERS) as pool:
            running = [pool.submit(work) for work in [self.write] * WRITERS + [self.read] * READERS]
            try:
                yield
            finally:
                self.over.set()
            for done in running:
                done.result(90)

    def wait_for_more(self, number: int, seconds: float = 30) -> None:
        """Wait until so many more people were saved."""
        wanted, deadline = len(self.saved) + number, time.monotonic() + seconds
        while len(self.saved) < wanted:
            assert time.monotonic() < deadline, "nothing is saved any more"
            time.sleep(0.01)

    @property
    def outage(self) -> float:
        """Return for how many seconds at most nothing was saved."""
        return max((later - earlier for earlier, later in pairwise(sorted(self.saved_at))), default=0.0)

    def prove_that_nothing_is_lost(self) -> None:
        """Prove that whatever was acknowledged is there once, and everything there with its entry and event."""
        for saved in self.saved:
            assert self.room.count(f"user_records WHERE email = '{saved['email']}'") == 1
        records = self.room.count("user_records")
        assert {table: self.room.count(f"{table} {where}") for table, where in EFFECTS.items()} == dict.fromkeys(
            EFFECTS, records
        )
        checked = self.room.app.test_cli_runner().invoke(args=["audit", "verify"])
        assert checked.exit_code == 0, checked.stdout
