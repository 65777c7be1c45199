"""A line of the table says how fast, beside what, and how often wrong."""

from collections import Counter

from benchmarks.load import Heard
from benchmarks.report import Line, told


def line(name: str = "get", answers: int = 100, seconds: float = 1.0, wrong: int = 0, **changes: int) -> Line:
    statuses = Counter({200: answers - wrong, 503: wrong})
    heard = Heard([0.002] * answers, statuses, elapsed=seconds, broken=changes.pop("broken", 0))
    return Line(name, heard, cpu_seconds=answers * 0.0005, right=changes.pop("right", 200), memory_mib=98.4)


def test_an_operation_stands_beside_its_floor() -> None:
    words = told(line(answers=300), line("floor", answers=400)).split()
    assert words == ["get", "300", "75%", "2.00", "2.00", "0.500", "2000", "98", "0"]


def test_a_floor_stands_by_itself() -> None:
    assert told(line("floor", answers=400)).split() == ["floor", "400", "2.00", "2.00", "0.500", "2000", "98", "0"]


def test_other_statuses_and_broken_connections_are_wrong() -> None:
    assert line(wrong=3, broken=2).wrong == 5
    assert line(right=201).wrong == 100


def test_nothing_answered_is_no_figure() -> None:
    assert told(line(answers=0), line("floor")).split() == ["get", "0", "0.00", "0.00", "0.000", "0", "98", "0"]
    assert line().share_of(line("floor", answers=0)) is None


def test_every_column_keeps_its_place() -> None:
    lengths = {len(told(line(answers=n), line())) for n in (1, 100, 9_999)} | {len(told(line()))}
    assert len(lengths) == 1
