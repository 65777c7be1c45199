"""The short memory, and the bell that empties it."""

from pathlib import Path

import pytest

from app.core import cache
from app.core.cache import Bell, ShortMemory


class Source:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        return self.asked


@pytest.fixture
def bell(tmp_path: Path) -> Bell:
    return Bell(tmp_path / "new folder" / "bell")


def test_what_was_found_is_remembered_for_a_while(bell: Bell, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(cache, "monotonic", lambda: clock[0])
    memory: ShortMemory[str, int] = ShortMemory(bell, seconds=3, size=10)
    source = Source()
    assert [memory.recall("a", source), memory.recall("a", source)] == [1, 1]
    clock[0] = 2.9
    assert memory.recall("a", source) == 1
    clock[0] = 3.0
    assert memory.recall("a", source) == 2


def test_the_bell_empties_the_memories_of_all_who_hear_it(bell: Bell, tmp_path: Path) -> None:
    memory: ShortMemory[str, int] = ShortMemory(bell, seconds=60, size=10)
    elsewhere, source = Bell(tmp_path / "new folder" / "bell"), Source()
    memory.recall("a", source)
    elsewhere.ring()
    assert memory.recall("a", source) == 2
    bell.ring()
    assert memory.recall("a", source) == 3
    assert bell.rung() == elsewhere.rung() == 2


def test_a_bell_whose_file_was_removed_rings_again(bell: Bell, tmp_path: Path) -> None:
    memory: ShortMemory[str, int] = ShortMemory(bell, seconds=60, size=10)
    source = Source()
    memory.recall("a", source)
    (tmp_path / "new folder" / "bell").unlink()
    assert bell.rung() == -1
    assert [memory.recall("a", source), memory.recall("a", source)] == [2, 2]
    bell.ring()
    assert memory.recall("a", source) == 3


def test_a_ring_during_the_look_up_is_not_missed(bell: Bell) -> None:
    memory: ShortMemory[str, int] = ShortMemory(bell, seconds=60, size=10)

    def look_up() -> int:
        bell.ring()
        return 1

    assert memory.recall("a", look_up) == 1
    assert memory.recall("a", lambda: 2) == 2


def test_that_nothing_was_found_is_not_remembered(bell: Bell) -> None:
    memory: ShortMemory[str, int] = ShortMemory(bell, seconds=60, size=10)
    assert memory.recall("a", lambda: None) is None
    assert memory.recall("a", lambda: 1) == 1


def test_the_memory_does_not_grow_without_end(bell: Bell) -> None:
    memory: ShortMemory[int, int] = ShortMemory(bell, seconds=60, size=3)
    for number in range(10):
        memory.recall(number, Source())
    assert len(memory._kept) == 3
    source = Source()
    memory.recall(9, source)
    memory.recall(0, source)
    assert source.asked == 1
