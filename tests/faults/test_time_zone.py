"""A host, and a database server, in another time zone: "today" is India's day, and moments are told in UTC."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from app.extensions import db
from tests.factories import record_input
from tests.faults.room import Room, own_database_server
from tests.services.mariadb import MariaDb

INDIA = ZoneInfo("Asia/Kolkata")
NEWFOUNDLAND = "-03:30"
ADULT = 18


def eighteen_today() -> date:
    """Return the latest date of birth of somebody who is of age today in India."""
    today = datetime.now(INDIA).date()
    try:
        return today.replace(year=today.year - ADULT)
    except ValueError:
        return date(today.year - ADULT, 2, 28)


def on_another_day() -> str:
    """Name a place where it is another day than in India: at any hour one of these two is."""
    zones = ("Pacific/Kiritimati", "Pacific/Pago_Pago")
    return next(zone for zone in zones if datetime.now(ZoneInfo(zone)).date() != datetime.now(INDIA).date())


@pytest.fixture
def elsewhere() -> Iterator[MariaDb]:
    """Start a database server that tells the time as St. John's does."""
    with own_database_server(f"--default-time-zone={NEWFOUNDLAND}") as server:
        yield server


def test_the_zones_of_the_hosts_do_not_matter(elsewhere: MariaDb, tmp_path: Path) -> None:
    room, zone = Room(elsewhere.create_database("zone"), tmp_path), on_another_day()
    try:
        with room.app.app_context():
            assert db.session.scalar(text("SELECT @@global.time_zone")) == NEWFOUNDLAND
        server = room.serve(TZ=zone)
        of_age = eighteen_today()
        asked = datetime.now(UTC)
        made = room.call(server, "POST", "/users/", record_input(date_of_birth=of_age.isoformat()))
        young = record_input(date_of_birth=(of_age + timedelta(days=1)).isoformat())
        refused = room.call(server, "POST", "/users/", young)
        if eighteen_today() != of_age:
            pytest.skip("it has just become midnight in India")
        assert made.status == 201, made.text
        assert refused.json["errors"][0]["code"] == "UNDERAGE"
        told = datetime.fromisoformat(made.json["created_at"])
        assert told.utcoffset() == timedelta(0)
        assert abs(told - asked) < timedelta(seconds=30)
        stored = room.count(f"user_records WHERE created_at = '{told.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'")
        assert stored == 1
        entry = room.call(server, "GET", f"/users/{made.json['id']}/history").json["data"][0]
        assert abs(datetime.fromisoformat(entry["occurred_at"]) - asked) < timedelta(seconds=30)
    finally:
        room.close()
