"""Of several starts one migrates at a time, on one server and on the nodes of a cluster."""

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from app.core import migration_turn
from tests.faults.room import wait_for


@pytest.fixture
def engine(new_database: Callable[[str, str], str]) -> Iterator[Engine]:
    """Reach an empty database; a lease is taken in it as on a node of a cluster."""
    made = create_engine(new_database("mariadb", "turns"), poolclass=NullPool)
    yield made
    made.dispose()


@pytest.mark.parametrize("turn", [migration_turn._cluster_turn, migration_turn._server_turn])
def test_the_second_waits_for_the_first(engine: Engine, turn: Callable[[Engine], migration_turn.Turn]) -> None:
    order: list[str] = []

    def second() -> None:
        with turn(engine):
            order.append("second")

    with turn(engine):
        other = threading.Thread(target=second)
        other.start()
        other.join(0.4)
        order.append("first")
    other.join(10)
    assert order == ["first", "second"]


def test_who_fails_lets_go(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration_turn, "WAIT_SECONDS", 1)
    pooled = create_engine(engine.url)
    with pytest.raises(ZeroDivisionError), migration_turn._server_turn(pooled):
        raise ZeroDivisionError
    with migration_turn._server_turn(engine):
        pass
    pooled.dispose()


def test_a_lease_whose_holder_died_is_taken_over(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration_turn, "DEAD_AFTER_SECONDS", 0.6)
    dead, watch = migration_turn._Lease(engine), migration_turn._Watch()
    for statement in (migration_turn.MAKE, migration_turn.FILL):
        dead.write(statement)
    assert dead.is_taken(watch)
    with migration_turn._cluster_turn(engine):
        assert dead.write(migration_turn.BEAT) == 0


def test_a_lease_whose_holder_lives_is_never_taken_over(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration_turn, "DEAD_AFTER_SECONDS", 0.4)
    monkeypatch.setattr(migration_turn, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(migration_turn, "WAIT_SECONDS", 1.5)
    refused = []

    def second() -> None:
        with pytest.raises(migration_turn.TurnTaken) as taken, migration_turn._cluster_turn(engine):
            pass
        refused.append(taken)

    with migration_turn._cluster_turn(engine):
        other = threading.Thread(target=second)
        other.start()
        wait_for(lambda: bool(refused))
    other.join(10)
