"""Seeing a number in full: with permission, a reason and an entry in the trail; never otherwise."""

from collections.abc import Callable

import pytest

from tests.browsing import JsonClient, Person, messages
from tests.factories import MadeRecord

Make = Callable[..., MadeRecord]
Page = Callable[..., Person]
Api = Callable[..., JsonClient]
WHY = {"reveal_why": "document", "reveal_note": "Bank letter 2026/1187"}


def test_one_number_is_shown_once_with_one_entry(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(), page("supervisor")
    answer = person.submit(f"/records/{made.id}/reveal", fields="aadhaar", **WHY)
    number = made.values["aadhaar"]
    assert answer.status_code == 200
    assert f"{number[:4]} {number[4:8]} {number[8:]}" in answer.text
    assert made.values["pan"] not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    entries = api("admin").get(f"/users/{made.id}/history").json["data"]
    assert [entry["action"] for entry in entries] == ["record.revealed", "record.created"]
    assert entries[0]["reason"] == "Matching a document we received: Bank letter 2026/1187"
    assert number not in person.get(f"/records/{made.id}").text.replace(" ", "")


def test_htmx_gets_the_card_the_timeline_and_a_shut_dialog(page: Page, make_record: Make) -> None:
    made = make_record()
    sent = {"fields": "pan", **WHY}
    answer = page("supervisor").post(f"/records/{made.id}/reveal", sent, headers={"HX-Request": "true"})
    assert made.values["pan"] in answer.text
    assert 'data-seconds="30"' in answer.text
    assert 'hx-target="#reveal"' in answer.text
    assert "PAN revealed" in answer.text
    assert "<!doctype" not in answer.text


@pytest.mark.parametrize(
    ("sent", "field", "words"),
    [
        ({"fields": "aadhaar"}, "reveal_why", "Choose a reason"),
        ({"fields": "aadhaar", "reveal_why": "nonsense"}, "reveal_why", "Choose a reason"),
        ({"reveal_why": "legal"}, "fields", "Choose at least one number"),
        ({"fields": "name", "reveal_why": "legal"}, "fields", "Choose from aadhaar and pan"),
        ({"fields": "pan", "reveal_why": "other"}, "reveal_note", "Write the reason in the note"),
        ({"fields": "pan", "reveal_why": "other", "reveal_note": "x" * 600}, "reveal_note", "at most 500 characters"),
    ],
)
def test_without_a_reason_nothing_is_shown(
    page: Page, api: Api, make_record: Make, sent: dict[str, str], field: str, words: str
) -> None:
    made = make_record()
    answer = page("supervisor").post(f"/records/{made.id}/reveal", sent)
    assert answer.status_code == 422
    assert words in messages(answer)[field]
    assert made.values["pan"] not in answer.text
    assert len(api("admin").get(f"/users/{made.id}/history").json["data"]) == 1


def test_what_is_wrong_is_said_in_the_dialog(page: Page, make_record: Make) -> None:
    made = make_record()
    answer = page("supervisor").post(f"/records/{made.id}/reveal", {}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (422, "#reveal-form")


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_who_may_not_reveal_sees_no_button_and_gets_nothing(page: Page, make_record: Make, role: str) -> None:
    made, person = make_record(), page(role)
    assert "Reveal numbers" not in person.get(f"/records/{made.id}").text
    answer = person.post(f"/records/{made.id}/reveal", {"fields": "aadhaar", **WHY})
    assert answer.status_code == 403
    assert made.values["aadhaar"] not in answer.text


def test_a_deleted_record_reveals_nothing(page: Page, api: Api, make_record: Make) -> None:
    made = make_record()
    api("editor").delete(f"/users/{made.id}")
    person = page("supervisor")
    for sent in ({"fields": "aadhaar", **WHY}, {}):
        answer = person.post(f"/records/{made.id}/reveal", sent)
        assert answer.status_code == 410
        assert made.values["aadhaar"] not in answer.text.replace(" ", "")
