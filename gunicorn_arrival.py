"""A request on its way: how much of it has come, and whether that is all (gunicorn_worker.py)."""

import re
import socket
import time

from gunicorn.http.unreader import SocketUnreader

# How long a request may take to arrive, and how fast it has to come when it is large. nginx counts no such thing.
PATIENCE = 15.0
BYTES_A_SECOND = 32 << 10

PIECE, PIECES_AT_ONCE = 64 << 10, 8  # then it is somebody else's turn
HEAD_LIMIT = 64 << 10  # gunicorn's own limits are lower, and it refuses what is longer
THROWN_AWAY = 32 << 20  # of a body that is too large, so that its sender is still there to hear the refusal

HEAD_END, LINE_END = b"\r\n\r\n", b"\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*(?=\r\n)", re.IGNORECASE)
_ANY_LENGTH = re.compile(rb"\r\ncontent-length", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_WAITS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"[0-9a-f]{1,8}(?![0-9a-f])", re.IGNORECASE)


class Arrival:
    """The next request on a connection, as far as it has come.

    It is read no further than to find its end. Where it makes no sense nothing more is waited for: gunicorn refuses it.
    """

    def __init__(self, largest_body: int) -> None:
        self.data = bytearray()
        self.is_whole = False
        self.is_over = False  # it is whole, or will never be
        self._began = time.monotonic()
        self._kept = 2 * largest_body + HEAD_LIMIT  # the framing of small chunks is as much again
        self._thrown = 0
        self._looked_at = 0
        self._next: int | None = None  # where the body ends, or its next chunk begins
        self._is_chunked = False

    @property
    def deadline(self) -> float:
        """Tell when it will have taken too long."""
        return self._began + PATIENCE + len(self.data) / BYTES_A_SECOND

    def receive(self, sock: socket.socket) -> bool:
        """Take what is there without waiting, and tell whether that is all there will be."""
        sock.setblocking(False)
        try:
            for _ in range(PIECES_AT_ONCE):
                piece = sock.recv(PIECE)
                if not piece:
                    return True
                self.take(piece)
                if self.is_over:
                    return True
        except OSError as problem:
            return not isinstance(problem, BlockingIOError)
        return False

    def take(self, piece: bytes) -> None:
        """Take a piece of it."""
        self.data += piece
        if self._next is None:
            self._read_head()
        if self._next is not None:
            self._next = self._throw_surplus(self._end_of_chunks(self._next) if self._is_chunked else self._next)
            self.is_whole = self.is_whole or (not self._is_chunked and len(self.data) >= self._next)
        self.is_over = self.is_over or self.is_whole or self._thrown > THROWN_AWAY

    def waits_to_go_on(self) -> bool:
        """Tell whether the caller wants to hear that it may send the body."""
        return self._next is not None and self.data.endswith(HEAD_END) and _WAITS.search(self.data) is not None

    def _read_head(self) -> None:
        end = self.data.find(HEAD_END, max(0, self._looked_at - len(HEAD_END)))
        self._looked_at = len(self.data)
        if end < 0:
            self.is_over = len(self.data) > HEAD_LIMIT
            return
        head = bytes(self.data[: end + len(LINE_END)])
        lengths = _LENGTH.findall(head)
        self._is_chunked = _CHUNKED.search(head) is not None
        if not end or len(lengths) != len(_ANY_LENGTH.findall(head)) or len(lengths) + self._is_chunked > 1:
            self.is_over = True
        else:
            self._next = end + len(HEAD_END) + sum(map(int, lengths))

    def _end_of_chunks(self, place: int) -> int:
        """Go on from chunk to chunk as far as they have come, and return where the next one begins."""
        while (line_end := self.data.find(LINE_END, place, place + HEAD_LIMIT)) >= 0:
            size = _CHUNK_SIZE.match(self.data, place)
            if size is None:
                self.is_over = True
                return place
            if int(size[0], 16) == 0:
                # A blank line ends it, at once or after trailers.
                self.is_whole = self.data.find(HEAD_END, line_end) >= 0
                return place
            place = line_end + 2 + int(size[0], 16) + 2
        self.is_over = len(self.data) > place + HEAD_LIMIT
        return place

    def _throw_surplus(self, place: int) -> int:
        """Let go of what nobody will read, before a place that may not have come yet; return where that is then."""
        surplus = max(0, min(place, len(self.data)) - self._kept)
        del self.data[self._kept : self._kept + surplus]
        self._thrown += surplus
        return place - surplus


class Source(SocketUnreader):  # type: ignore[misc]  # gunicorn carries no types
    """Where the parser reads: what has come and nothing else, so that it never waits for a caller."""

    held, _place = b"", 0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next piece, no larger than from a socket: the parser copies what is left for each chunk."""
        piece = self.held[self._place : self._place + max(size_hint or 0, self.mxchunk)]
        self._place += len(piece)
        return piece

    def settle(self) -> None:
        """Keep what the request left, the beginning of the next, where gunicorn looks for it."""
        rest, self.held, self._place = self.held[self._place :], b"", 0
        if rest:
            self.unread(self.take_buffered() + rest)
