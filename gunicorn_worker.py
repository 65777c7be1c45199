"""gunicorn's worker with threads, in which a thread is given to a request, not to whoever may send one some day.

The library gives a thread to every connection that has sent a byte, and the thread waits for the rest: as many slow
callers as there are threads stop a process, for as long as they like. Here the main loop waits, for thousands at once,
and a thread gets a request that is all there. Who is too slow is cut off, and what has come is handed over as if it had
ended: the application says what it thinks of that (app/core/bodies.py). TLS and HTTP/2 are nginx's, in front of this.
"""

import socket
import time
from collections import deque
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import _DEFER, ThreadWorker

from gunicorn_arrival import PIECE, Arrival, Source

LOOK_SECONDS, CLOSING_SECONDS = 0.5, 2.0
SMALL, HELD_BY_ALL = 64 << 10, 64 << 20  # together they may hold so much in one process, the small ones aside


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn carries no types
    """A worker whose threads wait for nobody."""

    pending_conns: deque[Any]
    largest_body = 1 << 20
    _looks_again = 0.0

    def is_stopping(self) -> bool:
        """Tell whether this worker takes no more requests: it was told to leave, or has answered enough."""
        return not self.alive

    def handle(self, conn: Any) -> Any:
        """Answer a request that is all there; else hand the connection back to the main loop."""
        conn.data_ready = True
        if not conn.initialized:
            conn.init()
            conn.parser.unreader = Source(conn.sock)
        if not self._has_arrived(conn):
            return _DEFER
        arrival, conn.arrival, source = conn.arrival, None, conn.parser.unreader
        source.held = bytes(arrival.data)
        result = super().handle(conn)
        source.settle()
        # Of a body too large not all was handed over: the parser would look for the rest of it in the next request.
        conn.parser.mesg = None
        # Where a request was cut off nobody knows what the next bytes belong to.
        return result and arrival.is_whole

    def _has_arrived(self, conn: Any) -> bool:
        arrival = getattr(conn, "arrival", None)
        if arrival is None:
            arrival = conn.arrival = Arrival(self.largest_body)
            if ahead := conn.parser.unreader.take_buffered():
                arrival.take(ahead)
        if arrival.is_over or arrival.receive(conn.sock) or arrival.deadline < time.monotonic():
            return True
        if arrival.waits_to_go_on():
            with suppress(OSError):
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        waiting = tuple(self.pending_conns) if len(arrival.data) > SMALL else ()
        return sum(len(held.data) for other in waiting if (held := other.arrival)) > HELD_BY_ALL

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Wait here for what is missing of a request; end a connection without making anybody wait for that."""
        result = None if fs.cancelled() or fs.exception() else fs.result()
        if result is _DEFER:
            self._park(conn, conn.arrival.deadline)
        elif result is False:
            self._leave(conn)
        else:
            super().finish_request(conn, fs)

    def _park(self, conn: Any, until: float) -> None:
        conn.sock.setblocking(False)
        conn.timeout = until if self.alive else min(until, time.monotonic() + CLOSING_SECONDS)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _leave(self, conn: Any) -> None:
        # A close while bytes are unread would take the answer away from its reader (RFC 9112 section 9.6).
        conn.arrival = None
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
        else:
            self._park(conn, time.monotonic() + CLOSING_SECONDS)

    def _close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def on_pending_socket_readable(self, conn: Any, client: Any) -> None:
        """Take what came; a thread gets the connection when that is all, or there has been time enough."""
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        if conn.arrival is None:
            self._hear_out(conn)
        elif self._has_arrived(conn):
            self.enqueue_req(conn)
        else:
            self._park(conn, conn.arrival.deadline)

    def _hear_out(self, conn: Any) -> None:
        try:
            is_over = not conn.sock.recv(PIECE) or conn.timeout < time.monotonic()
        except OSError:
            is_over = True
        if is_over:
            self._close(conn)
        else:
            self._park(conn, conn.timeout)

    def _cap_keepalive(self, deadline: float) -> None:
        """Have those who have sent nothing leave soon when the worker stops."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            if conn.arrival is not None and not conn.arrival.data:
                conn.timeout = min(conn.timeout, deadline)

    def murder_pending(self) -> None:
        """End every wait that has been long enough, now and then."""
        now = time.monotonic()
        if now < self._looks_again:
            return
        self._looks_again = now + LOOK_SECONDS
        over = [conn for conn in self.pending_conns if conn.timeout < now]
        self.pending_conns = deque(conn for conn in self.pending_conns if conn.timeout >= now)
        for conn in over:
            self.poller.unregister(conn.sock)
            if conn.arrival is not None and conn.arrival.data:
                self.enqueue_req(conn)
            else:
                self._close(conn)
