"""How a search finds its records: by the index of endings, or by reading along where a text stands everywhere."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, func, literal, or_, select, true, union

from app.core.database import table_of
from app.core.vault import vault
from app.extensions import db
from app.records.identifiers import ExactKinds
from app.records.models import IdentityVault, RecordSuffix, UserRecord
from app.records.suffixes import Probe, fold, is_exact, probes_of

COMMON = 2_000
"""With more matches than this the records are read in the order of the list: a page of matches is soon found."""

_table, _suffixes = table_of(UserRecord), table_of(RecordSuffix)


@dataclass(frozen=True, slots=True)
class Plan:
    """Either the ids that are found, as a table to join, or a condition that many records fulfil; or nothing."""

    ids: FromClause | None = None
    everywhere: ColumnElement[bool] | None = None
    count_live: Callable[[], int] | None = None


def search_plan(query: str, exact: ExactKinds) -> Plan:
    """Find out how to search for a text, and for the whole values it could be."""
    folded, holders = fold(query), list(_holders(exact))
    whole = or_(func.instr(_table.c.name_folded, folded) > 0, func.instr(_table.c.email, folded) > 0)
    probe, matches = _rarest(probes_of(query))
    if probe is None:
        return Plan(everywhere=whole)
    if matches > COMMON and not holders:
        return Plan(everywhere=whole, count_live=partial(_count_live, probe, whole) if is_exact(query) else None)
    if matches == 0 and not holders:
        return Plan()
    # An IN over a union would be run for every row.
    return Plan(ids=union(_ranged(probe, None if is_exact(query) else whole), *holders).subquery("found"))


def _rarest(probes: list[Probe]) -> tuple[Probe | None, int]:
    """Return the word of a query that fewest endings begin with, and how many do: no more are counted than matter."""
    if not probes:
        return None, 0
    few = [select(literal(1)).where(*_within(probe)).limit(COMMON + 1).subquery() for probe in probes]
    counts = select(*(select(func.count()).select_from(some).scalar_subquery() for some in few))
    matches = [int(number) for number in db.session.execute(counts).one()]
    return min(zip(probes, matches, strict=True), key=lambda pair: pair[1])


def _count_live(probe: Probe, whole: ColumnElement[bool]) -> int:
    """Count by the index alone how many records a word stands in, and take off the few that are deleted."""
    all_of_them = select(func.count(_suffixes.c.record_id.distinct())).where(*_within(probe)).scalar_subquery()
    deleted = select(func.count()).select_from(_table).where(_table.c.is_deleted == true(), whole).scalar_subquery()
    return int(db.session.execute(select(all_of_them - deleted)).scalar_one())


def _within(probe: Probe) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _suffixes.c.suffix >= probe[0], _suffixes.c.suffix < probe[1]


def _ranged(probe: Probe, whole: ColumnElement[bool] | None) -> Select[tuple[UUID]]:
    """Select the ids of a range of the index, and look at the whole text again where the index is too short."""
    # One text may begin several endings of one name: of Banana, "an" begins two.
    ranged = select(_suffixes.c.record_id.label("id")).where(*_within(probe)).distinct()
    return ranged if whole is None else ranged.join(_table, _table.c.id == _suffixes.c.record_id).where(whole)


def _holders(exact: ExactKinds) -> Iterator[Select[tuple[UUID]]]:
    if exact.reference:
        yield select(_table.c.id).where(_table.c.reference == exact.reference)
    if exact.mobile:
        yield select(_table.c.id).where(_table.c.primary_mobile == exact.mobile)
        yield select(_table.c.id).where(_table.c.secondary_mobile == exact.mobile)
    for kind in ("aadhaar", "pan"):
        if number := getattr(exact, kind):
            yield _holder_of(kind, number)


def _holder_of(kind: str, number: str) -> Select[tuple[UUID]]:
    box = table_of(IdentityVault)
    held = select(_table.c.id).join(box, box.c.id == _table.c.identity_id)
    return held.where(box.c[f"{kind}_index"] == vault().blind_index(kind, number))
