"""Registering a person by the pages: nothing typed is lost, numbers lie nowhere, and one press makes one record."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.records.drafts import keep_draft
from tests.browsing import JsonClient, Person, messages
from tests.factories import MadeRecord, record_input

Make = Callable[..., MadeRecord]
Page = Callable[..., Person]


def form_values(**changes: Any) -> dict[str, Any]:
    """Return a valid record as the form's boxes hold it."""
    values = record_input(**changes)
    year, month, day = values.pop("date_of_birth").split("-")
    values.pop("is_active")
    boxes = {"date_of_birth_day": day, "date_of_birth_month": month, "date_of_birth_year": year}
    return {name: value or "" for name, value in {**values, **boxes}.items()}


def checked(person: Person, values: dict[str, Any]) -> str:
    """Fill in the form and return the address of the page where the answers are checked."""
    answer = person.submit("/records/new", **values)
    assert answer.status_code == 303, answer.text
    location: str = answer.headers["Location"]
    return location


def test_a_person_is_registered_in_two_steps(page: Page, api: Callable[..., JsonClient]) -> None:
    person, values = page("editor"), form_values(name="Meenakshi Sundaram")
    address = checked(person, values)
    assert values["aadhaar"] not in address
    answers = person.get(address)
    number = values["aadhaar"]
    assert f"{number[:4]} {number[4:8]} {number[8:]}" in answers.text
    assert values["pan"] in answers.text
    assert number not in answers.text, "no hidden field carries the number"
    assert answers.headers["Cache-Control"] == "no-store"
    saved = person.submit(address, action="/records/new/check")
    assert saved.status_code == 303
    shown = person.get(saved.headers["Location"])
    assert "Meenakshi Sundaram is registered. Reference" in shown.text
    assert values["pan"] not in shown.text
    assert api("viewer").get("/users/").json["total"] == 1


def test_the_same_answers_sent_twice_make_one_record(page: Page, api: Callable[..., JsonClient]) -> None:
    person = page("editor")
    address = checked(person, form_values())
    form = person.form(address, "/records/new/check")
    first, second = (person.client.post(form.action, data=form.values) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    listed = api("admin").get("/users/").json
    assert listed["total"] == 1
    history = api("admin").get(f"/users/{listed['data'][0]['id']}/history").json
    assert [entry["action"] for entry in history["data"]] == ["record.created"]


def test_answers_that_are_saved_are_gone(page: Page) -> None:
    person = page("editor")
    address = checked(person, form_values())
    person.submit(address, action="/records/new/check")
    answer = person.get(address)
    assert answer.headers["Location"] == "/records/new?done=draft-gone"
    assert "There is nothing to check here" in person.get(answer.headers["Location"]).text
    again = person.post("/records/new/check", {"draft": address.rpartition("=")[2], "idempotency_key": "another"})
    assert again.headers["Location"] == "/records/new?done=draft-gone"


def test_nobody_else_sees_what_somebody_typed(page: Page) -> None:
    address = checked(page("editor"), form_values())
    other = page("editor")
    assert other.get(address).headers["Location"] == "/records/new?done=draft-gone"
    assert other.post("/records/new/check", {"draft": "nonsense"}).status_code == 303


def test_every_mistake_is_named_at_once_and_what_was_typed_stays(page: Page) -> None:
    typed = form_values(name="Meena", aadhaar="1234 5678 901", pan="ABCPE1O34F", email="not an address")
    answer = page("editor").submit("/records/new", **{**typed, "date_of_birth_year": "2020"})
    assert answer.status_code == 422
    said = messages(answer)
    assert said["aadhaar"] == "Aadhaar has 12 digits. You typed 11"
    assert said["pan"].startswith("The 6th to 9th characters must be digits. The 7th is the letter O")
    assert said["email"] == "Enter an email address like name@example.com"
    assert said["date_of_birth"].startswith("The person must be 18 or older.")
    for value in ("1234 5678 901", "ABCPE1O34F", "not an address", "Meena"):
        assert f'value="{value}"' in answer.text
    assert "<title>Error: New record" in answer.text
    assert 'href="#f-aadhaar"' in answer.text
    assert "Use 0 instead of O" in answer.text
    assert "PAN: the 6th to 9th characters" in answer.text


def test_the_same_wrong_data_gets_the_same_words_by_form_and_by_json(
    page: Page, api: Callable[..., JsonClient]
) -> None:
    wrong = {"name": "1", "aadhaar": "111", "pan": "AAACA1111A", "primary_mobile": "12", "current_address": "short"}
    by_json = messages(api("editor").post("/users/", json=record_input(**wrong)))
    by_form = messages(page("editor").submit("/records/new", **form_values(**wrong)))
    assert by_form == by_json
    assert set(by_json) == set(wrong)


def test_the_permanent_address_may_be_the_current_one(page: Page, api: Callable[..., JsonClient]) -> None:
    person = page("editor")
    values = {**form_values(), "same_address": "true", "permanent_address": None}
    address = checked(person, values)
    assert "Same as current address" in person.get(address).text
    person.submit(address, action="/records/new/check")
    (record,) = api("viewer").get("/users/").json["data"]
    assert record["permanent_address"] == record["current_address"]


def test_a_wrong_address_is_named_once_when_both_are_the_same(page: Page) -> None:
    answer = page("editor").submit("/records/new", **form_values(current_address="x"), same_address="true")
    assert "permanent_address" not in messages(answer)
    assert "checked" in answer.text


def test_change_leads_back_to_what_was_typed(page: Page) -> None:
    person, values = page("editor"), form_values(name="Meenakshi S")
    address = checked(person, values)
    draft = address.rpartition("=")[2]
    assert f"/records/new?draft={draft}#f-aadhaar" in person.get(address).text
    answer = person.submit(f"/records/new?draft={draft}", action="/records/new", name="Meenakshi Sundaram")
    assert answer.headers["Location"] != address
    assert "Meenakshi Sundaram" in person.get(answer.headers["Location"]).text
    assert person.get(address).status_code == 303, "the earlier answers are destroyed"


def test_a_taken_number_leads_to_the_record_that_has_it(page: Page, make_record: Make) -> None:
    made = make_record()
    person = page("editor")
    address = checked(person, form_values(aadhaar=made.values["aadhaar"], email=made.values["email"]))
    answer = person.submit(address, action="/records/new/check")
    assert answer.status_code == 409
    assert "Another record has this Aadhaar" in answer.text
    assert "Another record has this email" in answer.text
    assert f'href="/records/{made.id}"' in answer.text
    assert person.get(address).status_code == 200, "what was typed is kept"


def test_a_number_of_a_deleted_record_leads_to_restoring_it(page: Page, make_record: Make) -> None:
    made = make_record()
    person = page("editor")
    person.submit(f"/records/{made.id}/delete", delete_why="twice")
    address = checked(person, form_values(aadhaar=made.values["aadhaar"]))
    answer = person.submit(address, action="/records/new/check")
    assert answer.status_code == 409
    assert "It belongs to a record deleted on" in answer.text
    assert "Restore it" in answer.text


def test_the_same_person_deleted_before_comes_back(page: Page, make_record: Make) -> None:
    made = make_record(name="Meena S")
    person = page("editor")
    person.submit(f"/records/{made.id}/delete", delete_why="twice")
    same = {name: made.values[name] for name in ("aadhaar", "pan", "date_of_birth")}
    saved = person.submit(checked(person, form_values(name="Meena Sundaram", **same)), action="/records/new/check")
    assert saved.headers["Location"] == f"/records/{made.id}?done=brought-back"
    assert "Meena Sundaram was registered before." in person.get(saved.headers["Location"]).text


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("aadhaar", {"aadhaar": "1234"}, "Aadhaar has 12 digits. You typed 4"),
        ("pan", {"pan": "ABCPE1O34F"}, "Use 0 instead of O"),
        ("pan", {"pan": "ABCPE1O3OF"}, "The 7th is the letter O"),
        ("pan", {"pan": "ABC"}, "PAN has 10 characters. You typed 3"),
        ("secondary_mobile", {"primary_mobile": "9876543210", "secondary_mobile": "9876543210"}, "Must differ"),
        ("date_of_birth", {"date_of_birth_day": "31"}, ""),
        ("name", {"name": "Asha"}, ""),
    ],
)
def test_one_field_is_checked_when_it_is_left(page: Page, field: str, typed: dict[str, str], words: str) -> None:
    answer = page("editor").post(f"/records/new/field/{field}", typed)
    assert answer.status_code == 200
    assert words in answer.text
    assert bool(answer.text.strip()) is bool(words)


