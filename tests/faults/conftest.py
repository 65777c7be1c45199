"""Rooms to break, one on each engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.room import Room


@pytest.fixture
def room(engine_name: str, new_database: Callable[[str, str], str], tmp_path: Path) -> Iterator[Room]:
    """Lend a room whose servers may be killed."""
    made = Room(new_database(engine_name, f"room_{tmp_path.name}"[:40]), tmp_path)
    yield made
    made.close()
