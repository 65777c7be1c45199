"""What the server says of itself: at every level, whatever fails, nobody's data and no secret."""

from typing import Any

from tests.factories import PASSWORD, make_account, record_input
from tests.faults.room import Room
from tests.privacy.seen import PERSONAL, assert_unseen, traces


def test_nothing_personal_and_no_secret_gets_into_the_log(room: Room) -> None:
    server = room.serve(LOG_LEVEL="DEBUG", RATE_LIMIT_AUTH_PER_MINUTE="8")
    people = [record_input(name="Gulnar Bano", secondary_mobile=f"97{number:08d}") for number in range(4)]
    with room.app.app_context():
        account = make_account("admin")
    signed_in = room.call(
        server, "POST", "/auth/login", {"email": account.email, "password": account.password}, Authorization=""
    )
    assert signed_in.status == 200, signed_in.text
    signed_in = signed_in.json
    secrets = {
        value.encode(): name
        for name, value in {
            "the key": room.key,
            "the password": PASSWORD,
            "an access token": signed_in["access_token"],
            "a refresh token": signed_in["refresh_token"],
            "a typed password": "Wrong-Pass-77!",
            "an address": account.email,
            "a name": "Gulnar",
            "an address of a house": "Temple Street",
            "an idempotency key": "idem-secret-1",
        }.items()
    }
    for told in misbehave(room, server, people, account.email, signed_in):
        assert told < 500
    server.stop()
    log = server.log.read_bytes()
    assert log.count(b"request.ended") > 40
    assert_unseen(traces(people, PERSONAL, hashed=True) | secrets, log, "the log")


def misbehave(room: Room, server: Any, people: list[dict[str, Any]], email: str, tokens: dict[str, str]) -> list[int]:
    """Send good requests and bad ones of every kind; return their statuses."""
    told = []

    def call(method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = room.call(server, method, path, body, **headers)
        told.append(answer.status)
        return answer

    first = call("POST", "/users/", people[0], Idempotency_Key="idem-secret-1").json
    call("POST", "/users/", people[0], Idempotency_Key="idem-secret-1")
    call("POST", "/users/", people[1], Idempotency_Key="idem-secret-1")
    for wrong in (
        people[0],
        {**people[1], "aadhaar": "234123412345"},
        {**people[1], "date_of_birth": "2015-05-05"},
        {people[1]["aadhaar"]: people[1]["pan"]},
        {**people[1], "is_active": people[1]["email"]},
    ):
        call("POST", "/users/", wrong)
    call("POST", "/users/batch", {"items": [people[2], people[2], {"pan": people[2]["pan"]}]})
    for field in PERSONAL:
        call("POST", "/users/search/", {"q": people[0][field]})
        call("GET", f"/users/search/?q={people[0][field]}")
        call("GET", f"/users/{people[0][field]}")
        call("GET", f"/{people[0][field]}/nothing")
        call("GET", f"/users/?{people[0][field]}=1&sort={people[0][field]}&cursor={people[0][field]}")
        call("PATCH", f"/users/{first['id']}", {"version": people[0][field]}, If_Match=f'"{people[0][field]}"')
        call("GET", "/users/", X_Request_ID=people[0][field], User_Agent=people[0][field], Referer=people[0][field])
        call("POST", "/users/", people[0][field].encode() + b"{")
        call("POST", "/users/", people[3], Idempotency_Key=f"{people[0][field]} x")
        call("GET", "/users/", Authorization=f"Bearer {people[0][field]}")
        call("GET", "/users/", Authorization=f"Basic {people[0][field]}")
    call("POST", "/users/", b'{"name": "' + people[0]["email"].encode() + b"\xff" + b'"}')
    call(
        "POST", f"/users/{first['id']}/reveal", {"fields": ["aadhaar", "pan"], "reason": f"for {people[0]['aadhaar']}"}
    )
    call("DELETE", f"/users/{first['id']}", {"reason": f"is {people[0]['pan']}"})
    call("POST", f"/users/{first['id']}/restore")
    return told + misspell_credentials(room, server, people[0], email, tokens)


def misspell_credentials(
    room: Room, server: Any, person: dict[str, Any], email: str, tokens: dict[str, str]
) -> list[int]:
    """Sign in wrongly, lock the account, reuse tokens; return the statuses."""
    told = []

    def call(method: str, path: str, body: Any = None, **headers: str) -> None:
        told.append(room.call(server, method, path, body, **headers).status)

    for _ in range(8):
        call("POST", "/auth/login", {"email": email, "password": "Wrong-Pass-77!"}, Authorization="")
    call("POST", "/auth/login", {"email": person["email"], "password": person["aadhaar"]}, Authorization="")
    call("POST", "/auth/login", {"email": email, "password": 5, person["pan"]: 1}, Authorization="")
    call("POST", "/auth/refresh", {"refresh_token": tokens["refresh_token"]}, Authorization="")
    call("POST", "/auth/refresh", {"refresh_token": tokens["refresh_token"]}, Authorization="")
    call("GET", "/auth/me", Authorization=f"Bearer {tokens['access_token']}")
    call("GET", f"/auth/me?access_token={tokens['access_token']}&key={room.key}")
    return told


def test_a_failure_of_the_database_logs_no_value(room: Room) -> None:
    server = room.serve(LOG_LEVEL="DEBUG")
    person = record_input(name="Gulnar Bano", secondary_mobile="9700000001")
    assert room.call(server, "POST", "/users/", record_input()).status == 201
    room.execute("ALTER TABLE record_suffixes RENAME TO gone")
    answers = [
        room.call(server, "POST", "/users/", person, Idempotency_Key="idem-secret-2"),
        room.call(server, "GET", f"/users/search/?q={person['email']}"),
        room.call(server, "POST", "/users/search/", {"q": person["aadhaar"]}),
    ]
    assert {told.status for told in answers} <= {500, 503}
    forbidden = traces([person], PERSONAL, hashed=True) | {b"Gulnar": "a name", b"idem-secret-2": "a key"}
    for told in answers:
        assert_unseen(forbidden, told.text.encode(), "an answer")
    server.stop()
    log = server.log.read_bytes()
    assert b"exception" in log
    assert_unseen(forbidden, log, "the log")
