"""A record shown from its document is the record shown from its row, letter by letter."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from app.records.presentation import present, present_rows, present_values
from app.records.queries_rows import RecordRow, read_rows, row_of

FULL: dict[str, Any] = {
    "id": "01939012ABCD71238123123456789012",
    "reference": "00000-00011",
    "version": "01939012ABCD71238123123456789ABC",
    "name": "मीनाक्षी",
    "email": "m@example.com",
    "primary_mobile": "9876543210",
    "secondary_mobile": "9876543211",
    "aadhaar_mask": "XXXXXXXX2346",
    "pan_mask": "XXXXX1234X",
    "date_of_birth": "1990-12-31",
    "place_of_birth": "Pune",
    "current_address": "12, MG Road\nPune",
    "permanent_address": "12, MG Road\nPune",
    "is_active": 1,
    "email_verified": 0,
    "mobile_verified": True,
    "created_at": "2026-11-20 09:30:00.000000",
    "updated_at": "2026-11-20 09:30:00.123456",
    "created_by": "01939012ABCD71238123123456789DEF",
    "updated_by": "01939012ABCD71238123123456789DEF",
    "is_deleted": 1,
    "deleted_at": "2026-11-20 09:30:00.100000",
    "deleted_by": "01939012ABCD71238123123456789DEF",
    "deletion_reason": "asked for it",
    "last_login_at": "2026-11-20 09:30:00.000001",
}
EMPTY = dict.fromkeys(
    ("secondary_mobile", "created_by", "updated_by", "deleted_at", "deleted_by", "deletion_reason", "last_login_at")
)


@pytest.mark.parametrize(
    "over",
    [
        {},
        EMPTY,
        {"created_by": "", "deleted_by": ""},  # what SQLite writes of nothing
        {"created_at": "2026-11-20 09:30:00", "updated_at": "2026-11-20 09:30:00.5"},  # written by other hands
        {"is_active": False, "email_verified": True, "is_deleted": 0},
    ],
)
def test_both_ways_write_the_same(over: dict[str, Any]) -> None:
    text = orjson.dumps(list({**FULL, **over}.values())).decode()
    rows = read_rows([text])
    values: list[Any] = orjson.loads(text)
    assert orjson.dumps(present_values(values)) == orjson.dumps(present(rows[0]))
    assert present_rows(rows) == present_rows(list(rows)) == [present(row_of(values))]
    assert "deletion_reason" not in present_values(values)


def test_the_rows_of_a_list_are_typed_when_somebody_looks() -> None:
    assert tuple(FULL) == RecordRow._fields
    rows = read_rows([orjson.dumps(list(FULL.values())).decode()] * 2)
    assert len(rows) == 2
    assert rows[1].id == UUID(FULL["id"])
    assert rows[:1][0].date_of_birth == date(1990, 12, 31)
    assert [row.created_at for row in rows] == [datetime(2026, 11, 20, 9, 30, tzinfo=UTC)] * 2
