"""One row written by a ready statement: what is stored, on record, counted and refused is what the ORM's flush does."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm.exc import StaleDataError

from app.core import quick_flush, ready_sql, transaction
from app.core.actions import Action
from app.core.audit import AuditDetail, AuditEntry, details_place
from app.core.database import new_id, table_of
from app.core.identity import Actor
from app.core.statements import connection
from app.core.unit import OutsideCommand
from app.core.vault import vault
from app.extensions import db
from app.records import counting, queries, service
from app.records.models import UserRecord
from app.records.schemas import RecordChanges
from tests.factories import MadeRecord, make_record

Actors = Callable[..., Actor]
Make = Callable[..., MadeRecord]
_records, _entries, _details = table_of(UserRecord), table_of(AuditEntry), table_of(AuditDetail)

OF_ITS_OWN = {
    "id", "reference", "identity_id", "version", "email", "primary_mobile", "aadhaar_mask", "pan_mask", "created_at",
    "updated_at", "email_version", "deleted_at", "aadhaar", "pan",
}  # fmt: skip


class Outrun(Exception):
    """Another was faster."""


def write_out(record: UserRecord) -> None:
    """Write a record, whether or not the statement may wait for the next."""
    quick_flush.flush(record)
    ready_sql.settle(connection())


def at_once(work: Callable[[], Any]) -> Any:
    """Do something as it is."""
    return work()


def by_the_orm(work: Callable[[], Any]) -> Any:
    """Do something in a savepoint, where the ORM writes."""

    def in_a_savepoint() -> Any:
        with transaction.savepoint():
            return work()

    return transaction.run(in_a_savepoint)


def live(way: Callable[[Callable[[], Any]], Any], somebody: Actor) -> UUID:
    """Do everything to a record that is done to records."""
    record_id: UUID = way(lambda: make_record(somebody)).id
    changes = RecordChanges.model_construct(
        _fields_set={"name", "email"}, name="Asha Rao", email=f"{record_id}@x.example"
    )
    way(lambda: service.update_record(record_id, changes, reason="married", actor=somebody))
    way(lambda: service.delete_record(record_id, reason="a duplicate", actor=somebody))
    way(lambda: service.restore_record(record_id, actor=somebody))
    way(lambda: service.delete_record(record_id, actor=somebody))
    return record_id


def story(record_id: UUID) -> list[Any]:
    """Return the row of a record, but for what each has of its own, and all that the trail says of it."""
    row = db.session.execute(select(_records).where(_records.c.id == record_id)).one()
    told: list[Any] = [{name: value for name, value in row._asdict().items() if name not in OF_ITS_OWN}]
    both = select(_entries, _details.c.sealed).join(_details, _details.c.entry_id == _entries.c.id)
    versions = []
    for entry in db.session.execute(both.where(_entries.c.subject_id == record_id).order_by(_entries.c.id)):
        details = orjson.loads(vault().open(entry.sealed, details_place(entry.id)))
        changed = [[name, *values] for name, *values in details["changes"] if name not in OF_ITS_OWN]
        told.append([entry.action, entry.fields, details.get("reason"), changed])
        versions.append((details.get("previous_version"), str(entry.subject_version)))
    assert [before for before, _ in versions[1:]] == [after for _, after in versions[:-1]]
    assert versions[-1][1] == str(row.version)
    return told


def test_it_leaves_what_the_orm_would_leave(context: Flask, actor: Actors) -> None:
    somebody = actor("supervisor")
    assert story(live(at_once, somebody)) == story(live(by_the_orm, somebody))
    assert (counting.total(is_deleted=True), counting.total(), counting.recount()) == (2, 2, 0)


@transaction.command(Action.RECORD_UPDATED)
def rename(record_id: UUID, *names: str, actor: Actor) -> UserRecord:
    """Write a record several times in one command."""
    record = queries.get_for_change(record_id)
    for name in names:
        record.name = name
        quick_flush.flush(record)
        assert record not in db.session.dirty
    return record


def test_a_row_that_is_written_twice_has_one_entry_and_its_last_version(
    context: Flask, make_record: Make, actor: Actors
) -> None:
    made = make_record()
    record = rename(made.id, "Asha Rao", "Asha Das", actor=actor())
    stored = db.session.execute(select(_records).where(_records.c.id == made.id)).one()
    assert (stored.name, stored.version) == (record.name, record.version) == ("Asha Das", record.version)
    assert len(story(made.id)) == 3  # the row, its creation, one change
    assert record.alive == 1  # what the database works out is asked of it


def test_setting_what_is_there_writes_nothing(context: Flask, make_record: Make, actor: Actors) -> None:
    made = make_record()
    assert rename(made.id, "Asha Verma", actor=actor()).version == made.version
    assert len(story(made.id)) == 2


def test_outside_a_command_it_writes_nothing(context: Flask, make_record: Make) -> None:
    made = make_record()

    def unseen() -> None:
        record = queries.get_for_change(made.id)
        record.name = "Unseen"
        quick_flush.flush(record)

    def poured() -> None:
        record = UserRecord(id=new_id(), name="Unseen")
        db.session.add(record)
        quick_flush.flush(record)

    for forbidden in (unseen, poured):
        with pytest.raises(OutsideCommand):
            transaction.run(forbidden)
    assert db.session.scalars(select(_records.c.name)).all() == ["Asha Verma"]


def test_a_row_that_another_wrote_meanwhile_is_not_overwritten(
    context: Flask, make_record: Make, actor: Actors
) -> None:
    made, tried = make_record(), []

    @transaction.command(Action.RECORD_UPDATED)
    def outrun(*, actor: Actor) -> None:
        record = queries.get_for_change(made.id)
        tried.append(record.version)
        connection().execute(update(_records).values(version=new_id()))
        record.name = "Late"
        with pytest.raises(StaleDataError):
            write_out(record)
        db.session.expunge(record)
        raise Outrun

    with pytest.raises(Outrun):
        outrun(actor=actor())
    assert db.session.scalars(select(_records.c.name)).all() == ["Asha Verma"]


def test_several_rows_at_once_are_left_to_the_orm(context: Flask, make_record: Make, actor: Actors) -> None:
    made = [make_record().id, make_record().id]

    @transaction.command(Action.RECORD_UPDATED)
    def rename_both(*, actor: Actor) -> None:
        for record in [queries.get_for_change(record_id) for record_id in made]:
            record.name = "Together"
        quick_flush.flush(record)
        assert not db.session.dirty

    rename_both(actor=actor())
    assert db.session.scalars(select(_records.c.name)).all() == ["Together"] * 2
    assert [len(story(record_id)) for record_id in made] == [3, 3]
