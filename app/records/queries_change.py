"""A record that is to be changed: locked, and read as one JSON text like those that are shown.

The ORM would read it column by column, which is more work than all that follows. What it gets is the same: an object
that counts as loaded, whose changes are found, put on record and written as ever.
"""

from uuid import UUID

import orjson
from sqlalchemy import Text, bindparam, func, inspect, select
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict

from app.core import ready_sql
from app.core.database import BinaryUuid, table_of
from app.core.statements import connection
from app.extensions import db
from app.records.models import UserRecord
from app.records.queries_rows import KINDS, READERS, SEEN, readable, seen_last

_table = table_of(UserRecord)
_mapper = inspect(UserRecord)
_NAMES = (*(column.name for column in _table.columns if column.computed is None), SEEN)
_READ = [(name, READERS[KINDS[name]]) for name in _NAMES if KINDS[name] in READERS]
_LOCKED = (
    select(func.json_array(*(seen_last if name == SEEN else readable(name) for name in _NAMES), type_=Text()))
    .where(_table.c.id == bindparam("record_id", type_=BinaryUuid()))
    .with_for_update()
)


def find_locked(record_id: UUID) -> UserRecord | None:
    """Return a record, deleted or not, for which other writers of it wait from now on."""
    session = db.session()
    if _mapper.identity_key_from_primary_key((record_id,)) in session.identity_map:
        return session.get(UserRecord, record_id, with_for_update=True)
    document = ready_sql.scalar(connection(), _LOCKED, {"record_id": record_id})
    if document is None:
        return None
    values = dict(zip(_NAMES, orjson.loads(document), strict=True))
    for name, read in _READ:
        if values[name] is not None:
            values[name] = read(values[name])
    record = UserRecord()
    instance_dict(record).update(values)
    make_transient_to_detached(record)
    session.add(record)
    return record
