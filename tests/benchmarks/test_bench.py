"""The bench as a whole, on a room of fifty."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.served import ROOT


@pytest.mark.slow
def test_each_operation_is_printed_beside_its_floor_and_none_is_wrong(tmp_path: Path) -> None:
    asked = ["--rows", "50", "--ops", "get,create", "--seconds", "0.2", "--threads", "2"]
    command = [sys.executable, "-m", "benchmarks", *asked, "--database", f"sqlite:///{tmp_path / 'room.sqlite3'}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    head, columns, *lines = done.stdout.strip().splitlines()
    assert head == "50 records, gunicorn, 2 threads, sqlite, one core, 16 connections"
    assert columns.split()[0] == "operation"
    names = [line[:26].strip() for line in lines]
    assert {"floor: bare WSGI", "floor: flask constant", "floor: flask, one row"} <= set(names)
    assert {line.split()[-1] for line in lines} == {"0"}
    for operation in ("get", "create"):
        place = names.index(operation)
        assert names[place - 1] == "floor: flask, one row"
        assert "%" in lines[place]
        assert int(lines[place][26:35]) > 0
