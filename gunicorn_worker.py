"""gunicorn's worker with threads, in which a thread is given to a request, not to whoever may send one some day.

The library gives a thread to every connection that has sent a byte, and the thread waits for the rest: as many slow
callers as there are threads stop a process, for as long as they like. Here the main loop waits, for thousands at once,
and a thread gets a request that is all there. Who is too slow is cut off, and what has come is handed over as if it had
ended: the application says what it thinks of that (app/core/bodies.py). TLS and HTTP/2 are nginx's, in front of this.

A connection belongs to one side at a time: to a thread from `enqueue_req` to `finish_request`, else to the main loop.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import _DEFER, ThreadWorker

from gunicorn_arrival import PIECE, Arrival, Source
from gunicorn_refusal import is_unreadable, refuse

LOOK_SECONDS, CLOSING_SECONDS = 0.5, 2.0
SMALL, HELD_BY_ALL = 16 << 10, 64 << 20  # together they may hold so much in one process, the small ones aside


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn carries no types
    """A worker whose threads wait for nobody."""

    largest_body = 1 << 20
    _looks_again, _held = 0.0, 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: set[Any] = set()  # for the rest of a request, or to have an answer read

    def init_process(self) -> None:
        """Begin. Each request asks for some twenty settings, which the library looks up in two calls each."""
        self.cfg.__dict__.update({name: setting.get() for name, setting in self.cfg.settings.items()})
        super().init_process()

    def is_stopping(self) -> bool:
        """Tell whether this worker takes no more requests: it was told to leave, or has answered enough."""
        return not self.alive

    def handle(self, conn: Any) -> Any:
        """Answer a request that is all there; else hand the connection back to the main loop."""
        if not conn.initialized:
            conn.init()
            conn.arrival, conn.parser.unreader = None, Source(conn.sock)
        source = conn.parser.unreader
        if conn.arrival is None:
            conn.arrival = Arrival(self.largest_body)
            conn.arrival.take(source.take_buffered())
        if not conn.arrival.is_over:
            conn.arrival.receive(conn.sock)
        if not conn.arrival.is_over:
            return _DEFER
        source.hold(conn.arrival)
        result = super().handle(conn)
        source.settle()
        arrival, conn.arrival, conn.timeout = conn.arrival, None, time.monotonic() + CLOSING_SECONDS
        if arrival.is_whole:
            return result
        # Nobody knows what the next bytes belong to; but who is still sending has to get as far as to read the answer.
        conn.timeout = max(conn.timeout, arrival.deadline)
        return False

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer it; who waited for a word before the body has had that already."""
        req._expected_100_continue = False  # noqa: SLF001 - gunicorn offers no other way
        if not conn.arrival.is_whole:
            req.force_close()
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Refuse what cannot be read; the log is told why, and nothing of what was sent."""
        if not is_unreadable(exc):
            super().handle_error(req, client, addr, exc)
            return
        ip = str(addr[0]) if addr else ""  # a Unix socket has none
        self.log.warning("Invalid request from ip=%s: %s", ip, type(exc).__name__)
        refuse(self.wsgi, exc, client, ip, self.cfg)

    @contextmanager
    def _alone(self, conn: Any) -> Iterator[None]:
        """Let an error end this one connection, not the process with all the others."""
        try:
            yield
        except (OSError, ValueError, LookupError, RuntimeError, MemoryError):
            self.log.exception("A connection was dropped.")
            self._close(conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Wait here for what is missing of a request; end a connection without making anybody wait for that."""
        result = None if fs.cancelled() or fs.exception() else fs.result()
        if result is not _DEFER and result is not False:
            super().finish_request(conn, fs)
            return
        with self._alone(conn):
            if result is _DEFER:
                idle = not (self.alive or conn.arrival.data)
                self._park(conn, time.monotonic() + CLOSING_SECONDS if idle else conn.arrival.deadline)
            else:
                self._leave(conn)

    def _park(self, conn: Any, until: float) -> None:
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))
        conn.timeout = until
        self._waiting.add(conn)
        self._held += len(conn.arrival.data) if conn.arrival else 0

    def _unpark(self, conn: Any) -> None:
        self._waiting.remove(conn)
        self._held -= len(conn.arrival.data) if conn.arrival else 0
        self.poller.unregister(conn.sock)

    def _leave(self, conn: Any) -> None:
        # A close while bytes are unread would take the answer away from its reader (RFC 9112 section 9.6).
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
        else:
            self._park(conn, conn.timeout)

    def _close(self, conn: Any) -> None:
        if conn in self._waiting:
            self._unpark(conn)
        self.nr_conns -= 1
        conn.close()

    def on_pending_socket_readable(self, conn: Any, client: Any) -> None:
        """Take what came; a thread gets the connection when that is all."""
        with self._alone(conn):
            if conn.arrival is not None:
                self._take_more(conn)
            elif not _is_there(client):
                self._close(conn)

    def _take_more(self, conn: Any) -> None:
        arrival, before = conn.arrival, len(conn.arrival.data)
        arrival.receive(conn.sock)
        self._held += len(arrival.data) - before
        conn.timeout = arrival.deadline
        if arrival.is_over or (len(arrival.data) > SMALL and self._held > HELD_BY_ALL):
            self._hand_over(conn)

    def _hand_over(self, conn: Any) -> None:
        self._unpark(conn)
        conn.arrival.is_over = True
        self.enqueue_req(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """Have those who have sent nothing leave soon when the worker stops."""
        super()._cap_keepalive(deadline)
        for conn in self._waiting:
            if conn.arrival is not None and not conn.arrival.data:
                conn.timeout = min(conn.timeout, deadline)

    def murder_pending(self) -> None:
        """End every wait that has been long enough, now and then."""
        now = time.monotonic()
        if now < self._looks_again:
            return
        self._looks_again = now + LOOK_SECONDS
        for conn in [conn for conn in self._waiting if conn.timeout < now]:
            with self._alone(conn):
                if conn.arrival is not None and conn.arrival.data:
                    self._hand_over(conn)
                else:
                    self._close(conn)


def _is_there(client: socket.socket) -> bool:
    """Throw away what somebody says who has been answered, and tell whether more may come."""
    try:
        return bool(client.recv(PIECE, socket.MSG_DONTWAIT))
    except BlockingIOError:
        return True
    except OSError:
        return False
