"""How many records a common search finds, known without counting them.

A text that many records hold has numbers of its own beside those of all records,
by the same sixteen kinds and in the same table: a writer adds for each kept text
that stands in what it changed. Which texts are kept every process remembers for
some seconds, so a writer may not know the newest. It therefore leaves a mark,
how many it knew: a text that was counted before such a late change is seen to be
wrong, and is counted again. No number that is shown is ever wrong or late.
"""

from collections import Counter
from collections.abc import Mapping
from time import monotonic
from typing import NamedTuple, cast

from flask import Flask, current_app
from sqlalchemy import bindparam, func, select

from app.core.database import table_of
from app.core.statements import run
from app.records.models import KeptSearch, RecordCount

AT_MOST = 250
KINDS = 16
REMEMBERED_SECONDS = 5.0
_kept, _counts = table_of(KeptSearch), table_of(RecordCount)
_KNOWN = select(_kept.c.text, _kept.c.id)
_late = _counts.alias("late")
MARKS = (
    select(func.coalesce(func.sum(_late.c.amount), 0))
    .where(_late.c.kind.between(-bindparam("search"), -1))
    .scalar_subquery()
)
"""The changes by writers that did not know a search: each is marked -1 less the number of searches it knew."""
_RIGHT = select(_kept.c.id).where(_kept.c.id == bindparam("search"), _kept.c.marks == MARKS)
_AMOUNTS = (
    select(_counts.c.kind, func.sum(_counts.c.amount).label("number"))
    .where(_counts.c.kind.between(bindparam("first"), bindparam("last")), _RIGHT.exists())
    .group_by(_counts.c.kind)
)


class State(NamedTuple):
    """What of a record decides where it is counted: its kind, and the texts that a search looks at."""

    kind: int
    name: str
    email: str


class Memory:
    """The texts that are kept, as this process knows them; their ids grow by one, and none is ever taken away."""

    def __init__(self) -> None:
        self._known: Mapping[str, int] = {}
        self._until = 0.0
        self._due: dict[str, float] = {}

    def known(self) -> Mapping[str, int]:
        """Return the id of each kept text."""
        if monotonic() >= self._until:
            self._known = {row.text: row.id for row in run(_KNOWN)}
            self._until = monotonic() + REMEMBERED_SECONDS
        return self._known

    def is_due(self, text: str) -> bool:
        """Tell whether a text may be counted: not again before every process has come to know of it."""
        now = monotonic()
        if self._due.get(text, now) > now:
            return False
        waiting = {other: at for other, at in self._due.items() if at > now}
        self._due = {**waiting, text: now + REMEMBERED_SECONDS}
        return True

    def look_again(self) -> None:
        """Ask the database the next time."""
        self._until = 0.0

    def forget(self) -> None:
        """Begin anew, on another database."""
        self._until, self._due = 0.0, {}


def init_app(app: Flask) -> None:
    """Give the application its memory of the kept texts."""
    app.extensions["kept_searches"] = Memory()


def memory() -> Memory:
    """Return the memory of the application in hand."""
    return cast(Memory, current_app.extensions["kept_searches"])


def moves(before: State | None, after: State | None) -> Counter[int]:
    """Return what a change of a record does to the numbers, by where they stand; None stands for no record."""
    changes: Counter[int] = Counter()
    if before == after:
        return changes
    known = memory().known()
    changes[-1 - len(known)] += 1
    for state, step in ((before, -1), (after, 1)):
        if state is not None:
            changes[state.kind] += step
            changes.update({first_of(known[text]) + state.kind: step for text in known if _holds(state, text)})
    return changes


def first_of(search: int) -> int:
    """Return where the numbers of a search begin."""
    return search * KINDS


def amounts(text: str) -> Mapping[int, int] | None:
    """Return how many records of each kind hold a text; None where that is not known."""
    search = memory().known().get(text)
    if search is None:
        return None
    rows = run(_AMOUNTS, search=search, first=first_of(search), last=first_of(search) + KINDS - 1)
    return {row.kind - first_of(search): int(row.number) for row in rows} or None


def _holds(state: State, text: str) -> bool:
    return text in state.name or text in state.email
