"""Writing a moment later: in order, together, and not lost to a hiccup."""

import threading
import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from app.core.errors import Unavailable
from app.core.later import Later

SECONDS = 5


def soon(condition: Callable[[], bool]) -> bool:
    """Wait for a condition, up to a deadline."""
    deadline = time.monotonic() + SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_things_are_written_together_and_in_order() -> None:
    written: list[list[int]] = []
    later: Later[int] = Later(Flask("later"), written.append, seconds=0.05)
    for number in range(5):
        later.put(number)
    assert soon(lambda: bool(written))
    assert written == [[0, 1, 2, 3, 4]]
    later.put(5)
    assert soon(lambda: len(written) == 2)


def test_flush_writes_at_once_and_nothing_twice() -> None:
    written: list[list[int]] = []
    later: Later[int] = Later(Flask("later"), written.append, seconds=60)
    later.put(1)
    later.flush()
    later.flush()
    assert written == [[1]]


def test_what_a_database_refused_is_written_in_the_next_round_by_itself() -> None:
    written: list[list[int]] = []
    refusals = [Unavailable(), OperationalError("", {}, Exception())]

    def write(things: list[int]) -> None:
        if refusals:
            raise refusals.pop()
        written.append(things)

    later: Later[int] = Later(Flask("later"), write, seconds=0.02)
    later.put(1)
    later.put(2)
    assert soon(lambda: written == [[1, 2]])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_the_program_does_not_end_it_for_good() -> None:
    written: list[list[int]] = []

    def write(things: list[int]) -> None:
        if things == [1]:
            raise ZeroDivisionError
        written.append(things)

    later: Later[int] = Later(Flask("later"), write, seconds=0.01)
    later.put(1)
    assert later._thread is not None
    later._thread.join(SECONDS)
    later.put(2)
    assert soon(lambda: written == [[2]])


def test_only_so_much_waits() -> None:
    written: list[list[int]] = []
    later: Later[int] = Later(Flask("later"), written.append, seconds=60, at_most=3)
    for number in range(5):
        later.put(number)
    later.flush()
    assert written == [[0, 1, 2]]


def test_what_is_put_while_writing_is_not_lost() -> None:
    written: list[int] = []
    gate = threading.Event()

    def write(things: list[int]) -> None:
        gate.wait(SECONDS)
        written.extend(things)

    later: Later[int] = Later(Flask("later"), write, seconds=0.01)
    later.put(1)
    assert soon(lambda: not later._waiting)
    later.put(2)
    gate.set()
    assert soon(lambda: written == [1, 2])
