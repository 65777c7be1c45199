"""What a Galera cluster needs that one server does not: to read what another node has acknowledged.

Nodes apply what others committed a moment later, so a read on a second node may miss a change whose caller has had the
answer already. `wsrep_sync_wait` has the first statement of a transaction wait until the node has caught up. It is set
for every kind of statement: also an UPDATE that names a version, or an INSERT that names a parent, would be refused
for a row that is there.
"""

from typing import Any

from sqlalchemy import Engine, event

CATCH_UP_FIRST = 7
"""Before reads (1), updates and deletes (2), inserts (4)."""
ASKED = "SHOW VARIABLES LIKE 'wsrep_on'"
"""Asked like this, a server that knows nothing of clusters answers with no row instead of an error."""


def prepare(engine: Engine) -> None:
    """Have each connection find out once whether its server is a node of a cluster, and then never read the past."""
    event.listen(engine, "connect", _catch_up)


def is_cluster(engine: Engine) -> bool:
    """Tell whether the server is a node of a cluster."""
    with engine.connect() as connection:
        return _is_on(connection.exec_driver_sql(ASKED).first())


def _is_on(found: Any) -> bool:
    return found is not None and found[1] == "ON"


def _catch_up(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute(ASKED)
        if _is_on(cursor.fetchone()):
            cursor.execute(f"SET SESSION wsrep_sync_wait = {CATCH_UP_FIRST}")
    finally:
        cursor.close()
