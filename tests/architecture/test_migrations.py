import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import Engine, event, inspect

from app import create_app
from app.extensions import db
from config import Config
from tests.architecture.source import ROOT
from tests.settings import settings_for

MIGRATIONS = str(ROOT / "migrations")


@pytest.fixture
def blank(engine_name: str, new_database: Callable[[str, str], str], tmp_path: Path) -> Flask:
    """Make an application on a database without any table, one of the test's own."""
    return create_app(Config.from_env(settings_for(new_database(engine_name, tmp_path.name[:30])), home=tmp_path))


def test_migrations_build_the_models_and_take_them_down_again(blank: Flask) -> None:
    with blank.app_context():
        upgrade(directory=MIGRATIONS)
        check(directory=MIGRATIONS)
        downgrade(directory=MIGRATIONS, revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade(directory=MIGRATIONS)
        check(directory=MIGRATIONS)
        db.engine.dispose()


@contextmanager
def cut_off_at(statement: int) -> Iterator[None]:
    """Have the process stop, as it seems to the database, before the n-th statement that makes or alters something."""
    made = itertools.count()

    def listen(_connection: object, _cursor: object, text: str, *_: object) -> None:
        if text.lstrip().startswith(("CREATE", "ALTER", "INSERT", "UPDATE")) and next(made) == statement:
            raise KeyboardInterrupt

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


def test_a_migration_that_was_cut_off_is_taken_up_again(blank: Flask) -> None:
    with blank.app_context():
        for statement in (3, 17, 30, 5):
            with cut_off_at(statement):
                upgrade(directory=MIGRATIONS)
        upgrade(directory=MIGRATIONS)
        check(directory=MIGRATIONS)
        db.engine.dispose()


def test_migrations_have_one_head_and_are_numbered_in_their_order() -> None:
    script = ScriptDirectory(MIGRATIONS)
    revisions = [revision.revision for revision in script.walk_revisions()][::-1]
    assert len(script.get_heads()) == 1
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]


def test_a_migration_knows_nothing_of_the_application() -> None:
    for path in Path(MIGRATIONS, "versions").glob("*.py"):
        assert not re.search(r"^\s*(from|import) (app|config)\b", path.read_text(), re.MULTILINE), path.name


def test_every_constraint_has_a_name() -> None:
    nameless = [
        f"{table.name}: {constraint}"
        for table in db.metadata.tables.values()
        for constraint in table.constraints
        if constraint.name is None
    ]
    assert nameless == []
