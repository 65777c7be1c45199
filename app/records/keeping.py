"""Keeping the numbers of a search from now on, off the path of who searches."""

from collections import Counter
from functools import partial
from typing import Any, cast

import structlog
from flask import Flask, current_app
from sqlalchemy import BindParameter, Select, bindparam, func, insert, null, select, union_all, update
from sqlalchemy.exc import SQLAlchemyError

from app.core import transaction
from app.core.database import table_of
from app.core.errors import DomainError
from app.core.later import Later
from app.core.statements import run
from app.records import counting, kept_searches
from app.records.kept_searches import AT_MOST, KINDS, MARKS, first_of
from app.records.models import KEPT_LENGTH, KeptSearch, RecordCount
from app.records.queries_search import count_by_kind

_kept, _counts = table_of(KeptSearch), table_of(RecordCount)
log = structlog.get_logger(__name__)


def init_app(app: Flask) -> None:
    """Give the application its memory of kept searches, and the thread that adds to them."""
    kept_searches.init_app(app)
    app.extensions["keeping"] = Later(app, _keep_each)


def keep(text: str) -> None:
    """Have the numbers of a common text kept, or counted anew where they are not right."""
    memory = kept_searches.memory()
    is_room = len(memory.known()) < AT_MOST and len(text) <= KEPT_LENGTH
    if (text in memory.known() or is_room) and memory.is_due(text):
        cast("Later[str]", current_app.extensions["keeping"]).put(text)


def _keep_each(texts: list[str]) -> None:
    for text in dict.fromkeys(texts):
        try:
            transaction.run(partial(_begin, text))
            transaction.run(partial(_count, text))
            kept_searches.memory().look_again()
        except (DomainError, SQLAlchemyError) as error:
            # Nothing is lost: whoever asks next has it counted, and kept where that can be done.
            log.warning("search.not_kept", kind=type(error).__name__)


def _begin(text: str) -> None:
    """Name the text in one transaction, so that writers may know of it, and count in the next."""
    newest = run(select(func.coalesce(func.max(_kept.c.id), 0))).scalar_one()
    is_there = run(select(_kept.c.id).where(_kept.c.text == text)).scalar()
    if is_there is None and newest < AT_MOST:
        run(insert(_kept).values(id=newest + 1, text=text, marks=None))


def _count(text: str) -> None:
    search = run(select(_kept.c.id).where(_kept.c.text == text).with_for_update()).scalar()
    if search is None:
        return
    wrong: Counter[int] = Counter()
    marks = 0
    counted, values = count_by_kind(text)
    for row in run(_difference(counted), search=search, **values, **_ends(search)):
        if row.kind is None:
            marks = int(row.number)
        else:
            wrong[first_of(search) + row.kind] += int(row.number)
    counting.add(wrong)
    run(update(_kept).where(_kept.c.id == search).values(marks=marks))


def _ends(search: int) -> dict[str, int]:
    return {"first": first_of(search), "last": first_of(search) + KINDS - 1}


def _difference(counted: Select[Any]) -> Select[Any]:
    """Write the one statement that reads what there is, what is known of it, and the marks, at one moment."""
    first: BindParameter[int] = bindparam("first")
    known = (
        select(-func.sum(_counts.c.amount), _counts.c.kind - first)
        .where(_counts.c.kind.between(first, bindparam("last")))
        .group_by(_counts.c.kind)
    )
    return select(union_all(counted, known, select(MARKS, null())).subquery())
