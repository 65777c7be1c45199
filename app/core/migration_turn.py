"""Of several starts at the same moment one migrates, and the others wait for it."""

import fcntl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.core.cluster import is_cluster
from app.core.database import new_id
from app.core.transaction import is_transient

WAIT_SECONDS = 120
ASK_SECONDS = 1
"""One wait for the server's lock; it has to end before the time-out of a connection does."""
BEAT_SECONDS = 2.0
DEAD_AFTER_SECONDS = 20.0
"""A holder whose beat is not seen to change for so long is gone, and so is whatever it was doing."""
LOOK_SECONDS = 0.25
MOST_LOOK_SECONDS = 2.0
"""A look that took longer was held up by the cluster, and then the holder's beat was too."""

Beat = tuple[str, int]
Turn = AbstractContextManager[None]
MAKE = "CREATE TABLE IF NOT EXISTS migration_turn (id INT PRIMARY KEY, holder CHAR(32) NOT NULL, beat BIGINT NOT NULL)"
FILL = "INSERT IGNORE INTO migration_turn VALUES (1, '', 0)"
LOOK = "SELECT holder, beat FROM migration_turn"
TAKE_FREE = "UPDATE migration_turn SET holder = :me, beat = beat + 1 WHERE holder = ''"
TAKE_DEAD = "UPDATE migration_turn SET holder = :me, beat = beat + 1 WHERE holder = :holder AND beat = :beat"
BEAT = "UPDATE migration_turn SET beat = beat + 1 WHERE holder = :me"
LET_GO = "UPDATE migration_turn SET holder = '' WHERE holder = :me"


class TurnTaken(RuntimeError):
    """Somebody else still migrates."""

    def __init__(self) -> None:
        super().__init__("another start is still migrating the database; try again")


@contextmanager
def migration_turn(engine: Engine) -> Iterator[None]:
    """Hold what lets several first starts take turns. Raises TurnTaken after two minutes.

    With SQLite it is a file lock, with a server a named lock. A cluster needs more: a named lock holds on one node.
    """
    if engine.dialect.name == "sqlite":
        hold = sqlite_turn(Path(engine.url.database or ""))
    else:
        hold = _cluster_turn(engine) if is_cluster(engine) else _server_turn(engine)
    with hold:
        yield


@contextmanager
def sqlite_turn(database: Path) -> Iterator[None]:
    """Hold a lock file beside an SQLite database; the system lets go of it when the process ends."""
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with database.with_name(f"{database.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _server_turn(engine: Engine) -> Iterator[None]:
    with engine.connect() as connection:
        connection.detach()  # it is closed for good afterwards, however that comes about, and the lock ends with it
        name = {"name": f"record-room-migrate:{engine.url.database}"[:64], "wait": ASK_SECONDS}
        _until(lambda: connection.scalar(text("SELECT GET_LOCK(:name, :wait)"), name) == 1)
        yield


@contextmanager
def _cluster_turn(engine: Engine) -> Iterator[None]:
    """Hold a lease in a table of its own; whoever writes its name first holds it, as long as its beat goes on.

    No clocks are compared: others watch the beat by their own.
    """
    lease = _Lease(engine)
    for statement in (MAKE, FILL):
        lease.write(statement)
    watch, over = _Watch(), threading.Event()
    _until(lambda: lease.is_taken(watch))
    beating = threading.Thread(target=lease.beat_until, args=(over,), name="migration turn", daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()
        lease.write(LET_GO)


def _until(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + WAIT_SECONDS
    while not is_so():
        if time.monotonic() > give_up_at:
            raise TurnTaken
        time.sleep(LOOK_SECONDS)


class _Watch:
    """Whether a beat was seen to stand still."""

    def __init__(self) -> None:
        self._seen: Beat | None = None
        self._since = 0.0

    def is_dead(self, beat: Beat | None, looked_for: float) -> bool:
        """Take down what was seen, and how many seconds the look took."""
        now = time.monotonic()
        if beat is None or beat != self._seen or looked_for > MOST_LOOK_SECONDS:
            self._seen, self._since = beat, now
        return now - self._since > DEAD_AFTER_SECONDS


class _Lease:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._me = new_id().hex

    def is_taken(self, watch: _Watch) -> bool:
        """Take the lease when it is free or its holder is dead; tell whether it is ours."""
        if self.write(TAKE_FREE):
            return True
        began, beat = time.monotonic(), self._look()
        is_dead = watch.is_dead(beat, time.monotonic() - began)
        return beat is not None and is_dead and bool(self.write(TAKE_DEAD, holder=beat[0], beat=beat[1]))

    def _look(self) -> Beat | None:
        with suppress(DBAPIError), self._engine.connect() as connection:
            row = connection.execute(text(LOOK)).one()
            return row.holder, row.beat
        return None

    def beat_until(self, over: threading.Event) -> None:
        """Show that we live; a beat that does not come through is followed by the next."""
        while not over.wait(BEAT_SECONDS):
            with suppress(DBAPIError):
                self.write(BEAT)

    def write(self, statement: str, **values: object) -> int:
        """Commit one statement; return how many rows it changed: none where another node was faster."""
        try:
            with self._engine.begin() as connection:
                return connection.execute(text(statement), {"me": self._me, **values}).rowcount
        except DBAPIError as error:
            if is_transient(error):
                return 0
            raise
