"""A private Redis server for tests that break it, and a slow line to it; each is stopped by its own pid."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import redis

from tests.services.machine import PROGRAMS
from tests.services.mariadb import free_port
from tests.services.network import Line

START_SECONDS = 20


class RedisServer:
    """A running server: on a loopback port at `url`, and on a socket file at `socket_url`."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="record-room-redis-"))
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.socket_url = f"unix://{self.folder / 'sock'}"
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls) -> Self:
        """Start an empty server that keeps nothing on disk. Raises RuntimeError when it does not come up."""
        server = cls()
        server.run()
        return server

    def run(self) -> None:
        """Start the server process, also again after `kill()`: it is empty then."""
        program = PROGRAMS["redis"].find()
        if program is None:
            raise RuntimeError("there is no Redis on this machine")
        arguments = [
            "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", str(self.folder / "sock"),
            "--save", "", "--appendonly", "no", "--dir", str(self.folder), "--daemonize", "no",
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                arguments, executable=program, stdout=log, stderr=log, start_new_session=True
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process is not None and self.process.poll() is None:
            try:
                self.ask("PING")
            except redis.RedisError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"Redis did not start: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")

    def ask(self, *command: Any) -> Any:
        """Send one command on a connection of its own."""
        with redis.Redis(port=self.port, socket_timeout=5, decode_responses=True) as client:
            return client.execute_command(*command)

    def keys(self) -> dict[str, int]:
        """Return every key with the seconds it has to live; -1 is for ever."""
        return {key: ttl for key in self.ask("KEYS", "*") if (ttl := self.ask("TTL", key)) != -2}

    def kill(self) -> None:
        """Kill the server as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def freeze(self) -> None:
        """Stop the server answering without closing a connection."""
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """End the server and remove everything it made."""
        self.thaw()
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class SlowLine(Line):
    """A line to a server on which every answer takes `seconds` longer; that may be changed while it is in use."""

    def __init__(self, port: int, seconds: float = 0.0) -> None:
        super().__init__(port, seconds=seconds)
        self.url = f"redis://127.0.0.1:{self.port}/0"
