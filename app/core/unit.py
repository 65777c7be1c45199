"""The work in hand: what one transaction has to write besides the rows themselves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, scoped_session

from app.core.actions import Action, Outcome
from app.core.database import new_id, utc_now
from app.core.identity import Actor

Subject = tuple[str, UUID | None]


class OutsideCommand(RuntimeError):
    """Something that must be on record was about to be written outside a command."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after, as the trail may show it."""

    field: str
    before: Any
    after: Any


@dataclass(slots=True)
class Entry:
    """One fact on its way into the trail."""

    action: Action
    actor: Actor
    subject: Subject
    outcome: Outcome = Outcome.SUCCESS
    reason: str | None = None
    version: UUID | None = None
    previous_version: UUID | None = None
    changes: list[Change] = field(default_factory=list)
    id: UUID = field(default_factory=new_id)
    occurred_at: datetime = field(default_factory=utc_now)


@dataclass(slots=True)
class Message:
    """One event on its way into the outbox."""

    type: str
    subject_id: UUID
    data: dict[str, Any]
    id: UUID = field(default_factory=new_id)
    occurred_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True, slots=True)
class Command:
    """The command that is running: what it does, for whom, and why."""

    action: Action
    actor: Actor
    reason: str | None


@dataclass(slots=True)
class Work:
    """Everything one transaction gathers before its commit."""

    commands: list[Command] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    versions: dict[UUID, UUID] = field(default_factory=dict)
    explain: Callable[[], Exception | None] | None = None
    connection: Connection | None = None

    @contextmanager
    def running(self, command: Command) -> Iterator[None]:
        """Make a command the one that rows written meanwhile belong to."""
        self.commands.append(command)
        try:
            yield
        finally:
            self.commands.pop()


def work_of(session: Session | scoped_session[Any]) -> Work | None:
    """Return the work in hand of a session, or None when nothing owns a transaction."""
    return session.info.get("work")


def command_of(session: Session | scoped_session[Any]) -> Command:
    """Return the innermost running command. Raises OutsideCommand."""
    work = work_of(session)
    if work is None or not work.commands:
        raise OutsideCommand("this has to be written by a command, so that it is on record")
    return work.commands[-1]


def require_work(session: Session | scoped_session[Any]) -> Work:
    """Return the work in hand. Raises OutsideCommand."""
    work = work_of(session)
    if work is None:
        raise OutsideCommand("this has to be written in a transaction that has an owner")
    return work
