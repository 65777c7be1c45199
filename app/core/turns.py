"""Taking turns: a row that whoever must not act at the same moment writes first.

On one server the second writer waits for the first to commit, and then sees what
it did. On a cluster, where a row lock holds on one node only, both write the same
row, so one of them fails certification and is run again.
"""

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Text
from app.core.unit import require_work
from app.extensions import Base, db


class Turn(Base):
    """How often a turn was taken; the number means nothing, the writing of it does."""

    __tablename__ = "turns"

    name: Mapped[str] = mapped_column(Text(64), primary_key=True)
    taken: Mapped[int] = mapped_column(BigInteger)


def take_turn(name: str) -> None:
    """Wait until nobody else holds this turn, and hold it until the transaction in hand ends."""
    require_work(db.session)
    row = {"name": name, "taken": 1}
    if db.session.get_bind().dialect.name == "sqlite":
        taken: Any = sqlite.insert(Turn).values(row).on_conflict_do_update(set_={"taken": Turn.taken + 1})
    else:
        taken = mysql.insert(Turn).values(row).on_duplicate_key_update(taken=Turn.taken + 1)
    db.session.execute(taken)
