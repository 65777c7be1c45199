"""Both searches: a part of a name or e-mail, a whole reference, and in a body a whole number."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.browsing import JsonClient
from tests.factories import MadeRecord
from tests.records.partner import codes, count, execute

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]


@pytest.fixture(params=["get", "post"])
def search(request: pytest.FixtureRequest, api: Api) -> Callable[..., list[str]]:
    """Search by the address or by the body, and return the names that were found."""
    viewer = api("viewer")

    def find(q: str, **more: object) -> list[str]:
        asked = {"q": q, **more}
        answer = (
            viewer.get("/users/search/", query_string=asked)
            if request.param == "get"
            else viewer.post("/users/search/", json=asked)
        )
        assert answer.status_code == 200, answer.text
        assert answer.json["total"] == len(answer.json["data"])
        return sorted(record["name"] for record in answer.json["data"])

    return find


Search = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("name", "found_by", "not_by"),
    [
        ("Ravi Kumar Sharma", ["ravi", "RAVI", "avi", "ar sh", "mar", "vi Kumar Sh"], ["ravi sharma", "kumarr"]),
        (
            "Venkatanarasimharajuvaripeta Rao",
            ["venkatanarasimharaju", "narasimharajuvaripeta", "ripeta", "peta rao"],
            ["venkatanarasimharajah"],
        ),
        ("आशा वर्मा", ["आशा", "शा", "वर्मा", "शा वर्"], ["आशi"]),
        ("தமிழ்ச்செல்வி முருகன்", ["செல்வி", "தமிழ்", "முருகன்"], ["செல்வா"]),
        ("অর্চনা চট্টোপাধ্যায়", ["চট্টো", "পাধ্যায়", "অর্চনা"], ["চট্টাই"]),
        ("അനിൽ കുമാർ", ["അനിൽ", "നിൽ", "കുമാ"], ["അനീൽ"]),
        ("José D'Souza", ["josé", "JOSÉ", "d'souza", "souza", "é d'"], ["jose", "dsouza"]),
        ("Jürgen Weiß", ["weiß", "WEISS", "weiss", "jürgen"], ["jurgen", "weisz"]),
        ("İpek Işık", ["işık", "pek"], ["isik", "ışık"]),
        ("100% Pure_Name", ["100%", "0% p", "pure_name", "e_n"], ["100_", "pure%name", "0%%"]),
        ("Kelvin \u212aumar", ["kumar", "KUMAR"], ["gumar"]),
        ("A B C", ["a b", "b c"], ["a c", "ab"]),
        ("Anne-Marie O`Neil", ["anne-marie", "e-m", "o`n", "marie o"], ["annemarie"]),
    ],
)
def test_a_substring_finds_whatever_the_script(
    search: Search, make_record: Make, name: str, found_by: list[str], not_by: list[str]
) -> None:
    make_record(name=name)
    make_record(name="Somebody Else")
    assert {q: search(q) for q in found_by} == {q: [make_name(name)] for q in found_by}
    assert {q: search(q) for q in not_by} == {q: [] for q in not_by}


def make_name(name: str) -> str:
    return name.replace("\u212a", "K")


@pytest.mark.parametrize("q", ["ravi.kumar", "kumar@exa", "MPLE.co", "vi.ku", "@ex", "ravi.kumar@example.com"])
def test_a_part_of_an_email_finds(search: Search, make_record: Make, q: str) -> None:
    make_record(name="Ravi", email="Ravi.Kumar@example.com")
    make_record(name="Other", email="ravi_kumar@example.org")
    assert search(q) in (["Ravi"], ["Other", "Ravi"])
    assert "Ravi" in search(q)


@pytest.mark.parametrize(
    "q",
    [
        "' OR '1'='1",
        '" OR 1=1 --',
        "'; DROP TABLE user_records; --",
        "SLEEP(5)",
        "\\\\",
        "\\'",
        "${7*7}",
        "{{7*7}}",
        "%%",
        "__",
        "%' AND SLEEP(5) AND '",
        "(?:a+)+$",
        "*)(uid=*",
        "a" * 100,
        "💥💥",
        "\u0301\u0301a",
    ],
)
def test_what_looks_like_code_is_only_text(search: Search, make_record: Make, q: str) -> None:
    make_record(name="Asha")
    assert search(q) == []


def test_text_and_name_meet_in_one_unicode_form(search: Search, make_record: Make) -> None:
    make_record(name="Jose\u0301")
    make_record(name="ऩरेश")
    assert search("jos\u00e9") == search("jose\u0301") == ["José"]
    assert len(search("\u0928\u093cरेश")) == 1


def test_a_text_that_stands_twice_in_a_name_finds_its_record_once(search: Search, make_record: Make) -> None:
    make_record(name="Banani Banana", email="banana@banana.example")
    for q in ("an", "ana", "banan", "na", "ani b"):
        assert search(q) == ["Banani Banana"]


def test_the_text_is_trimmed_first(search: Search, make_record: Make) -> None:
    make_record(name="Asha Verma")
    assert search("  asha \u00a0") == ["Asha Verma"]


def test_a_search_never_matches_a_piece_of_a_number(search: Search, make_record: Make) -> None:
    made = make_record(name="Asha", email="asha@example.org", primary_mobile="9876543210")
    for piece in (made.values["aadhaar"][:6], made.values["aadhaar"][-4:], made.values["pan"][:5], "98765", "XXXX"):
        assert search(piece) == []


def test_a_reference_in_any_spelling_finds_its_record(search: Search, make_record: Make, api: Api) -> None:
    made = make_record(name="Asha")
    make_record(name="Other")
    reference = api("viewer").get(f"/users/{made.id}").json["reference"]
    for spelling in (
        reference,
        reference.lower(),
        reference.replace("-", ""),
        reference.replace("-", " "),
        f" {reference} ",
    ):
        assert search(spelling) == ["Asha"]


@pytest.mark.parametrize("field", ["aadhaar", "pan", "primary_mobile", "secondary_mobile"])
def test_a_whole_number_finds_its_record_in_the_body_and_never_in_the_address(
    api: Api, make_record: Make, app: Flask, field: str
) -> None:
    made = make_record(name="Asha", secondary_mobile="9812345670")
    make_record(name="Other")
    number, viewer = made.values[field], api("viewer")
    spellings = {
        "aadhaar": [number, f"{number[:4]} {number[4:8]} {number[8:]}", f"{number[:4]}-{number[4:8]}-{number[8:]}"],
        "pan": [number, number.lower(), f" {number} "],
    }.get(
        field,
        [number, f"+91 {number[:5]} {number[5:]}", f"0{number}", f"91-{number}", f"+91-{number[:3]}-{number[3:]}"],
    )
    for spelling in spellings:
        found = viewer.post("/users/search/", json={"q": spelling}).json["data"]
        assert [record["id"] for record in found] == [str(made.id)], spelling
        assert viewer.get("/users/search/", query_string={"q": spelling}).json["total"] == 0
    assert count(app, "audit_entries WHERE action = 'records.searched'") == len(spellings)


def test_a_search_by_number_is_on_record_without_the_number(api: Api, make_record: Make) -> None:
    made, viewer = make_record(), api("viewer")
    viewer.post("/users/search/", json={"q": made.values["aadhaar"]})
    viewer.post("/users/search/", json={"q": "asha"})
    entries = api("supervisor").get("/audit?action=records.searched").json["data"]
    assert len(entries) == 1
    assert [change["field"] for change in entries[0]["changes"]] == ["aadhaar"]
    assert entries[0]["actor_id"] == str(viewer.account and viewer.account.id)
    assert made.values["aadhaar"] not in str(entries)


def test_an_update_moves_a_record_in_the_search(search: Search, make_record: Make, api: Api) -> None:
    made = make_record(name="Asha Verma", email="first@example.net")
    api("editor").patch(f"/users/{made.id}", json={"name": "Asha Rao", "email": "second@example.net"})
    assert search("verma") == search("first") == []
    assert search("asha") == search("rao") == search("second") == search("example.net") == ["Asha Rao"]


def test_filters_order_and_pages_hold_in_a_search(api: Api, make_record: Make) -> None:
    for letter in "ABCDE":
        make_record(name=f"Asha {letter}", is_active=letter != "C")
    viewer = api("viewer")
    asked = {"q": "asha", "sort": "-name", "page_size": 2, "is_active": True}
    first = viewer.post("/users/search/", json=asked).json
    assert [record["name"][-1] for record in first["data"]] == ["E", "D"]
    assert (first["total"], first["total_pages"]) == (4, 2)
    rest = viewer.post("/users/search/", json={**asked, "cursor": first["next_cursor"]}).json
    assert [record["name"][-1] for record in rest["data"]] == ["B", "A"]
    assert (rest["page"], rest["next_cursor"]) == (None, None)
    by_address = viewer.get("/users/search/?q=asha&sort=-name&page_size=2&is_active=true&page=2")
    assert by_address.json["data"] == rest["data"]
    assert 'rel="prev"' in by_address.headers["Link"]


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({}, {"q": "REQUIRED"}),
        ({"q": ""}, {"q": "REQUIRED"}),
        ({"q": "  "}, {"q": "REQUIRED"}),
        ({"q": "a"}, {"q": "TOO_SHORT"}),
        ({"q": " a "}, {"q": "TOO_SHORT"}),
        ({"q": "a" * 101}, {"q": "TOO_LONG"}),
        ({"q": "asha", "page": 0}, {"page": "INVALID"}),
        ({"q": "asha", "foo": "1"}, {"foo": "UNKNOWN_FIELD"}),
        ({"q": "as\x00ha"}, {"q": "INVALID"}),
    ],
)
def test_a_wrong_search_is_named_at_both_doors(api: Api, asked: dict[str, object], wrong: dict[str, str]) -> None:
    viewer = api("viewer")
    for answer in (viewer.get("/users/search", query_string=asked), viewer.post("/users/search", json=asked)):
        assert (answer.status_code, codes(answer)) == (422, wrong)


def test_a_body_knows_types(api: Api) -> None:
    answer = api("viewer").post("/users/search/", json={"q": 12, "page": "1", "is_active": "true"})
    assert codes(answer) == {"q": "INVALID", "page": "INVALID", "is_active": "INVALID"}


def test_reindex_writes_the_search_anew(search: Search, make_record: Make, app: Flask) -> None:
    make_record(name="Asha Verma")
    execute(app, "DELETE FROM record_suffixes")
    assert search("verma") == []
    done = app.test_cli_runner().invoke(args=["records", "reindex"])
    assert (done.exit_code, done.stdout.strip()) == (0, "1 records indexed")
    assert search("verma") == ["Asha Verma"]
