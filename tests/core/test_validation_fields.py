"""From a schema's findings to our field errors."""

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from app.core.errors import FieldError
from app.core.fields import field_errors, label_of, show_name
from app.core.transport import from_text


def _refuse(_value: str) -> str:
    raise PydanticCustomError("CHECKSUM", "The last digit does not match")


class Paper(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    number: Annotated[str, AfterValidator(_refuse)] = "1"
    either: int | str | None = None
    kind: Annotated[Annotated[int, "a"], "b"] | None = None
    what: bytes = b""


def errors_of(given: dict[str, Any]) -> list[FieldError]:
    with pytest.raises(ValidationError) as refused:
        Paper.model_validate(given)
    return field_errors(refused.value, Paper, given)


def test_our_own_codes_and_words_pass_through() -> None:
    assert errors_of({"number": "234"}) == [FieldError("number", "CHECKSUM", "The last digit does not match")]


def test_what_has_no_words_of_its_own_is_said_plainly() -> None:
    assert errors_of({"what": 7})[0].message == "Is not in the expected form"


def test_fields_are_called_by_their_labels() -> None:
    assert label_of(Paper, "items.0.date_of_birth") == "date of birth"


@pytest.mark.parametrize("name", ["pan", "items.0.code", "x-y", "created_at"])
def test_a_plain_name_is_shown(name: str) -> None:
    assert show_name(name) == name


@pytest.mark.parametrize("name", ["", "a b", "9876543210", "ABCPE1234F", "x" * 65, "é", "a\x00", "<b>"])
def test_any_other_name_is_not(name: str) -> None:
    assert show_name(name) == "(unnamed)"


def test_text_is_converted_through_annotations() -> None:
    assert from_text(Paper, {"kind": "7", "either": "x"}) == {"kind": 7, "either": "x"}
