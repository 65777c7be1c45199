"""Deleting and bringing back by the pages: a reason is asked, undo is exact, a second press does no harm."""

from collections.abc import Callable
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from werkzeug.test import TestResponse

from app.records.retention import days_left, kept_until
from tests.browsing import JsonClient, PageReader, Person, messages
from tests.factories import MadeRecord, record_input

Make = Callable[..., MadeRecord]
Page = Callable[..., Person]
Api = Callable[..., JsonClient]


def actions(api: Api, record: MadeRecord) -> list[str]:
    """Return what is on record of a record, newest first."""
    entries = api("admin").get(f"/users/{record.id}/history").json["data"]
    return [entry["action"].removeprefix("record.") for entry in entries]


def press(person: Person, answer: TestResponse, ending: str) -> TestResponse:
    """Send the first form of an answer that goes to an address with this ending."""
    forms = PageReader(answer.text).forms
    form = next(form for form in forms if form.action.partition("?")[0].endswith(ending))
    return person.client.post(form.action, data=form.values)


def test_deleting_leads_back_to_the_list_with_the_next_row_in_focus(page: Page, make_record: Make) -> None:
    people = [make_record(name=f"Ravi {letter}") for letter in ("Anand", "Bose", "Chand")]
    answer = page("editor").submit(f"/records/{people[1].id}/delete?q=ravi&sort=name&row=2&of=3", delete_why="twice")
    assert answer.status_code == 303
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert asked == {
        "q": ["ravi"], "sort": ["name"], "done": ["deleted"], "record": [str(people[1].id)], "at": [str(people[2].id)],
    }  # fmt: skip


def test_after_the_last_row_the_one_before_it_gets_the_focus(page: Page, make_record: Make) -> None:
    people = [make_record(name=f"Ravi {letter}") for letter in ("Anand", "Bose")]
    answer = page("editor").submit(f"/records/{people[1].id}/delete?q=ravi&sort=name&row=2&of=2", delete_why="twice")
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["at"] == [str(people[0].id)]


