"""A short memory for look-ups made on every request, and the bell that empties it everywhere on this machine."""

import os
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bell:
    """A file that grows by one byte at each ring: every process of the machine sees its size change.

    The size, not the time of change, is what counts: two rings within one tick
    of the file system's clock would look like one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self._name = str(path)

    def ring(self) -> None:
        """Tell every process that what it remembers may be wrong."""
        with self._path.open("ab", buffering=0) as file:
            file.write(b".")

    def rung(self) -> int:
        """Return how often the bell has rung; -1 while somebody has removed its file."""
        try:
            return os.stat(self._name).st_size  # noqa: PTH116 - asked on every request, and twice as fast
        except FileNotFoundError:
            return -1


@dataclass(frozen=True, slots=True)
class _Kept(Generic[V]):
    value: V
    until: float
    rung: int


class ShortMemory(Generic[K, V]):
    """At most `size` values, each believed for `seconds` and only while the bell is silent.

    `seconds` bounds how long another machine's change can go unseen.
    """

    def __init__(self, bell: Bell, *, seconds: float, size: int) -> None:
        self._bell = bell
        self.seconds = seconds
        self._size = size
        self._kept: dict[K, _Kept[V]] = {}
        self._lock = threading.Lock()

    def recall(self, key: K, look_up: Callable[[], V | None]) -> V | None:
        """Return what is remembered for the key, else what `look_up` finds; that nothing was found is not kept."""
        rung, now = self._bell.rung(), monotonic()
        kept = self._kept.get(key)
        if kept is not None and kept.rung == rung and kept.until > now:
            return kept.value
        value = look_up()
        if value is not None:
            self._keep(key, _Kept(value, now + self.seconds, rung))
        return value

    def _keep(self, key: K, kept: _Kept[V]) -> None:
        with self._lock:
            self._kept.pop(key, None)
            while len(self._kept) >= self._size:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = kept
