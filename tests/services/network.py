"""A line to a server on loopback, with the faults of a network: slow, silent, or cut at a word."""

import socket
import threading
import time
from contextlib import suppress

CHUNK = 65536
LOOK_SECONDS = 0.05


class Line:
    """Carries bytes to the first of `ports` that takes the call.

    Every answer takes `seconds` longer; while `is_silent` nothing gets through and no connection is closed. Both may be
    changed while the line is in use.
    """

    def __init__(self, *ports: int, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.is_silent = False
        self.cuts = 0
        self._to = ports
        self._cut_at: bytes | None = None
        self._is_heard = False
        self._guard = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at(self, word: bytes, *, is_heard: bool) -> None:
        """Cut the next connection that carries this word: before the server has heard it, or before its answer."""
        with self._guard:
            self._cut_at, self._is_heard = word, is_heard

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(caller,), daemon=True).start()

    def _connect(self, caller: socket.socket) -> None:
        self._wait_while_silent()
        for port in self._to:
            with suppress(OSError):
                server = socket.create_connection(("127.0.0.1", port))
                break
        else:
            caller.close()
            return
        hung_up = threading.Event()
        for ends in ((caller, server, False), (server, caller, True)):
            threading.Thread(target=self._carry, args=(*ends, hung_up), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_answer: bool, cut: threading.Event) -> None:
        try:
            while data := source.recv(CHUNK):
                self._wait_while_silent()
                if is_answer:
                    time.sleep(self.seconds)
                    if cut.is_set():
                        break
                elif self._is_cut_by(data):
                    cut.set()
                    if not self._is_heard:
                        break
                target.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, target):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _is_cut_by(self, data: bytes) -> bool:
        with self._guard:
            if self._cut_at is None or self._cut_at not in data:
                return False
            self._cut_at = None
            self.cuts += 1
            return True

    def _wait_while_silent(self) -> None:
        while self.is_silent:
            time.sleep(LOOK_SECONDS)

    def close(self) -> None:
        """Take no more connections."""
        self.is_silent = False
        self._listener.close()
