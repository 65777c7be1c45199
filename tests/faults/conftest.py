"""Rooms to break, one on each engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.room import Room


@pytest.fixture(scope="module")
def shared_room(
    new_database: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Room]]:
    """Make the room on an engine that all tests of a module work in."""
    made: list[Room] = []

    def make(engine_name: str) -> Room:
        folder = Path(tmp_path_factory.mktemp("shared_room"))
        made.append(Room(new_database(engine_name, folder.name), folder))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def room(engine_name: str, new_database: Callable[[str, str], str], tmp_path: Path) -> Iterator[Room]:
    """Lend a room whose servers may be killed."""
    made = Room(new_database(engine_name, f"room_{tmp_path.name}"[:40]), tmp_path)
    yield made
    made.close()
