"""Keeping a worker beside the server: one that dies alone is started anew, and none outlives the server.

This runs as a program of its own, by its path and with the standard library alone, so that it starts at once, takes
next to nothing, and has little to die of itself.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
RAN_WELL_SECONDS = 60.0
"""A worker that lived so long did not die of how it was started, so the next one need not wait."""

STOP_WITHIN_SECONDS = 30.0
LOOK_SECONDS = 0.2


def attend(command: Sequence[str], is_over: Callable[[], bool], rest: Callable[[float], object] = time.sleep) -> int:
    """Run the command again whenever it ends, ever later, until it is over; return how often it was started anew."""
    pause, again = FIRST_PAUSE_SECONDS, 0
    while True:
        began = time.monotonic()
        worker = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - nothing in it comes from outside
        while worker.poll() is None and not is_over():
            rest(LOOK_SECONDS)
        if time.monotonic() - began > RAN_WELL_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        if is_over() or _waited(pause, is_over, rest):
            _stop(worker)
            return again
        _say("worker.started_anew", status=worker.returncode, after_seconds=pause)
        pause, again = min(2 * pause, LONGEST_PAUSE_SECONDS), again + 1


def _waited(seconds: float, is_over: Callable[[], bool], rest: Callable[[float], object]) -> bool:
    """Wait; tell whether it was over meanwhile."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_over():
            return True
        rest(LOOK_SECONDS)
    return is_over()


def _stop(worker: "subprocess.Popen[bytes]") -> None:
    """Have the worker end what it has in hand, but not for ever."""
    worker.terminate()
    try:
        worker.wait(STOP_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def _say(event: str, **facts: object) -> None:
    """Write one line as the service writes its log."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = {**facts, "event": event, "level": "warning", "logger": "app.delivery.attending", "at": at}
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def main(server: int) -> None:
    """Keep a worker until this process is told to stop, or the process `server` is no longer its parent."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker", "--beside", str(os.getpid())]
    attend(command, lambda: stopping.is_set() or os.getppid() != server)


if __name__ == "__main__":
    main(int(sys.argv[1]))
