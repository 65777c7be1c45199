"""Today is the date in Asia/Kolkata, wherever the server stands (BAR R29)."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from tests.browsing import JsonClient
from tests.factories import record_input

Api = Callable[..., JsonClient]


@pytest.mark.parametrize(
    "zone", ["Pacific/Kiritimati", "Asia/Kolkata", "UTC", "America/Los_Angeles", "Pacific/Pago_Pago"]
)
@pytest.mark.parametrize(
    ("moment", "born", "status"),
    [
        ("2026-03-01T18:29:59", "2008-03-02", 422),
        ("2026-03-01T18:30:00", "2008-03-02", 201),
        ("2026-02-28T18:29:59", "2008-02-29", 422),
        ("2026-02-28T18:30:00", "2008-02-29", 201),
        ("2028-02-28T18:30:00", "2010-03-01", 422),
        ("2026-06-30T18:30:00", "2026-07-01", 422),
    ],
)
def test_eighteen_is_reached_at_midnight_in_india(api: Api, zone: str, moment: str, born: str, status: int) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    with time_machine.travel(at, tick=False):
        answer = api("editor").post("/users/", json=record_input(date_of_birth=born))
    assert answer.status_code == status, answer.text
    if status == 422:
        assert answer.json["errors"][0]["code"] in ("UNDERAGE", "INVALID")


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
def test_times_are_kept_and_told_in_utc_wherever_the_server_stands(api: Api, zone: str) -> None:
    at = datetime(2026, 5, 5, 20, 0, 0, 123456, tzinfo=UTC).astimezone(ZoneInfo(zone))
    with time_machine.travel(at, tick=False):
        editor = api("editor")
        record = editor.post("/users/", json=record_input()).json
        assert record["created_at"] == record["updated_at"] == "2026-05-05T20:00:00.123456Z"
        assert editor.get("/users/?created_from=2026-05-06&created_to=2026-05-06").json["total"] == 1
        assert (
            editor.get(f"/users/{record['id']}/history")
            .json["data"][0]["occurred_at"]
            .startswith("2026-05-05T20:00:00")
        )
