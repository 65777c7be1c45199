"""Several processes write one SQLite file (BAR R25)."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.room import Room
from tests.services.served import Served

PROCESSES, WRITES = 8, 50
WRITER = """
import sys
from app import create_app
from config import Config
from tests.factories import actor_of, make_account, make_record

app = create_app(Config.from_env())
first = int(sys.argv[1]) * 1000
import itertools
import tests.factories as factories
factories._numbers = itertools.count(first)
with app.app_context():
    clerk = actor_of(make_account("editor"))
    for _ in range(int(sys.argv[2])):
        make_record(clerk)
print("done")
"""


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_eight_processes_write_fifty_records_each_and_none_finds_the_database_locked(
    room: Room, tmp_path: Path
) -> None:
    environment = Served(tmp_path, room.settings).environment()
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(number + 1), str(WRITES)],
            cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(PROCESSES)
    ]  # fmt: skip
    for process in running:
        out, err = process.communicate(timeout=90)
        assert (process.returncode, out.strip()[-4:]) == (0, "done"), err[-2000:]
        assert "locked" not in err
    assert room.count("user_records") == PROCESSES * WRITES
    assert room.count("audit_entries WHERE action = 'record.created'") == PROCESSES * WRITES
    done = room.app.test_cli_runner().invoke(args=["audit", "verify"])
    assert done.exit_code == 0, done.stdout
