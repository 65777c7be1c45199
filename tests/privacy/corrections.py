"""What the tests of corrections share: asking for one, and how a value is shown."""

from typing import Any

from werkzeug.test import TestResponse

from tests.browsing import JsonClient
from tests.factories import MadeRecord, record_input

FIELDS = ("aadhaar", "pan", "date_of_birth", "place_of_birth")
WHY = "Two digits swapped; card seen at the counter"


def ask(caller: JsonClient, made: MadeRecord, field: str, value: Any, **more: Any) -> TestResponse:
    """Ask for a correction over JSON."""
    return caller.post(f"/users/{made.id}/corrections", json={"field": field, "value": value, "reason": WHY, **more})


def other_value(field: str) -> str:
    """Return a good value that no record has."""
    fixed = {"date_of_birth": "1979-12-07", "place_of_birth": "Jalandhar, Punjab"}
    return fixed.get(field) or str(record_input()[field])


def shown(field: str, value: str) -> str:
    """Return a value as it may be seen."""
    return {"aadhaar": f"XXXXXXXX{value[-4:]}", "pan": f"XXXXX{value[5:9]}X"}.get(field, value)
