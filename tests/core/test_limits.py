"""How many requests a caller may send, and what it is told about it."""

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from limits.errors import StorageError
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from app.accounts import keys
from app.core import limits, window
from app.core.identity import system_actor
from tests.browsing import JsonClient, said
from tests.factories import MadeAccount

ME = "/api/v1/auth/me"
Limit = Callable[..., None]


@pytest.fixture
def limit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Limit]:
    """Set limits on the application, with nothing counted yet and the clock held: no window ends on the way."""

    def change(**settings: Any) -> None:
        monkeypatch.setitem(app.extensions, "config", replace(app.extensions["config"], **settings))

    monkeypatch.setitem(app.extensions, "meter", limits.Meter(None))
    with time_machine.travel(datetime.now(UTC), tick=False):
        yield change


def seen(client: JsonClient, times: int, path: str = "/auth/me") -> list[int]:
    return [client.get(path).status_code for _ in range(times)]


def sign_ins(client: FlaskClient, times: int, address: str) -> list[int]:
    body = {"email": "nobody@example.com", "password": "x"}
    here = {"REMOTE_ADDR": address}
    return [client.post("/api/v1/auth/login", json=body, environ_base=here).status_code for _ in range(times)]


def test_every_counted_answer_tells_what_is_left(api: Callable[..., JsonClient], limit: Limit) -> None:
    caller = api("viewer")
    limit(rate_limit_per_minute=3)
    answers = [caller.get("/auth/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["RateLimit-Policy"] for answer in answers] == ['"default";q=3;w=60'] * 4
    for answer, left in zip(answers, (2, 1, 0, 0), strict=True):
        name, remaining, reset = answer.headers["RateLimit"].split(";")
        assert (name, remaining) == ('"default"', f"r={left}")
        assert 1 <= int(reset.removeprefix("t=")) <= 60
    refused = answers[-1]
    assert said(refused)["code"] == "RATE_LIMITED"
    assert refused.headers["RateLimit"].endswith(f"t={refused.headers['Retry-After']}")


def test_refusals_and_mistakes_tell_it_too(api: Callable[..., JsonClient], limit: Limit) -> None:
    caller = api("member")
    limit(rate_limit_per_minute=50)
    for answer in (caller.get("/users/"), caller.get("/auth/me?what=1"), caller.post("/auth/refresh", json={})):
        assert answer.status_code in (403, 422)
        assert "RateLimit" in answer.headers


def test_all_tokens_of_an_account_share_one_bucket(
    api: Callable[..., JsonClient], make_account: Callable[..., MadeAccount], limit: Limit
) -> None:
    account = make_account("viewer")
    one, two, other = api(account=account), api(account=account), api("viewer")
    limit(rate_limit_per_minute=3)
    assert seen(one, 2) + seen(two, 2) == [200, 200, 200, 429]
    assert seen(other, 3) == [200] * 3


def test_an_api_key_has_a_bucket_of_its_own(
    app: Flask, api: Callable[..., JsonClient], make_account: Callable[..., MadeAccount], limit: Limit
) -> None:
    account = make_account("viewer")
    person = api(account=account)
    with app.app_context():
        secret = keys.create_api_key(account.id, "Payroll", ["records:read"], actor=system_actor()).secret
    limit(rate_limit_per_minute=2)
    assert seen(person, 3) == [200, 200, 429]
    assert seen(JsonClient(app.test_client(), secret), 3) == [200, 200, 429]


def test_who_has_no_credential_is_counted_by_address(client: FlaskClient, limit: Limit) -> None:
    limit(rate_limit_per_minute=2)
    found = {
        address: [client.get("/login", environ_base={"REMOTE_ADDR": address}).status_code for _ in range(3)]
        for address in ("192.0.2.1", "192.0.2.2")
    }
    assert found == {"192.0.2.1": [200, 200, 429], "192.0.2.2": [200, 200, 429]}


def test_sign_ins_are_counted_by_address_whoever_it_is(client: FlaskClient, limit: Limit) -> None:
    limit(rate_limit_auth_per_minute=2)
    assert sign_ins(client, 3, "192.0.2.1") == [401, 401, 429]
    assert sign_ins(client, 1, "192.0.2.2") == [401]


def test_an_ipv6_caller_holds_a_whole_network(client: FlaskClient, limit: Limit) -> None:
    limit(rate_limit_auth_per_minute=2)
    assert sign_ins(client, 2, "2001:db8::1") == [401, 401]
    assert sign_ins(client, 1, "2001:db8::ffff") == [429]
    assert sign_ins(client, 1, "2001:db8:0:1::1") == [401]
    assert sign_ins(client, 2, "::ffff:192.0.2.9") == [401, 401]
    assert sign_ins(client, 1, "192.0.2.9") == [429]
    assert sign_ins(client, 1, "no address") == [423]


def test_each_limit_is_turned_off_alone(client: FlaskClient, limit: Limit) -> None:
    limit(rate_limit_per_minute=1, rate_limit_auth_per_minute=0)
    assert sign_ins(client, 4, "192.0.2.1") == [401] * 4
    assert [client.get("/login").status_code for _ in range(2)] == [200, 429]
    limit(rate_limit_per_minute=0, rate_limit_auth_per_minute=1)
    assert sign_ins(client, 2, "192.0.2.3") == [401, 429]
    answer = client.get("/login")
    assert answer.status_code == 200
    assert "RateLimit" not in answer.headers


def test_waiting_as_long_as_told_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_000_000.0]
    monkeypatch.setattr(window, "time", lambda: clock[0])
    meter = limits.Meter(None)
    for step in (0.0, 7.3, 29.9, 59.99, 61.0):
        clock[0] += step
        while not (quota := meter.hit("bucket", 7)).is_spent:
            pass
        clock[0] += quota.reset
        assert not meter.hit("bucket", 7).is_spent


# --- a store that is away ------------------------------------------------------------------------------------------


@pytest.fixture
def dead_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def frozen_port() -> Iterator[int]:
    """Lend a port where connections are taken and nothing is ever answered."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        yield int(silent.getsockname()[1])


@pytest.mark.parametrize("state", ["dead_port", "frozen_port"])
def test_without_redis_the_limit_holds_in_each_process_and_nobody_waits(
    make_app: Callable[..., Flask], request: pytest.FixtureRequest, state: str
) -> None:
    url = f"redis://127.0.0.1:{request.getfixturevalue(state)}/0"
    client = make_app(REDIS_URL=url, RATE_LIMIT_PER_MINUTE="3").test_client()
    client.get("/health/live")
    took, found = [], []
    with time_machine.travel(datetime.now(UTC), tick=False):
        for _ in range(5):
            began = time.monotonic()
            found.append(client.get("/problems/forbidden").status_code)
            took.append(time.monotonic() - began)
    assert found == [200, 200, 200, 429, 429]
    assert sorted(took)[2] < limits.REDIS_TIMEOUT_SECONDS


def test_a_store_that_comes_back_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, asked = [100.0], []

    class Store(MemoryStorage):
        is_away = True

        def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
            asked.append(self.is_away)
            if self.is_away:
                raise StorageError(ConnectionError())
            return super().acquire_sliding_window_entry(key, limit, expiry, amount)

    store = Store()
    monkeypatch.setattr(limits, "monotonic", lambda: clock[0])
    meter = limits.Meter(SlidingWindowCounterRateLimiter(store))
    assert [meter.hit("b", 2).is_spent for _ in range(3)] == [False, False, True]
    assert asked == [True]
    store.is_away = False
    clock[0] += limits.REDIS_REST_SECONDS
    assert not meter.hit("b", 2).is_spent
    assert asked == [True, False]


def test_the_count_of_this_process_is_the_count_of_the_shared_store() -> None:
    store, own = SlidingWindowCounterRateLimiter(MemoryStorage()), limits.Meter(None)
    shared = limits.Meter(store)
    with time_machine.travel(datetime(2026, 11, 21, 10, 0, 1, tzinfo=UTC), tick=False) as clock:
        for step in (0, 0, 1, 20, 0, 7, 30, 0, 15, 3, 0, 44, 61, 0, 0, 1, 130, 0):
            clock.shift(step)
            assert own.hit("bucket", 5) == shared.hit("bucket", 5)
