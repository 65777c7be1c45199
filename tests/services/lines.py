"""Connections to a served application that stay open, so that a test knows which worker process answers it."""

from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import orjson


@dataclass
class Line:
    """A connection that stays open, so that one worker answers all of it."""

    port: int
    connection: HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = HTTPConnection("127.0.0.1", self.port, timeout=10)

    def send(self, method: str, path: str, token: str | None = None, body: Any = None) -> tuple[int, Any]:
        """Send JSON and return status and body."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        self.connection.request(method, f"/api/v1{path}", orjson.dumps(body) if body is not None else None, headers)
        answer = self.connection.getresponse()
        raw = answer.read()
        return answer.status, orjson.loads(raw) if raw else None

    def worker(self) -> int:
        """Return the process at the other end."""
        own = self.connection.sock.getsockname()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(f":{self.port:04X}") and fields[2].endswith(f":{own:04X}"):
                return _owner_of(fields[9])
        raise AssertionError("the connection is gone")


def _owner_of(inode: str) -> int:
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if link.readlink().name == f"socket:[{inode}]":
                return int(link.parts[2])
        except OSError:
            continue
    raise AssertionError("nobody holds the connection")
