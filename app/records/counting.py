"""How many records there are, known without counting them.

Records are of sixteen kinds, by the four flags that lists are filtered by. Each
writer adds what it did to a row of its own for the kind, in the transaction of
the change: the sum over the rows is exact, and no writer waits for another.
"""

import os
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import count, product
from typing import Any, Final

from flask import Flask
from sqlalchemy import (
    ColumnElement,
    Insert,
    Integer,
    Select,
    bindparam,
    event,
    func,
    literal,
    literal_column,
    select,
    type_coerce,
    union_all,
    update,
)
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.orm import Session

from app.core import ready_sql, transaction
from app.core.audit_flush import held_before
from app.core.database import table_of
from app.core.quick_reads import fetch_value
from app.core.statements import connection, run
from app.records.kept_searches import KINDS, State, moves
from app.records.models import KeptSearch, RecordCount, UserRecord

FLAGS: Final = {"is_deleted": 8, "is_active": 4, "email_verified": 2, "mobile_verified": 1}
COUNTED_BY: Final = (*FLAGS, "name_folded", "email")
SHARDS: Final = 128
_counts, _records = table_of(RecordCount), table_of(UserRecord)
KIND: Final[ColumnElement[int]] = sum(
    (type_coerce(_records.c[name], Integer) * weight for name, weight in FLAGS.items()), start=literal(0)
)
_writers, _mine = count(), threading.local()


def init_app(_app: Flask) -> None:
    """Count with every flush."""
    if not event.contains(Session, "after_flush", _count_flush):
        event.listen(Session, "after_flush", _count_flush)


def total(**wanted: bool | None) -> int:
    """Return how many records have these flags; a flag that is None may be either."""
    return int(fetch_value(_sum_of(tuple(kinds(**wanted))), {}))


def kinds(**wanted: bool | None) -> list[int]:
    """Return the kinds of record that have these flags; a flag that is None may be either."""
    either = [
        (0, weight) if wanted.get(name) is None else (weight * bool(wanted[name]),) for name, weight in FLAGS.items()
    ]
    return [sum(weights) for weights in product(*either)]


@cache
def _sum_of(kinds: tuple[int, ...]) -> Select[Any]:
    """Write the sum of some kinds; there are 81 choices of them."""
    wanted = _counts.c.kind.in_([literal_column(str(kind)) for kind in kinds])
    return select(func.coalesce(func.sum(_counts.c.amount), 0)).where(wanted)


def add(changes: Counter[int]) -> None:
    """Add to the numbers of records by kind, in the transaction in hand."""
    rows = [{"kind": kind, "shard": _shard(), "amount": amount} for kind, amount in sorted(changes.items()) if amount]
    if rows:
        in_use = connection()
        ready_sql.send(in_use, _adding(in_use.dialect.name), rows)


def add_rows(rows: Iterable[Mapping[str, Any]]) -> None:
    """Add new records that went in past the session, in the transaction in hand."""
    changes: Counter[int] = Counter()
    for row in rows:
        changes.update(moves(None, state_of(row)))
    add(changes)


def state_of(values: Mapping[str, Any]) -> State:
    """Return what a row of values by name is counted by."""
    kind = sum(weight for name, weight in FLAGS.items() if values[name])
    return State(kind, values["name_folded"], values["email"])


def recount() -> int:
    """Count the records, and mend the numbers where they are wrong; return by how much they were.

    Both are read at one moment, and what is mended is the difference, so writers may go on meanwhile.
    """
    return transaction.run(_mend)


def _mend() -> int:
    there = select(KIND.label("kind"), func.count().label("amount")).group_by(KIND)
    known = select(_counts.c.kind, -func.sum(_counts.c.amount)).where(_counts.c.kind.between(0, KINDS - 1))
    wrong: Counter[int] = Counter()
    # One statement, because each one of its own would read at a moment of its own.
    for row in connection().execute(union_all(there, known.group_by(_counts.c.kind))):
        wrong[row.kind] += int(row.amount)
    add(wrong)
    run(update(table_of(KeptSearch)).values(marks=None))
    return sum(abs(amount) for amount in wrong.values())


def _count_flush(session: Session, _context: object) -> None:
    changes: Counter[int] = Counter()
    for row in session.new:
        if isinstance(row, UserRecord):
            changes.update(moves(None, state_of(vars(row))))
    for row in session.dirty:
        if isinstance(row, UserRecord):
            changes.update(moves(*_states(row)))
    add(changes)


def _states(row: UserRecord) -> tuple[State, State]:
    """Return what a change of a row makes of where it is counted: before, and now."""
    now = {name: getattr(row, name) for name in COUNTED_BY}
    held = {name: value for name, value in held_before(row).items() if name in COUNTED_BY and value is not None}
    return state_of(now | held), state_of(now)


def _shard() -> int:
    """Return the shard of this thread: others may have it too, and then they take turns."""
    if not hasattr(_mine, "shard"):
        _mine.shard = (os.getpid() * 8 + next(_writers)) % SHARDS
    shard: int = _mine.shard
    return shard


@cache
def _adding(dialect: str) -> Insert:
    row: dict[str, Any] = {name: bindparam(name) for name in ("kind", "shard", "amount")}
    if dialect == "sqlite":
        lite = sqlite.insert(_counts).values(row)
        return lite.on_conflict_do_update(set_={"amount": _counts.c.amount + lite.excluded.amount})
    many = mysql.insert(_counts).values(row)
    return many.on_duplicate_key_update(amount=_counts.c.amount + many.inserted.amount)
