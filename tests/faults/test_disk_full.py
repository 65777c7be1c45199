"""A disk without space: writes are refused and leave nothing, reads go on, and space is all it takes to heal."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.factories import record_input
from tests.faults.room import Room, Told
from tests.services.machine import PROGRAMS, remove
from tests.services.mariadb import MariaDb, free_port
from tests.services.served import Served

TRIES = 600
EFFECTS = ("identity_vault", "audit_entries WHERE action = 'record.created'", "outbox WHERE type = 'record.created'")


class SmallDisk:
    """A file system of its own in memory; `fill` leaves no byte of it."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "record-room-tests", str(folder)]
        done = subprocess.run(mount, capture_output=True, check=False) if os.geteuid() == 0 else None
        if done is None or done.returncode:
            pytest.skip("not run: this machine does not let us mount a small disk")
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Take all the space there is."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        """Give the space back."""
        self._filler.unlink()

    def close(self) -> None:
        """Unmount it."""
        subprocess.run(["umount", "-l", str(self.folder)], check=False)
        remove(self.folder)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], SmallDisk]]:
    """Make small disks."""
    made: list[SmallDisk] = []

    def make(megabytes: int) -> SmallDisk:
        made.append(SmallDisk(tmp_path / f"disk{len(made)}", megabytes))
        return made[-1]

    yield make
    for disk in made:
        disk.close()


@pytest.fixture
def close_later() -> Iterator[list[Any]]:
    """Close what a test opened, last things first, before its disk goes."""
    opened: list[Any] = []
    yield opened
    for thing in reversed(opened):
        if isinstance(thing, MariaDb):
            thing.kill()  # asked to end, it would wait for space
        else:
            thing.close()


def write_until_refused(room: Room, server: Served) -> tuple[dict[str, Any], Told]:
    """Register people until there is no more space; return who was refused, and how."""
    for _ in range(TRIES):
        given = record_input()
        told = room.call(server, "POST", "/users/", given, Idempotency_Key=given["pan"])
        if told.status != 201:
            return given, told
    raise AssertionError("it never ran out of space")


def prove(room: Room, disk: SmallDisk) -> None:
    """Fill the disk, and hold the room to its promises."""
    server = room.serve()
    first = room.call(server, "POST", "/users/", record_input()).json
    disk.fill()
    given, told = write_until_refused(room, server)
    assert (told.status, told.json["code"]) == (503, "UNAVAILABLE"), told.text
    assert told.seconds < 10
    assert room.call(server, "GET", f"/users/{first['id']}").status == 200
    assert room.call(server, "GET", "/users/").status == 200
    assert room.call(server, "GET", "/health/live").status == 200
    records = room.count("user_records")
    assert {table: room.count(table) for table in EFFECTS} == dict.fromkeys(EFFECTS, records)
    disk.free()
    assert room.call(server, "POST", "/users/", given, Idempotency_Key=given["pan"]).status == 201
    assert room.call(server, "PATCH", f"/users/{first['id']}", {"name": "Asha Rao"}).status == 200
    checked = room.app.test_cli_runner().invoke(args=["audit", "verify"])
    assert checked.exit_code == 0, checked.stdout


def test_sqlite_on_a_full_disk_refuses_writes_and_heals(
    small_disk: Callable[[int], SmallDisk], tmp_path: Path, close_later: list[Any]
) -> None:
    disk = small_disk(16)
    room = Room(f"sqlite:///{disk.folder / 'records.sqlite3'}", tmp_path)
    close_later.append(room)
    prove(room, disk)
    with closing(sqlite3.connect(disk.folder / "records.sqlite3")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_mariadb_on_a_full_disk_refuses_writes_and_heals(
    small_disk: Callable[[int], SmallDisk], tmp_path: Path, close_later: list[Any]
) -> None:
    if PROGRAMS["mariadb"].find() is None:
        pytest.skip("not run: there is no MariaDB on this machine")
    disk = small_disk(400)
    (disk.folder / "server").mkdir()
    server = MariaDb(free_port(), disk.folder / "server")
    close_later.append(server)
    server._install()
    server.run()
    server.allow_tests()
    room = Room(server.create_database("full"), tmp_path)
    close_later.append(room)
    prove(room, disk)


def test_a_full_disk_under_the_log_stops_nothing(
    small_disk: Callable[[int], SmallDisk], tmp_path: Path, close_later: list[Any]
) -> None:
    disk = small_disk(2)
    room = Room(f"sqlite:///{tmp_path / 'records.sqlite3'}", tmp_path)
    close_later.append(room)
    server = room.serve(LOG_FILE=str(disk.folder / "room.log"))
    assert room.call(server, "GET", "/users/").status == 200
    assert "request.ended" in (disk.folder / "room.log").read_text()
    disk.fill()
    made = room.call(server, "POST", "/users/", record_input())
    assert made.status == 201
    assert room.call(server, "GET", f"/users/{made.json['id']}").status == 200
    disk.free()
    assert room.call(server, "GET", "/users/").status == 200
    assert (disk.folder / "room.log").read_text().count("request.ended") >= 2
