"""The application as it runs in earnest: gunicorn in its own process group, all it says in one file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cached_property
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self

from flask import Flask
from flask_migrate import upgrade

from app import cli, create_app
from app.extensions import db
from config import Config
from tests.services.mariadb import free_port
from tests.settings import SECRETS

ROOT = Path(__file__).resolve().parents[2]
GUNICORN = ("gunicorn", "-c", str(ROOT / "gunicorn.conf.py"))
IN_THE_DATABASE = {*SECRETS, "APP_ENV", "BASE_URL", "DATABASE_URL", "ADMIN_EMAIL", "ADMIN_PASSWORD"}
"""The settings that have a say in what a database holds."""
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

    @cached_property
    def inside(self) -> Flask:
        """An application of this process on the server's database."""
        kept = {name: value for name, value in self.settings.items() if name in IN_THE_DATABASE}
        return create_app(Config.from_env(kept, home=self.folder))

    def command(self, *arguments: str) -> str:
        """Run `flask --app wsgi …` in this process, which costs no start of another; return what it printed."""
        done = self.inside.test_cli_runner().invoke(args=arguments)
        with self.inside.app_context():
            db.engine.dispose()
        assert done.exit_code == 0, done.output
        return done.stdout.strip()

    def prepare(self) -> Self:
        """Do here what `serve` does in a process of its own: migrate, and make the first admin."""
        with self.inside.app_context():
            upgrade(directory=str(ROOT / "migrations"))
            cli.first_admin_lines(self.inside.extensions["config"])
            db.engine.dispose()
        return self

    def open(self) -> Self:
        """Prepare it, and start gunicorn alone."""
        return self.prepare().start(*GUNICORN, "wsgi:app")

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
