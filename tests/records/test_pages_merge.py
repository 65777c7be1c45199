"""Two people at one record: nothing is overwritten unseen, and nothing typed is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.browsing import Form, JsonClient, PageReader, Person
from tests.factories import MadeRecord

Make = Callable[..., MadeRecord]
Page = Callable[..., Person]
Api = Callable[..., JsonClient]

THEIRS = {"name": "Usha Rao", "email": "theirs@example.com"}


def save(api: Api, record: MadeRecord, **changes: Any) -> None:
    """Have a colleague save something."""
    assert api("editor").patch(f"/users/{record.id}", json=changes).status_code == 200


def shown_form(answer: TestResponse, ending: str) -> Form:
    """Return the form of an answer that goes to an address with this ending."""
    return next(form for form in PageReader(answer.text).forms if form.action.partition("?")[0].endswith(ending))


def meet(
    page: Page, api: Api, record: MadeRecord, mine: dict[str, Any], theirs: dict[str, Any]
) -> tuple[Person, TestResponse]:
    """Open the form, let a colleague save first, then send it."""
    person = page("editor")
    form = person.form(f"/records/{record.id}/edit")
    save(api, record, **theirs)
    return person, person.client.post(form.action, data={**form.values, **mine})


def choose(person: Person, answer: TestResponse, **choices: str) -> TestResponse:
    """Settle the conflict and save."""
    form = shown_form(answer, "/edit/merge")
    return person.client.post(form.action, data={**form.values, **choices})


def test_the_screen_says_who_saved_and_shows_all_versions(page: Page, api: Api, make_record: Make) -> None:
    made = make_record(name="Asha Verma")
    mine = {"name": "Nisha Verma", "current_address": "5, New Street, Nagpur 440001"}
    _person, answer = meet(page, api, made, mine, THEIRS)
    assert answer.status_code == 409
    html = answer.text
    assert "saved this record before you" in html
    assert "choose for 1 field, 2 more are merged already." in html
    for words in ("Asha Verma", "<ins>Usha Rao</ins>", "<ins>Nisha </ins>Verma", "Merged: theirs", "Merged: yours"):
        assert words in html
    assert "Keep theirs" in html
    assert "4 fields nobody changed" in html
    assert made.values["aadhaar"] not in html
    radios = [line for line in html.split("<input") if 'type="radio"' in line]
    assert radios
    assert not [line for line in radios if " checked" in line], "nothing is preset"


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        ({"choose_name": "theirs"}, "Usha Rao"),
        ({"choose_name": "mine"}, "Nisha Verma"),
        ({"choose_name": "other", "other_name": "Isha"}, "Isha"),
    ],
)
def test_the_result_is_saved_over_the_newest_version(
    page: Page, api: Api, make_record: Make, choice: dict[str, str], name: str
) -> None:
    made = make_record(name="Asha Verma")
    mine = {"name": "Nisha Verma", "secondary_mobile": "9876543299"}
    person, answer = meet(page, api, made, mine, THEIRS)
    saved = choose(person, answer, **choice)
    assert saved.headers["Location"] == f"/records/{made.id}?done=saved"
    record = api("viewer").get(f"/users/{made.id}").json
    assert (record["name"], record["email"], record["secondary_mobile"]) == (name, THEIRS["email"], "9876543299")


def test_the_entry_names_both_versions_and_who_won(page: Page, api: Api, make_record: Make) -> None:
    made = make_record(name="Asha Verma")
    person, answer = meet(page, api, made, {"name": "Nisha Verma"}, THEIRS)
    theirs = api("viewer").get(f"/users/{made.id}").json["version"]
    choose(person, answer, choose_name="mine")
    reason = api("admin").get(f"/users/{made.id}/history").json["data"][0]["reason"]
    assert theirs in reason
    assert str(made.version) in reason
    assert "Name: mine" in reason
    assert "Email: theirs, merged by itself" in reason


def test_an_open_clash_is_an_error_at_its_choice(page: Page, api: Api, make_record: Make) -> None:
    made = make_record()
    person, answer = meet(page, api, made, {"name": "Nisha", "email": "mine@example.com"}, THEIRS)
    again = choose(person, answer, choose_name="mine")
    assert again.status_code == 422
    assert "Choose what to save for email" in again.text
    assert 'href="#f-choose_email"' in again.text
    assert 'value="mine" checked' in again.text


def test_what_is_typed_anew_meets_the_same_rules(page: Page, api: Api, make_record: Make) -> None:
    made = make_record()
    person, answer = meet(page, api, made, {"email": "mine@example.com"}, THEIRS)
    again = choose(person, answer, choose_email="other", other_email="nonsense")
    assert again.status_code == 422
    assert "Enter an email address like name@example.com" in again.text
    assert 'value="nonsense"' in again.text


def test_a_third_save_leads_back_with_the_choices_kept(page: Page, api: Api, make_record: Make) -> None:
    made = make_record(name="Asha Verma")
    person, answer = meet(page, api, made, {"name": "Nisha Verma"}, THEIRS)
    save(api, made, name="Varsha Rao", secondary_mobile="9876543298")
    again = choose(person, answer, choose_name="mine")
    assert again.status_code == 409
    assert "Your choices are kept." in again.text
    assert 'value="mine" checked' in again.text
    assert "Varsha" in again.text
    assert choose(person, again).status_code == 303
    record = api("viewer").get(f"/users/{made.id}").json
    assert (record["name"], record["secondary_mobile"]) == ("Nisha Verma", "9876543298")


def test_changes_of_different_fields_only_need_a_look(page: Page, api: Api, make_record: Make) -> None:
    made = make_record(name="Asha Verma")
    person, answer = meet(page, api, made, {"name": "Nisha Verma"}, {"secondary_mobile": "9876543298"})
    assert answer.status_code == 409
    assert "all changes are merged already" in answer.text
    assert choose(person, answer).status_code == 303


def test_keeping_all_of_theirs_saves_nothing(page: Page, api: Api, make_record: Make) -> None:
    made = make_record()
    person, answer = meet(page, api, made, {"name": "Nisha"}, THEIRS)
    before = api("viewer").get(f"/users/{made.id}").json["version"]
    assert choose(person, answer, choose_name="theirs").headers["Location"] == f"/records/{made.id}?done=kept"
    assert api("viewer").get(f"/users/{made.id}").json["version"] == before


def test_mistakes_are_put_right_before_versions_are_compared(page: Page, api: Api, make_record: Make) -> None:
    made = make_record()
    _person, answer = meet(page, api, made, {"name": "1"}, THEIRS)
    assert answer.status_code == 422
    assert f'name="version" value="{made.version}"' in answer.text, "the clash comes up once the mistake is put right"


def test_a_result_taken_by_another_record_is_refused(page: Page, api: Api, make_record: Make) -> None:
    made, other = make_record(), make_record()
    person, answer = meet(page, api, made, {"email": "mine@example.com"}, THEIRS)
    again = choose(person, answer, choose_email="other", other_email=other.values["email"])
    assert again.status_code == 409
    assert "Another record has this email" in again.text


def test_htmx_gets_the_screen_in_place_of_the_page(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(), page("editor")
    form = person.form(f"/records/{made.id}/edit")
    save(api, made, **THEIRS)
    answer = person.client.post(form.action, data={**form.values, "name": "N S"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (409, "#main")
    assert "<!doctype" not in answer.text


def delete_meanwhile(page: Page, api: Api, made: MadeRecord, **mine: str) -> tuple[Person, TestResponse]:
    """Open the form, let a colleague delete the record, then send it."""
    person = page("editor")
    form = person.form(f"/records/{made.id}/edit")
    api("editor").delete(f"/users/{made.id}", json={"reason": "Registered twice"})
    return person, person.client.post(form.action, data={**form.values, **mine})


def test_a_record_deleted_meanwhile_is_restored_with_what_was_typed(page: Page, api: Api, make_record: Make) -> None:
    made = make_record()
    person, answer = delete_meanwhile(page, api, made, name="Nisha Rao", primary_mobile="9876543297")
    assert answer.status_code == 409
    assert "deleted this record while you were editing" in answer.text
    assert "Registered twice" in answer.text
    assert "Name: Nisha Rao\nPrimary mobile: 98765 43297" in answer.text
    form = shown_form(answer, "/edit/restore")
    saved = person.client.post(form.action, data=form.values)
    assert saved.headers["Location"] == f"/records/{made.id}?done=restored"
    record = api("viewer").get(f"/users/{made.id}").json
    assert (record["name"], record["primary_mobile"], record["is_active"]) == ("Nisha Rao", "9876543297", True)


def test_it_stays_deleted_when_what_was_typed_belongs_to_another(page: Page, api: Api, make_record: Make) -> None:
    made, other = make_record(), make_record()
    person, answer = delete_meanwhile(page, api, made, email=other.values["email"])
    form = shown_form(answer, "/edit/restore")
    once = {name: value for name, value in form.values.items() if name != "idempotency_key"}
    assert person.client.post(form.action, data=once).status_code == 409
    assert api("viewer").get(f"/users/{made.id}").status_code == 404


def test_a_record_changed_and_deleted_meanwhile_is_not_overwritten(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(), page("editor")
    form = person.form(f"/records/{made.id}/edit")
    save(api, made, name="Usha Rao")
    api("editor").delete(f"/users/{made.id}")
    answer = person.client.post(form.action, data={**form.values, "name": "Nisha"})
    assert "Restore it first" in answer.text
    assert "/edit/restore" not in answer.text


def test_a_record_deleted_while_a_conflict_is_settled_is_told(page: Page, api: Api, make_record: Make) -> None:
    made = make_record()
    person, answer = meet(page, api, made, {"name": "Nisha"}, THEIRS)
    api("editor").delete(f"/users/{made.id}")
    again = choose(person, answer, choose_name="mine")
    assert again.status_code == 409
    assert "deleted this record while you were editing" in again.text


def test_a_record_that_never_was_is_not_found(page: Page) -> None:
    assert page("editor").post("/records/00000000-0000-7000-8000-000000000001/edit", {"name": "X Y"}).status_code == 404


def test_a_form_with_mistakes_of_a_deleted_record_is_told_of_the_deletion(
    page: Page, api: Api, make_record: Make
) -> None:
    made = make_record()
    _person, answer = delete_meanwhile(page, api, made, name="1")
    assert answer.status_code == 409
    assert "You had not changed anything yet." in answer.text
