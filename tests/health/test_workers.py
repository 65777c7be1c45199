import os
import re
import signal
from collections.abc import Callable
from urllib.request import urlopen

import pytest

from tests.faults.room import wait_for
from tests.services.served import Served, workers


@pytest.mark.slow
def test_whichever_worker_is_asked_the_counters_are_those_of_all(served: Callable[..., Served]) -> None:
    server = served(WEB_CONCURRENCY="3")
    asked = 30
    for _ in range(asked):
        with urlopen(f"{server.url}/problems/") as answer:  # noqa: S310 - our own server
            assert answer.status == 200
    counts = {_count(server.url) for _ in range(10)}
    assert counts == {asked}


@pytest.mark.slow
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True, scope="session")
def test_what_a_worker_counted_outlives_it_and_its_files_do_not(served: Callable[..., Served]) -> None:
    server = served(WEB_CONCURRENCY="2")
    for _ in range(10):
        with urlopen(f"{server.url}/problems/") as answer:  # noqa: S310 - our own server
            assert answer.status == 200
    folder = server.folder / "instance/metrics"
    for ending in (signal.SIGTERM, signal.SIGKILL):
        wait_for(lambda: len(workers(server)) == 2)
        [victim, *_] = sorted(workers(server))
        os.kill(int(victim), ending)
        wait_for(lambda gone=victim: not list(folder.glob(f"*_{gone}.db")) and gone not in workers(server))  # type: ignore[misc]  # a default binds it now
    assert _count(server.url) == 10
    assert {path.name for path in folder.glob("*_gone.db")} == {"counter_gone.db", "histogram_gone.db"}


def _count(url: str) -> int:
    with urlopen(f"{url}/metrics") as answer:  # noqa: S310 - our own server
        lines = re.findall(
            r'^http_requests_total\{[^}]*endpoint="/problems/"[^}]*\} ([\d.]+)', answer.read().decode(), re.MULTILINE
        )
    return int(sum(float(line) for line in lines))
