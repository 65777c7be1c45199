"""GET /users/: pages, cursors, links, filters, order."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask

from tests.browsing import JsonClient
from tests.factories import MadeRecord
from tests.records.partner import codes, execute, key_with

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]


def links(header: str) -> dict[str, dict[str, str]]:
    found = re.findall(r'<([^>]*)>; rel="(\w+)"', header)
    return {rel: dict(parse_qsl(urlsplit(address).query)) for address, rel in found}


def names(answer: Any) -> list[str]:
    return [record["name"] for record in answer.json["data"]]


@pytest.fixture
def people(make_record: Make, app: Flask) -> list[MadeRecord]:
    """Save seven people, a day apart."""
    made = [make_record(name=f"Person {letter}") for letter in "ABCDEFG"]
    for day, record in enumerate(made, start=1):
        execute(
            app,
            "UPDATE user_records SET created_at = :at, updated_at = :at WHERE id = :id",
            at=f"2026-01-{day:02d} 12:00:00.000000",
            id=record.id.bytes,
        )
    return made


def test_an_empty_list_has_one_page_of_links(api: Api) -> None:
    answer = api("viewer").get("/users/")
    assert answer.json == {
        "total": 0,
        "page": 1,
        "page_size": 10,
        "total_pages": 0,
        "data": [],
        "next_cursor": None,
    }
    assert set(links(answer.headers["Link"])) == {"first", "last"}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("path", ["/users", "/users/"])
def test_the_newest_come_first(api: Api, path: str) -> None:
    answer = api("viewer").get(f"{path}?page_size=3")
    assert names(answer) == ["Person G", "Person F", "Person E"]
    assert (answer.json["total"], answer.json["total_pages"], answer.json["page_size"]) == (7, 3, 3)


@pytest.mark.usefixtures("people")
def test_links_lead_through_the_pages_and_keep_the_filters(api: Api) -> None:
    viewer = api("viewer")
    answer = viewer.get("/users/?page_size=3&page=2&is_active=true&sort=name")
    found = links(answer.headers["Link"])
    assert {rel: target["page"] for rel, target in found.items()} == {
        "first": "1",
        "prev": "1",
        "next": "3",
        "last": "3",
    }
    assert all((target["is_active"], target["sort"]) == ("true", "name") for target in found.values())
    assert names(viewer.get("/users/", query_string=found["next"])) == ["Person G"]


@pytest.mark.usefixtures("people")
def test_a_page_past_the_end_is_empty(api: Api) -> None:
    answer = api("viewer").get(f"/users/?page={2**53 - 1}&page_size=100")
    assert (answer.status_code, answer.json["data"], answer.json["total"]) == (200, [], 7)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    "sort", ["created_at", "-created_at", "name", "-name", "email", "-email", "updated_at", "-updated_at"]
)
def test_every_order_holds_on_pages_and_on_a_walk(api: Api, sort: str) -> None:
    viewer = api("viewer")
    whole = viewer.get(f"/users/?sort={sort}&page_size=100").json["data"]
    keys = [record[sort.removeprefix("-")] for record in whole]
    assert keys == sorted(keys, reverse=sort.startswith("-"))
    assert [record["id"] for record in walk(viewer, f"sort={sort}&page_size=2")] == [record["id"] for record in whole]


def walk(viewer: JsonClient, query: str, between: Callable[[], None] = lambda: None) -> list[dict[str, Any]]:
    """Follow next_cursor to the end, once the first page has come by number."""
    answer = viewer.get(f"/users/?{query}")
    found = list(answer.json["data"])
    while cursor := answer.json["next_cursor"]:
        between()
        answer = viewer.get("/users/", query_string={**dict(parse_qsl(query)), "cursor": cursor})
        assert answer.status_code == 200
        assert answer.json["page"] is None
        assert set(links(answer.headers.get("Link", ""))) == ({"next"} if answer.json["next_cursor"] else set())
        found += answer.json["data"]
    return found


def test_a_walk_shows_equal_keys_once_each(api: Api, make_record: Make, app: Flask) -> None:
    for _ in range(7):
        make_record(name="Same Name")
    execute(app, "UPDATE user_records SET created_at = '2026-01-01 00:00:00.000000'")
    for sort in ("created_at", "-created_at", "name", "-name"):
        found = walk(api("viewer"), f"sort={sort}&page_size=3")
        assert len({record["id"] for record in found}) == len(found) == 7


@pytest.mark.parametrize("sort", ["-created_at", "created_at"])
def test_a_walk_shows_every_record_that_was_there_throughout(
    api: Api, people: list[MadeRecord], make_record: Make, sort: str
) -> None:
    viewer, editor = api("viewer"), api("editor")
    doomed = iter([people[1], people[4], people[6]])

    def meanwhile() -> None:
        make_record()
        if (one := next(doomed, None)) is not None:
            editor.delete(f"/users/{one.id}")

    found = [record["id"] for record in walk(viewer, f"sort={sort}&page_size=2", meanwhile)]
    throughout = {str(people[place].id) for place in (0, 2, 3, 5)}
    assert throughout <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.usefixtures("people")
def test_a_cursor_belongs_to_its_list(api: Api) -> None:
    viewer = api("viewer")
    cursor = viewer.get("/users/?page_size=2&sort=name").json["next_cursor"]
    assert viewer.get("/users/", query_string={"sort": "name", "page_size": 3, "cursor": cursor}).status_code == 200
    for other in (
        {"sort": "-name", "cursor": cursor},
        {"sort": "name", "is_active": "true", "cursor": cursor},
        {"cursor": cursor},
        {"sort": "name", "cursor": cursor[:-2]},
        {"sort": "name", "cursor": "A" + cursor[1:]},
        {"sort": "name", "cursor": "nonsense"},
        {"sort": "name", "cursor": " "},
        {"sort": "name", "cursor": "é"},
        {"sort": "name", "page": 1, "cursor": cursor},
    ):
        answer = viewer.get("/users/", query_string=other)
        assert (answer.status_code, codes(answer)) == (422, {"cursor": "INVALID"}), other


@pytest.mark.usefixtures("people")
def test_a_cursor_shows_nothing_of_the_record_it_stands_on(api: Api) -> None:
    cursor = api("viewer").get("/users/?page_size=2&sort=email").json["next_cursor"]
    assert "asha" not in cursor
    assert re.fullmatch(r"[\w-]+", cursor)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("created_from=2026-01-03", "GFEDC"),
        ("created_to=2026-01-03", "CBA"),
        ("created_from=2026-01-03&created_to=2026-01-03", "C"),
        ("created_from=2026-01-03T12:00:00Z&created_to=2026-01-05T12:00:00Z", "DC"),
        ("created_from=2026-01-03T17:30:00%2B05:30", "GFEDC"),
        ("created_from=2026-01-03T17:30:00.000001%2B05:30", "GFED"),
        ("created_to=2026-01-01T12:00:00Z", ""),
        ("created_from=2026-01-05&created_to=2026-01-03", ""),
    ],
)
def test_records_are_found_by_when_they_were_made(api: Api, query: str, found: str) -> None:
    answer = api("viewer").get(f"/users/?{query}")
    assert answer.status_code == 200, answer.text
    assert "".join(name[-1] for name in names(answer)) == found
    assert answer.json["total"] == len(found)


def test_a_day_is_the_offices_day(api: Api, make_record: Make, app: Flask) -> None:
    make_record()
    execute(app, "UPDATE user_records SET created_at = '2026-01-01 18:45:00.000000'")
    viewer = api("viewer")
    assert viewer.get("/users/?created_from=2026-01-02").json["total"] == 1
    assert viewer.get("/users/?created_to=2026-01-01").json["total"] == 0


def test_filters_by_state(api: Api, make_record: Make, app: Flask) -> None:
    active, idle, gone = make_record(), make_record(is_active=False), make_record()
    execute(app, "UPDATE user_records SET email_verified = 1 WHERE id = :id", id=active.id.bytes)
    execute(app, "UPDATE user_records SET mobile_verified = 1 WHERE id = :id", id=idle.id.bytes)
    editor = api("editor")
    editor.delete(f"/users/{gone.id}")

    def ids(query: str) -> set[str]:
        return {record["id"] for record in editor.get(f"/users/?{query}").json["data"]}

    a, i, g = str(active.id), str(idle.id), str(gone.id)
    assert ids("is_active=true") == ids("email_verified=true") == {a}
    assert ids("is_active=false") == ids("mobile_verified=true") == {i}
    assert ids("email_verified=false&mobile_verified=false") == set()
    assert ids("deleted=include") == {a, i, g}
    assert ids("deleted=only") == ids("deleted=only&is_active=false") == {g}
    assert ids("deleted=exclude") == {a, i}


def test_deleted_records_are_listed_for_who_may_delete(api: Api, app: Flask) -> None:
    for caller in (api("viewer"), key_with(app, "records:read", "records:write")):
        for deleted in ("include", "only"):
            for path in ("/users/?", "/users/search/?q=asha&"):
                answer = caller.get(f"{path}deleted={deleted}")
                assert (answer.status_code, answer.json["code"]) == (403, "FORBIDDEN")
        assert caller.post("/users/search/", json={"q": "asha", "deleted": "only"}).status_code == 403


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("page=0", "page", "INVALID"),
        ("page=-1", "page", "INVALID"),
        ("page=x", "page", "INVALID"),
        ("page=1.5", "page", "INVALID"),
        ("page=", "page", "REQUIRED"),
        (f"page={2**60}", "page", "INVALID"),
        (f"page={'9' * 400}", "page", "INVALID"),
        ("page=%D9%A1", "page", "INVALID"),
        ("page_size=0", "page_size", "INVALID"),
        ("page_size=101", "page_size", "INVALID"),
        ("page=1&page=2", "page", "INVALID"),
        ("sort=aadhaar", "sort", "INVALID"),
        ("sort=--name", "sort", "INVALID"),
        ("sort=name,email", "sort", "INVALID"),
        ("sort=name;SELECT+SLEEP(5)", "sort", "INVALID"),
        ("is_active=1", "is_active", "INVALID"),
        ("is_active=True", "is_active", "INVALID"),
        ("is_active=", "is_active", "REQUIRED"),
        ("deleted=yes", "deleted", "INVALID"),
        ("created_from=yesterday", "created_from", "INVALID"),
        ("created_from=2026-02-30", "created_from", "INVALID"),
        ("created_to=9999-12-31", "created_to", "INVALID"),
        ("created_to=2026-01-01T00:00:00", "created_to", "INVALID"),
        ("created_from=0001-01-01T00:00:00%2B14:00", "created_from", "INVALID"),
        ("q=asha", "q", "UNKNOWN_FIELD"),
        ("limit=5", "limit", "UNKNOWN_FIELD"),
        ("api_key=x", "api_key", "UNKNOWN_FIELD"),
    ],
)
def test_a_wrong_parameter_is_named(api: Api, query: str, field: str, code: str) -> None:
    answer = api("editor").get(f"/users/?{query}")
    assert (answer.status_code, answer.json["code"]) == (422, "VALIDATION_ERROR")
    assert codes(answer) == {field: code}


def test_all_wrong_parameters_are_named_at_once(api: Api) -> None:
    answer = api("editor").get("/users/?page=0&page_size=x&sort=z&is_active=2&foo=1")
    assert set(codes(answer)) == {"page", "page_size", "sort", "is_active", "foo"}


def test_a_body_on_get_is_ignored(api: Api) -> None:
    answer = api("viewer").get("/users/", data=b"not json", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 200


def test_the_largest_page_is_a_setting(api: Api, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = replace(app.extensions["config"], max_page_size=150, default_page_size=120)
    monkeypatch.setitem(app.extensions, "config", changed)
    caller = api("viewer")
    assert caller.get("/users/?page_size=150").json["page_size"] == 150
    assert caller.get("/users/").json["page_size"] == 120
    refused = caller.get("/users/?page_size=151")
    assert (refused.status_code, refused.json["errors"][0]["message"]) == (422, "Must be from 1 to 150")
