import re
from collections.abc import Callable
from urllib.request import urlopen

import pytest

from tests.services.served import Served


@pytest.mark.slow
def test_whichever_worker_is_asked_the_counters_are_those_of_all(served: Callable[..., Served]) -> None:
    server = served(WEB_CONCURRENCY="3")
    asked = 30
    for _ in range(asked):
        with urlopen(f"{server.url}/problems/") as answer:  # noqa: S310 - our own server
            assert answer.status == 200
    counts = {_count(server.url) for _ in range(10)}
    assert counts == {asked}


def _count(url: str) -> int:
    with urlopen(f"{url}/metrics") as answer:  # noqa: S310 - our own server
        lines = re.findall(
            r'^http_requests_total\{[^}]*endpoint="/problems/"[^}]*\} ([\d.]+)', answer.read().decode(), re.MULTILINE
        )
    return int(sum(float(line) for line in lines))
