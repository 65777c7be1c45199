"""Counting how often something happened in the last minute, in this process."""

from math import floor, inf
from threading import Lock
from time import time

SECONDS = 60
BUCKETS_AT_MOST = 100_000


class SlidingWindow:
    """Counts by bucket as the store in Redis does, so that a limit means the same in both.

    The minute before counts by the share of it that still lies within the last
    sixty seconds. The library's own store in memory starts a thread for every
    hundredth of a second in which it is asked, which costs more than the count.
    """

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, int, int]] = {}
        self._lock = Lock()

    def hit(self, bucket: str, amount: int) -> tuple[bool, int, float]:
        """Take one of `amount` a minute; return whether it was granted, how many are left and when more will be."""
        now = time()
        minute, left = int(now // SECONDS), SECONDS - now % SECONDS
        with self._lock:
            before, count = self._at(bucket, minute)
            granted = floor(before * left / SECONDS) + count + 1 <= amount
            count += granted
            self._counts[bucket] = (minute, before, count)
        remaining = max(0, amount - floor(before * left / SECONDS) - count)
        return granted, remaining, min(left % (SECONDS / before) if before else inf, left)

    def _at(self, bucket: str, minute: int) -> tuple[int, int]:
        """Return the counts of the minute before and of this one."""
        known = self._counts.get(bucket)
        if known is None:
            self._make_room(minute)
            return 0, 0
        then, before, count = known
        if then == minute:
            return before, count
        return (count if then == minute - 1 else 0), 0

    def _make_room(self, minute: int) -> None:
        if len(self._counts) >= BUCKETS_AT_MOST:
            self._counts = {bucket: known for bucket, known in self._counts.items() if known[0] >= minute - 1}
        if len(self._counts) >= BUCKETS_AT_MOST:
            self._counts.pop(next(iter(self._counts)))
