"""`flask audit verify --anchor` finds every way to quietly change what happened."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from app import create_app
from app.core import audit_chain
from app.extensions import db
from config import Config
from tests.core.together import together
from tests.factories import MadeRecord, actor_of, make_account, make_record
from tests.services.served import ROOT
from tests.settings import settings_for

WRITERS = 8


@pytest.fixture(scope="module")
def written(
    engine_name: str, new_database: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """Make a database of our own, whose trail eight threads have written together."""
    folder = tmp_path_factory.mktemp("chain")
    app = create_app(Config.from_env(settings_for(new_database(engine_name, "chain")), home=folder))
    app.testing = True
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        clerk = actor_of(make_account("editor"))

    def write() -> list[MadeRecord]:
        with app.app_context():
            return [make_record(clerk) for _ in range(4)]

    together([write] * WRITERS)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def trail(written: Flask, tmp_path: Path) -> Iterator["Trail"]:
    """Lend the trail with an anchor of its end, and put it back afterwards."""
    found = Trail(written, tmp_path / "anchor.jsonl")
    assert found.run("anchor").exit_code == 0
    yield found
    found.put_back()


class Trail:
    """The trail as somebody with the database's password has it in hand."""

    def __init__(self, app: Flask, anchor: Path) -> None:
        self.app = app
        self.anchor_file = anchor
        self.kept = {table: self.rows(f"SELECT * FROM {table}") for table in ("audit_entries", "audit_values")}

    def run(self, command: str) -> Result:
        """Run `flask audit …` against the anchor file of this test."""
        own = self.app.extensions["config"].audit_anchor_file
        if command == "anchor":
            own.unlink(missing_ok=True)
            done = self.app.test_cli_runner().invoke(args=["audit", "anchor"])
            shutil.copy(own, self.anchor_file)
            return done
        return self.app.test_cli_runner().invoke(args=["audit", "verify", "--anchor", str(self.anchor_file)])

    def rows(self, statement: str) -> list[Any]:
        with self.app.app_context(), db.engine.connect() as connection:
            return list(connection.execute(text(statement)).all())

    def change(self, statement: str, **values: Any) -> None:
        with self.app.app_context(), db.engine.begin() as connection:
            connection.execute(text(statement), values)

    def put_back(self) -> None:
        self.app.extensions["audit_chain"].begin_anew()
        with self.app.app_context(), db.engine.begin() as connection:
            for table, rows in self.kept.items():
                connection.execute(text(f"DELETE FROM {table}"))
                names = list(rows[0]._mapping)
                places = ", ".join(f":{name}" for name in names)
                statement = text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})")
                connection.execute(statement, [dict(row._mapping) for row in rows])

    def longest(self) -> list[Any]:
        """Return the entries of the longest chain in their order."""
        (stream,) = self.rows("SELECT stream FROM audit_entries GROUP BY stream ORDER BY count(*) DESC LIMIT 1")[0]
        rows = self.rows("SELECT * FROM audit_entries ORDER BY seq")
        return [row for row in rows if bytes(row.stream) == bytes(stream)]

    def assert_broken(self, entry: Any = None) -> None:
        """Expect verify to fail and to name an entry, this one where one is given."""
        done = self.run("verify")
        assert done.exit_code == 1, done.stdout
        named = re.search(r"entry ([0-9a-f-]{36})", done.stdout)
        assert named, done.stdout
        if entry is not None:
            assert UUID(named[1]).bytes == bytes(entry.id)


def test_a_trail_that_eight_threads_wrote_is_whole(trail: Trail) -> None:
    done = trail.run("verify")
    assert (done.exit_code, done.stdout) == (0, f"ok {len(trail.kept['audit_entries'])} entries\n")
    assert len(trail.rows("SELECT DISTINCT stream FROM audit_entries")) >= WRITERS
    assert trail.rows("SELECT count(*) FROM audit_entries WHERE action = 'record.created'")[0][0] == 4 * WRITERS


EDITS = {
    "occurred_at": "2020-01-01 00:00:00.000000", "action": "record.viewed", "outcome": "denied", "actor_id": b"x" * 16,
    "actor_type": "system", "subject_type": "account", "subject_id": b"x" * 16, "subject_version": None,
    "channel": "cli", "ip": "10.0.0.1", "request_id": "r", "fields": "", "details_digest": b"x" * 32,
    "previous": b"x" * 32, "seal": b"x" * 32, "seq": 99, "stream": b"x" * 16,
}  # fmt: skip


