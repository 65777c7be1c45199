"""Proving that the trail is whole: every seal, every place, and every anchored end."""

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from sqlalchemy import func, select

from app.core.audit import GENESIS, AuditDetail, AuditEntry, details_digest, details_place, seal_of
from app.core.database import utc_now
from app.core.vault import SealBroken, vault
from app.extensions import db

BATCH = 2000
# A file is read as a whole each time; when it is full, another begins with every end that is known.
FULL_AT = 1 << 20
FULL_AT_LEAST = 4
LINE_BEGINS = b'{"at": '


class TrailBroken(Exception):
    """The trail was altered; names the first bad entry."""

    def __init__(self, entry_id: UUID | str, why: str) -> None:
        super().__init__(f"entry {entry_id}: {why}")
        self.entry_id = str(entry_id)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ended when it was anchored."""

    seq: int
    seal: str
    entry_id: str


@dataclass(slots=True)
class _Anchors:
    """What an anchor file says, the seal of its last line, and how long its first line and all lines are."""

    heads: dict[str, Head]
    seal: str
    first: int
    size: int


def verify(anchor_file: Path | None) -> int:
    """Check the whole trail and return the number of its entries.

    Raises TrailBroken with the oldest entry that was edited, removed, moved or
    cut off; a removed one is named by the entry that should have followed it,
    or by its anchor.
    """
    anchored = read_anchors(anchor_file) if anchor_file else {}
    problems = list(_orphaned_details())
    count, walk = 0, _Walk("", None)
    for row in _rows():
        if walk.stream != str(row.stream):
            problems.extend(walk.end())
            walk = _Walk(str(row.stream), anchored.pop(str(row.stream), None))
        walk.step(row)
        count += 1
    problems.extend(walk.end())
    problems.extend(TrailBroken(head.entry_id, "it was anchored and is missing") for head in anchored.values())
    if problems:
        raise min(problems, key=lambda problem: problem.entry_id)
    return count


def anchor(anchor_file: Path) -> int:
    """Append the ends of all chains that moved since the last anchor; return how many did."""
    anchor_file.parent.mkdir(parents=True, exist_ok=True)
    with anchor_file.with_name(f"{anchor_file.name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # several workers of one machine write one after another
        return _append_anchor(anchor_file)


def _append_anchor(anchor_file: Path) -> int:
    known = _read(anchor_file)
    moved = {stream: head for stream, head in _heads() if known.heads.get(stream) != head}
    if not moved:
        return 0
    if known.size > max(FULL_AT, FULL_AT_LEAST * known.first):
        _begin_file(anchor_file, _line(known.heads | moved, known.seal, continues=True))
    else:
        with anchor_file.open("a") as file:
            file.truncate(known.size)  # what a full disk left of a line
            _save(file, _line(moved, known.seal))
    return len(moved)


def _line(heads: dict[str, Head], previous: str, *, continues: bool = False) -> str:
    body = {
        "at": utc_now().isoformat(),
        "heads": {stream: [head.seq, head.seal, head.entry_id] for stream, head in heads.items()},
        "previous": previous,
    } | ({"continues": True} if continues else {})
    return json.dumps(body | {"seal": _line_seal(body)}, sort_keys=True)


def _begin_file(anchor_file: Path, line: str) -> None:
    """Put a full file aside, and begin one that says all that is known in its first line."""
    new = anchor_file.with_name(f"{anchor_file.name}.new")
    with new.open("w") as file:
        _save(file, line)
    os.link(anchor_file, anchor_file.with_name(f"{anchor_file.stem}.{utc_now():%Y%m%dT%H%M%S%f}{anchor_file.suffix}"))
    new.replace(anchor_file)


def _save(file: TextIO, line: str) -> None:
    file.write(line + "\n")
    file.flush()
    os.fsync(file.fileno())


def read_anchors(anchor_file: Path) -> dict[str, Head]:
    """Return the last anchored end of each chain. Raises TrailBroken when the anchor file itself was altered."""
    return _read(anchor_file).heads


def _read(anchor_file: Path) -> _Anchors:
    found = _Anchors({}, "", 0, 0)
    if not anchor_file.exists():
        return found
    *lines, rest = anchor_file.read_bytes().split(b"\n")
    if not _is_cut_off(rest):
        lines.append(rest)
    for number, line in enumerate(lines, start=1):
        try:
            body = json.loads(line)
            seal = body.pop("seal")
            follows = body["previous"] == found.seal or (number == 1 and body.get("continues"))
            if not follows or seal != _line_seal(body):
                raise ValueError
            found.heads.update({stream: Head(*head) for stream, head in body["heads"].items()})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrailBroken(f"line {number} of {anchor_file.name}", "the anchor was altered") from error
        found.seal, found.first, found.size = seal, found.first or len(line), found.size + len(line) + 1
    return found


def _is_cut_off(rest: bytes) -> bool:
    """Tell whether what follows the last end of a line is nothing, or a line of ours that a full disk cut off."""
    return rest.startswith(LINE_BEGINS) or LINE_BEGINS.startswith(rest)


def _line_seal(body: dict[str, Any]) -> str:
    return vault().mac("audit-anchor", json.dumps(body, sort_keys=True).encode()).hex()


def _heads() -> Iterator[tuple[str, Head]]:
    ends = select(AuditEntry.stream, func.max(AuditEntry.seq).label("seq")).group_by(AuditEntry.stream).subquery()
    rows = select(AuditEntry.stream, AuditEntry.seq, AuditEntry.seal, AuditEntry.id).join(
        ends, (ends.c.stream == AuditEntry.stream) & (ends.c.seq == AuditEntry.seq)
    )
    for row in db.session.execute(rows):
        yield str(row.stream), Head(row.seq, row.seal.hex(), str(row.id))


def _orphaned_details() -> Iterator[TrailBroken]:
    orphans = (
        select(AuditDetail.entry_id)
        .outerjoin(AuditEntry, AuditEntry.id == AuditDetail.entry_id)
        .where(AuditEntry.id.is_(None))
        .order_by(AuditDetail.entry_id)
        .limit(1)
    )
    for entry_id in db.session.scalars(orphans):
        yield TrailBroken(entry_id, "the entry is missing, only its details are there")


def _rows() -> Iterator[Any]:
    """Yield every entry with its details, chain by chain in the order of their places, a batch at a time in memory."""
    rows = (
        select(*AuditEntry.__table__.columns, AuditDetail.sealed)
        .outerjoin(AuditDetail, AuditDetail.entry_id == AuditEntry.id)
        .order_by(AuditEntry.stream, AuditEntry.seq)
        .execution_options(yield_per=BATCH)
    )
    yield from db.session.execute(rows)


@dataclass(slots=True)
class _Walk:
    """One chain on the way from its first entry to its end; the first problem on it is the one that counts."""

    stream: str
    head: Head | None
    place: int = 0
    previous: bytes = GENESIS
    problem: TrailBroken | None = None

    def step(self, row: Any) -> None:
        """Check the next entry of the chain."""
        self.place += 1
        self.problem = self.problem or self._problem_of(row)
        self.previous = row.seal

    def end(self) -> Iterator[TrailBroken]:
        """Yield what is wrong with the chain, its missing end included."""
        if self.problem:
            yield self.problem
        elif self.head is not None and self.head.seq > self.place:
            yield TrailBroken(self.head.entry_id, "it was anchored and is missing: the end of its chain was cut off")

    def _problem_of(self, row: Any) -> TrailBroken | None:
        if row.seal != seal_of(row._asdict()):
            return TrailBroken(row.id, "it was edited")
        if row.seq != self.place or row.previous != self.previous:
            return TrailBroken(row.id, "the entry before it was removed or moved")
        if self.head is not None and row.seq == self.head.seq and row.seal.hex() != self.head.seal:
            return TrailBroken(row.id, "it is not what was anchored")
        return _details_problem(row)


def _details_problem(row: Any) -> TrailBroken | None:
    if row.sealed is None:
        return TrailBroken(row.id, "its details were removed")
    try:
        payload = vault().open(row.sealed, details_place(row.id))
    except SealBroken:
        return TrailBroken(row.id, "its details were edited")
    return None if details_digest(payload) == row.details_digest else TrailBroken(row.id, "its details were exchanged")
