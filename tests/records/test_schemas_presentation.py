"""A record as it leaves the store."""

from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from app.records.presentation import present, utc_text
from app.records.schemas_output import CreatedRecordOutput, RecordOutput

ID, VERSION, ACCOUNT = (UUID(int=number) for number in (1, 2, 3))
MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def row(**over: Any) -> SimpleNamespace:
    columns = {
        "id": ID,
        "reference": "00000-00011",
        "version": VERSION,
        "name": "मीनाक्षी",
        "email": "m@example.com",
        "primary_mobile": "9876543210",
        "secondary_mobile": None,
        "aadhaar_mask": "XXXXXXXX2346",
        "pan_mask": "XXXXX1234X",
        "date_of_birth": date(1990, 12, 31),
        "place_of_birth": "Pune",
        "current_address": "12, MG Road\nPune",
        "permanent_address": "12, MG Road\nPune",
        "is_active": 1,
        "email_verified": 0,
        "mobile_verified": False,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "created_by": ACCOUNT,
        "updated_by": None,
        "is_deleted": 0,
        "deleted_at": None,
        "deleted_by": None,
        "last_login_at": None,
    }
    return SimpleNamespace(**{**columns, **over})


def test_a_record_is_shown_with_every_field_and_its_numbers_masked() -> None:
    shown = present(row())
    assert set(shown) == set(RecordOutput.model_fields)
    assert (shown["aadhaar"], shown["pan"]) == ("XXXXXXXX2346", "XXXXX1234X")
    assert (shown["id"], shown["version"], shown["created_by"]) == (str(ID), str(VERSION), str(ACCOUNT))
    assert (shown["date_of_birth"], shown["created_at"]) == ("1990-12-31", "2026-11-20T09:30:00.000000Z")
    assert (shown["is_active"], shown["email_verified"], shown["is_deleted"]) == (True, False, False)
    assert [name for name, value in shown.items() if value is None] == [
        *("secondary_mobile", "updated_by", "deleted_at", "deleted_by", "last_login_at")
    ]


def test_a_record_is_shown_as_the_documentation_says() -> None:
    RecordOutput.model_validate(present(row(deleted_at=MOMENT, deleted_by=ACCOUNT, last_login_at=MOMENT)))
    CreatedRecordOutput.model_validate(present(row(), restored=True))


def test_restored_is_there_only_when_it_is_so() -> None:
    assert present(row(), restored=True)["restored"] is True
    assert "restored" not in present(row())


def test_a_moment_is_shown_in_utc_to_the_microsecond() -> None:
    office = timezone(timedelta(hours=5, minutes=30))
    assert utc_text(datetime(2026, 11, 20, 15, 0, 0, 5, office)) == "2026-11-20T09:30:00.000005Z"
