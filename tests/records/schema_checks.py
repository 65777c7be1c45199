"""A valid person, and what a schema says against an input."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from app.core.checks import Checks
from app.core.fields import field_errors
from app.records.people import generate_people
from app.records.schemas import CHANGEABLE, FIXED

TODAY = date(2026, 11, 20)
STRICT = Checks(TODAY)
LAPTOP = Checks(TODAY, allow_test_identities=True)
REQUIRED = set(CHANGEABLE) - {"secondary_mobile", "is_active"} | set(FIXED)


def person(**over: Any) -> dict[str, Any]:
    return {**next(generate_people(1, 1, TODAY)), "secondary_mobile": None, **over}


def refused(schema: type[BaseModel], given: Mapping[str, Any], checks: Checks = STRICT) -> dict[str, tuple[str, str]]:
    with pytest.raises(ValidationError) as error:
        schema.model_validate(dict(given), context=checks)
    errors = field_errors(error.value, schema, given)
    assert len({one.field for one in errors}) == len(errors)
    return {one.field: (one.code, one.message) for one in errors}


def codes(schema: type[BaseModel], given: Mapping[str, Any], checks: Checks = STRICT) -> dict[str, str]:
    return {field: code for field, (code, _) in refused(schema, given, checks).items()}
