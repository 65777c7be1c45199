"""The two doors of records behind one handle, so that one test can hold both to the same rule."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from tests.browsing import JsonClient, Person, messages

ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


@dataclass(frozen=True)
class Outcome:
    """What a door answered: the status that JSON would give, what it said at each field, and the new record."""

    status: int
    messages: dict[str, str] = field(default_factory=dict)
    record_id: UUID | None = None


class JsonDoor:
    """Records over JSON."""

    def __init__(self, caller: JsonClient) -> None:
        self.caller = caller

    def create(self, values: Mapping[str, Any]) -> Outcome:
        """Register a person."""
        answer = self.caller.post("/users/", json=dict(values))
        made = UUID(answer.get_json()["id"]) if answer.status_code == 201 else None
        return Outcome(answer.status_code, messages(answer), made)

    def update(self, record_id: UUID, changes: Mapping[str, Any]) -> Outcome:
        """Change a record."""
        answer = self.caller.patch(f"/users/{record_id}", json=dict(changes))
        return Outcome(answer.status_code, messages(answer), record_id)


class FormDoor:
    """Records by the forms of the pages."""

    def __init__(self, person: Person) -> None:
        self.person = person

    def create(self, values: Mapping[str, Any]) -> Outcome:
        """Register a person: fill in the form, check the answers, save."""
        answer = self.person.submit("/records/new", **as_boxes(values))
        if answer.status_code != 303:
            return Outcome(answer.status_code, messages(answer))
        saved = self.person.submit(answer.location)
        made = UUID(_path(saved).rpartition("/")[2]) if saved.status_code == 303 else None
        return Outcome(201 if made else saved.status_code, messages(saved), made)

    def update(self, record_id: UUID, changes: Mapping[str, Any]) -> Outcome:
        """Change a record by its form."""
        answer = self.person.submit(f"/records/{record_id}/edit", **as_boxes(changes))
        if answer.status_code == 303:
            return Outcome(200, {}, record_id)
        return Outcome(answer.status_code, messages(answer), record_id)


def _path(answer: TestResponse) -> str:
    return (answer.location or "").partition("?")[0]


def as_boxes(values: Mapping[str, Any]) -> dict[str, str]:
    """Write values as somebody types them: a date into three boxes, nothing as nothing."""
    boxes: dict[str, str] = {}
    for name, value in values.items():
        date = ISO_DATE.fullmatch(str(value)) if name == "date_of_birth" else None
        if date:
            boxes |= {f"{name}_{part}": date[at] for at, part in enumerate(("year", "month", "day"), 1)}
        elif isinstance(value, bool):
            boxes[name] = str(value).lower()
        else:
            boxes[name] = "" if value is None else str(value)
    return boxes
