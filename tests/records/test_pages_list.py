"""The list of people: its address is its state, and numbers stand in no address."""

from collections.abc import Callable

import pytest

from tests.browsing import JsonClient, Person
from tests.factories import MadeRecord, aadhaar

Make = Callable[..., MadeRecord]
Page = Callable[..., Person]


def test_the_start_page_leads_to_the_list(page: Page) -> None:
    assert page("viewer").get("/").headers["Location"] == "/records"


def test_the_list_shows_names_and_masks_and_no_number(page: Page, make_record: Make) -> None:
    made = make_record(name="Ananya Deshpande")
    html = page("viewer").get("/records").text
    assert "Ananya Deshpande" in html
    assert made.values["aadhaar"] not in html
    assert made.values["pan"] not in html
    assert f"XXXX XXXX {made.values['aadhaar'][-4:]}" in html


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("created_from=%202026-11-20", "Added from: 20 Nov 2026"),
        ("created_from=2026-11-20T20:00:00Z", "Added from: 21 Nov 2026"),
        ("created_to=2026-11-20", "Added to: 20 Nov 2026"),
    ],
)
def test_a_filter_by_date_is_named_by_the_day_it_is_in_the_office(page: Page, asked: str, words: str) -> None:
    answer = page("viewer").get(f"/records?{asked}")
    assert answer.status_code == 200
    assert words in answer.text


@pytest.mark.parametrize("asked", ["created_from=9999-12-31T23:00:00Z", "created_to=0001-01-01T00:00:00Z"])
def test_a_moment_whose_day_in_the_office_cannot_be_named_is_left_out(page: Page, asked: str) -> None:
    answer = page("viewer").get(f"/records?{asked}")
    assert answer.status_code == 200
    assert "Remove filter Added" not in answer.text
    assert "Added from:" not in answer.text
    assert "Added to:" not in answer.text


def test_an_empty_room_says_what_to_do(page: Page) -> None:
    assert "Add the first person." in page("editor").get("/records").text
    assert 'href="/records/new"' not in page("viewer").get("/records").text


