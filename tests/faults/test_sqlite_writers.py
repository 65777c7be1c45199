"""Several processes write one SQLite file (BAR R25)."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from app.core import transaction
from app.extensions import db
from tests.faults.room import Room, wait_for
from tests.services.served import Served

PROCESSES, WRITES = 8, 50
# They share what was imported, since to import it eight times costs more than what they are to do; all else is made in
# each process: its application, its connections.
WRITERS = """
import itertools
import os
import sys

from app import create_app
from config import Config
from tests import factories


def write(number, times):
    factories._numbers = itertools.count(number * 1000)
    with create_app(Config.from_env()).app_context():
        clerk = factories.actor_of(factories.make_account("editor"))
        for _ in range(times):
            factories.make_record(clerk)
    print("done", flush=True)


processes, times = map(int, sys.argv[1:])
for number in range(processes):
    if os.fork() == 0:
        write(number + 1, times)
        sys.exit()
sys.exit(sum(os.wait()[1] for _ in range(processes)) > 0)
"""


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_eight_processes_write_fifty_records_each_and_none_finds_the_database_locked(
    room: Room, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITERS, str(PROCESSES), str(WRITES)],
        cwd=tmp_path, env=Served(tmp_path, room.settings).environment(), capture_output=True, text=True, timeout=90,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.count("done")) == (0, PROCESSES), done.stderr[-2000:]
    assert "locked" not in done.stderr
    assert room.count("user_records") == PROCESSES * WRITES
    assert room.count("audit_entries WHERE action = 'record.created'") == PROCESSES * WRITES
    verified = room.app.test_cli_runner().invoke(args=["audit", "verify"])
    assert verified.exit_code == 0, verified.stdout


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True, scope="session")
@pytest.mark.parametrize(("patience", "asking_at_once"), [(30, 1), (0.01, 4)])
def test_threads_of_one_process_queue_for_the_write_lock_and_ask_sqlite_only_after_a_while(
    app: Flask, monkeypatch: pytest.MonkeyPatch, patience: float, asking_at_once: int
) -> None:
    monkeypatch.setattr("app.core.database.QUEUE_SECONDS", patience)
    inside, others_wait, asked = threading.Event(), threading.Event(), []

    def first() -> None:
        inside.set()
        others_wait.wait(10)

    def write(work: Callable[[], None]) -> None:
        with app.app_context():
            transaction.run(work)

    def note(*told: Any) -> None:
        asked.append(told[2])

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(write, first)]
            assert inside.wait(10)
            running += [pool.submit(write, lambda: None) for _ in range(3)]
            wait_for(lambda: asked.count("BEGIN IMMEDIATE") >= asking_at_once)
            threading.Event().wait(0.05)
            assert asked.count("BEGIN IMMEDIATE") == asking_at_once
            others_wait.set()
            for done in running:
                done.result(20)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert asked.count("BEGIN IMMEDIATE") == 4
