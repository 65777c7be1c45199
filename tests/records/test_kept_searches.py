"""How many a search finds: exact whatever is written and by whom, and known without counting for what is common."""

import random
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from flask import Flask

from app.core import paging
from app.records import kept_searches, queries_search
from tests.browsing import JsonClient
from tests.factories import MadeRecord, record_input
from tests.records.partner import execute

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]
Asked = Callable[[], list[str]]

NAMES = ("Ravi Kumar", "Banana Nair", "Kumari Das", "Asha Rao", "José Kumar")
TEXTS = ("kumar", "an", "example", "ravi kumar", "josé", "r", "a b", "zq")


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what three records hold, and look at once for what other processes keep."""
    monkeypatch.setattr(queries_search, "COMMON", 2)
    monkeypatch.setattr(queries_search, "FEW", 1)
    monkeypatch.setattr(kept_searches, "REMEMBERED_SECONDS", 0.0)


@pytest.fixture
def asked(statements: list[str]) -> Asked:
    """Return the statements since the last time that read the index of endings."""

    def since() -> list[str]:
        found = [statement for statement in statements if "record_suffixes" in statement]
        statements.clear()
        return found

    return since


def search(caller: JsonClient, text: str, **narrow: str) -> Any:
    answer = caller.get("/users/search/", query_string={"q": text, "page_size": 100, **narrow})
    assert answer.status_code == 200, answer.text
    return answer.json


def keep(app: Flask, caller: JsonClient, *texts: str) -> None:
    for text in texts:
        search(caller, text)
    app.extensions["keeping"].flush()


def total(caller: JsonClient, text: str) -> int:
    return int(search(caller, text)["total"])


def matching(record: dict[str, Any], text: str) -> bool:
    return text in record["name"].lower() or text in record["email"]


def test_a_search_asks_no_more_than_it_has_to_know(
    api: Api, make_record: Make, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries_search, "FEW", 100)
    make_record(name="Ravi Kumar")
    viewer = api("viewer")
    asked()
    assert search(viewer, "kumar")["total"] == 1
    assert len(asked()) == 3  # how many endings begin so, how many records that is, and the page
    monkeypatch.delattr(paging, "fetch")  # no page is asked for where nothing is on it
    assert search(viewer, "zq")["total"] == 0
    assert len(asked()) == 1


def test_a_cursor_of_another_list_is_refused_where_nothing_is_found(api: Api, make_record: Make) -> None:
    for _ in range(2):
        make_record(name="Ravi Kumar")
    viewer = api("viewer")
    cursor = viewer.get("/users/?page_size=1").json["next_cursor"]
    answer = viewer.get("/users/search/", query_string={"q": "zq", "cursor": cursor})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "cursor")


def test_a_common_search_is_not_counted_again(app: Flask, api: Api, make_record: Make, asked: Asked) -> None:
    for _ in range(4):
        make_record(name="Ravi Kumar")
    editor = api("editor")
    keep(app, editor, "kumar")
    asked()
    assert (total(editor, "kumar"), asked()) == (4, [])
    make_record(name="Kumar Das")
    asked()
    assert (total(editor, "KUMAR"), asked()) == (5, [])


def test_what_few_hold_is_not_kept(app: Flask, api: Api, make_record: Make, asked: Asked) -> None:
    """Neither a name that hardly anybody has, nor a text whose words are common each by itself."""
    for name in ("Ravi Das", "Ravi Rao", "Ravi Kumar", "Asha Kumar", "Dev Kumar"):
        make_record(name=name)
    editor = api("editor")
    keep(app, editor, "dev", "ravi kumar")
    asked()
    assert (total(editor, "ravi kumar"), bool(asked())) == (1, True)
    with app.app_context():
        assert kept_searches.memory().known() == {}


def test_totals_are_those_of_a_count_by_hand(app: Flask, api: Api) -> None:
    dice, editor = random.Random(5), api("editor")
    ids = [editor.post("/users/", json=record_input(name=name)).json["id"] for name in NAMES * 2]
    for round_ in range(4):
        keep(app, editor, *(text for text in TEXTS if len(text) > 1))
        for _ in range(5):
            change(editor, dice, dice.choice(ids))
        everybody = editor.get("/users/?deleted=include&page_size=100").json["data"]
        for text, narrow in product([text for text in TEXTS if len(text) > 1], filters(round_)):
            right = [record["id"] for record in everybody if matching(record, text) and passes(record, narrow)]
            found = search(editor, text, **narrow)
            assert (found["total"], {record["id"] for record in found["data"]}) == (len(right), set(right)), text


def change(editor: JsonClient, dice: random.Random, record_id: str) -> None:
    """Change a record in one of the ways that move it from one number to another, or in one that does not."""
    ways: list[Callable[[], Any]] = [
        lambda: editor.patch(f"/users/{record_id}", json={"name": dice.choice(NAMES)}),
        lambda: editor.patch(f"/users/{record_id}", json={"is_active": dice.random() < 0.5}),
        lambda: editor.patch(f"/users/{record_id}", json={"place_of_birth": "Pune"}),
        lambda: editor.delete(f"/users/{record_id}"),
        lambda: editor.post(f"/users/{record_id}/restore"),
        lambda: editor.post("/users/", json=record_input(name=dice.choice(NAMES))),
    ]
    dice.choice(ways)()


def filters(round_: int) -> list[dict[str, str]]:
    """Return a few of the filters, others in each round."""
    names = {
        "deleted": ("exclude", "include", "only"),
        "is_active": (None, "true", "false"),
        "email_verified": (None, "false"),
    }
    all_of_them = [
        {name: value for name, value in zip(names, values, strict=True) if value} for values in product(*names.values())
    ]
    return all_of_them[round_::4]


def passes(record: dict[str, Any], narrow: dict[str, str]) -> bool:
    wanted = {"exclude": {False}, "include": {False, True}, "only": {True}}[narrow["deleted"]]
    flags = {name: value == "true" for name, value in narrow.items() if name != "deleted"}
    return record["is_deleted"] in wanted and all(record[name] == value for name, value in flags.items())


def test_a_writer_that_does_not_know_a_search_is_noticed(
    app: Flask, api: Api, make_app: Callable[..., Flask], make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process remembers for some seconds which searches are kept: what it writes meanwhile is not lost."""
    for _ in range(3):
        make_record(name="Ravi Kumar")
    editor = api("editor")
    other = JsonClient(make_app().test_client(), editor.token)
    monkeypatch.setattr(kept_searches, "REMEMBERED_SECONDS", 60.0)
    assert other.post("/users/", json=record_input(name="Kumar Rao")).status_code == 201
    keep(app, editor, "kumar")
    assert total(editor, "kumar") == 4
    assert other.post("/users/", json=record_input(name="Kumar Das")).status_code == 201
    assert total(editor, "kumar") == 5
    app.extensions["kept_searches"].forget()
    keep(app, editor, "kumar")
    assert total(editor, "kumar") == 5


def test_recounting_counts_searches_too(app: Flask, api: Api, make_record: Make) -> None:
    made = [make_record(name="Ravi Kumar") for _ in range(4)]
    editor = api("editor")
    keep(app, editor, "kumar")
    execute(app, "UPDATE user_records SET name_folded = 'gone' WHERE id = :id", id=made[0].id.bytes)
    execute(app, "DELETE FROM record_suffixes WHERE record_id = :id", id=made[0].id.bytes)
    app.test_cli_runner().invoke(args=["records", "recount"])
    assert total(editor, "kumar") == 3


def test_no_more_are_kept_than_a_writer_can_look_through(
    app: Flask, api: Api, make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.records.keeping.AT_MOST", 1)
    for _ in range(3):
        make_record(name="Ravi Kumar")
    editor = api("editor")
    keep(app, editor, "kumar", "ravi")
    with app.app_context():
        assert set(kept_searches.memory().known()) == {"kumar"}
    assert total(editor, "ravi") == 3
