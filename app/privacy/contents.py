"""What a correction holds about a person: sealed in the table, masked everywhere else."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from app.core.vault import vault
from app.records.identifiers import MASKS


@dataclass(frozen=True, slots=True)
class Content:
    """What is asked for and why. `value` is None once a number is decided on; `answer` is why it was rejected."""

    shown: str
    reason: str
    value: str | None = field(default=None, repr=False)
    answer: str | None = None

    def after_decision(self, field: str, answer: str | None = None) -> "Content":
        """Return what is kept once it is decided: of a number only its mask."""
        return replace(self, value=None if field in MASKS else self.value, answer=answer)


def content_for(field: str, value: str | date, reason: str) -> Content:
    """Return the content of a new request."""
    return Content(shown(field, value), reason, str(value))


def shown(field: str, value: str | date) -> str:
    """Return a value as it may be seen: identifiers masked, a date as YYYY-MM-DD."""
    return MASKS[field](str(value)) if field in MASKS else str(value)


def shown_now(field: str, record: Any) -> str:
    """Return what a record says now, as it may be seen."""
    return str(getattr(record, f"{field}_mask" if field in MASKS else field))


def seal(content: Content, correction_id: UUID) -> bytes:
    """Seal a content for the row of its correction."""
    kept = {name: getattr(content, name) for name in Content.__slots__}
    return vault().seal(orjson.dumps(kept), _place(correction_id))


def unseal(sealed: bytes, correction_id: UUID) -> Content:
    """Open the content of a correction. Raises SealBroken."""
    return Content(**orjson.loads(vault().open(sealed, _place(correction_id))))


def _place(correction_id: UUID) -> str:
    return f"corrections:sealed:{correction_id}"
