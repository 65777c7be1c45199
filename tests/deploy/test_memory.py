"""What a worker process keeps: little, whoever signs in."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.services.served import Served, workers

ADMIN = {"email": "head@example.com", "password": "Monsoon-4-Teacups"}
ONE_CHECK_MIB = 19
MOST_MIB = 114
"""120 MB."""


def sign_in(server: Served) -> int:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("POST", "/api/v1/auth/login", json.dumps(ADMIN), {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status


def kept_mib(server: Served) -> float:
    """Return the resident memory of the one worker."""
    [worker] = workers(server)
    lines = Path(f"/proc/{worker}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


@pytest.mark.slow
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True, scope="session")
def test_the_memory_that_checking_passwords_takes_is_given_back(served: Callable[..., Served]) -> None:
    server = served(ADMIN_EMAIL=ADMIN["email"], ADMIN_PASSWORD=ADMIN["password"], WEB_THREADS="8")
    assert sign_in(server) == 200
    before = kept_mib(server)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(sign_in, [server] * 24)) == {200}
    assert kept_mib(server) - before < ONE_CHECK_MIB
    assert kept_mib(server) < MOST_MIB
