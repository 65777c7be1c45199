"""A server that hangs up on every request it has read, and counts them."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Fragile:
    """What stands behind nginx: it answers the first `good` requests of a connection, and hangs up on the next."""

    def __init__(self, good: int) -> None:
        self.good = good
        self.seen: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with line:
            for _ in range(self.good):
                self._read(line)
                line.sendall(b"HTTP/1.1 200 OK\r\nX-Request-ID: fragile\r\nContent-Length: 2\r\n\r\nok")
            self._read(line)

    def _read(self, line: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and (data := line.recv(65536)):
            head += data
        if head:
            self.seen.append(head.decode().split("\r\n", 1)[0])

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()


@contextmanager
def fragile(good: int = 0) -> Iterator[Fragile]:
    """Lend such a server."""
    server = Fragile(good)
    try:
        yield server
    finally:
        server.close()
