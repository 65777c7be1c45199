"""One unit of work: all or nothing, run again as a whole, and never two winners."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import insert, text, update
from sqlalchemy.engine import Connection

from app.core import audit, outbox, transaction
from app.core.actions import Action
from app.core.database import new_id, table_of, utc_now
from app.core.errors import DomainError, Unavailable
from app.core.identity import Actor
from app.core.unit import OutsideCommand, work_of
from app.extensions import db
from app.records.models import IdentityVault, UserRecord
from tests.browsing import JsonClient
from tests.core.together import together
from tests.factories import MadeRecord
from tests.records.partner import count

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]
Actors = Callable[..., Actor]


@transaction.command(Action.RECORD_UPDATED)
def rename(record: UserRecord, name: str, *, actor: Actor, fail: bool = False) -> None:
    record.name = name
    outbox.publish("record.updated", subject_id=record.id)
    if fail:
        raise DomainError("no")


def the_record(made: MadeRecord) -> UserRecord:
    if work_of(db.session) is None:
        db.session.rollback()
    record = db.session.get(UserRecord, made.id)
    assert record is not None
    return record


def test_a_row_an_entry_and_an_event_are_of_one_transaction(context: Flask, make_record: Make, actor: Actors) -> None:
    made = make_record()
    with pytest.raises(DomainError):
        rename(the_record(made), "Asha Rao", actor=actor(), fail=True)
    assert the_record(made).name == "Asha Verma"
    assert count(context, "outbox WHERE type = 'record.updated'") == 0
    assert count(context, "audit_entries WHERE action = 'record.updated'") == 0
    rename(the_record(made), "Asha Rao", actor=actor())
    assert count(context, "outbox WHERE type = 'record.updated'") == 1
    assert count(context, "audit_entries WHERE action = 'record.updated'") == 1


def test_an_inner_command_joins_the_outer_one(context: Flask, make_record: Make, actor: Actors) -> None:
    first, second, somebody = make_record(), make_record(), actor()

    def both() -> None:
        rename(the_record(first), "First", actor=somebody)
        rename(the_record(second), "Second", actor=somebody, fail=True)

    with pytest.raises(DomainError):
        transaction.run(both)
    assert the_record(first).name == the_record(second).name == "Asha Verma"


def test_a_savepoint_takes_back_only_its_own_part(context: Flask, make_record: Make, actor: Actors) -> None:
    first, second, somebody = make_record(), make_record(), actor()

    def both() -> None:
        rename(the_record(first), "First", actor=somebody)
        with pytest.raises(DomainError), transaction.savepoint():
            rename(the_record(second), "Second", actor=somebody, fail=True)

    transaction.run(both)
    assert (the_record(first).name, the_record(second).name) == ("First", "Asha Verma")
    assert count(context, "audit_entries WHERE action = 'record.updated'") == 1
    assert count(context, "outbox WHERE type = 'record.updated'") == 1


def test_an_audited_row_cannot_be_written_outside_a_command(context: Flask, make_record: Make) -> None:
    made = make_record()
    the_record(made).name = "Unseen"
    with pytest.raises(OutsideCommand):
        db.session.flush()
    db.session.rollback()
    db.session.add(UserRecord(id=new_id(), name="Unseen"))
    with pytest.raises(OutsideCommand):
        db.session.commit()
    db.session.rollback()
    with pytest.raises(OutsideCommand):
        transaction.run(lambda: setattr(the_record(made), "name", "Unseen"))
    assert the_record(made).name == "Asha Verma"


def test_audited_rows_are_not_changed_in_bulk_nor_deleted(context: Flask, make_record: Make, actor: Actors) -> None:
    made = make_record()

    @transaction.command(Action.RECORD_UPDATED)
    def wipe(*, actor: Actor) -> None:
        db.session.delete(the_record(made))
        db.session.flush()

    @transaction.command(Action.RECORD_UPDATED)
    def sweep(*, actor: Actor) -> None:
        db.session.execute(update(UserRecord).values(name="Unseen"))

    @transaction.command(Action.RECORD_CREATED)
    def pour(*, actor: Actor) -> None:
        db.session.execute(insert(UserRecord), [{"id": new_id(), "name": "Unseen"}])

    for forbidden in (wipe, sweep, pour):
        with pytest.raises(OutsideCommand):
            forbidden(actor=actor())
    assert the_record(made).name == "Asha Verma"


def test_notes_and_events_need_a_transaction_that_has_an_owner(context: Flask) -> None:
    with pytest.raises(OutsideCommand):
        audit.note(Action.RECORD_REVEALED, subject=("record", None))
    with pytest.raises(OutsideCommand):
        outbox.publish("record.created", subject_id=new_id())


# --- what a busy database does -------------------------------------------------------------------------------------


@contextmanager
def lock_held(app: Flask, statement: str) -> Iterator[Connection]:
    """Hold a lock from another connection, as another process would."""
    with app.app_context():
        engine = db.engine
    with engine.connect() as connection:
        connection.execution_options(begin="IMMEDIATE")
        connection.execute(text(statement))
        yield connection
        connection.rollback()


def test_a_lock_that_does_not_go_away_is_503_in_time_and_changes_nothing(
    api: Api, app: Flask, make_record: Make
) -> None:
    first, editor = make_record(), api("editor")
    began = utc_now()
    with lock_held(app, "UPDATE user_records SET name_folded = 'held'"):
        answer = editor.patch(f"/users/{first.id}", json={"name": "Asha Rao"})
    assert (answer.status_code, answer.json["code"]) == (503, "UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    assert (utc_now() - began).total_seconds() < 10
    assert editor.get(f"/users/{first.id}").json["version"] == str(first.version)
    assert editor.patch(f"/users/{first.id}", json={"name": "Asha Rao"}).status_code == 200


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_after_a_lock_wait_time_out_nothing_of_the_work_is_kept(
    context: Flask, make_record: Make, actor: Actors
) -> None:
    first, second, somebody = make_record(), make_record(), actor()

    def both() -> None:
        rename(the_record(first), "First", actor=somebody)
        rename(the_record(second), "Second", actor=somebody)

    held = f"UPDATE user_records SET name_folded = 'held' WHERE id = x'{second.id.hex}'"
    with lock_held(context, held), pytest.raises(Unavailable):
        transaction.run(both)
    assert the_record(first).name == the_record(second).name == "Asha Verma"
    assert count(context, "audit_entries WHERE action = 'record.updated'") == 0


def test_deadlocked_work_is_run_again_as_a_whole(context: Flask, make_record: Make, actor: Actors) -> None:
    made, somebody = [make_record(), make_record()], actor()
    runs: list[int] = []

    def cross(order: int, turn: int) -> None:
        with context.app_context():

            def work() -> None:
                runs.append(order)
                for place in (order, 1 - order):
                    rename(the_record(made[place]), f"By {'AB'[order]} in turn {turn}", actor=somebody)

            transaction.run(work)

    for turn in range(5):
        together([partial(cross, 0, turn), partial(cross, 1, turn)])
        db.session.rollback()
        assert the_record(made[0]).name == the_record(made[1]).name
    assert len(runs) >= 10


def test_the_identity_of_a_row_stays_whole_when_its_insert_is_refused(
    context: Flask, make_record: Make, actor: Actors
) -> None:
    make_record()
    before = count(context, "identity_vault")

    @transaction.command(Action.RECORD_CREATED)
    def break_off(*, actor: Actor) -> None:
        row = {"id": new_id(), "aadhaar_sealed": b"a", "aadhaar_index": b"b", "pan_sealed": b"c", "pan_index": b"d"}
        db.session.execute(insert(table_of(IdentityVault)).values(row))
        raise DomainError("no")

    with pytest.raises(DomainError):
        break_off(actor=actor())
    assert count(context, "identity_vault") == before
