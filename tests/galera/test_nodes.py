"""Many at one record, one key, one number through three nodes at once: as on one server, exactly one wins."""

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask_mail import Message
from sqlalchemy import Engine

from app.core import letters, transaction
from app.core.letters import Draft
from app.delivery.relay import Relay
from app.extensions import db
from tests.browsing import JsonClient
from tests.core.together import together
from tests.factories import PASSWORD, record_input
from tests.galera.conftest import Cluster

pytestmark = pytest.mark.usefixtures("is_whole")

ROUNDS = 25


def post(caller: JsonClient, path: str, body: dict[str, Any], **headers: str) -> tuple[int, Any]:
    answer = caller.post(path, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return answer.status_code, answer.get_json()


def test_what_one_node_acknowledged_the_others_know(cluster: Cluster) -> None:
    writer, reader, changer = cluster.callers(3, "supervisor")
    for number in range(ROUNDS):
        given = record_input(name=f"Asha Nair {chr(65 + number)}")
        made = writer.post("/users/", json=given)
        place, tag = f"/users/{made.get_json()['id']}", made.headers["ETag"]
        assert reader.get(place).status_code == 200
        assert reader.post("/users/search/", json={"q": given["email"]}).get_json()["total"] == 1
        assert reader.get("/users/?page_size=1").get_json()["data"][0]["email"] == given["email"]
        changed = changer.patch(place, json={"name": "Asha Iyer"}, headers={"If-Match": tag})
        assert changed.status_code == 200
        assert reader.get(f"{place}/history").get_json()["data"][0]["action"] == "record.updated"
        assert writer.delete(place, headers={"If-Match": changed.headers["ETag"]}).status_code == 200
        assert changer.post(f"{place}/restore", json={}).status_code == 200
        assert reader.get(place).get_json()["name"] == "Asha Iyer"


def test_a_read_right_after_an_acknowledgement_is_never_of_the_past(cluster: Cluster) -> None:
    writer, reader = [engine_of(app) for app in cluster.apps[:2]]
    with writer.connect() as one, reader.connect() as other:
        one.exec_driver_sql("CREATE TABLE ticks (id INT PRIMARY KEY, tick INT)")
        one.exec_driver_sql("INSERT INTO ticks VALUES (1, 0)")
        one.commit()
        for tick in range(1, 101):
            one.exec_driver_sql("UPDATE ticks SET tick = %s", (tick,))
            one.commit()
            assert other.exec_driver_sql("SELECT tick FROM ticks").scalar() == tick
            other.rollback()
            # Nor does a change miss a row, or a child its parent, that is there.
            assert other.exec_driver_sql("UPDATE ticks SET tick = -1 WHERE tick = %s", (tick,)).rowcount == 1
            other.rollback()
        one.exec_driver_sql("DROP TABLE ticks")


def engine_of(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def test_of_many_updates_from_one_version_exactly_one_wins(cluster: Cluster) -> None:
    callers = cluster.callers(12)
    for _ in range(3):
        _, record = post(callers[0], "/users/", record_input())

        def change(caller: JsonClient, name: str, record: dict[str, Any] = record) -> int:
            body, tag = {"name": name}, {"If-Match": f'"{record["version"]}"'}
            return caller.patch(f"/users/{record['id']}", json=body, headers=tag).status_code

        answers = together([partial(change, one, f"Asha {chr(65 + n)}") for n, one in enumerate(callers)])
        assert Counter(answers) == {200: 1, 412: 11}
        entries = cluster.counts(f"audit_entries WHERE HEX(subject_id) = '{record['id'].replace('-', '')}'")
        assert entries == [2, 2, 2]


def test_of_many_updates_without_a_version_none_is_lost(cluster: Cluster) -> None:
    callers = cluster.callers(9)
    _, record = post(callers[0], "/users/", record_input())
    place = f"/users/{record['id']}"

    def change(caller: JsonClient, name: str) -> int:
        return caller.patch(place, json={"name": name}).status_code

    answers = Counter(together([partial(change, one, f"Asha {chr(65 + n)}") for n, one in enumerate(callers)]))
    assert set(answers) <= {200, 503}
    assert answers[200] >= 3
    history = callers[1].get(f"{place}/history?page_size=100").get_json()["data"]
    told = [entry["changes"][0] for entry in reversed(history) if entry["action"] == "record.updated"]
    assert len(told) == answers[200]
    assert [change["before"] for change in told[1:]] == [change["after"] for change in told[:-1]]
    assert callers[2].get(place).get_json()["name"] == told[-1]["after"]


def test_of_many_requests_with_one_key_one_is_carried_out(cluster: Cluster) -> None:
    callers = cluster.callers(12)
    given = record_input()
    answers = together([partial(post, one, "/users/", given, Idempotency_Key="nodes") for one in callers])
    assert {status for status, _ in answers} <= {201, 409}
    assert {body["code"] for status, body in answers if status == 409} <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert len({body["id"] for status, body in answers if status == 201}) == 1
    assert cluster.counts(f"user_records WHERE email = '{given['email']}'") == [1, 1, 1]
    again = callers[2].post("/users/", json=given, headers={"Idempotency-Key": "nodes"})
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")


@pytest.mark.parametrize("field", ["aadhaar", "pan", "email", "primary_mobile"])
def test_of_many_creates_with_one_value_one_is_made(cluster: Cluster, field: str) -> None:
    callers, value = cluster.callers(9), record_input()[field]
    answers = together([partial(post, one, "/users/", record_input(**{field: value})) for one in callers])
    assert Counter(status for status, _ in answers) == {201: 1, 409: 8}


def test_a_restore_racing_a_create_leaves_one_live_record(cluster: Cluster) -> None:
    first, second, third = cluster.callers(3, "supervisor")
    for _ in range(3):
        given = record_input()
        _, record = post(first, "/users/", given)
        assert third.delete(f"/users/{record['id']}").status_code == 200
        (restored, _), (created, _) = together(
            [
                partial(post, first, f"/users/{record['id']}/restore", {}),
                partial(post, second, "/users/", record_input(email=given["email"])),
            ]
        )
        assert (restored, created) in {(200, 409), (409, 201)}


def test_two_admins_who_take_each_other_away_leave_one(cluster: Cluster) -> None:
    admins = [cluster.account("admin") for _ in range(2)]
    callers = [JsonClient(app.test_client()).sign_in(who) for app, who in zip(cluster.apps, admins, strict=False)]
    with cluster.apps[0].app_context(), cluster.apps[0].extensions["sqlalchemy"].engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE accounts SET is_active = 0 WHERE role = 'admin' AND email NOT IN (%s, %s)",
            tuple(who.email for who in admins),
        )

    def demote(caller: JsonClient, whom: str) -> int:
        return caller.patch(f"/accounts/{whom}", json={"role": "viewer"}).status_code

    answers = together([partial(demote, callers[0], str(admins[1].id)), partial(demote, callers[1], str(admins[0].id))])
    assert sorted(answers) in ([200, 401], [200, 403], [200, 409])
    assert cluster.counts("accounts WHERE role = 'admin' AND is_active") == [1, 1, 1]


def test_a_refresh_token_is_good_for_one_use_on_all_nodes(cluster: Cluster) -> None:
    who = cluster.account()
    callers = cluster.callers(6, None)
    _, tokens = post(callers[0], "/auth/login", {"email": who.email, "password": PASSWORD})
    sent = {"refresh_token": tokens["refresh_token"]}
    answers = Counter(status for status, _ in together([partial(post, one, "/auth/refresh", sent) for one in callers]))
    assert answers[200] <= 1
    assert answers[401] >= 5
    # The second use has ended the family, with everything the first one gave.
    assert cluster.counts(f"refresh_families WHERE HEX(account_id) = '{who.id.hex}' AND ended_at IS NULL") == [0, 0, 0]


def test_wrong_sign_ins_are_counted_over_all_nodes(cluster: Cluster) -> None:
    who = cluster.account()
    callers = cluster.callers(9, None)
    wrong = {"email": who.email, "password": "Not-4-Teacups"}
    answers = Counter(status for status, _ in together([partial(post, one, "/auth/login", wrong) for one in callers]))
    assert answers[401] <= 5
    assert set(answers) <= {401, 423, 503}
    right = {"email": who.email, "password": PASSWORD}
    while answers[401] < 5:
        assert post(callers[0], "/auth/login", wrong)[0] == 401
        answers[401] += 1
    assert [post(one, "/auth/login", right)[0] for one in callers[:3]] == [423, 423, 423]


class Counting:
    """Carries mail nowhere and counts it."""

    def __init__(self) -> None:
        self.carried: list[str] = []
        self.guard = threading.Lock()

    def carry(self, message: Message) -> None:
        """Count a mail."""
        with self.guard:
            self.carried.extend(str(to) for to in message.recipients)


def test_three_relays_send_each_letter_once(cluster: Cluster, told_to: Callable[[int], list[str]]) -> None:
    wanted = told_to(30)
    post_box = Counting()

    def deliver(app: Flask) -> None:
        with app.app_context():
            Relay(post_box).deliver(lambda: False)

    together([partial(deliver, app) for app in cluster.apps])
    assert sorted(post_box.carried) == sorted(wanted)
    assert cluster.counts("letters WHERE state = 'pending'") == [0, 0, 0]


@pytest.fixture
def told_to(cluster: Cluster) -> Callable[[int], list[str]]:
    """Queue letters of a kind that needs nothing, and return to whom."""
    for app in cluster.apps:
        letters.use_writer(app, "nodes", lambda _letter: Draft("password_changed", {"name": "Asha"}))

    def queue(number: int) -> list[str]:
        wanted = [f"asha.{at}@example.com" for at in range(number)]
        with cluster.apps[0].app_context():
            for to in wanted:
                transaction.run(partial(letters.post, "nodes", subject_id=None, to=to))
        return wanted

    return queue
