"""How much memory a process keeps that it no longer uses.

Checking a password takes 19 MiB for a moment. The C library's allocator learns from that to keep such blocks, one or
more for each thread that ever held one: 60 MiB and more for a process with eight threads. It is told to hand large
blocks back at once, and to serve all threads from one pool: they hold Python's lock while they ask it for memory. The
price is that the system clears those pages anew for each sign-in.
"""

import ctypes

ARENA_MAX, MMAP_THRESHOLD = -8, -3
"""What glibc calls M_ARENA_MAX and M_MMAP_THRESHOLD; see mallopt(3)."""
POOLS = 1
LARGE_BYTES = 1 << 20


def keep_little() -> None:
    """Tell the allocator of this process; where it is another than glibc's, nothing happens."""
    tell = getattr(ctypes.CDLL(None), "mallopt", None)
    if tell is not None:
        tell(ARENA_MAX, POOLS)
        tell(MMAP_THRESHOLD, LARGE_BYTES)