def test_the_message_names_the_reason_and_offers_the_way_back(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(name="Joseph D’Souza"), page("editor")
    answer = person.submit(f"/records/{made.id}/delete", delete_why="other", delete_note="moved to Imphal")
    assert "Joseph" not in answer.headers["Location"]
    listed = person.get(answer.headers["Location"])
    assert "Joseph D’Souza was deleted. Reason: other: moved to Imphal." in listed.text
    assert "Also in Recently deleted until" in listed.text
    back = press(person, listed, "/restore")
    assert "Joseph D’Souza is back." in person.get(back.headers["Location"]).text
    assert actions(api, made) == ["restored", "deleted", "created"]


@pytest.mark.parametrize("is_active", [True, False])
def test_undo_is_exact(page: Page, api: Api, make_record: Make, is_active: bool) -> None:
    made, person = make_record(is_active=is_active, secondary_mobile="9876543210"), page("editor")
    hidden = {"version", "updated_at", "updated_by"}
    before = {k: v for k, v in api("viewer").get(f"/users/{made.id}").json.items() if k not in hidden}
    answer = person.submit(f"/records/{made.id}/delete", delete_why="wrong")
    press(person, person.get(answer.headers["Location"]), "/restore")
    after = {k: v for k, v in api("viewer").get(f"/users/{made.id}").json.items() if k not in hidden}
    assert after == before


@pytest.mark.parametrize(
    ("sent", "field", "words"),
    [
        ({}, "delete_why", "Choose a reason"),
        ({"delete_why": "other"}, "delete_note", "Write the reason in the note"),
        ({"delete_why": "twice", "delete_note": "x" * 600}, "delete_note", "at most 500 characters"),
    ],
)
def test_a_reason_is_needed(
    page: Page, api: Api, make_record: Make, sent: dict[str, str], field: str, words: str
) -> None:
    made = make_record()
    answer = page("editor").submit(f"/records/{made.id}/delete", **sent)
    assert answer.status_code == 422
    assert words in messages(answer)[field]
    assert actions(api, made) == ["created"]


def test_deleting_and_undoing_twice_does_no_harm(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(), page("editor")
    form = person.form(f"/records/{made.id}/delete")
    sent = {**form.values, "delete_why": "twice"}
    first = person.client.post(form.action, data=sent)
    second = person.client.post(form.action, data={**sent, "idempotency_key": "another-press"})
    assert first.headers["Location"] == second.headers["Location"]
    listed = person.get(first.headers["Location"])
    assert [press(person, listed, "/restore").status_code for _ in range(2)] == [303, 303]
    third = person.post(f"/records/{made.id}/restore")
    assert third.headers["Location"] == f"/records/{made.id}?done=restored"
    assert actions(api, made) == ["restored", "deleted", "created"]


def test_a_record_changed_meanwhile_is_looked_at_again(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(), page("editor")
    form = person.form(f"/records/{made.id}/delete")
    api("editor").patch(f"/users/{made.id}", json={"name": "Usha Rao"})
    answer = person.client.post(form.action, data={**form.values, "delete_why": "twice"})
    assert answer.status_code == 409
    assert "Somebody changed this record after you opened it" in answer.text
    assert actions(api, made) == ["updated", "created"]
    assert press(person, answer, "/delete").status_code == 303, "the reason is still chosen, and the version is new"


def test_undo_is_refused_when_the_mobile_is_taken(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(), page("editor")
    answer = person.submit(f"/records/{made.id}/delete", delete_why="twice")
    other = api("editor").post("/users/", json=record_input(primary_mobile=made.values["primary_mobile"])).json
    refused = press(person, person.get(answer.headers["Location"]), "/restore")
    assert refused.status_code == 409
    assert "Cannot restore: the mobile now belongs to another record." in refused.text
    assert f'href="/records/{other["id"]}"' in refused.text


def test_a_deleted_record_says_who_when_and_why(page: Page, make_record: Make) -> None:
    made, person = make_record(name="Joseph D’Souza"), page("editor")
    person.submit(f"/records/{made.id}/delete", delete_why="asked")
    mine = person.get(f"/records/{made.id}")
    assert mine.status_code == 410
    assert "You deleted this record on" in mine.text
    assert "person asked for it." in mine.text
    assert "Joseph" in mine.text
    assert f"/records/{made.id}/edit" not in mine.text
    saved = press(person, mine, "/restore")
    assert saved.headers["Location"] == f"/records/{made.id}?done=restored"


def test_who_may_not_restore_learns_only_that_it_is_gone(page: Page, make_record: Make) -> None:
    made, person = make_record(name="Joseph D’Souza"), page("editor")
    person.submit(f"/records/{made.id}/delete", delete_why="asked")
    answer = page("viewer").get(f"/records/{made.id}")
    assert answer.status_code == 410
    assert "This record was deleted" in answer.text
    assert "Person asked for it" in answer.text
    assert "Joseph" not in answer.text
    assert "Restore" not in answer.text


def test_the_message_is_made_only_of_what_is_so(page: Page, make_record: Make) -> None:
    made, person = make_record(name="Joseph D’Souza"), page("editor")
    for address in (f"/records?done=deleted&record={made.id}", "/records?done=deleted&record=x", "/records?done=won"):
        assert "rr-flash-ok" not in person.get(address).text.partition("<template")[0]
    gone = "00000000-0000-7000-8000-000000000001"
    assert person.get(f"/records?done=deleted&record={gone}").status_code == 200


def test_a_made_up_address_tells_nobody_who_was_deleted(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(name="Joseph D’Souza"), page("viewer")
    api("editor").delete(f"/users/{made.id}")
    for deed in ("created", "brought-back", "saved", "restored", "deleted"):
        assert "Joseph" not in person.get(f"/records?done={deed}&record={made.id}").text, deed


def test_recently_deleted_lists_who_when_why_and_how_long(page: Page, api: Api, make_record: Make) -> None:
    mine, theirs, person = make_record(name="Ravi A"), make_record(name="Ravi B"), page("editor")
    person.submit(f"/records/{mine.id}/delete", delete_why="twice")
    api("editor").delete(f"/users/{theirs.id}")
    assert "Ravi B" not in person.get("/records/trash?by=me").text
    assert "You have deleted nothing" in page("editor").get("/records/trash?by=me").text
    listed = person.get("/records/trash")
    assert listed.text.index("Ravi B") < listed.text.index("Ravi A")
    for words in ("2 people", "Registered twice", "You", "365 days"):
        assert words in listed.text
    assert press(person, listed, f"/{theirs.id}/restore").status_code == 303
    assert "1 person" in person.get("/records/trash").text


@time_machine.travel("2026-11-20T19:00:00Z")
def test_a_year_is_counted_from_the_day_it_is_in_the_office(page: Page, make_record: Make) -> None:
    made, person = make_record(), page("editor")
    assert "undo this until 21 Nov 2027" in person.get(f"/records/{made.id}/delete").text
    person.submit(f"/records/{made.id}/delete", delete_why="twice")
    assert "365 days" in person.get("/records/trash").text
    assert "restored until 21 Nov 2027" in person.get(f"/records/{made.id}").text
    assert "21 Nov 2027" in person.get(f"/records?done=deleted&record={made.id}").text


def test_an_empty_list_of_the_deleted_says_so(page: Page) -> None:
    assert "Nothing was deleted" in page("editor").get("/records/trash").text
    assert page("viewer").get("/records/trash").status_code == 403


@pytest.mark.parametrize("ending", ["edit", "delete", "reveal"])
def test_every_page_of_a_deleted_record_says_so(page: Page, api: Api, make_record: Make, ending: str) -> None:
    made = make_record()
    api("editor").delete(f"/users/{made.id}")
    answer = page("supervisor").get(f"/records/{made.id}/{ending}")
    assert answer.status_code == 410
    assert "Restore" in answer.text


def test_an_address_that_forms_are_sent_to_leads_on_when_it_is_loaded_again(page: Page, make_record: Make) -> None:
    made, person = make_record(), page("viewer")
    for ending in ("restore", "edit/merge", "edit/restore"):
        assert person.get(f"/records/{made.id}/{ending}").headers["Location"] == f"/records/{made.id}"
    assert person.get("/records/search").headers["Location"] == "/records"


@pytest.mark.parametrize(
    ("deleted_on", "until", "left"),
    [
        (date(2026, 11, 21), date(2027, 11, 21), 365),
        (date(2028, 2, 29), date(2029, 2, 28), 365),
        (date(2020, 1, 1), date(2021, 1, 1), 0),
    ],
)
def test_a_deleted_record_is_kept_for_a_year(deleted_on: date, until: date, left: int) -> None:
    assert kept_until(deleted_on) == until
    assert days_left(deleted_on, max(deleted_on, date(2026, 11, 21))) == left


def test_a_record_deleted_and_brought_back_meanwhile_is_left_alone(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(), page("editor")
    api("editor").delete(f"/users/{made.id}")
    form = next(f for f in PageReader(person.get(f"/records/{made.id}").text).forms if f.action.endswith("/restore"))
    api("editor").post(f"/users/{made.id}/restore")
    answer = person.client.post(form.action, data=form.values)
    assert answer.headers["Location"] == f"/records/{made.id}?done=restored"
    assert actions(api, made) == ["restored", "deleted", "created"]


def test_several_come_back_at_once_each_on_its_own(page: Page, api: Api, make_record: Make) -> None:
    people, other, person = [make_record() for _ in range(3)], api("editor"), page("editor")
    for one in people:
        other.delete(f"/users/{one.id}")
    other.post("/users/", json=record_input(email=people[0].values["email"]))
    other.post(f"/users/{people[1].id}/restore")
    ids = [str(one.id) for one in people]
    answer = person.post("/records/trash/restore", {"selected": [*ids, "x"], "idempotency_key": "several"})
    assert answer.headers["Location"] == "/records/trash?back=2&left=1"
    shown = person.get(answer.headers["Location"]).text
    assert "2 people are back, 1 person was not: their email or mobile now belongs to another record." in shown
    assert actions(api, people[1]) == actions(api, people[2]) == ["restored", "deleted", "created"]
    assert actions(api, people[0]) == ["deleted", "created"]
    assert "1 person is back." in person.get("/records/trash?back=1").text
    assert person.post("/records/trash/restore").headers["Location"] == "/records/trash"