@pytest.mark.parametrize("column", list(EDITS))
def test_an_edit_of_any_column_is_found(trail: Trail, column: str) -> None:
    victim = trail.longest()[1]
    trail.change(f"UPDATE audit_entries SET {column} = :value WHERE id = :id", value=EDITS[column], id=victim.id)
    trail.assert_broken()


def test_an_edit_names_the_entry(trail: Trail) -> None:
    victim = trail.longest()[2]
    trail.change("UPDATE audit_entries SET action = 'record.viewed' WHERE id = :id", id=victim.id)
    trail.assert_broken(victim)


def test_an_edit_of_the_id_is_found(trail: Trail) -> None:
    victim = trail.longest()[1]
    for table, name in (("audit_entries", "id"), ("audit_values", "entry_id")):
        trail.change(f"UPDATE {table} SET {name} = :new WHERE {name} = :old", new=b"y" * 16, old=victim.id)
    trail.assert_broken()


@pytest.mark.parametrize("place", [0, 1, -1])
def test_a_removed_entry_is_found_wherever_it_stood(trail: Trail, place: int) -> None:
    victim = trail.longest()[place]
    trail.change("DELETE FROM audit_values WHERE entry_id = :id", id=victim.id)
    trail.change("DELETE FROM audit_entries WHERE id = :id", id=victim.id)
    trail.assert_broken()


def test_a_removed_entry_whose_followers_moved_up_is_found(trail: Trail) -> None:
    chain = trail.longest()
    trail.change("DELETE FROM audit_values WHERE entry_id = :id", id=chain[1].id)
    trail.change("DELETE FROM audit_entries WHERE id = :id", id=chain[1].id)
    for row in chain[2:]:
        trail.change("UPDATE audit_entries SET seq = seq - 1 WHERE id = :id", id=row.id)
    trail.change("UPDATE audit_entries SET previous = :seal WHERE id = :id", seal=chain[0].seal, id=chain[2].id)
    trail.assert_broken(chain[2])


def test_two_entries_that_changed_places_are_found(trail: Trail) -> None:
    first, second = trail.longest()[:2]
    trail.change("UPDATE audit_entries SET seq = 1000 WHERE id = :id", id=first.id)
    trail.change("UPDATE audit_entries SET seq = :seq WHERE id = :id", seq=first.seq, id=second.id)
    trail.change("UPDATE audit_entries SET seq = :seq WHERE id = :id", seq=second.seq, id=first.id)
    trail.assert_broken()


def test_a_tail_that_was_cut_off_is_found_and_named(trail: Trail) -> None:
    chain = trail.longest()
    for row in chain[-2:]:
        trail.change("DELETE FROM audit_values WHERE entry_id = :id", id=row.id)
        trail.change("DELETE FROM audit_entries WHERE id = :id", id=row.id)
    trail.assert_broken(chain[-1])


def test_a_chain_that_is_gone_is_found(trail: Trail) -> None:
    chain = trail.longest()
    for row in chain:
        trail.change("DELETE FROM audit_values WHERE entry_id = :id", id=row.id)
    trail.change("DELETE FROM audit_entries WHERE stream = :stream", stream=chain[0].stream)
    trail.assert_broken(chain[-1])


def test_a_trail_that_is_empty_is_found(trail: Trail) -> None:
    trail.change("DELETE FROM audit_entries")
    trail.assert_broken()
    trail.change("DELETE FROM audit_values")
    trail.assert_broken()


def test_details_that_were_exchanged_are_found(trail: Trail) -> None:
    first, second = trail.longest()[:2]
    sealed = {bytes(row.entry_id): row.sealed for row in trail.rows("SELECT * FROM audit_values")}
    for one, other in ((first, second), (second, first)):
        trail.change(
            "UPDATE audit_values SET sealed = :sealed WHERE entry_id = :id", sealed=sealed[bytes(other.id)], id=one.id
        )
    trail.assert_broken(first)


