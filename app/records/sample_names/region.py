"""A region: the names and towns that go together, in Latin letters and in the region's own script."""

from dataclasses import dataclass
from typing import NamedTuple


class Spelling(NamedTuple):
    """One name in two scripts."""

    latin: str
    native: str


class Town(NamedTuple):
    """A town with its state and the first three digits of its PIN codes."""

    latin: str
    native: str
    state: str
    pin_start: str


@dataclass(frozen=True, slots=True)
class Region:
    """What people of a region are called, and where they live.

    `habits` are patterns of whole names; the generator knows `{given}`, `{surname}`, `{initial}`, `{father}` and
    `{title}` (a middle name by sex). A pattern without a surname is somebody with one name.
    """

    women: tuple[Spelling, ...]
    men: tuple[Spelling, ...]
    surnames: tuple[Spelling, ...]
    towns: tuple[Town, ...]
    habits: tuple[str, ...]
    titles: tuple[Spelling, Spelling] = (Spelling("", ""), Spelling("", ""))


def spellings(text: str) -> tuple[Spelling, ...]:
    """Read `Latin=native` pairs that are separated by blanks."""
    return tuple(Spelling(*pair.split("=")) for pair in text.split())


def towns(text: str) -> tuple[Town, ...]:
    """Read lines of `Latin=native=State=PIN start`."""
    return tuple(Town(*line.strip().split("=")) for line in text.strip().splitlines())
