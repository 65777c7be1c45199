"""One unit of work, and the only commit.

The outermost command owns the transaction and inner ones join it, so that a
change, its audit entries, its events and the stored answer are written all or
none. What a concurrent writer or a failover spoils is run again as a whole:
after error 1213 the statements before it are gone too, so a single statement
must never be tried again.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar, cast

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.core import audit, outbox, ready_sql
from app.core.actions import Action
from app.core.database import one_writer
from app.core.errors import Unavailable
from app.core.unit import Command, Work, require_work, work_of
from app.extensions import db

RUNS_AGAIN = 3
PAUSE_SECONDS = 0.02
PATIENCE_SECONDS = 3
"""After this long nothing is run again: who asked is owed an answer within ten seconds."""
LOST_CONNECTION = frozenset({2006, 2013, 2014, 2055, 4031})
OUTCOME_UNKNOWN = (
    "The database was lost while it saved, so it is not known whether the change was saved. Read the record again, or "
    "send the same request with the same idempotency key."
)
TRANSIENT_CODES = LOST_CONNECTION | {1020, 1047, 1205, 1213}
"""Deadlock, lock wait, certification failure, lost connection, node not ready."""

P = ParamSpec("P")
T = TypeVar("T")
Refusal = Callable[..., Exception | None]


def command(action: Action, *, refuse: Refusal | None = None) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Make a function one unit of work that is on record as `action`.

    The function is called with the keyword `actor`, and `reason` where it has
    one. `refuse` is asked, with the same arguments, to put into words why the
    database refused; it answers with the error to raise, or None.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def run_command(*args: P.args, **kwargs: P.kwargs) -> T:
            running = Command(action, cast(Any, kwargs["actor"]), cast("str | None", kwargs.get("reason")))

            def work() -> T:
                session = db.session()
                in_hand = require_work(session)
                if refuse and in_hand.connection:
                    ready_sql.settle(in_hand.connection)  # what the command before sent, it has to explain itself
                with in_hand.running(running):
                    in_hand.explain = partial(refuse, *args, **kwargs) if refuse else in_hand.explain
                    result = function(*args, **kwargs)
                    session.flush()
                return result

            return run(work)

        return run_command

    return decorate


def run(work: Callable[[], T]) -> T:
    """Do the work in the transaction in hand, or own one: commit it, or leave nothing of it.

    Raises Unavailable when the database stays busy or away.
    """
    if work_of(db.session) is not None:
        return work()
    last: Exception | None = None
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    for attempt in range(RUNS_AGAIN + 1):
        try:
            with one_writer(db.engine):
                return _own(work)
        except (DBAPIError, StaleDataError, PoolTimeout) as error:
            if not _worth_another_run(error, attempt):
                raise
            last = error
        if time.monotonic() > give_up_at:
            break
        time.sleep(random.uniform(0.5, 1.5) * PAUSE_SECONDS * 4**attempt)  # noqa: S311 - spreads writers, no secret
    raise Unavailable from last


def _own(work: Callable[[], T]) -> T:
    session = db.session()
    session.rollback()
    in_hand = session.info["work"] = Work()
    try:
        in_hand.connection = session.connection(execution_options={"begin": "IMMEDIATE"})
        result = work()
        session.flush()
        pending = audit.write(session, in_hand.entries)
        outbox.write(session, in_hand.messages)
        ready_sql.settle(in_hand.connection)
        with audit.chained(pending):
            _commit(session)
    except IntegrityError as error:
        session.rollback()
        raise _explained(in_hand, error) from error
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("work", None)
    return result


def _commit(session: Session) -> None:
    """Commit; when the connection is lost meanwhile nobody knows the outcome, and running again might do it twice."""
    try:
        session.commit()
    except DBAPIError as error:
        if error.connection_invalidated or _code(error) in LOST_CONNECTION:
            raise Unavailable(OUTCOME_UNKNOWN) from error
        raise


def _explained(in_hand: Work, error: IntegrityError) -> Exception:
    """Return the refusal behind a violated constraint, or the violation itself when nobody can explain it."""
    in_hand.connection = None  # it went with the roll-back
    explanation = in_hand.explain() if in_hand.explain else None
    db.session.rollback()
    return explanation or error


@contextmanager
def savepoint() -> Iterator[None]:
    """Let a part of the work fail on its own: what it wrote and noted is taken back, the rest stays."""
    in_hand = require_work(db.session)
    if in_hand.connection:
        ready_sql.settle(in_hand.connection)  # what is refused from now on is of this part
    entries, messages = len(in_hand.entries), len(in_hand.messages)
    try:
        with db.session.begin_nested():
            db.session.connection()  # the savepoint is set only now, and `statements` would pass the session by
            yield
    except Exception as error:
        del in_hand.entries[entries:], in_hand.messages[messages:]
        if isinstance(error, IntegrityError) and in_hand.explain and (explanation := in_hand.explain()):
            raise explanation from error
        raise


def _worth_another_run(error: Exception, attempt: int) -> bool:
    """Tell whether to try again: once where a constraint was violated by a row that is gone by now."""
    if isinstance(error, IntegrityError):
        return attempt == 0
    if isinstance(error, StaleDataError | PoolTimeout):
        return True
    return isinstance(error, DBAPIError) and is_transient(error)


def is_transient(error: DBAPIError) -> bool:
    """Tell whether the whole transaction may succeed when it is run again."""
    if error.connection_invalidated:
        return True
    code = _code(error)
    return code in TRANSIENT_CODES or "database is locked" in str(code)


def _code(error: DBAPIError) -> object:
    arguments = error.orig.args if error.orig is not None else ()
    return arguments[0] if arguments else None