def test_plain_text_is_searched_by_address(page: Page, make_record: Make) -> None:
    make_record(name="Ravi Shankar")
    make_record(name="Meena Iyer")
    person = page("viewer")
    answer = person.post("/records/search", {"q": "ravi"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/records?q=ravi")
    html = person.get("/records?q=ravi").text
    assert "<mark>Ravi</mark> Shankar" in html
    assert "Meena" not in html
    assert "1 person found" in html


def test_nothing_typed_leads_to_the_whole_list(page: Page) -> None:
    assert page("viewer").post("/records/search", {"q": "  "}).headers["Location"] == "/records"


def test_an_aadhaar_is_answered_in_place_and_put_on_record(
    page: Page, api: Callable[..., JsonClient], make_record: Make
) -> None:
    made = make_record(name="Ravi Shankar")
    number = made.values["aadhaar"]
    answer = page("viewer").post("/records/search", {"q": f"{number[:4]} {number[4:8]} {number[8:]}"})
    assert answer.status_code == 200
    assert "1 person found by Aadhaar." in answer.text
    assert "Aadhaar matched" in answer.text
    assert number not in answer.text.replace(" ", "")
    assert answer.headers["Cache-Control"] == "no-store"
    history = api("admin").get(f"/users/{made.id}/history").json["data"]
    assert history[0]["action"] == "records.searched"


@pytest.mark.parametrize(("field", "words"), [("pan", "PAN matched"), ("primary_mobile", "Mobile matched")])
def test_a_pan_or_a_mobile_finds_its_record(page: Page, make_record: Make, field: str, words: str) -> None:
    made = make_record()
    answer = page("viewer").post("/records/search", {"q": made.values[field]})
    assert words in answer.text


def test_a_number_nobody_has_finds_nobody(page: Page) -> None:
    answer = page("viewer").post("/records/search", {"q": aadhaar(999_999_999)})
    assert "No people found by Aadhaar." in answer.text


def test_part_of_an_email_is_answered_in_place(page: Page, make_record: Make) -> None:
    make_record(email="ravi.unusual@example.com")
    answer = page("viewer").post("/records/search", {"q": "unusual@"})
    assert answer.status_code == 200
    assert "<mark>unusual@</mark>" in answer.text


def test_a_number_in_the_address_is_not_searched(page: Page, make_record: Make) -> None:
    made = make_record()
    answer = page("viewer").get(f"/records?q={made.values['aadhaar']}&sort=name")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/records?sort=name&done=kept-out"


def test_a_text_that_cannot_be_searched_is_said(page: Page) -> None:
    answer = page("viewer").post("/records/search", {"q": "9" * 200})
    assert answer.status_code == 200
    assert "at most 100 characters" in answer.text


def test_filters_are_chips_with_a_way_out(page: Page, make_record: Make) -> None:
    make_record(name="Asha Active")
    make_record(name="Indu Inactive", is_active=False)
    html = page("viewer").get("/records?is_active=false&created_from=2020-01-01&q=in").text
    assert "<mark>In</mark>du" in html
    assert "Asha" not in html
    assert "Status: inactive" in html
    assert "Added from: 1 Jan 2020" in html
    assert "Remove filter: " in html
    assert "Clear all" in html
    assert 'href="/records?q=in&amp;created_from=2020-01-01"' in html


def test_no_match_says_how_to_find_more(page: Page) -> None:
    html = page("editor").get("/records?q=nobody&is_active=true").text
    assert "No people match “nobody” with these filters" in html
    assert "deleted=include" in html
    assert "No people match these filters" in page("viewer").get("/records?is_active=true").text


def test_wrong_parameters_are_left_out(page: Page, make_record: Make) -> None:
    make_record(name="Asha Verma")
    assert "Asha Verma" in page("viewer").get("/records?sort=pan&page=x&is_active=maybe&colour=red").text


def test_the_order_is_told_at_its_header_and_survives_paging(page: Page, make_record: Make) -> None:
    for letter in "CABDEFGHIJKLM":
        make_record(name=f"Person {letter}")
    html = page("viewer").get("/records?sort=name").text
    assert 'aria-sort="ascending"' in html
    assert html.index("Person A") < html.index("Person B")
    assert 'href="/records?sort=name&amp;page=2"' in html
    assert 'href="/records?sort=-name"' in html
    assert "1–10 of 13" in html


def test_a_page_past_the_end_leads_to_the_last_one(page: Page, make_record: Make) -> None:
    make_record()
    assert page("viewer").get("/records?page=9").headers["Location"] == "/records"


def test_deleted_people_are_listed_only_for_who_may_restore(page: Page) -> None:
    assert page("viewer").get("/records?deleted=include").status_code == 403
    assert page("editor").get("/records?deleted=include").status_code == 200


def test_htmx_gets_the_results_and_everybody_else_the_page(page: Page, make_record: Make) -> None:
    make_record(name="Asha Verma")
    person = page("viewer")
    part = person.get("/records?q=asha", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div id="results">')
    back = person.get("/records?q=asha", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<!doctype html>" in back.text
    for answer in (part, back):
        assert "HX-Request" in answer.headers["Vary"]
        assert answer.headers["Cache-Control"] == "no-store"


def test_htmx_gets_any_search_in_place(page: Page, make_record: Make) -> None:
    make_record(name="Asha Verma")
    person = page("viewer")
    answer = person.post("/records/search", {"q": "asha"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert '<div id="results">' in answer.text


def test_one_steps_from_person_to_person_through_the_list(page: Page, make_record: Make) -> None:
    people = [make_record(name=f"Ravi {letter}") for letter in "ABC"]
    person = page("viewer")
    html = person.get(f"/records/{people[1].id}?q=ravi&sort=name&row=2&of=3").text
    assert "2 of 3" in html
    answer = person.get("/records/row?q=ravi&sort=name&row=3")
    assert answer.headers["Location"] == f"/records/{people[2].id}?q=ravi&sort=name&row=3&of=3"
    assert person.get("/records/row?q=ravi&row=99").headers["Location"] == "/records?q=ravi"


def test_the_way_back_leads_to_the_same_row(page: Page, make_record: Make) -> None:
    made = make_record(name="Ravi A")
    person = page("viewer")
    back = f"/records?q=ravi&amp;page=2&amp;at={made.id}"
    assert back in person.get(f"/records/{made.id}?q=ravi&page=2&row=11&of=11").text
    assert "data-focus" in person.get(f"/records?q=ravi&at={made.id}").text


def test_stored_markup_is_inert(page: Page, make_record: Make) -> None:
    make_record(name="<b hx-get='/x'>Ravi</b> {{7*7}}")
    html = page("viewer").get("/records?q=ravi").text
    assert "<b hx-get" not in html
    assert "{{7*7}}" in html