def test_htmx_gets_the_form_alone_and_is_sent_on_by_header(page: Page) -> None:
    person, htmx = page("editor"), {"HX-Request": "true"}
    wrong = person.post("/records/new", {"name": "A"}, headers=htmx)
    assert wrong.status_code == 422
    assert wrong.text.lstrip().startswith('<div id="form">')
    good = person.post("/records/new", form_values(), headers=htmx)
    assert good.status_code == 204
    assert good.headers["HX-Redirect"].startswith("/records/new/check?draft=")


def test_an_answer_given_again_sends_htmx_on_as_well(page: Page) -> None:
    person = page("editor")
    form = person.form(checked(person, form_values()), "/records/new/check")
    first, second = (
        person.client.post(form.action, data=form.values, headers={"HX-Request": "true"}) for _ in range(2)
    )
    assert first.headers["HX-Redirect"] == second.headers["HX-Redirect"]
    assert second.headers["Idempotency-Replayed"] == "true"


def test_answers_that_are_no_longer_right_go_back_to_the_form(app: Flask, page: Page) -> None:
    person = page("editor")
    assert person.account is not None
    with app.app_context():
        kept = {**form_values(), "date_of_birth_year": "2024"}
        draft = keep_draft(kept, account_id=person.account.id)
    for answer in (
        person.get(f"/records/new/check?draft={draft}"),
        person.post("/records/new/check", {"draft": str(draft), "idempotency_key": f"draft-{draft}"}),
    ):
        assert answer.status_code == 422
        assert messages(answer)["date_of_birth"].startswith("The person must be 18 or older")
        assert str(kept["email"]) in answer.text


def test_a_taken_answer_whose_draft_is_gone_starts_anew(app: Flask, page: Page, make_record: Make) -> None:
    person = page("editor")
    address = checked(person, form_values(aadhaar=make_record().values["aadhaar"]))
    form = person.form(address, "/records/new/check")
    assert person.client.post(form.action, data={**form.values, "draft": "x"}).status_code == 303
