"""A server on a processor core of its own, and how much of that core it used."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.services.mariadb import free_port

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 30
OURS = "gunicorn_worker.PatientWorker"
SERVERS = ("gunicorn", "gunicorn-gthread", "gunicorn-sync", "gunicorn-gevent", "granian")
TICKS = os.sysconf("SC_CLK_TCK")
PINNED = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); os.execv(sys.argv[2], sys.argv[2:])"


def cores() -> tuple[int, frozenset[int]]:
    """Return the core of the server, and those that are left for the load and the database."""
    first, *others = sorted(os.sched_getaffinity(0))
    return first, frozenset(others or [first])


class Server:
    """A running server, pinned to its core."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self._process = process

    def cpu_seconds(self) -> float:
        """Return the processor time of the server's processes so far, its workers too."""
        return sum(_cpu_ticks(pid) for pid in self._pids()) / TICKS

    def memory_mib(self) -> float:
        """Return the resident memory of the largest of its processes."""
        return max((_resident_pages(pid) for pid in self._pids()), default=0) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def _pids(self) -> Iterator[int]:
        for folder in Path("/proc").iterdir():
            with suppress(ValueError, ProcessLookupError, FileNotFoundError):
                if os.getpgid(int(folder.name)) == self._process.pid:
                    yield int(folder.name)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, 9)
            self._process.wait()


def environ() -> dict[str, str]:
    """Return the environment of a process of the bench; packages that the caller adds, a driver say, are found."""
    places = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places)}


@contextmanager
def running(kind: str, target: str, settings: Mapping[str, str], folder: Path, *, threads: int = 4) -> Iterator[Server]:
    """Start a WSGI callable under one of SERVERS; plain `gunicorn` has the worker class of production."""
    port = free_port()
    environment = {**environ(), **settings, "PORT": str(port)}
    pinned = [sys.executable, "-c", PINNED, str(cores()[0]), sys.executable, "-m"]
    command = [*pinned, *_command(kind, target, port, threads)]
    said = folder / f"{kind}-{target.replace(':', '.')}.log"
    with said.open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    server = Server(port, process)
    try:
        _wait(port, process, said)
        yield server
    finally:
        server.stop()


def _command(kind: str, target: str, port: int, threads: int) -> list[str]:
    if kind == "granian":
        address = ["--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "warning"]
        return ["granian", "--interface", "wsgi", *address, "--blocking-threads", str(threads), target]
    worker = {"gunicorn": OURS}.get(kind, kind.removeprefix("gunicorn-"))
    bind = ["--bind", f"127.0.0.1:{port}", "--threads", str(threads if worker in (OURS, "gthread") else 1)]
    quiet = ["--keep-alive", "75", "--log-level", "warning", "--no-control-socket"]
    return ["gunicorn", "-k", worker, "-w", "1", *bind, *quiet, target]


def _wait(port: int, process: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    probe = [sys.executable, "-c", f"import socket; socket.create_connection(('127.0.0.1', {port}), 1)"]
    while time.monotonic() < deadline and process.poll() is None:
        if subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return
    raise RuntimeError(f"the server did not start: {said.read_text(errors='replace')[-2000:]}")


def _cpu_ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(fields[11]) + int(fields[12])


def _resident_pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
