"""What the pages of a record say about its corrections. Those who see to corrections know records and not the other
way round, so they tell here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from flask import Flask, current_app


@dataclass(frozen=True, slots=True)
class FieldCorrection:
    """Of one field: whether a correction waits, and where to ask for one or to look at it; empty for who may not."""

    waits: bool
    url: str


Corrections = Mapping[str, FieldCorrection]
TellCorrections = Callable[[UUID, bool], Corrections]
NOTHING: Corrections = {}


def corrections_by(app: Flask, tell: TellCorrections) -> None:
    """Have `tell` say what may be corrected; it is asked with a record's id and whether it is the reader's own."""
    app.extensions["corrections"] = tell


def corrections_of(record_id: UUID, *, is_own: bool = False) -> Corrections:
    """Return what the current actor may see and ask of a live record's corrections, by field."""
    tell = cast("TellCorrections | None", current_app.extensions.get("corrections"))
    return NOTHING if tell is None else tell(record_id, is_own)
