"""The application as it runs in earnest: gunicorn in its own process group, all it says in one file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self

from tests.services.mariadb import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30


def workers(server: "Served") -> set[str]:
    """Return the process ids of gunicorn's workers."""
    if server.process is None:
        return set()
    master = server.process.pid
    return set(Path(f"/proc/{master}/task/{master}/children").read_text().split())


class Served:
    """A server to talk to at `url`; what it printed is in `log`."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.port = int(settings.get("PORT") or free_port())
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self.settings = {"BASE_URL": self.url, **settings, "PORT": str(self.port)}
        self.process: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        """Return the whole environment of the process: ours says nothing about its settings."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        places = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        return {**kept, "PYTHONPATH": places, "PYTHONUNBUFFERED": "1", **self.settings}

    def flask(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run `flask --app wsgi …` with the same settings."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment(), input=text, capture_output=True, text=True, check=False
        )

    def start(self, *command: str) -> Self:
        """Start it, with `flask --app wsgi serve` (migrations, first admin, gunicorn) unless told otherwise."""
        command = command or ("flask", "--app", "wsgi", "serve")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=self.folder, env=self.environment(), stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self._wait()
        return self

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process is not None and self.process.poll() is None:
            if self.answers():
                return
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"the server did not start: {self.output()[-3000:]}")

    def answers(self) -> bool:
        """Tell whether the server answers at all."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health/live")
            return bool(connection.getresponse().status)
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def output(self) -> str:
        """Return everything the server printed so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def kill(self) -> None:
        """Kill the server and its workers as a power cut would."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """End the server; in-flight requests are answered first."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        if number == signal.SIGKILL:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
