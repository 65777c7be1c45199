"""A private MariaDB server for one run of the tests: its own folder, socket and port, stopped by its own pid."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pymysql

from tests.services.machine import INSTALL_DB, PROGRAMS, which

USER, PASSWORD = "room", "room-of-the-tests"
DRIVER = os.environ.get("DATABASE_DRIVER", "pymysql")
"""How the application under test speaks to the server; mysqldb is the other that it knows."""
UNSEALED = "?ssl_disabled=1" if DRIVER == "pymysql" else ""
"""The server has no certificate; PyMySQL would read all those of the system, for 20 ms a connection, before it asks."""
START_SECONDS = 60
ROOM_IN_MEMORY = 2 << 30
PORTS = range(15_000, 30_000)
OPTIONS = (
    "--skip-log-bin",
    "--skip-name-resolve",
    "--bind-address=127.0.0.1",
    "--max-connections=500",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-buffer-pool-size=128M",
    "--innodb-log-file-size=48M",
    "--performance-schema=OFF",
    "--character-set-server=utf8mb4",
    "--lower-case-table-names=0",
)


def free_port() -> int:
    """Return a loopback port nobody listens on.

    It lies below those that the system lends to whoever calls out, or one of the many callers could have it meanwhile.
    """
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def scratch_folder() -> Path:
    """Make a private folder, in memory where there is plenty of it."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder in it
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_IN_MEMORY
    return Path(tempfile.mkdtemp(prefix="record-room-", dir=memory if roomy else None))


class MariaDb:
    """A running server. `start()` makes one, `attach()` reaches one that another process started."""

    def __init__(self, port: int, folder: Path | None = None, process: subprocess.Popen[bytes] | None = None) -> None:
        self.port = port
        self.folder = folder
        self.process = process

    @classmethod
    def attach(cls, port: int) -> Self:
        """Reach a server that is already there."""
        return cls(port)

    @classmethod
    def start(cls, *options: str) -> Self:
        """Install an empty server in a folder of its own and start it. Raises RuntimeError when it does not come up."""
        program = PROGRAMS["mariadb"].find()
        if program is None:
            raise RuntimeError("there is no MariaDB on this machine")
        server = cls(free_port(), scratch_folder())
        server._install()
        server.run(program, *options)
        server.allow_tests()
        return server

    def _install(self) -> None:
        installer = which(INSTALL_DB)
        if installer is None or self.folder is None:
            raise RuntimeError(f"{INSTALL_DB} is missing")
        arguments = [
            installer, "--no-defaults", f"--datadir={self.folder / 'data'}", "--skip-test-db",
            "--auth-root-authentication-method=normal", *self._user(),
        ]  # fmt: skip
        done = subprocess.run(arguments, env=self._environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"mariadb-install-db failed: {done.stdout}{done.stderr}")

    def run(self, program: str | None = None, *options: str) -> None:
        """Start the server process on its folder, also again after `kill()`."""
        if self.folder is None:
            raise RuntimeError("this server belongs to another process")
        arguments = [
            program or PROGRAMS["mariadb"].find() or "mariadbd", "--no-defaults", f"--datadir={self.folder / 'data'}",
            f"--socket={self.folder / 'sock'}", f"--port={self.port}", f"--pid-file={self.folder / 'pid'}",
            *OPTIONS, *options, *self._user(),
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                arguments, env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )
        self._wait()

    def _environment(self) -> dict[str, str]:
        """Give the server temporary files of its own: a starting server clears away those of others."""
        return {**os.environ, "TMPDIR": str(self.folder)}

    def _user(self) -> list[str]:
        return ["--user=root"] if os.geteuid() == 0 else []

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                break
            try:
                self.admin().close()
            except pymysql.err.OperationalError:
                time.sleep(0.05)
            else:
                return
        log = (self.folder / "log").read_text(errors="replace")[-2000:] if self.folder else ""
        raise RuntimeError(f"MariaDB did not start: {log}")

    def admin(self) -> "pymysql.connections.Connection[Any]":
        """Connect as the server's administrator."""
        return pymysql.connect(host="127.0.0.1", port=self.port, user="root", autocommit=True, ssl_disabled=True)

    def execute(self, *statements: str) -> None:
        """Run statements as the administrator."""
        with self.admin() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def allow_tests(self) -> None:
        """Make the plain user that the application signs in as."""
        self.execute(
            f"CREATE USER IF NOT EXISTS '{USER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT ALL ON `rr\\_%`.* TO '{USER}'@'127.0.0.1'",
        )

    def create_database(self, name: str) -> str:
        """Make an empty database `rr_<name>` and return its URL."""
        database = "rr_" + re.sub(r"\W", "_", name)
        self.execute(f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
        return f"mysql+{DRIVER}://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}{UNSEALED}"

    def kill_connections(self) -> int:
        """End every connection of the application, as a failover would; return how many there were."""
        with self.admin() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE user = %s", (USER,))
            victims = [row[0] for row in cursor.fetchall()]
            for victim in victims:
                cursor.execute(f"KILL {victim:d}")
        return len(victims)

    def kill(self) -> None:
        """Kill the server as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def freeze(self) -> None:
        """Stop the server answering without closing a connection."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the server and remove everything it made."""
        self.thaw()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
