"""What a test asks the database, in the words that go there.

Whoever listens keeps the quick paths shut (app/core/quick_reads.py), so nobody may listen on when the test is over.
"""

from collections.abc import Iterator
from threading import get_ident
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from app.extensions import db


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Gather the statements of the test's own thread; what is written a moment later is others' doing."""
    sent: list[str] = []
    here = get_ident()

    def listen(*told: Any) -> None:
        if get_ident() == here:
            sent.append(told[2])

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", listen)
    yield sent
    event.remove(engine, "before_cursor_execute", listen)
