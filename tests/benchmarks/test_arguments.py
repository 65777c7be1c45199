"""What `make bench` may be asked for, and what it refuses before it starts anything."""

from pathlib import Path

import pytest

from benchmarks.arguments import ROWS, arguments
from benchmarks.operations import OPERATIONS

WANTED = {
    "create", "get", "update", "delete", "list", "list-page", "search-hit", "search-miss", "search-number", "sign-in",
    "html-list",
}  # fmt: skip
"""What the benchmark owes: each of these beside its floor, at each number of rows."""


def test_all_that_is_owed_is_measured_unless_told_otherwise() -> None:
    given = arguments([])
    assert set(given.ops) >= WANTED
    assert tuple(given.rows) == ROWS == (1_000, 100_000, 1_000_000)
    assert (given.server, given.driver, given.database) == ("gunicorn", "pymysql", None)


def test_quick_is_a_thousand_records_and_two_seconds() -> None:
    given = arguments(["--quick", "--seconds", "30"])
    assert (tuple(given.rows), given.seconds) == ((1_000,), 2.0)
    assert arguments(["--quick", "--rows", "50"]).rows == [50]


def test_a_choice_is_taken() -> None:
    given = arguments(["--rows", "10", "--rows", "20", "--ops", "get,create", "--seconds", "0.5", "--threads", "8"])
    assert (given.rows, given.ops, given.seconds, given.threads) == ([10, 20], ["get", "create"], 0.5, 8)


def test_a_file_is_meant_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert arguments(["--database", "sqlite:///room.db"]).database == f"sqlite:///{tmp_path / 'room.db'}"


@pytest.mark.parametrize(
    ("option", "value", "mend"),
    [
        ("--rows", "0", "must be a whole number above 0"),
        ("--rows", "many", "must be a whole number above 0"),
        ("--threads", "0", "must be a whole number above 0"),
        ("--seconds", "0", "must be above 0"),
        ("--seconds", "nan", "must be above 0"),
        ("--seconds", "long", "invalid"),
        ("--ops", "get,fly", f"must be among {next(iter(OPERATIONS))}"),
        ("--ops", ",", "must be among"),
        ("--server", "waitress", "invalid choice"),
        ("--driver", "odbc", "invalid choice"),
        ("--database", "nowhere", "must be the address of a database"),
        ("--database", "sqlite://", "must name a database"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_mend(
    capsys: pytest.CaptureFixture[str], option: str, value: str, mend: str
) -> None:
    with pytest.raises(SystemExit) as refused:
        arguments([option, value])
    assert refused.value.code == 2
    assert mend in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "package"),
    [
        (["--server", "granian"], "granian"),
        (["--driver", "mysqldb"], "MySQLdb"),
        (["--server", "gunicorn-gevent"], "gevent"),
    ],
)
def test_a_package_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], package: str
) -> None:
    monkeypatch.setattr("benchmarks.arguments.find_spec", lambda _name: None)
    with pytest.raises(SystemExit):
        arguments(words)
    assert f"the package {package} is not installed" in capsys.readouterr().err
