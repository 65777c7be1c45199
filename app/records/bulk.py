"""Many synthetic records at once, for demonstrations and measurements.

Rows go in by Core in large pieces, past the flush listener: one entry in the
trail stands for all of them, and no events are published.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select

from app.core import audit, transaction
from app.core.actions import Action
from app.core.database import new_id, table_of, utc_now
from app.core.identity import Actor
from app.core.transaction import command
from app.core.unit import Change
from app.core.vault import vault
from app.extensions import db
from app.records import counting
from app.records.identifiers import mask_aadhaar, mask_pan
from app.records.models import FOLDED_LENGTH, IdentityVault, RecordSuffix, UserRecord
from app.records.people import generate_people
from app.records.references import new_reference
from app.records.service import identity_place
from app.records.suffixes import fold, suffixes_of

PIECE = 2000
HELD_AT_ONCE = 200
"""How many records the index is written of at a time: so long their changes wait."""

NO_ID = UUID(int=0)
"""Comes before every id."""

Row = dict[str, Any]


def generate_records(count: int, seed: int, *, today: date, actor: Actor) -> Iterator[int]:
    """Insert `count` valid, unique people, piece by piece; yield how many are in after each piece.

    The same count and seed make the same people. Raises IntegrityError when
    they are there already; the pieces before stay.
    """
    people = generate_people(count, seed, today)
    done, newest = 0, utc_now()
    while piece := list(islice(people, PIECE)):
        _insert_people(piece, first_at=newest - timedelta(seconds=count - done), actor=actor)
        done += len(piece)
        yield done
    note_generated(done, seed, actor=actor)


@command(Action.RECORDS_GENERATED)
def note_generated(count: int, seed: int, *, actor: Actor) -> None:
    """Put on record how many people were made up, and from which seed."""
    changes = [Change("count", None, count), Change("seed", None, seed)]
    audit.note(Action.RECORDS_GENERATED, subject=("record", None), changes=changes)


def reindex() -> Iterator[int]:
    """Write the search index of every record anew, piece by piece; yield how many are done."""
    done, last = 0, NO_ID
    while found := transaction.run(partial(_reindex_after, last)):
        done, last = done + len(found), found[-1].id
        yield done


def _reindex_after(last: UUID) -> Sequence[Any]:
    """Write the index of the records that follow one anew; they are held, or a name could change in between."""
    table, suffixes = table_of(UserRecord), table_of(RecordSuffix)
    rows = select(table.c.id, table.c.name, table.c.email).where(table.c.id > last).order_by(table.c.id)
    found = db.session.execute(rows.limit(HELD_AT_ONCE).with_for_update()).all()
    db.session.execute(delete(suffixes).where(suffixes.c.record_id.in_([row.id for row in found])))
    _insert(suffixes, [row for record in found for row in _suffix_rows(record.id, record.name, record.email)])
    return found


def _insert_people(people: Sequence[Mapping[str, Any]], *, first_at: datetime, actor: Actor) -> None:
    vaults: list[Row] = []
    records: list[Row] = []
    suffixes: list[Row] = []
    for place, person in enumerate(people):
        box = _vault_row(person["aadhaar"], person["pan"])
        record = _record_row(person, box["id"], first_at + timedelta(seconds=place), actor)
        vaults.append(box)
        records.append(record)
        suffixes.extend(_suffix_rows(record["id"], record["name"], record["email"]))

    def write() -> None:
        _insert(table_of(IdentityVault), vaults)
        _insert(table_of(UserRecord), records)
        _insert(table_of(RecordSuffix), suffixes)
        counting.add_rows(records)

    transaction.run(write)


def _insert(table: Any, rows: list[Row]) -> None:
    if rows:
        statement: Any = insert(table)
        db.session.execute(statement, rows)


def _vault_row(aadhaar: str, pan: str) -> Row:
    identity_id, box = new_id(), vault()
    row: Row = {"id": identity_id}
    for kind, number in (("aadhaar", aadhaar), ("pan", pan)):
        row[f"{kind}_sealed"] = box.seal(number.encode(), identity_place(kind, identity_id))
        row[f"{kind}_index"] = box.blind_index(kind, number)
    return row


def _record_row(person: Mapping[str, Any], identity_id: UUID, at: datetime, actor: Actor) -> Row:
    return {
        "id": new_id(),
        "version": new_id(),
        "reference": new_reference(),
        "identity_id": identity_id,
        "name": person["name"],
        "name_folded": fold(person["name"])[:FOLDED_LENGTH],
        "email": person["email"],
        "primary_mobile": person["primary_mobile"],
        "secondary_mobile": person.get("secondary_mobile"),
        "aadhaar_mask": mask_aadhaar(person["aadhaar"]),
        "pan_mask": mask_pan(person["pan"]),
        "date_of_birth": date.fromisoformat(person["date_of_birth"]),
        "place_of_birth": person["place_of_birth"],
        "current_address": person["current_address"],
        "permanent_address": person["permanent_address"],
        "is_active": person.get("is_active", True),
        "email_verified": False,
        "mobile_verified": False,
        "is_deleted": False,
        "created_at": at,
        "updated_at": at,
        "created_by": actor.account_id,
        "updated_by": actor.account_id,
    }


def _suffix_rows(record_id: UUID, *texts: str) -> list[Row]:
    return [{"suffix": suffix, "record_id": record_id} for suffix in sorted(suffixes_of(*texts))]
