"""Limits counted by a real Redis for two workers; and that Redis killed, frozen, slow and emptied."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine

from app.core import limits
from tests.browsing import PageReader
from tests.factories import PASSWORD, make_account
from tests.faults.room import Room, Told, wait_for
from tests.services.lines import Line
from tests.services.machine import PROGRAMS
from tests.services.redis import RedisServer, SlowLine
from tests.services.served import Served

pytestmark = [pytest.mark.faults, pytest.mark.slow]
WORKERS, LIMIT, SIGN_INS = 2, 30, 10
ADDED_SECONDS = 0.3
HEALED_WITHIN = limits.REDIS_REST_SECONDS + 3


@dataclass
class House:
    """Two workers behind one proxy, with a Redis of their own."""

    room: Room
    redis: RedisServer
    server: Served
    number: int = 0

    def api(self, key: str, method: str = "GET", path: str = "/users/", body: Any = None) -> Told:
        """Call the API with a key."""
        return self.room.call(self.server, method, path, body, Authorization=f"Bearer {key}")

    def new_address(self) -> str:
        """Return the address of a caller nobody has heard of."""
        self.number += 1
        return f"198.51.100.{self.number}"

    def ask(self, method: str, path: str, address: str, form: dict[str, str] | None = None, **headers: str) -> Told:
        """Send what a browser at an address sends: a page asked for, or a form."""
        sent = {"X-Forwarded-For": address, **headers}
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.monotonic()
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        try:
            connection.request(method, path, urlencode(form) if form is not None else None, sent)
            answer = connection.getresponse()
            text = answer.read().decode()
            return Told(answer.status, dict(answer.headers), text, time.monotonic() - began)
        finally:
            connection.close()

    def sign_in(self, name: str, password: str, address: str) -> Told:
        """Sign in by the API from an address."""
        body = {"email": name, "password": password}
        return self.room.call(self.server, "POST", "/auth/login", body, Authorization="", X_Forwarded_For=address)

    @contextmanager
    def lines(self) -> Iterator[list[Line]]:
        """Lend a connection to each worker."""
        opened: list[Line] = []
        found: dict[int, Line] = {}
        deadline = time.monotonic() + 20
        try:
            while len(found) < WORKERS and time.monotonic() < deadline:
                opened.append(Line(self.server.port))
                opened[-1].send("GET", "/auth/me", self.room.key)
                found.setdefault(opened[-1].worker(), opened[-1])
            assert len(found) == WORKERS
            yield list(found.values())
        finally:
            for line in opened:
                line.connection.close()


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    """Start a Redis that may be broken."""
    if PROGRAMS["redis"].find() is None:
        pytest.skip("not run: there is no Redis on this machine")
    server = RedisServer.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def module_house(
    redis_server: RedisServer,
    engine_name: str,
    new_database: Callable[[str, str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """Serve one room with two workers for all tests here; each test brings callers of its own."""
    folder = Path(tmp_path_factory.mktemp("redis_room"))
    settings = {
        "REDIS_URL": redis_server.url,
        "RATE_LIMIT_PER_MINUTE": str(LIMIT),
        "RATE_LIMIT_AUTH_PER_MINUTE": str(SIGN_INS),
        "TRUSTED_PROXIES": "1",
    }
    room = Room(new_database(engine_name, "redis_away"), folder, **settings)
    yield House(room, redis_server, room.serve(WEB_CONCURRENCY=str(WORKERS)))
    room.close()


@pytest.fixture
def house(module_house: House) -> Iterator[House]:
    """Lend the house with a Redis that works and that every worker uses."""
    module_house.redis.ask("FLUSHALL")
    yield module_house
    module_house.redis.thaw()
    if module_house.redis.process is None or module_house.redis.process.poll() is not None:
        module_house.redis.run()
    wait_until_shared(module_house)


@pytest.fixture(scope="module")
def far_away(module_house: House) -> Iterator[tuple[Served, SlowLine]]:
    """Serve with a Redis at the end of a line that may be slow; each test uses it once it is counted on again."""
    line = SlowLine(module_house.redis.port)
    yield module_house.room.serve(REDIS_URL=line.url), line
    line.close()


def wait_until_shared(house: House) -> None:
    """Wait until each worker counts in Redis again."""

    def counts(line: Line) -> bool:
        house.redis.ask("FLUSHALL")
        line.send("GET", "/auth/me", house.room.key)
        return bool(house.redis.keys())

    with house.lines() as lines:
        for line in lines:
            wait_for(partial(counts, line), HEALED_WITHIN)


def at_once(work: Callable[[], Told], times: int) -> list[Told]:
    """Do something so many times, sixteen at a time."""
    with ThreadPoolExecutor(16) as pool:
        return [done.result(60) for done in [pool.submit(work) for _ in range(times)]]


def statuses(answers: list[Told]) -> dict[int, int]:
    """Count the answers by status."""
    return dict(Counter(told.status for told in answers))


def usual_seconds(house: House) -> float:
    """Return how long a request takes at most while all is well and the machine as busy as it is."""
    key = house.room.new_key("viewer")
    return max(house.api(key).seconds for _ in range(15))


def assert_serves(house: House, usual: float) -> None:
    """Assert that pages and API answer, each soon enough, the first one that meets the broken Redis too."""
    key = house.room.new_key("editor")
    answers = [house.api(key) for _ in range(10)]
    answers += [house.ask("GET", "/login", house.new_address()) for _ in range(5)]
    answers += [house.ask("GET", "/health/ready", house.new_address())]
    assert statuses(answers) == {200: 16}
    assert max(told.seconds for told in answers) < usual + ADDED_SECONDS, sorted(told.seconds for told in answers)


# --- Redis works ---------------------------------------------------------------------------------------------------


def test_the_limit_is_exact_across_workers(house: House) -> None:
    key = house.room.new_key("viewer")
    answers = at_once(lambda: house.api(key), LIMIT * 2)
    assert statuses(answers) == {200: LIMIT, 429: LIMIT}
    for told in answers:
        if told.status == 429:
            reset = int(told.headers["RateLimit"].rpartition("=")[2])
            assert int(told.headers["Retry-After"]) >= reset > 0
    fresh = house.room.new_key("viewer")
    with house.lines() as lines:
        found = [line.send("GET", "/users/", fresh)[0] for _ in range(LIMIT // 2) for line in lines]
        assert found == [200] * LIMIT
        assert [line.send("GET", "/users/", fresh)[0] for line in lines] == [429, 429]


def test_sign_ins_from_one_address_are_counted_exactly_across_workers_and_doors(house: House) -> None:
    here, elsewhere = house.new_address(), house.new_address()
    numbers = iter(range(100))
    answers = at_once(lambda: house.sign_in(f"nobody.{next(numbers)}@example.com", "x", here), SIGN_INS * 2)
    assert statuses(answers) == {401: SIGN_INS, 429: SIGN_INS}
    page = house.ask("GET", "/login", here)
    token = PageReader(page.text).forms[0].values["csrf_token"]
    form = {"csrf_token": token, "email": "nobody@example.com", "password": "x"}
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    assert house.ask("POST", "/login", here, form, Cookie=cookie).status == 429
    assert house.sign_in("nobody@example.com", "x", elsewhere).status == 401


def test_no_counter_lives_for_ever(house: House) -> None:
    keys = [house.room.new_key("viewer") for _ in range(3)]
    for key in keys:
        at_once(lambda key=key: house.api(key), LIMIT + 5)  # type: ignore[misc]
        house.sign_in("nobody@example.com", "x", house.new_address())
    house.ask("GET", "/login", house.new_address())
    found = house.redis.keys()
    assert len(found) >= 7
    assert all(0 < ttl <= 2 * limits.WINDOW_SECONDS for ttl in found.values()), found


def test_nothing_in_redis_names_a_person_or_holds_a_credential(house: House) -> None:
    key = house.room.new_key("viewer")
    house.api(key)
    house.sign_in("asha.private@example.com", "Secret-1-word", house.new_address())
    kept = " ".join(house.redis.keys())
    for secret in (key, key[:11], "asha", "Secret"):
        assert secret not in kept


def test_a_redis_behind_a_socket_file_is_used_too(house: House, tmp_path: Path) -> None:
    server = house.room.serve(REDIS_URL=house.redis.socket_url)
    key = house.room.new_key("viewer")
    told = house.room.call(server, "GET", "/users/", Authorization=f"Bearer {key}")
    assert told.status == 200
    assert house.redis.keys()
    server.stop()


def test_threads_that_count_in_memory_at_once_neither_fail_nor_grant_too_much() -> None:
    meter, threads, rounds, before = limits.Meter(None), 6, 300, sys.getswitchinterval()
    together = Barrier(threads, timeout=30)

    def count() -> list[int]:
        granted = []
        for number in range(rounds):
            together.wait()
            granted.append(sum(not meter.hit(f"bucket {number}", 3).is_spent for _ in "12"))
        return granted

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(threads) as pool, time_machine.travel(datetime.now(UTC), tick=False):
            found = [done.result(60) for done in [pool.submit(count) for _ in range(threads)]]
    finally:
        sys.setswitchinterval(before)
    assert {sum(granted) for granted in zip(*found, strict=True)} == {3}


# --- Redis is away -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["kill", "freeze"])
def test_without_redis_everything_serves_in_time_and_the_limits_hold_in_each_worker(house: House, broken: str) -> None:
    usual = usual_seconds(house)
    begun, fresh, here = house.room.new_key("viewer"), house.room.new_key("viewer"), house.new_address()
    began = time.monotonic()
    assert statuses(at_once(lambda: house.api(begun), LIMIT)) == {200: LIMIT}
    getattr(house.redis, broken)()
    assert_serves(house, usual)
    more = statuses(at_once(lambda: house.api(begun), LIMIT * 4))
    granted = statuses(at_once(lambda: house.api(fresh), LIMIT * 4))
    numbers = iter(range(100))
    tried = statuses(at_once(lambda: house.sign_in(f"none.{next(numbers)}@example.com", "x", here), SIGN_INS * 4))
    # Windows slide on meanwhile, and at their edge one more fits into each.
    grown = 1 + (time.monotonic() - began) / limits.WINDOW_SECONDS
    most, most_sign_ins = (WORKERS * (number * grown + 1) for number in (LIMIT, SIGN_INS))
    # What the workers granted before Redis went away counts: each knows its own part of it.
    assert LIMIT + more.get(200, 0) <= most, more
    assert LIMIT <= granted[200] <= most, granted
    assert SIGN_INS <= tried[401] <= most_sign_ins, tried
    assert set(granted) | set(tried) == {200, 401, 429}


@pytest.mark.parametrize("broken", ["kill", "freeze"])
def test_the_lock_out_does_not_need_redis(house: House, broken: str) -> None:
    with house.room.app.app_context():
        account = make_account("editor")
    getattr(house.redis, broken)()
    answers = at_once(lambda: house.sign_in(account.email, "wrong", house.new_address()), 20)
    assert statuses(answers) == {401: 5, 423: 15}
    assert house.sign_in(account.email, PASSWORD, house.new_address()).status == 423


@pytest.mark.parametrize("broken", ["kill", "freeze"])
def test_many_callers_at_once_do_not_wait_for_a_broken_redis(house: House, broken: str) -> None:
    key = house.room.new_key("viewer")
    usual = max(told.seconds for told in at_once(lambda: house.api(key), LIMIT))
    getattr(house.redis, broken)()
    fresh = house.room.new_key("viewer")
    answers = at_once(lambda: house.api(fresh), LIMIT)
    assert statuses(answers) == {200: LIMIT}
    assert max(told.seconds for told in answers) < usual + ADDED_SECONDS, usual


@pytest.mark.parametrize("broken", ["kill", "freeze"])
def test_a_redis_that_is_back_counts_exactly_again_within_seconds(house: House, broken: str) -> None:
    getattr(house.redis, broken)()
    house.api(house.room.key)
    house.redis.run() if broken == "kill" else house.redis.thaw()
    wait_until_shared(house)
    key = house.room.new_key("viewer")
    assert statuses(at_once(lambda: house.api(key), LIMIT * 2)) == {200: LIMIT, 429: LIMIT}
    assert all(ttl > 0 for ttl in house.redis.keys().values())


@pytest.mark.parametrize("seconds", [0.03, 0.06, 0.09, 0.5])
def test_a_slow_redis_costs_little_and_is_then_left_alone(
    house: House, far_away: tuple[Served, SlowLine], seconds: float
) -> None:
    server, line = far_away
    line.seconds = 0

    def ask(key: str) -> Told:
        return house.room.call(server, "GET", "/users/", Authorization=f"Bearer {key}")

    wait_for(lambda: ask(house.room.key).status > 0 and bool(house.redis.keys()), HEALED_WITHIN)
    call = partial(ask, house.room.new_key("viewer"))
    usual = max(call().seconds for _ in range(5))
    line.seconds = seconds
    took = [call() for _ in range(3)]
    house.redis.kill()  # and so the first request after its return needs a connection and a Redis without a script
    house.redis.run()
    time.sleep(limits.REDIS_REST_SECONDS + 0.1)
    took += [call() for _ in range(5)]
    assert statuses(took) == {200: 8}
    assert max(told.seconds for told in took) < usual + ADDED_SECONDS, [told.seconds for told in took]


# --- Redis is emptied ----------------------------------------------------------------------------------------------


def test_emptying_redis_revives_nothing(house: House) -> None:
    room = house.room
    with room.app.app_context():
        account = make_account("editor")

    def bearer(token: str) -> int:
        return house.api(token, path="/auth/me").status

    first, second = (house.sign_in(account.email, PASSWORD, house.new_address()).json for _ in "12")
    refreshed = refresh(house, second["refresh_token"]).json
    assert house.api(first["access_token"], "POST", "/auth/logout").status == 204
    assert refresh(house, second["refresh_token"]).status == 401
    admin = house.sign_in(*admin_of(room), house.new_address()).json["access_token"]
    made = house.api(admin, "POST", "/api-keys", {"name": "Short", "scopes": ["records:read"]})
    assert made.status == 201, made.text
    assert house.api(admin, "DELETE", f"/api-keys/{made.json['id']}").status == 204
    cookie = signed_out_cookie(house, account.email)
    for _ in "12":
        assert bearer(first["access_token"]) == bearer(refreshed["access_token"]) == 401
        assert bearer(made.json["secret"]) == 401
        assert refresh(house, refreshed["refresh_token"]).status == 401
        assert house.ask("GET", "/records", house.new_address(), Cookie=cookie).status == 303
        house.redis.ask("FLUSHALL")
    locked = house.new_address()
    for _ in range(6):
        house.sign_in(account.email, "wrong", locked)
    house.redis.ask("FLUSHALL")
    assert house.sign_in(account.email, PASSWORD, locked).status == 423


def refresh(house: House, token: str) -> Told:
    """Ask for new tokens."""
    return house.room.call(house.server, "POST", "/auth/refresh", {"refresh_token": token}, Authorization="")


def admin_of(room: Room) -> tuple[str, str]:
    """Make an admin and return name and password."""
    with room.app.app_context():
        account = make_account("admin")
    return account.email, account.password


def signed_out_cookie(house: House, name: str) -> str:
    """Sign in and out by the pages; return the cookie that was captured in between."""
    here = house.new_address()
    page = house.ask("GET", "/login", here)
    anonymous = page.headers["Set-Cookie"].partition(";")[0]
    form = {"csrf_token": PageReader(page.text).forms[0].values["csrf_token"], "email": name, "password": PASSWORD}
    entered = house.ask("POST", "/login", here, form, Cookie=anonymous)
    assert entered.status == 303
    cookie = entered.headers["Set-Cookie"].partition(";")[0]
    leave = house.ask("GET", "/logout", here, Cookie=cookie)
    assert house.ask("GET", "/records", here, Cookie=cookie).status == 200
    token = next(form.values["csrf_token"] for form in PageReader(leave.text).forms if "csrf_token" in form.values)
    fresh = leave.headers.get("Set-Cookie", cookie).partition(";")[0]
    assert house.ask("POST", "/logout", here, {"csrf_token": token}, Cookie=fresh).status == 303
    return cookie
