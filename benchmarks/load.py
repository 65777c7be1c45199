"""Load from one process: connections that stay open, each sending its next request when the last is answered."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from time import perf_counter

LENGTH = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: *([0-9]+)")
CONNECTIONS = 16
PATIENCE_SECONDS = 30


@dataclass
class Heard:
    """What came back: how long each answer took, in seconds, and how often each status was seen."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    elapsed: float = 0.0
    broken: int = 0

    def percentile(self, share: float) -> float:
        """Return the time within which this share of the answers came, in milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[max(0, ceil(len(ordered) * share) - 1)] * 1000 if ordered else 0.0

    @property
    def per_second(self) -> float:
        """How many answers came in a second."""
        return len(self.seconds) / self.elapsed if self.elapsed else 0.0


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], heard: Heard, until: float, done: asyncio.Future[None]) -> None:
        self._requests, self._heard, self._until, self._done = requests, heard, until, done
        self._buffer, self._needed, self._began = b"", 0, 0.0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - what asyncio hands to a stream's protocol
        self._transport = transport
        self._send()

    def _send(self) -> None:
        request = next(self._requests, None) if perf_counter() < self._until else None
        if request is None or self._transport is None:
            self._finish()
            return
        self._buffer, self._needed, self._began = b"", 0, perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._needed:
            head = self._buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            length = LENGTH.search(self._buffer, 0, head)
            self._needed = head + 4 + (int(length[1]) if length else 0)
        if len(self._buffer) >= self._needed:
            self._heard.seconds.append(perf_counter() - self._began)
            self._heard.statuses[int(self._buffer[9:12])] += 1
            self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self._done.done():
            self._heard.broken += 1
        self._finish()

    def _finish(self) -> None:
        if not self._done.done():
            self._done.set_result(None)
        if self._transport is not None:
            self._transport.close()


def press(port: int, requests: Iterator[bytes], seconds: float, connections: int = CONNECTIONS) -> Heard:
    """Send the requests over several open connections until they or the seconds run out."""
    return asyncio.run(_press(port, requests, seconds, connections))


async def _press(port: int, requests: Iterator[bytes], seconds: float, connections: int) -> Heard:
    loop, heard, began = asyncio.get_running_loop(), Heard(), perf_counter()
    done = [loop.create_future() for _ in range(connections)]
    for end in done:
        make = partial(_Connection, requests, heard, began + seconds, end)
        await loop.create_connection(make, "127.0.0.1", port)
    _ended, unanswered = await asyncio.wait(done, timeout=seconds + PATIENCE_SECONDS)
    heard.broken += len(unanswered)
    heard.elapsed = perf_counter() - began
    return heard
