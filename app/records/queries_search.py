"""How a search finds its records: by the index of endings, or by reading along where a text stands everywhere."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Integer, Select, bindparam, func, literal, or_, select, union

from app.core.database import table_of
from app.core.quick_reads import fetch_first, fetch_value
from app.core.vault import vault
from app.records import counting
from app.records.identifiers import ExactKinds
from app.records.models import IdentityVault, RecordSuffix, UserRecord
from app.records.suffixes import Probe, fold, is_exact, probes_of

ENDS = ("low", "high")
FEW = 100
COMMON = 2_000
"""With more matches than this the records are read in the order of the list: a page of matches is soon found."""
WORTH_READING_ALL = 8
"""To find a record by the index and look at it costs as much as looking at so many one after another."""

_table, _suffixes, _box = table_of(UserRecord), table_of(RecordSuffix), table_of(IdentityVault)
_text: Any = bindparam("folded")
_whole = or_(func.instr(_table.c.name_folded, _text) > 0, func.instr(_table.c.email, _text) > 0)
_enough = bindparam("enough", type_=Integer())
_read_along = select().where(_whole)


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows that a search finds, to be narrowed and read, and how to count them.

    A common text stands in so many that a page is soon full when they are read
    in their own order. Plans of one `shape` differ in nothing but `values`.
    """

    rows: Select[Any]
    counted: Select[Any]
    values: Mapping[str, Any]
    shape: Hashable
    is_common: bool = False


def search_plan(query: str, exact: ExactKinds, *, is_common: bool = False) -> Plan | None:
    """Find out how to search for a text, and for the whole values it could be: None where nothing is to be found.

    Of a text that is known to be common the index is not asked again.
    """
    holding, probes = _holder_values(exact), probes_of(query)
    (low, high), matches = (probes[0], COMMON + 1) if is_common and probes else _rarest(probes)
    values = {**holding, "folded": fold(query), "low": low, "high": high}
    if not probes or (matches > COMMON and not holding):
        return Plan(_read_along, _counted(by_index=bool(probes)), values, bool(probes), is_common=True)
    if matches == 0 and not holding:
        return None
    return _plan_by_index(values, is_whole=is_exact(query), holders=tuple(holding))


def by_index(found: Plan) -> Plan:
    """Return how to read by the index what proved to be few records, though each word of it stands in many."""
    return _plan_by_index(found.values, is_whole=False, holders=()) if found.shape is True else found


def count_found(found: Plan) -> Select[Any]:
    """Return the statement that counts what a search finds, the quicker one of two."""
    return _counted(by_index=False) if found.shape is True and _stands_in_most(found.values) else found.counted


def count_by_kind(folded: str) -> tuple[Select[Any], Mapping[str, Any]]:
    """Return the statement that counts by their kind the records that hold a text, and its parameters."""
    probes = probes_of(folded)
    (low, high), _matches = _rarest(probes)
    values = {"folded": folded, "low": low, "high": high}
    counted = _counted(by_index=bool(probes) and not _stands_in_most(values))
    return counted.add_columns(counting.KIND.label("kind")).group_by(counting.KIND), values


def _rarest(probes: list[Probe]) -> tuple[Probe, int]:
    """Return the word of a query that fewest endings begin with, and how many do: no more are counted than matter."""
    if not probes:
        return (b"", b""), 0
    values: dict[str, Any] = {
        f"{name}{place}": probe[end] for place, probe in enumerate(probes) for end, name in enumerate(ENDS)
    }
    matches: list[int] = []
    for enough in (FEW, COMMON + 1):
        matches = [int(number) for number in fetch_first(_few(len(probes)), {**values, "enough": enough})]
        if min(matches) < enough:
            break
    return min(zip(probes, matches, strict=True), key=lambda pair: pair[1])


@cache
def _few(probes: int) -> Select[Any]:
    few = [select(literal(1)).where(*_within(str(place))).limit(_enough).subquery() for place in range(probes)]
    return select(*(select(func.count()).select_from(some).scalar_subquery() for some in few))


def _stands_in_most(values: Mapping[str, Any]) -> bool:
    """Tell whether a text stands in so many records that looking at each is less work than finding them."""
    enough = max(COMMON, counting.total() // WORTH_READING_ALL)
    asked = {"low0": values["low"], "high0": values["high"], "enough": enough}
    return int(fetch_value(_few(1), asked)) >= enough


@cache
def _counted(*, by_index: bool) -> Select[Any]:
    number = select(func.count().label("number")).select_from(_table)
    return (_among(number, _ranged()) if by_index else number).where(_whole)


def _plan_by_index(values: Mapping[str, Any], *, is_whole: bool, holders: tuple[str, ...]) -> Plan:
    rows, counted = _indexed(is_whole, holders)
    return Plan(rows, counted, values, (is_whole, holders))


@cache
def _indexed(is_whole: bool, holders: tuple[str, ...]) -> tuple[Select[Any], Select[Any]]:
    """Select by the index, and look at the text again where the index is too short to decide."""
    ranged = _ranged()
    if not is_whole:
        ranged = ranged.join(_table, _table.c.id == _suffixes.c.record_id).where(_whole)
    # An IN over a union would be run for every row.
    found = union(ranged, *(HOLDERS[name] for name in holders))
    return _among(select().select_from(_table), found), _among(select(func.count()).select_from(_table), found)


def _among(rows: Select[Any], found: Select[Any] | CompoundSelect[Any]) -> Select[Any]:
    ids = found.subquery("found")
    return rows.join(ids, ids.c.id == _table.c.id)


def _within(place: str = "") -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    low, high = (bindparam(f"{name}{place}", type_=_suffixes.c.suffix.type) for name in ENDS)
    return _suffixes.c.suffix >= low, _suffixes.c.suffix < high


def _ranged() -> Select[Any]:
    # One text may begin several endings of one name: of Banana, "an" begins two.
    return select(_suffixes.c.record_id.label("id")).where(*_within()).distinct()


def _numbered(kind: str) -> Select[Any]:
    held = select(_table.c.id).join(_box, _box.c.id == _table.c.identity_id)
    return held.where(_box.c[f"{kind}_index"] == bindparam(kind, type_=_box.c[f"{kind}_index"].type))


HOLDERS: dict[str, Select[Any]] = {
    "reference": select(_table.c.id).where(_table.c.reference == bindparam("reference")),
    "mobile": select(_table.c.id).where(_table.c.primary_mobile == bindparam("mobile")),
    "other_mobile": select(_table.c.id).where(_table.c.secondary_mobile == bindparam("other_mobile")),
    "aadhaar": _numbered("aadhaar"),
    "pan": _numbered("pan"),
}


def _holder_values(exact: ExactKinds) -> dict[str, Any]:
    """Return the whole values to look for; Aadhaar and PAN as their indexes are keyed."""
    values: dict[str, Any] = {"reference": exact.reference, "mobile": exact.mobile, "other_mobile": exact.mobile}
    for kind in ("aadhaar", "pan"):
        if number := getattr(exact, kind):
            values[kind] = vault().blind_index(kind, number)
    return {name: value for name, value in values.items() if value}
