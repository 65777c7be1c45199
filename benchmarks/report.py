"""The table that is printed, a line for each operation."""

from dataclasses import dataclass

from benchmarks.load import Heard


@dataclass(frozen=True)
class Line:
    """One operation as it was measured: `cpu_seconds` of the server's processes, `right` the status that counts."""

    name: str
    heard: Heard
    cpu_seconds: float
    right: int
    memory_mib: float

    @property
    def cpu_milliseconds(self) -> float:
        """How much processor time of the server one answer took."""
        return self.cpu_seconds * 1000 / max(1, len(self.heard.seconds))

    @property
    def wrong(self) -> int:
        """How many answers were not the right one, broken connections included."""
        return self.heard.broken + sum(n for status, n in self.heard.statuses.items() if status != self.right)

    def share_of(self, floor: "Line | None") -> float | None:
        """Return how much of the floor's answers a second these are; None when either answered nothing."""
        best = floor.heard.per_second if floor else 0.0
        return self.heard.per_second / best if best and self.heard.seconds else None


def print_head(rows: int, what: str) -> None:
    """Print what is measured and the names of the columns."""
    print(f"\n{rows:,} records, {what}, one core, 16 connections", flush=True)
    print(
        f"{'operation':26}{'req/s':>9}{'of floor':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}"
        f"{'per core s':>12}{'MiB':>6}{'wrong':>7}"
    )


def print_line(line: Line, floor: Line | None = None) -> None:
    """Print one line of the table, beside the floor that was measured just before it."""
    print(told(line, floor), flush=True)


def told(line: Line, floor: Line | None = None) -> str:
    """Write one line of the table."""
    heard, cpu, share = line.heard, line.cpu_milliseconds, line.share_of(floor)
    return (
        f"{line.name:26}{heard.per_second:9.0f}{'' if share is None else f'{share:.0%}':>9}"
        f"{heard.percentile(0.5):9.2f}{heard.percentile(0.99):9.2f}"
        f"{cpu:9.3f}{1000 / cpu if cpu else 0:12.0f}{line.memory_mib:6.0f}{line.wrong:7}"
    )
