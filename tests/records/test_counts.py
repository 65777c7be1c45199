"""How many there are: exact on every list, whatever was written, and known without counting."""

from collections.abc import Callable
from threading import Thread

import pytest
from flask import Flask

from app.records import counting
from tests.browsing import JsonClient
from tests.factories import MadeRecord, record_input
from tests.records.partner import count, execute

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]


def totals(caller: JsonClient) -> list[int]:
    """Ask for all, the active, the idle, the deleted, and the live and deleted together."""
    asked = ("", "is_active=true", "is_active=false", "deleted=only", "deleted=include")
    return [caller.get(f"/users/?{query}").json["total"] for query in asked]


def test_every_change_is_counted(api: Api, make_record: Make) -> None:
    editor = api("editor")
    assert totals(editor) == [0, 0, 0, 0, 0]
    first = make_record()
    make_record(is_active=False)
    assert totals(editor) == [2, 1, 1, 0, 2]
    editor.patch(f"/users/{first.id}", json={"is_active": False})
    assert totals(editor) == [2, 0, 2, 0, 2]
    editor.delete(f"/users/{first.id}")
    assert totals(editor) == [1, 0, 1, 1, 2]
    editor.post(f"/users/{first.id}/restore")
    assert totals(editor) == [2, 0, 2, 0, 2]


def test_what_is_refused_is_not_counted(api: Api, make_record: Make) -> None:
    taken, editor = make_record(), api("editor")
    assert editor.post("/users/", json=record_input(email=taken.values["email"])).status_code == 409
    items = [record_input(), record_input(email=taken.values["email"]), record_input(pan="no")]
    assert [item["status"] for item in editor.post("/users/batch", json={"items": items}).json] == [201, 409, 422]
    assert totals(editor)[0] == 2


def test_writers_at_once_are_all_counted(app: Flask, api: Api) -> None:
    def write() -> None:
        for _ in range(4):
            assert app.test_client().post("/api/v1/users/", json=record_input(), headers=headers).status_code == 201

    caller = api("editor")
    headers = {"Authorization": f"Bearer {caller.token}"}
    threads = [Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert totals(caller)[0] == 16
    assert count(app, "user_records") == 16


def test_numbers_that_are_wrong_are_mended(app: Flask, api: Api, make_record: Make) -> None:
    made = make_record()
    make_record()
    execute(app, "UPDATE user_records SET email_verified = 1 WHERE id = :id", id=made.id.bytes)
    said = [app.test_cli_runner().invoke(args=["records", "recount"]).output for _ in range(2)]
    assert said == ["the numbers were wrong by 2\n", "the numbers are right\n"]
    assert api("viewer").get("/users/?email_verified=true").json["total"] == 1


def test_a_list_does_not_count_its_rows(context: Flask, make_record: Make, statements: list[str]) -> None:
    make_record()
    statements.clear()
    assert counting.total(is_deleted=False) == 1
    assert statements
    assert not [statement for statement in statements if "user_records" in statement]


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "name", "-email"])
def test_pages_from_either_end_are_one_list(api: Api, make_record: Make, sort: str) -> None:
    for number in range(11):
        make_record(name=f"Asha {'ABC'[number % 3]}verma")
    viewer = api("viewer")

    def page(number: int) -> list[str]:
        return [record["id"] for record in viewer.get(f"/users/?sort={sort}&page_size=3&page={number}").json["data"]]

    whole = [record["id"] for record in viewer.get(f"/users/?sort={sort}&page_size=100").json["data"]]
    assert [page(number) for number in range(1, 6)] == [whole[:3], whole[3:6], whole[6:9], whole[9:], []]
