"""Forms meet the schemas that JSON meets, once their transport is undone."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from werkzeug.datastructures import MultiDict

from app.core.forms import Form, read_form
from app.core.transport import from_text, is_date, is_list
from tests.core.toy_room import toy_room


class Visit(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    title: Annotated[str, Field(min_length=2)]
    visited_on: Annotated[date | None, BeforeValidator(lambda text: date.fromisoformat(text) if text else None)] = None
    guests: int = 1
    paid: bool | None = None
    rooms: list[str] = Field(default_factory=list)
    version: str | None = None


@pytest.fixture(name="submit")
def _submit(tmp_path: Path) -> Any:
    app = toy_room(tmp_path)

    def submit(drop: tuple[str, ...] = (), **values: Any) -> Form[Visit]:
        with app.test_request_context("/visits", method="POST", data=values):
            return read_form(Visit, drop=drop)

    return submit


def test_text_becomes_what_the_schema_asks_for(submit: Any) -> None:
    form = submit(
        title="Tea", guests="3", paid=["false", "true"], rooms=["A", "B"], csrf_token="x", idempotency_key="k"
    )
    assert form.errors == []
    assert form.data == Visit(title="Tea", guests=3, paid=True, rooms=["A", "B"])


def test_an_unticked_box_sends_its_hidden_false(submit: Any) -> None:
    assert submit(title="Tea", paid="false").data.paid is False


def test_three_boxes_are_one_date(submit: Any) -> None:
    form = submit(title="Tea", visited_on_day=" 5 ", visited_on_month="1", visited_on_year="2026")
    assert form.data.visited_on == date(2026, 1, 5)


def test_a_wrong_date_is_an_error_at_the_date_and_its_boxes_stay(submit: Any) -> None:
    form = submit(title="Tea", visited_on_day="31", visited_on_month="2", visited_on_year="2026")
    assert form.data is None
    assert list(form.messages) == ["visited_on"]
    assert (form.typed["visited_on_day"], form.typed["visited_on_month"]) == ("31", "2")


def test_three_empty_boxes_are_an_empty_date(submit: Any) -> None:
    assert submit(title="Tea", visited_on_day="", visited_on_month="", visited_on_year="").data.visited_on is None


def test_what_was_typed_stays_beside_the_errors(submit: Any) -> None:
    form = submit(title="T", guests="many", colour="red")
    assert {error.field: error.code for error in form.errors} == {
        "title": "TOO_SHORT",
        "guests": "INVALID",
        "colour": "UNKNOWN_FIELD",
    }
    assert form.typed == {"title": "T", "guests": "many", "colour": "red"}


def test_boxes_of_the_page_alone_do_not_reach_the_schema(submit: Any) -> None:
    assert submit(drop=("confirm",), title="Tea", confirm="yes", version="v1").data == Visit(title="Tea", version="v1")


def test_line_breaks_of_browsers_are_line_feeds(submit: Any) -> None:
    assert submit(title="Tea\r\nand cake").data.title == "Tea\nand cake"


def test_a_form_may_be_handed_over(tmp_path: Path) -> None:
    with toy_room(tmp_path).app_context():
        assert read_form(Visit, submitted=MultiDict({"title": "Tea"})).data == Visit(title="Tea")


def test_kinds_are_read_off_the_schema() -> None:
    assert is_date(Visit, "visited_on")
    assert is_list(Visit, "rooms")
    assert not is_date(Visit, "title")
    assert not is_date(Visit, "nothing")
    assert from_text(Visit, {"guests": "-2", "paid": "false", "title": "7", "other": "1"}) == {
        "guests": -2,
        "paid": False,
        "title": "7",
        "other": "1",
    }
