"""Fixtures of the browser tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.office import Office
from tests.services.served import Served
from tests.settings import settings_for


@pytest.fixture(scope="session")
def building(
    new_database: Callable[[str, str], str], engine_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """Serve one office for all browser tests of a worker; what they register has names of its own."""
    folder: Path = tmp_path_factory.mktemp("office")
    # Both engines take turns in one process, so this may be made more than once.
    server = Served(folder, settings_for(new_database(engine_name, folder.name), WEB_CONCURRENCY="1")).open()
    try:
        opened = Office(server, folder)
        opened.employ()
        yield opened
    finally:
        server.stop()


@pytest.fixture
def office(building: Office) -> Iterator[Office]:
    """Lend the office; at the end of the test no browser may have complained."""
    building.complaints.clear()
    yield building
    assert building.complaints == []
