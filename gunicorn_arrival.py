"""A request on its way: how much of it has come, and whether that is all (gunicorn_worker.py)."""

import re
import socket
import time
from contextlib import suppress

from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.http.unreader import SocketUnreader

# How long a request may take to arrive, and how fast it has to come when it is large. nginx counts no such thing.
PATIENCE = 15.0
BYTES_A_SECOND = 16 << 10

PIECE, PIECES_AT_ONCE = 64 << 10, 8  # then it is somebody else's turn
HEAD_LIMIT = 64 << 10  # of a head, of trailers, and of a line before a chunk; nginx takes half of it

HEAD_END, LINE_END = b"\r\n\r\n", b"\r\n"
_FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding|expect):[ \t]*([^\r\n]*)", re.IGNORECASE)
_LENGTH = re.compile(rb"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"0*([0-9a-f]{1,8})(?![0-9a-f])", re.IGNORECASE)
_BARE_LINE_END = re.compile(rb"(?<!\r)\n")
_HTTP_1_0 = re.compile(rb"\s*[^\r\n]* HTTP/1\.0\r\n")


class Arrival:
    """The next request on a connection, as far as it has come.

    It is read no further than to find its end. Where it makes no sense, or is too large, nothing more is waited for:
    gunicorn or the application refuses it.
    """

    def __init__(self, largest_body: int) -> None:
        self.data = bytearray()
        self.is_whole = False
        self.is_over = False  # it is whole, or no more of it is waited for
        self.refusal: Exception | None = None  # what there is to say where it breaks off, if anything
        self._began = time.monotonic()
        self._largest_body = largest_body
        self._looked_at = 0
        self._next: int | None = None  # where the body ends, or its next chunk begins
        self._is_chunked = False
        self._waits_to_go_on = False

    @property
    def deadline(self) -> float:
        """Tell when it will have taken too long."""
        return self._began + PATIENCE + len(self.data) / BYTES_A_SECOND

    def receive(self, sock: socket.socket) -> None:
        """Take what is there without waiting."""
        try:
            for _ in range(PIECES_AT_ONCE):
                piece = sock.recv(PIECE, socket.MSG_DONTWAIT)
                self.take(piece)
                self.is_over = self.is_over or not piece
                if self.is_over:
                    return
        except BlockingIOError:
            self._say_go_on(sock)
        except OSError:
            self.is_over = True

    def take(self, piece: bytes) -> None:
        """Take a piece of it."""
        self.data += piece
        if self._next is None:
            self._read_head()
        if self._next is not None:
            if self._is_chunked:
                self._next = self._end_of_chunks(self._next)
            else:
                self.is_whole = len(self.data) >= self._next
        self.is_over = self.is_over or self.is_whole

    def _say_go_on(self, sock: socket.socket) -> None:
        if self._waits_to_go_on:
            self._waits_to_go_on = False
            with suppress(OSError):
                sock.send(b"HTTP/1.1 100 Continue\r\n\r\n", socket.MSG_DONTWAIT)

    def _read_head(self) -> None:
        end = self.data.find(HEAD_END, max(0, self._looked_at - len(HEAD_END)), HEAD_LIMIT)
        if end < 0 and len(self.data) > HEAD_LIMIT:
            self.is_over, self.refusal = True, LimitRequestHeaders("the head is too long")
            del self.data[HEAD_LIMIT:]
        elif end < 0:
            self.is_over = _BARE_LINE_END.search(self.data, self._looked_at) is not None
        else:
            self._read_framing(bytes(self.data[: end + len(LINE_END)]))
        self._looked_at = len(self.data)

    def _read_framing(self, head: bytes) -> None:
        told = [(name.lower(), value.rstrip(b" \t").lower()) for name, value in _FRAMING.findall(head)]
        lengths = [value for name, value in told if name == b"content-length"]
        expected = {value for name, value in told if name == b"expect"}
        self._is_chunked = any(name == b"transfer-encoding" for name, _ in told)
        makes_sense = head != LINE_END and len(lengths) + self._is_chunked <= 1 and expected <= {b"100-continue"}
        if not makes_sense or not all(map(_LENGTH.fullmatch, lengths)):
            self.is_over = True
            return
        size, begin = sum(map(int, lengths)), len(head) + len(LINE_END)
        self._next = begin + size
        self.is_over = size > self._largest_body
        self._waits_to_go_on = bool(expected) and begin == len(self.data) and not _HTTP_1_0.match(head)

    def _end_of_chunks(self, place: int) -> int:
        """Go on from chunk to chunk as far as they have come, and return where the next one begins."""
        while (line_end := self.data.find(LINE_END, place, place + HEAD_LIMIT)) >= 0:
            size = _CHUNK_SIZE.match(self.data, place)
            if size is None:
                self.is_over = True
                return place
            if int(size[1], 16) == 0:
                # A blank line ends it, at once or after trailers.
                self.is_whole = self.data.find(HEAD_END, line_end, place + HEAD_LIMIT) >= 0
                break
            place = line_end + 2 + int(size[1], 16) + 2
        # The framing of small chunks is as much again as what is in them.
        self.is_over = len(self.data) > min(place, 2 * self._largest_body) + HEAD_LIMIT
        return place


class Source(SocketUnreader):  # type: ignore[misc]  # gunicorn carries no types
    """Where the parser reads: what has come and nothing else, so that it never waits for a caller."""

    _held, _place, _refusal = b"", 0, None

    def hold(self, arrival: Arrival) -> None:
        """Have a request read from here."""
        self._held, self._place, self._refusal = bytes(arrival.data), 0, arrival.refusal

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next piece, no larger than from a socket: the parser copies what is left for each chunk."""
        piece = self._held[self._place : self._place + max(size_hint or 0, self.mxchunk)]
        self._place += len(piece)
        if not piece and self._refusal:
            raise self._refusal
        return piece

    def settle(self) -> None:
        """Keep what the request left, the beginning of the next, where gunicorn looks for it."""
        rest, self._held, self._refusal = self._held[self._place :], b"", None
        if rest:
            self.unread(self.take_buffered() + rest)
