"""Corrections on the pages, without scripts: asked for at the record or on the own profile, decided on a list."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask

from tests.browsing import JsonClient, Person, messages
from tests.doors import as_boxes
from tests.factories import MadeAccount, MadeRecord, record_input
from tests.privacy.corrections import FIELDS, WHY, ask, other_value, shown
from tests.privacy.seen import NUMBERS, assert_unseen, traces
from tests.records.partner import execute

Make = Callable[..., MadeRecord]
Page = Callable[..., Person]
Api = Callable[..., JsonClient]
OWN = "/settings/profile/correction"
LIST = "/corrections"


def address(made: MadeRecord, field: str) -> str:
    return f"/records/{made.id}/corrections/new?field={field}"


@pytest.mark.parametrize("field", FIELDS)
def test_asked_for_at_the_record_and_approved_on_the_list(page: Page, api: Api, make_record: Make, field: str) -> None:
    made, editor, supervisor, value = make_record(), page("editor"), page("supervisor"), other_value(field)
    record = f"/records/{made.id}"
    assert address(made, field) in editor.get(record).text
    asked = editor.submit(address(made, field), **as_boxes({field: value}), reason=WHY)
    assert (asked.status_code, asked.location) == (303, f"{record}?done=correction-asked")
    now = editor.get(asked.location)
    assert "Your request is saved" in now.text
    assert "Correction waiting" in now.text
    assert address(made, field) not in now.text
    waiting = api("supervisor").get("/corrections").json["data"][0]
    assert (waiting["field"], waiting["value"], waiting["reason"]) == (field, shown(field, value), WHY)
    done = supervisor.submit(LIST, f"{LIST}/{waiting['id']}/approve")
    assert done.status_code == 303
    after = supervisor.get(done.location)
    assert "Approved." in after.text
    assert "All corrections are decided" in after.text
    assert api("viewer").get(f"/users/{made.id}").json[field] == shown(field, value)
    approved = supervisor.get(f"{LIST}?status=approved").text
    assert "Approved by you" in approved.replace("<bdi>", "").replace("</bdi>", "")
    assert "<del" in approved


@pytest.mark.parametrize(
    ("field", "value"),
    [("aadhaar", "2341"), ("pan", "ABCCE1234F"), ("date_of_birth", "2020-01-01"), ("place_of_birth", "x")],
)
def test_what_is_wrong_stands_at_the_field_in_the_words_of_json(
    page: Page, api: Api, make_record: Make, field: str, value: str
) -> None:
    made, person = make_record(), page("editor")
    refused = person.submit(address(made, field), **as_boxes({field: value}), reason="abcd")
    by_json = api("editor").post(
        f"/users/{made.id}/corrections", json={"field": field, "value": value, "reason": "abcd"}
    )
    assert (refused.status_code, by_json.status_code) == (422, 422)
    said, told = messages(refused), messages(by_json)
    assert (said[field], said["reason"]) == (told["value"], told["reason"])
    assert "abcd</textarea>" in refused.text
    assert api("supervisor").get("/corrections").json["total"] == 0


@pytest.mark.parametrize("field", NUMBERS)
def test_a_taken_number_is_told_at_its_box(page: Page, make_record: Make, field: str) -> None:
    made, other = make_record(), make_record()
    refused = page("editor").submit(address(made, field), **{field: other.values[field]}, reason=WHY)
    assert refused.status_code == 409
    assert "Another record has this" in messages(refused)[field]
    assert str(other.id) not in refused.text


def test_a_field_waits_once(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(), page("editor")
    form = person.form(address(made, "place_of_birth"))
    ask(api("editor"), made, "place_of_birth", "Jalandhar")
    assert "A correction of this waits already" in person.get(address(made, "place_of_birth")).text
    late = person.client.post(
        address(made, "place_of_birth"), data={**form.values, "place_of_birth": "Pune", "reason": WHY}
    )
    assert late.status_code == 422
    assert "A correction of this waits already" in late.text
    assert api("supervisor").get("/corrections").json["total"] == 1


@pytest.mark.parametrize(
    ("role", "asks", "decides"), [("viewer", False, False), ("editor", True, False), ("supervisor", True, True)]
)
def test_each_role_sees_what_it_may_do(
    page: Page, api: Api, make_record: Make, role: str, asks: bool, decides: bool
) -> None:
    made, person = make_record(), page(role)
    waiting = ask(api("editor"), made, "pan", record_input()["pan"]).json["id"]
    shown_page = person.get(f"/records/{made.id}").text
    assert "Correction waiting" in shown_page
    assert (address(made, "aadhaar") in shown_page) == asks
    assert (f'href="{LIST}"' in shown_page) == decides
    assert ("rr-menu-count" in shown_page) == decides
    assert person.get(address(made, "aadhaar")).status_code == (200 if asks else 403)
    assert person.post(address(made, "aadhaar"), {}).status_code == (422 if asks else 403)
    assert person.get(LIST).status_code == (200 if decides else 403)
    for what in ("approve", "reject", "reveal"):
        got = person.get(f"{LIST}/{waiting}/{what}").status_code
        assert got == ({"approve": 303}.get(what, 200) if decides else 403)
        assert decides or person.post(f"{LIST}/{waiting}/{what}", {"reason": WHY}).status_code == 403


def test_the_own_request_has_no_buttons_and_cannot_be_decided(page: Page, make_record: Make) -> None:
    made, person = make_record(), page("supervisor")
    person.submit(address(made, "place_of_birth"), place_of_birth="Jalandhar", reason=WHY)
    listed = person.get(LIST).text
    assert "You asked for this. Another supervisor decides." in listed
    assert "/approve" not in listed
    card = listed.partition('id="c-')[2][:36]
    for what in ("approve", "reject"):
        refused = person.post(f"{LIST}/{card}/{what}", {"reason": WHY})
        assert refused.status_code == 403
        assert "Another person decides it" in refused.text
    assert person.get(f"{LIST}/{card}/reject").status_code == 403


def test_a_rejection_needs_a_reason_and_keeps_the_record(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(), page("supervisor")
    one = ask(api("editor"), made, "place_of_birth", "Jalandhar").json["id"]
    refused = person.submit(f"{LIST}/{one}/reject", reason=" ")
    assert (refused.status_code, messages(refused)) == (422, {"reason": "Write the reason"})
    done = person.submit(f"{LIST}/{one}/reject", reason="The certificate says Nagpur")
    assert done.status_code == 303
    rejected = person.get(f"{LIST}?status=rejected").text
    assert "The certificate says Nagpur" in rejected
    assert api("viewer").get(f"/users/{made.id}").json["version"] == str(made.version)
    story = person.get(f"/records/{made.id}/history").text
    assert "Correction rejected: Place of birth" in story
    assert "Correction requested" in story


@pytest.mark.parametrize("what", ["approve", "reject"])
def test_decided_meanwhile_says_by_whom(
    page: Page, api: Api, make_record: Make, make_account: Callable[..., MadeAccount], what: str
) -> None:
    made, person = make_record(), page("supervisor")
    one = ask(api("editor"), made, "place_of_birth", "Jalandhar").json["id"]
    api(account=make_account("supervisor", full_name="Kavita Rao")).post(f"/corrections/{one}/approve")
    for late in (person.post(f"{LIST}/{one}/{what}", {"reason": WHY}), person.get(f"{LIST}/{one}/reject")):
        assert late.status_code == 409
        assert "Kavita Rao approved this at " in late.text


def test_what_cannot_be_approved_says_why_and_tells_no_number(page: Page, api: Api, make_record: Make) -> None:
    made, person, right = make_record(), page("supervisor"), record_input()["aadhaar"]
    one = ask(api("editor"), made, "aadhaar", right).json["id"]
    other = make_record(aadhaar=right)
    refused = person.submit(LIST, f"{LIST}/{one}/approve")
    assert refused.status_code == 409
    assert "Not approved. Aadhaar: Another record has this Aadhaar." in refused.text
    assert_unseen(traces([made.values, other.values], NUMBERS, hashed=False), refused.data, "the list")


@pytest.mark.parametrize("field", NUMBERS)
def test_both_numbers_are_seen_with_a_reason_on_record(page: Page, api: Api, make_record: Make, field: str) -> None:
    made, person, right = make_record(), page("supervisor"), record_input()[field]
    one = ask(api("editor"), made, field, right).json["id"]
    form = person.form(f"{LIST}/{one}/reveal")
    assert form.values["reason"] == "Deciding a correction"
    assert person.submit(f"{LIST}/{one}/reveal", reason="").status_code == 422
    seen = person.submit(f"{LIST}/{one}/reveal")
    assert (seen.status_code, seen.headers["Cache-Control"]) == (200, "no-store")
    digits = seen.text.replace(" ", "")
    assert right in digits
    assert made.values[field] in digits
    assert made.values[NUMBERS[field == "aadhaar"]] not in digits
    entry = api("supervisor").get(f"/users/{made.id}/history").json["data"][0]
    assert (entry["action"], entry["reason"]) == ("record.revealed", "Deciding a correction")
    assert [change["field"] for change in entry["changes"]] == [field]
    api("admin").post(f"/corrections/{one}/reject", json={"reason": WHY})
    assert person.get(f"{LIST}/{one}/reveal").status_code == 404
    assert person.post(f"{LIST}/{one}/reveal", {"reason": WHY}).status_code == 404


def test_numbers_are_seen_after_a_fresh_proof_only(app: Flask, page: Page, api: Api, make_record: Make) -> None:
    made, person, right = make_record(), page("supervisor"), record_input()["pan"]
    path = f"{LIST}/{ask(api('editor'), made, 'pan', right).json['id']}/reveal"
    execute(app, "UPDATE sessions SET proven_at = NULL")
    assert person.get(path).location.startswith("/login/again")
    asked = person.post(path, {"reason": WHY})
    assert_unseen(traces([made.values, {"pan": right}], ("pan",), hashed=False), asked.data, "the question")


def test_where_there_is_no_number_there_is_nothing_to_reveal(page: Page, api: Api, make_record: Make) -> None:
    one = ask(api("editor"), make_record(), "date_of_birth", "1979-12-07").json["id"]
    person = page("supervisor")
    assert "Reveal to check" not in person.get(LIST).text
    assert person.post(f"{LIST}/{one}/reveal", {"reason": WHY}).status_code == 404


def test_no_page_of_corrections_holds_a_full_number(page: Page, api: Api, make_record: Make) -> None:
    made, right, person = make_record(), record_input(), page("supervisor")
    ids = [ask(api("editor"), made, field, right[field]).json["id"] for field in NUMBERS]
    forbidden = traces([made.values, right], NUMBERS, hashed=True)
    pages = [LIST, *(f"{LIST}/{one}/{what}" for one in ids for what in ("reject", "reveal"))]
    api("admin").post(f"/corrections/{ids[0]}/approve")
    pages += [f"{LIST}?status=approved", f"/records/{made.id}", f"/records/{made.id}/history"]
    for path in (*pages, *(address(made, field) for field in FIELDS)):
        assert_unseen(forbidden, person.get(path).data, path)


def test_addresses_that_lead_nowhere(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(), page("admin")
    for path in (f"/records/{made.id}/corrections/new", address(made, "email"), f"{LIST}/{uuid4()}/reject"):
        assert person.get(path).status_code == 404
        assert person.post(path, {"reason": WHY}).status_code == 404
    api("editor").delete(f"/users/{made.id}")
    for answer in (person.get(address(made, "pan")), person.post(address(made, "pan"), {"reason": WHY})):
        assert answer.status_code == 410


def test_pages_of_the_list_are_walked(page: Page, api: Api, make_record: Make) -> None:
    editor, made, person = api("editor"), make_record(), page("supervisor")
    ids = [ask(editor, made, "place_of_birth", f"Jalandhar {number}").json["id"] for number in range(11)]
    first, second = person.get(LIST).text, person.get(f"{LIST}?page=2").text
    assert [one for one in ids if f"c-{one}" in first] == ids[1:]
    assert [one for one in ids if f"c-{one}" in second] == ids[:1]
    assert "11 waiting" in first


# --- the own record ------------------------------------------------------------------------------------------------


def test_a_member_asks_for_the_own_record(
    page: Page, api: Api, make_record: Make, make_account: Callable[..., MadeAccount]
) -> None:
    account = make_account("member", full_name="Meena Iyer")
    made, person = make_record(email=account.email), page(account=account)
    assert f"{OWN}?field=date_of_birth" in person.get("/settings/profile").text
    asked = person.submit(f"{OWN}?field=date_of_birth", **as_boxes({"date_of_birth": "1979-12-07"}), reason=WHY)
    assert (asked.status_code, asked.location) == (303, "/settings/profile")
    profile = person.get("/settings/profile").text
    assert "Your request is saved" in profile
    assert "Correction waiting" in profile
    assert f"{OWN}?field=date_of_birth" not in profile
    listed = api("supervisor").get("/corrections").json["data"][0]
    assert (listed["user_id"], listed["requested_by"]) == (str(made.id), str(account.id))
    assert api("supervisor").post(f"/corrections/{listed['id']}/approve").status_code == 200
    assert "7 Dec 1979" in person.get("/settings/profile").text


def test_a_member_reaches_no_other_record(page: Page, api: Api, make_record: Make) -> None:
    made, person = make_record(), page("member")
    for path in (f"{OWN}?field=pan", f"{OWN}?field=pan&record_id={made.id}"):
        assert person.get(path).status_code == 404
        assert person.post(path, {"pan": record_input()["pan"], "reason": WHY}).status_code == 404
    assert person.get(address(made, "pan")).status_code == 403
    assert person.post(address(made, "pan"), {"pan": record_input()["pan"], "reason": WHY}).status_code == 403
    assert api("supervisor").get("/corrections").json["total"] == 0


def test_a_member_is_not_told_whose_number_it_is(
    page: Page, api: Api, make_record: Make, make_account: Callable[..., MadeAccount]
) -> None:
    account, other, supervisor = make_account("member"), make_record(), api("supervisor")
    make_record(email=account.email)
    person = page(account=account)
    free = person.submit(f"{OWN}?field=pan", pan=record_input()["pan"], reason=WHY)
    taken = person.submit(f"{OWN}?field=aadhaar", aadhaar=other.values["aadhaar"], reason=WHY)
    assert (taken.status_code, taken.location) == (free.status_code, free.location) == (303, "/settings/profile")
    one = next(row for row in supervisor.get("/corrections").json["data"] if row["field"] == "aadhaar")
    assert supervisor.post(f"/corrections/{one['id']}/approve").json["code"] == "DUPLICATE_AADHAAR"


def test_a_supervisor_does_not_approve_what_they_asked_for_as_a_person(
    page: Page, api: Api, make_record: Make, make_account: Callable[..., MadeAccount]
) -> None:
    account = make_account("supervisor")
    make_record(email=account.email)
    person = page(account=account)
    person.submit(f"{OWN}?field=place_of_birth", place_of_birth="Jalandhar", reason=WHY)
    one = api("admin").get("/corrections").json["data"][0]["id"]
    assert person.post(f"{LIST}/{one}/approve").status_code == 403