def test_details_that_were_edited_or_removed_are_found(trail: Trail) -> None:
    victim = trail.longest()[1]
    trail.change("UPDATE audit_values SET sealed = :sealed WHERE entry_id = :id", sealed=b"x" * 64, id=victim.id)
    trail.assert_broken(victim)
    trail.change("DELETE FROM audit_values WHERE entry_id = :id", id=victim.id)
    trail.assert_broken(victim)


def test_a_copied_entry_is_found(trail: Trail) -> None:
    chain = trail.longest()
    copy = {**chain[-1]._mapping, "id": b"\x01" * 16, "seq": chain[-1].seq + 1, "previous": chain[-1].seal}
    names = ", ".join(copy)
    trail.change(f"INSERT INTO audit_entries ({names}) VALUES ({', '.join(f':{name}' for name in copy)})", **copy)
    trail.assert_broken()


@pytest.mark.parametrize("how", ["edited", "line removed", "garbage", "another line"])
def test_an_altered_anchor_is_found(trail: Trail, how: str) -> None:
    with trail.app.app_context():
        make_record()
    own = trail.app.extensions["config"].audit_anchor_file
    assert trail.app.test_cli_runner().invoke(args=["audit", "anchor"]).exit_code == 0
    lines = own.read_text().splitlines()
    assert len(lines) == 2
    changed = {
        "edited": [lines[0].replace('"at": "2', '"at": "1'), lines[1]],
        "line removed": lines[1:],
        "garbage": [*lines, "garbage"],
        "another line": [lines[0], lines[0]],
    }[how]
    trail.anchor_file.write_text("\n".join(changed) + "\n")
    done = trail.run("verify")
    assert done.exit_code == 1
    assert "anchor" in done.stdout


def test_an_anchor_with_nothing_new_adds_no_line(trail: Trail) -> None:
    own = trail.app.extensions["config"].audit_anchor_file
    before = own.read_text()
    assert trail.app.test_cli_runner().invoke(args=["audit", "anchor"]).stdout == "anchored 0 chains\n"
    assert own.read_text() == before


def test_a_line_that_a_full_disk_cut_off_is_written_anew(trail: Trail) -> None:
    own = trail.app.extensions["config"].audit_anchor_file
    whole = own.read_text()
    own.write_text(whole + '{"at": "2026-11-2')
    assert trail.app.test_cli_runner().invoke(args=["audit", "verify"]).exit_code == 0
    with trail.app.app_context():
        make_record()
    assert trail.app.test_cli_runner().invoke(args=["audit", "anchor"]).stdout == "anchored 1 chains\n"
    assert own.read_text().startswith(whole)
    assert trail.app.test_cli_runner().invoke(args=["audit", "verify"]).exit_code == 0


def test_a_full_anchor_file_is_put_aside_and_the_next_one_stands_alone(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_chain, "FULL_AT", 0)
    monkeypatch.setattr(audit_chain, "FULL_AT_LEAST", 0)
    own = trail.app.extensions["config"].audit_anchor_file
    full, before, chain = own.read_text(), set(own.parent.iterdir()), trail.longest()
    with trail.app.app_context():
        make_record()
    assert trail.app.test_cli_runner().invoke(args=["audit", "anchor"]).stdout == "anchored 1 chains\n"
    [aside] = set(own.parent.iterdir()) - before
    assert aside.read_text() == full
    [line] = own.read_text().splitlines()
    assert json.loads(line)["previous"] == json.loads(full.splitlines()[-1])["seal"]
    shutil.copy(own, trail.anchor_file)
    assert trail.run("verify").exit_code == 0
    trail.change("DELETE FROM audit_values WHERE entry_id = :id", id=chain[-1].id)
    trail.change("DELETE FROM audit_entries WHERE id = :id", id=chain[-1].id)
    trail.assert_broken(chain[-1])


def test_what_was_written_after_the_anchor_is_whole_too(trail: Trail) -> None:
    with trail.app.app_context():
        make_record()
    done = trail.run("verify")
    assert done.exit_code == 0
    assert trail.run("verify").stdout.startswith("ok ")


def test_an_anchor_file_that_is_named_and_missing_is_an_error(trail: Trail) -> None:
    trail.anchor_file.unlink()
    assert trail.run("verify").exit_code != 0
