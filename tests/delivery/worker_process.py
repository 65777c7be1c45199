"""The worker as it runs in earnest: a process of its own, or beside the server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.served import Served

PATIENCE_SECONDS = 30


class WorkerProcess:
    """A process of `flask worker`."""

    def __init__(self, served: Served) -> None:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
        self.log = served.folder / "worker.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=served.folder, env=served.environment(), stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """Kill it as a power cut would."""
        os.kill(self.process.pid, signal.SIGKILL)

    def stop(self) -> int:
        """Have it end by itself; return its status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def worker_of(served: Served) -> Iterator[WorkerProcess]:
    """Run a worker with the settings of a server."""
    worker = WorkerProcess(served)
    try:
        yield worker
    finally:
        if worker.process.poll() is None:
            worker.kill()
            worker.process.wait()


def wait_until(happened: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something is so; fail when it never is."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def mails_in(folder: Path) -> list[Path]:
    """List the mails that were written as files."""
    return sorted((folder / "instance" / "mail").glob("*.eml"))
