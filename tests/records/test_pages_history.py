"""One record's page and its story: who did what, when and why; numbers masked, views left out."""

from collections.abc import Callable

import pytest

from tests.browsing import JsonClient, Person
from tests.factories import MadeRecord

Make = Callable[..., MadeRecord]
Page = Callable[..., Person]
Api = Callable[..., JsonClient]


def test_each_change_is_told_field_by_field(page: Page, make_record: Make) -> None:
    made, person = make_record(secondary_mobile="9876543290"), page("supervisor")
    person.submit(f"/records/{made.id}/edit", name="Usha Rao", secondary_mobile="")
    person.submit(f"/records/{made.id}/reveal", fields="aadhaar", reveal_why="legal", reveal_note="")
    person.get(f"/records/{made.id}")
    person.post("/records/search", {"q": made.values["pan"]})
    html = person.get(f"/records/{made.id}/history").text
    assert "Searched by PAN" in html
    assert "4 entries, newest first, times in IST" in html
    for words in ("<del>Asha Verma</del>", "<ins>Usha Rao</ins>", "<del>98765 43290</del>", "Record updated"):
        assert words in html
    assert "“Legal or audit request”" in html
    assert "Aadhaar revealed" in html
    assert "Record created" in html
    assert "You · screen" in html
    assert "viewed" not in html
    assert 'datetime="20' in html
    assert made.values["aadhaar"] not in html
    assert made.values["pan"] not in html


def test_the_story_has_pages(page: Page, api: Api, make_record: Make) -> None:
    made, other = make_record(), api("editor")
    for number in range(11):
        other.patch(f"/users/{made.id}", json={"name": f"Asha {'x' * number} Verma"})
    html = page("editor").get(f"/records/{made.id}/history?page=2").text
    assert "11–12 of 12" in html
    assert "12 fields filled in" in html or "fields filled in" in html


def test_who_only_reads_records_reads_no_history(page: Page, make_record: Make) -> None:
    made, person = make_record(), page("viewer")
    assert person.get(f"/records/{made.id}/history").status_code == 403
    html = person.get(f"/records/{made.id}").text
    assert "Timeline" not in html
    assert "History" not in html


def test_a_page_shows_only_what_its_reader_may_do(page: Page, make_record: Make) -> None:
    made = make_record()
    expected = {
        "viewer": set(),
        "editor": {"Edit", "Delete", "History"},
        "supervisor": {"Edit", "Delete", "History", "Reveal numbers"},
    }
    for role, buttons in expected.items():
        html = page(role).get(f"/records/{made.id}").text
        shown = {words for words in ("Edit", "Delete", "History", "Reveal numbers") if f"</svg>{words}</a>" in html}
        assert shown == buttons


def test_a_member_may_not_come_in(page: Page, make_record: Make) -> None:
    made, person = make_record(), page("member")
    for path in ("/records", f"/records/{made.id}", "/records/new", "/records/trash"):
        answer = person.get(path)
        assert answer.status_code == 403
        assert "You cannot open this page" in answer.text


@pytest.mark.parametrize("path", ["", "/edit", "/history", "/reveal", "/delete"])
def test_no_page_names_the_person_in_its_title_or_stays_in_a_cache(page: Page, make_record: Make, path: str) -> None:
    made = make_record(name="Meenakshi Sundaram")
    answer = page("admin").get(f"/records/{made.id}{path}")
    title = answer.text.partition("<title>")[2].partition("</title>")[0]
    assert "Meenakshi" not in title
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Meenakshi" not in str(answer.headers)


@pytest.mark.parametrize("path", ["nonsense", "00000000-0000-7000-8000-000000000001"])
def test_what_is_no_record_is_not_found(page: Page, path: str) -> None:
    answer = page("viewer").get(f"/records/{path}")
    assert answer.status_code == 404
    assert "We cannot find this page" in answer.text


def test_opening_a_record_is_noted(app: object, page: Page, make_record: Make, api: Api) -> None:
    made = make_record()
    page("viewer").get(f"/records/{made.id}")
    app.extensions["views"].later.flush()  # type: ignore[attr-defined]
    entries = api("admin").get(f"/audit?subject_id={made.id}").json["data"]
    assert [entry["action"] for entry in entries] == ["record.viewed", "record.created"]
    assert entries[0]["channel"] == "screen"
