"""Two people at one record: what the form of the conflict screen holds, and what the screen shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.core.errors import FieldError
from app.core.presenting import field_words, shown_value
from app.core.rules import read_id
from app.core.trail import values_at
from app.records.merging import Choice, MergedField, Settled, differing_words, merge, who_won
from app.records.schemas import CHANGEABLE

MINE, CHOOSE, OTHER = "mine_", "choose_", "other_"
LINES = frozenset({"current_address", "permanent_address"})


@dataclass(frozen=True)
class Conflict:
    """What somebody typed over a version, and what they have decided so far."""

    base_version: UUID | None
    mine: Mapping[str, Any]
    settled: Mapping[str, Settled] = field(default_factory=dict)

    def hidden(self) -> dict[str, str]:
        """Return what the form carries along; identifiers are not among what can be changed."""
        kept = {f"{MINE}{name}": _text(value) for name, value in self.mine.items()}
        return {"base_version": str(self.base_version or ""), **kept}

    def merged(self, record: Any) -> list[MergedField]:
        """Compare with the record as it is now."""
        now = current_values(record)
        base = None if self.base_version is None else values_at(record.id, self.base_version, now)
        return merge(CHANGEABLE, base, now, self.mine)


def current_values(record: Any) -> dict[str, Any]:
    """Return the changeable values of a record."""
    return {name: getattr(record, name) for name in CHANGEABLE} | {"is_active": bool(record.is_active)}


def read_conflict(submitted: Mapping[str, str]) -> Conflict:
    """Read the form of the conflict screen."""
    mine = {name: _value(name, submitted[f"{MINE}{name}"]) for name in CHANGEABLE if f"{MINE}{name}" in submitted}
    settled = {}
    for name in CHANGEABLE:
        chosen = submitted.get(f"{CHOOSE}{name}", "")
        if chosen in {choice.value for choice in Choice}:
            other = _value(name, submitted.get(f"{OTHER}{name}", ""))
            settled[name] = Settled(Choice(chosen), other if chosen == Choice.OTHER else None)
    return Conflict(read_id(submitted.get("base_version")), mine, settled)


def merge_reason(conflict: Conflict, merged: Sequence[MergedField], saved_over: UUID) -> str:
    """Say for the trail which versions met, and whose value each field got."""
    won = [f"{field_words(name)}: {side}" for name, side in who_won(merged, conflict.settled).items()]
    return f"Merged version {saved_over} (theirs) with changes to version {conflict.base_version} (mine). " + "; ".join(
        won
    )


@dataclass(frozen=True, slots=True)
class ShownSide:
    """One version of one field in words, cut where it differs from the version both began with."""

    pieces: Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class ShownField:
    """One row of the conflict screen."""

    field: Mapping[str, Any]
    side: str
    base: str | None
    theirs: ShownSide
    mine: ShownSide
    result: str | None
    several_lines: bool


def shown_fields(merged: Sequence[MergedField], conflict: Conflict, messages: Mapping[str, str]) -> list[ShownField]:
    """Describe the rows of the conflict screen."""
    return [_shown(field, conflict.settled.get(field.name), messages) for field in merged]


def choice_errors(errors: Sequence[FieldError], merged: Sequence[MergedField]) -> list[FieldError]:
    """Put what is wrong with the result at the choice it came from."""
    clashes = {field.name for field in merged if field.clashes}
    return [
        FieldError(f"{CHOOSE}{error.field}" if error.field in clashes else "", error.code, error.message)
        if not error.field.startswith(CHOOSE)
        else error
        for error in errors
    ]


def _shown(field: MergedField, settled: Settled | None, messages: Mapping[str, str]) -> ShownField:
    base, theirs, mine = (shown_value(value, field.name) for value in (field.base, field.theirs, field.mine))
    control = {
        "name": field.name,
        "label": field_words(field.name),
        "error": messages.get(f"{CHOOSE}{field.name}"),
        "value": settled.choice.value if settled else None,
        "other": _text(settled.other) if settled and settled.choice is Choice.OTHER else "",
    }
    return ShownField(
        control,
        field.side.value,
        base,
        ShownSide(_pieces(theirs, base)),
        ShownSide(_pieces(mine, base)),
        shown_value(field.merged, field.name),
        field.name in LINES,
    )


def _pieces(text: str | None, base: str | None) -> list[tuple[str, bool]]:
    return differing_words(text, base or "") if text else []


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _value(name: str, text: str) -> Any:
    if name == "is_active":
        return text == "true"
    return text.replace("\r\n", "\n") or None
