"""The half of a body is never taken for all of it, whoever reads it."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from app.core.bodies import WholeBody
from app.core.errors import MalformedRequest
from tests.browsing import JsonClient, Person

FORM = b"email=asha%40example.com&password=Monsoon"


@pytest.fixture(params=[True, False], ids=["a server that ends bodies", "another"])
def longer(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Announce more than arrives, to a server that knows where a body ends, as gunicorn does, or to another."""
    return {"CONTENT_LENGTH": "90"} | ({"wsgi.input_terminated": True} if request.param else {})


def test_the_half_of_a_form_is_refused(page: Callable[..., Person], longer: dict[str, Any]) -> None:
    browser = page(None).client
    kind = "application/x-www-form-urlencoded"
    answer = browser.post("/login", data=FORM, content_type=kind, environ_overrides=longer)
    assert answer.status_code == 400
    assert "did not arrive whole" in answer.text


def test_the_half_of_an_object_is_refused(api: Callable[..., JsonClient], longer: dict[str, Any]) -> None:
    answer = api().post("/users/", data=b"{}", content_type="application/json", environ_overrides=longer)
    assert (answer.status_code, answer.json["code"]) == (400, "MALFORMED_REQUEST")


@pytest.mark.parametrize("sizes", [[-1], [90], [2, -1], [2, 90], [2, 2, 2]])
def test_a_body_shorter_than_it_says_is_refused_whichever_way_it_is_read(sizes: list[int]) -> None:
    body = WholeBody(BytesIO(b"half"), 9)
    with pytest.raises(MalformedRequest):
        all(body.read(size) for size in sizes)
