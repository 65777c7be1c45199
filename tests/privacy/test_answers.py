"""What the API tells: no full Aadhaar and no PAN to anybody, outside the reveal."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.core.doors import doors
from tests.browsing import JsonClient
from tests.factories import MadeRecord, record_input
from tests.privacy.seen import NUMBERS, assert_unseen, traces

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]
ROLES = (None, "member", "viewer", "editor", "supervisor", "admin")


@pytest.mark.parametrize("role", ROLES)
def test_no_answer_to_any_role_holds_a_full_number(app: Flask, api: Api, make_record: Make, role: str | None) -> None:
    live, gone = make_record(), make_record()
    editor = api("editor")
    editor.patch(f"/users/{live.id}", json={"name": "Asha Rao", "email": "asha.rao@example.com"})
    editor.delete(f"/users/{gone.id}", json={"reason": "registered twice"})
    caller = api(role)
    people = [live.values, gone.values]
    forbidden = traces(people, NUMBERS, hashed=True)
    asked = 0
    for method, path, body in calls(app, [str(live.id), str(gone.id)], people):
        answer = caller.request(method, path, json=body)
        asked += 1
        assert answer.status_code < 500, (method, path, answer.text)
        head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        assert_unseen(forbidden, answer.data + head.encode(), f"{method} {path}")
    assert asked > 80


def calls(app: Flask, ids: list[str], people: list[dict[str, Any]]) -> list[tuple[str, str, Any]]:
    """Return every call of the API with good and with awkward input, the reveal left out."""
    good = [
        *({**person, **change} for person in people for change in ({}, {"aadhaar": person["pan"]}, {"pan": "X"})),
        *({"q": person[field]} for person in people for field in ("aadhaar", "pan", "primary_mobile", "email")),
        {"items": [people[0], people[1], {"aadhaar": people[0]["aadhaar"]}]},
        {"reason": people[0]["aadhaar"]},
        {people[0]["aadhaar"]: 1, people[0]["pan"]: 2},
        {"name": people[0]["aadhaar"], "version": people[0]["pan"]},
        {},
    ]
    found: list[tuple[str, str, Any]] = []
    for _, rule, methods, _door in doors(app):
        if not rule.startswith("/api/v1") or "reveal" in rule or rule.endswith("logout"):
            continue
        for path in {rule.replace("<id:record_id>", one) for one in ids}:
            for method in methods:
                found += [(method, path, body) for body in (good if method != "GET" else [None])]
            found += [("GET", f"{path}?deleted=include", None), ("GET", f"{path}?q=asha&page=1", None)]
    # What deletes comes last, so that the other calls have something to tell.
    return sorted(found, key=lambda call: (call[0] == "DELETE", call[0] in ("POST", "PUT", "PATCH")))


def test_only_the_reveal_tells_a_number_and_only_the_one_that_was_asked_for(api: Api, make_record: Make) -> None:
    made, supervisor = make_record(), api("supervisor")
    answer = supervisor.post(f"/users/{made.id}/reveal", json={"fields": ["pan"], "reason": "at the counter"})
    assert made.values["pan"] in answer.text
    assert made.values["aadhaar"] not in answer.text


@pytest.mark.parametrize("role", ROLES)
def test_a_wrong_reveal_tells_nothing(api: Api, make_record: Make, role: str | None) -> None:
    made, caller = make_record(), api(role)
    for body in (
        {"fields": ["aadhaar"]},
        {"fields": ["all"], "reason": "at the counter"},
        {"fields": ["pan"], "reason": "x"},
    ):
        answer = caller.post(f"/users/{made.id}/reveal", json=body)
        assert answer.status_code in (401, 403, 422)
        assert_unseen(traces([made.values], NUMBERS, hashed=False), answer.data, "a refusal")


def test_a_refused_value_is_not_repeated(api: Api) -> None:
    editor = api("editor")
    given = record_input()
    editor.post("/users/", json=given)
    forbidden = traces([given], ("aadhaar", "pan", "email", "primary_mobile"), hashed=False)
    for body in (given, {**given, "name": ""}, {**given, "aadhaar": given["aadhaar"] + "1"}, {given["aadhaar"]: 1}):
        answer = editor.post("/users/", json=body)
        assert answer.status_code in (409, 422)
        assert_unseen(forbidden, answer.data, "a refusal")
