"""Changing a record by the pages."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from tests.browsing import JsonClient, PageReader, Person, messages
from tests.factories import MadeRecord
from tests.records.test_pages_new import form_values

Make = Callable[..., MadeRecord]
Page = Callable[..., Person]
Api = Callable[..., JsonClient]


def actions(api: Api, record: MadeRecord) -> list[str]:
    """Return what is on record of a record, newest first."""
    entries = api("admin").get(f"/users/{record.id}/history").json["data"]
    return [entry["action"] for entry in entries]


def test_changes_are_saved_and_said(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(), page("editor")
    answer = person.submit(f"/records/{made.id}/edit", name="Asha Rao", primary_mobile="98765-43210")
    assert answer.headers["Location"] == f"/records/{made.id}?done=saved"
    html = person.get(answer.headers["Location"]).text
    assert "Your changes are saved." in html
    assert "+91 98765 43210" in html
    assert actions(api, made) == ["record.updated", "record.created"]


def test_an_unchanged_form_changes_nothing(page: Page, api: Api, make_record: Make) -> None:
    made = make_record(secondary_mobile="9876543211", is_active=False)
    answer = page("editor").submit(f"/records/{made.id}/edit")
    assert answer.headers["Location"] == f"/records/{made.id}?done=unchanged"
    record = api("viewer").get(f"/users/{made.id}").json
    assert record["version"] == str(made.version)
    assert record["secondary_mobile"] == "9876543211"


def test_locked_fields_are_rows_and_no_boxes(page: Page, make_record: Make) -> None:
    made = make_record()
    person = page("editor")
    form = person.form(f"/records/{made.id}/edit")
    assert not {"aadhaar", "pan", "date_of_birth_day", "place_of_birth"} & set(form.values)
    html = person.get(f"/records/{made.id}/edit").text
    assert f"XXXX XXXX {made.values['aadhaar'][-4:]}" in html
    assert made.values["aadhaar"] not in html


def test_mistakes_are_named_and_what_was_typed_stays(page: Page, make_record: Make) -> None:
    made = make_record()
    answer = page("editor").submit(f"/records/{made.id}/edit", name="1", email="Typed And Wrong", current_address="x")
    assert answer.status_code == 422
    assert set(messages(answer)) == {"name", "email", "current_address"}
    assert 'value="Typed And Wrong"' in answer.text


def test_a_taken_email_is_refused_at_its_field(page: Page, make_record: Make) -> None:
    first, second = make_record(), make_record()
    answer = page("editor").submit(f"/records/{second.id}/edit", email=first.values["email"])
    assert answer.status_code == 409
    assert messages(answer)["email"] == "Another record has this email"


def test_the_same_form_sent_twice_is_one_change(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(), page("editor")
    form = person.form(f"/records/{made.id}/edit")
    sent = {**form.values, "name": "Asha Rao"}
    first, second = (person.client.post(form.action, data=sent) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert actions(api, made) == ["record.updated", "record.created"]


def test_a_form_sent_again_with_other_values_is_shown_again(page: Page, make_record: Make) -> None:
    made, person = make_record(), page("editor")
    form = person.form(f"/records/{made.id}/edit")
    person.client.post(form.action, data={**form.values, "name": "Asha Rao"})
    answer = person.client.post(form.action, data={**form.values, "name": "Asha Iyer"})
    assert answer.status_code == 422
    assert "This form was sent before with other values" in answer.text
    assert 'value="Asha Iyer"' in answer.text


def test_the_place_in_the_list_is_kept(page: Page, make_record: Make) -> None:
    made = make_record()
    answer = page("editor").submit(f"/records/{made.id}/edit?q=asha&page=2", name="Asha Rao")
    assert answer.headers["Location"] == f"/records/{made.id}?q=asha&page=2&done=saved"


def test_who_may_only_read_gets_no_form(page: Page, make_record: Make) -> None:
    made = make_record()
    assert page("viewer").get(f"/records/{made.id}/edit").status_code == 403


def after_the_session(app: Flask) -> time_machine.travel:
    minutes = app.extensions["config"].session_idle_minutes
    return time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes + 1))


@pytest.mark.parametrize("is_new", [True, False])
def test_what_was_typed_waits_for_whoever_was_signed_out(
    app: Flask, page: Page, make_record: Make, is_new: bool
) -> None:
    made, person = make_record(), page("editor")
    path = "/records/new" if is_new else f"/records/{made.id}/edit"
    form = person.form(path)
    typed = {**form.values, **(form_values(name="Typed Late") if is_new else {"name": "Typed Late"})}
    assert person.account is not None
    with after_the_session(app):
        answer = person.client.post(path, data=typed)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/login?next=")
        assert typed.get("aadhaar", "none") not in answer.headers["Location"]
        login = person.form(answer.headers["Location"], "/login")
        back = person.client.post(
            "/login", data={**login.values, "email": person.account.email, "password": person.account.password}
        )
        shown = person.get(back.headers["Location"])
    assert "What you typed is here again" in shown.text
    values = next(form.values for form in PageReader(shown.text).forms if form.values.get("name"))
    assert values["name"] == "Typed Late"
    assert values.get("aadhaar") == typed.get("aadhaar")
    assert values.get("version") == typed.get("version")


def test_what_was_typed_is_not_shown_to_somebody_else(app: Flask, page: Page, make_record: Make) -> None:
    person = page("editor")
    form = person.form("/records/new")
    with after_the_session(app):
        answer = person.client.post("/records/new", data={**form.values, **form_values(name="Typed Late")})
        draft = answer.headers["Location"].partition("draft%3D")[2].partition("%26")[0]
        assert draft
        assert "Typed Late" not in page("editor").get(f"/records/new?draft={draft}").text


def test_a_form_too_large_to_keep_is_let_go(app: Flask, page: Page) -> None:
    person = page("editor")
    with after_the_session(app):
        answer = person.client.post("/records/new", data={"current_address": "x" * 50_000})
    assert "draft" not in answer.headers["Location"]
