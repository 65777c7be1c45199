"""Reasons people choose from a list, with a note of their own, as the one text that goes on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from app.core.errors import FieldError
from app.core.rules import trimmed

DELETE_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "twice": "Registered twice",
        "asked": "Person asked for it",
        "wrong": "Wrong person",
        "other": "Other",
    }
)
REVEAL_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "counter": "Person at the counter: check their card",
        "document": "Matching a document we received",
        "request": "Answering a request from the person",
        "legal": "Legal or audit request",
        "other": "Another reason",
    }
)
OTHER = "other"
DELETE, REVEAL = "delete", "reveal"
NOTE_MISSING = "Write the reason in the note"


@dataclass(frozen=True, slots=True)
class ChosenReason:
    """What was chosen and noted."""

    why: str
    note: str
    text: str | None

    @property
    def note_is_missing(self) -> bool:
        """Whether the choice asks for a note and there is none."""
        return self.why == OTHER and not self.note


def chosen_reason(submitted: Mapping[str, str], choices: Mapping[str, str], form: str) -> ChosenReason:
    """Read the choice and the note of one form; the text is None when nothing on the list was chosen."""
    why, note = submitted.get(f"{form}_why", ""), trimmed(submitted.get(f"{form}_note", ""))
    if why not in choices:
        return ChosenReason("", note, None)
    return ChosenReason(why, note, f"{choices[why]}: {note}" if note else choices[why])


def reason_errors(errors: list[FieldError], reason: ChosenReason, form: str) -> list[FieldError]:
    """Put what is wrong with the reason where it was typed: at the choice, or at the note."""
    place = f"{form}_note" if reason.why else f"{form}_why"
    moved = [
        FieldError(place if error.field == "reason" else error.field, error.code, error.message) for error in errors
    ]
    if reason.note_is_missing:
        moved.append(FieldError(f"{form}_note", "REQUIRED", NOTE_MISSING))
    return moved


def reason_fields(
    choices: Mapping[str, str],
    form: str,
    reason: ChosenReason | None = None,
    messages: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, dict[str, Any]]:
    """Describe the two controls; their names begin with the form's, because one page may hold two such forms."""
    why, note = f"{form}_why", f"{form}_note"
    label = "Note" if form == DELETE else "Reference or note"
    return {
        "why": {
            "name": why,
            "label": "Reason",
            "value": reason.why if reason else "",
            "error": messages.get(why),
            "options": tuple(choices.items()),
        },
        "note": {"name": note, "label": label, "value": reason.note if reason else "", "error": messages.get(note)},
    }
