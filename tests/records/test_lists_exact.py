"""Lists of few among many: exact for every filter and order, and no more work where there are more records."""

import sqlite3
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.core.database import utc_now
from app.core.identity import system_actor
from app.core.paging import PageRequest
from app.extensions import db
from app.records import bulk, counting, queries_lists, queries_search
from app.records.identifiers import ExactKinds
from app.records.queries_lists import Filter
from app.records.queries_rows import RecordRow

SIZE = 7
FLAGS = ("is_active", "email_verified", "mobile_verified")
COLUMNS = {"created_at": "created_at", "updated_at": "updated_at", "name": "name_folded", "email": "email"}


KINDS = (
    "is_active = 0, mobile_verified = 1",
    "is_active = 0, email_verified = 1",
    "is_active = 0, is_deleted = 1, deleted_at = created_at",
)


def fill(people: int, seed: int = 0) -> None:
    for _ in bulk.generate_records(people, seed, today=utc_now().date(), actor=system_actor()):
        pass


def set_apart() -> None:
    """Make eighteen of all the oldest, the furthest that a list of the newest can have to go, and of a kind of few."""
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE user_records SET is_active = 1"))
        chosen = connection.execute(text("SELECT id FROM user_records ORDER BY id")).scalars().all()[:18]
        for place, record_id in enumerate(chosen):
            old = f"2020-01-01 00:00:{place // 2:02d}.000000"
            change = f"UPDATE user_records SET created_at = '{old}', updated_at = '{old}', {KINDS[place % 3]}"
            connection.execute(text(f"{change} WHERE id = :id"), {"id": record_id})
    counting.recount()


@pytest.fixture
def sixty(context: Flask) -> list[dict[str, Any]]:
    """Save sixty people of many kinds, and return them."""
    fill(60)
    set_apart()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE user_records SET email_verified = 1 WHERE name_folded < 'm'"))
        rows = connection.execute(text("SELECT * FROM user_records")).mappings().all()
    counting.recount()
    return [dict(row) for row in rows]


def right(everybody: list[dict[str, Any]], narrow: Filter, sort: str, *, descending: bool) -> list[bytes]:
    """Filter and sort by hand."""
    deleted = {"exclude": (0,), "include": (0, 1), "only": (1,)}[narrow.deleted]
    kept = [
        row
        for row in everybody
        if row["is_deleted"] in deleted and all(getattr(narrow, name) in (None, row[name]) for name in FLAGS)
    ]
    kept.sort(key=lambda row: (key(row[COLUMNS[sort]]), row["id"]), reverse=descending)
    return [bytes(row["id"]) for row in kept]


def key(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def ids(rows: Any) -> list[bytes]:
    return [row.id.bytes for row in rows]


def walk(narrow: Filter, sort: str, *, descending: bool) -> Iterator[RecordRow]:
    cursor = None
    while True:
        ask = PageRequest(size=SIZE, cursor=cursor, descending=descending)
        page = queries_lists.list_records(narrow, ask, sort=sort)
        yield from page.data
        if (cursor := page.next_cursor) is None:
            return


def test_every_filter_and_order_is_exact(sixty: list[dict[str, Any]]) -> None:
    states: tuple[bool | None, ...] = (None, True, False)
    orders = list(product(COLUMNS, (True, False)))
    cases = product(product(states, repeat=3), ("exclude", "include", "only"))
    for place, (flags, deleted) in enumerate(cases):
        is_active, email_verified, mobile_verified = flags
        narrow = Filter(is_active, email_verified, mobile_verified, deleted)
        sort, descending = orders[place % len(orders)]
        wanted = right(sixty, narrow, sort, descending=descending)
        numbers = range(1, -(-len(wanted) // SIZE) + 2)
        asks = [PageRequest(size=SIZE, page=number, descending=descending) for number in numbers]
        pages = [queries_lists.list_records(narrow, ask, sort=sort) for ask in asks]
        assert {page.total for page in pages} == {len(wanted)}, narrow
        assert [one for page in pages for one in ids(page.data)] == wanted, (narrow, sort)
        assert ids(walk(narrow, sort, descending=descending)) == wanted, (narrow, sort)


@pytest.mark.parametrize("common", [2, 2_000])
def test_a_search_in_every_filter_is_exact(
    sixty: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, common: int
) -> None:
    monkeypatch.setattr(queries_search, "COMMON", common)
    for q, deleted, active in product(("an", "example.com", "ar"), ("exclude", "include", "only"), (None, False)):
        narrow = Filter(deleted=deleted, is_active=active)
        holders = [row for row in sixty if q in row["name_folded"] or q in row["email"]]
        wanted = right(holders, narrow, "created_at", descending=True)
        found: list[bytes] = []
        for number in range(1, -(-len(wanted) // SIZE) + 1):
            page = queries_lists.search_records(q, ExactKinds(), narrow, PageRequest(size=SIZE, page=number))
            assert page.total == len(wanted)
            found += ids(page.data)
        assert found == wanted, (q, narrow)


def work_of(call: Callable[[], object]) -> int:
    """Measure what the database does for a call: rows it reads on MariaDB, steps of its machine on SQLite."""
    call()
    if db.engine.dialect.name == "sqlite":
        return _steps(call)
    told = "SHOW SESSION STATUS LIKE 'Handler_read%'"
    before = {row[0]: int(row[1]) for row in db.session.execute(text(told))}
    call()
    return sum(int(row[1]) - before[row[0]] for row in db.session.execute(text(told)) if "deleted" not in row[0])


def _steps(call: Callable[[], object]) -> int:
    done = 0

    def count() -> None:
        nonlocal done
        done += 1

    raw = db.session.connection().connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.set_progress_handler(count, 1)  # a longer pace goes on from one run of a statement to the next
    call()
    raw.set_progress_handler(None, 0)
    return done


def asks(cursor: str | None = None) -> dict[str, Callable[[], object]]:
    """Return a list of each kind that could have far to go."""
    page = PageRequest(size=10, cursor=cursor)
    narrow = {
        "few of a kind": Filter(is_active=False, mobile_verified=True), "few of a flag": Filter(mobile_verified=True),
        "few in another order": Filter(is_active=False), "none": Filter(is_active=True, mobile_verified=True),
        "the deleted": Filter(deleted="only"), "all": Filter(deleted="include"), "live": Filter(),
    }  # fmt: skip
    return {
        f"{name} by {sort}": lambda one=one, sort=sort: queries_lists.list_records(one, page, sort=sort)  # type: ignore[misc]
        for (name, one), sort in product(narrow.items(), COLUMNS)
    }


def test_few_are_found_as_quickly_among_many(context: Flask) -> None:
    fill(200)
    set_apart()
    few = {name: work_of(call) for name, call in asks().items()}
    fill(1800, seed=1)
    many = {name: work_of(call) for name, call in asks().items()}
    assert {name: (few[name], work) for name, work in many.items() if work > few[name] * 1.5 + 100} == {}
