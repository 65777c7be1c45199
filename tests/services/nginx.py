"""A private nginx on the very nginx.conf of this repository: only ports, paths and its user are ours."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, Self

from tests.services.certificates import make_certificate
from tests.services.machine import PROGRAMS
from tests.services.mariadb import free_port
from tests.services.served import ROOT

HOST = "records.example.com"
START_SECONDS = 20
PATIENCE = 20


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers (of several with one name, all), body."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """Read the body as text."""
        return self.body.decode()


class TlsConnection(HTTPConnection):
    """An HTTP connection to loopback that asks for the service's own name and trusts its certificate alone."""

    def __init__(self, port: int, context: ssl.SSLContext, source: str = "127.0.0.1") -> None:
        super().__init__(HOST, port, timeout=PATIENCE)
        self._context = context
        self._source = source

    def connect(self) -> None:
        """Connect, from one of this machine's loopback addresses."""
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE, (self._source, 0))
        self.sock = self._context.wrap_socket(plain, server_hostname=HOST)


class Nginx:
    """A running nginx before an application on `upstream`; its logs are in `folder`."""

    def __init__(self, upstream: int, static: Path = ROOT / "static") -> None:
        self.upstream = upstream
        self.static = static
        self.port, self.plain_port = free_port(), free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="record-room-nginx-"))
        self.folder.chmod(0o755)
        self.process: subprocess.Popen[bytes] | None = None
        make_certificate(self.folder, HOST)
        self.context = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        (self.folder / "nginx.conf").write_text(self._configuration())

    def _configuration(self) -> str:
        text = (ROOT / "nginx.conf").read_text()
        changes = {
            # Only an administrator's nginx changes its user; ours has to read this folder, wherever it is.
            "user www-data;": "user root;" if os.geteuid() == 0 else "",
            "/etc/record-room/tls": str(self.folder),
            "/var/log/nginx": str(self.folder),
            "/run/nginx.pid": str(self.folder / "pid"),
            "/srv/record-room/static/": f"{self.static}/",
            "127.0.0.1:8000": f"127.0.0.1:{self.upstream}",
            "listen 80 ": f"listen {self.plain_port} ",
            "listen [::]:80 ": f"listen [::]:{self.plain_port} ",
            "listen 443 ": f"listen {self.port} ",
            "listen [::]:443 ": f"listen [::]:{self.port} ",
            "worker_processes auto;": "worker_processes 2;",
        }
        for real, ours in changes.items():
            assert real in text, real
            text = text.replace(real, ours)
        if not socket.has_ipv6 or not Path("/proc/net/if_inet6").exists():
            text = re.sub(r"\n *listen \[::\].*", "", text)
        paths = "\n".join(
            f"    {name}_temp_path temp_{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return text.replace("http {", f"http {{\n{paths}", 1)

    def check(self) -> subprocess.CompletedProcess[str]:
        """Have nginx itself read the configuration."""
        return subprocess.run([*self._command(), "-t"], capture_output=True, text=True, check=False)

    def _command(self) -> list[str]:
        program = PROGRAMS["nginx"].find()
        if program is None:
            raise RuntimeError("there is no nginx on this machine")
        return [
            program,
            "-p",
            str(self.folder),
            "-c",
            str(self.folder / "nginx.conf"),
            "-e",
            str(self.folder / "early"),
        ]

    def start(self) -> Self:
        """Start it and wait until it listens. Raises RuntimeError when it does not come up."""
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen(
                [*self._command(), "-g", "daemon off;"], stdout=said, stderr=said, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        raise RuntimeError(f"nginx did not start: {(self.folder / 'said').read_text()}")

    def connect(self, source: str = "127.0.0.1") -> TlsConnection:
        """Open a connection for several requests."""
        return TlsConnection(self.port, self.context, source)

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, headers: Mapping[str, str] | None = None,
        *, source: str = "127.0.0.1",
    ) -> Answer:  # fmt: skip
        """Send one request over TLS on a connection of its own."""
        connection = self.connect(source)
        try:
            connection.request(method, path, body, dict(headers or {}))
            return read(connection.getresponse())
        finally:
            connection.close()

    @contextmanager
    def line(self, name: str = HOST, protocols: tuple[str, ...] = ()) -> Iterator[ssl.SSLSocket]:
        """Shake hands for a server name and lend the line. Raises ssl.SSLError when that is refused."""
        context = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        context.set_alpn_protocols(protocols or ("http/1.1",))
        with (
            socket.create_connection(("127.0.0.1", self.port), PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=name) as line,
        ):
            yield line

    def raw(self, request: bytes) -> bytes:
        """Send bytes over TLS as they are, and return everything that comes back until the end or a pause."""
        with self.line() as line:
            line.sendall(request)
            return drain(line)

    def log(self) -> list[dict[str, Any]]:
        """Read the access log."""
        lines = (self.folder / "record-room.log").read_bytes().decode("ascii").splitlines()
        return [json.loads(line) for line in lines]

    def stop(self) -> None:
        """End it and remove what it made."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def read(response: HTTPResponse) -> Answer:
    """Read an answer to its end."""
    return Answer(response.status, response.headers, response.read())


def drain(line: socket.socket, pause: float = 3.0) -> bytes:
    """Read until the other side closes or says nothing more for `pause` seconds."""
    line.settimeout(pause)
    found = b""
    try:
        while data := line.recv(65536):
            found += data
    except (TimeoutError, ConnectionError):
        pass
    return found
