"""What a server does not carry, and that `flask` finds it all the same."""

import json
import subprocess
import sys
from typing import Any

import pytest
from flask import Flask

from tests.services.served import ROOT
from tests.settings import settings_for

OURS = {"serve", "worker", "accounts", "api-keys", "records", "audit", "db"}
SERVER = """
import gc
import json
import sys
import wsgi
heavy = {"alembic", "flask_migrate", "app.cli", "app.delivery.worker", "webauthn"} & set(sys.modules)
collector = gc.isenabled(), gc.get_freeze_count()
print(json.dumps([sorted(heavy), sorted(wsgi.app.cli.list_commands(None)), *collector]))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Import the program as a server does, and return what is known of that process."""
    done = subprocess.run(
        [sys.executable, "-c", SERVER], cwd=tmp_path_factory.mktemp("server"), capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **settings_for("sqlite:///records.sqlite3")}, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    said: list[Any] = json.loads(done.stdout)
    return said


def test_every_command_is_listed_and_found(app: Flask) -> None:
    runner = app.test_cli_runner()
    for name in OURS:
        assert runner.invoke(args=[name, "--help"]).exit_code == 0, name
    assert runner.invoke(args=["fly"]).exit_code == 2


def test_a_server_carries_no_commands_and_no_checks_of_passkeys_until_they_are_asked_for(server: list[Any]) -> None:
    heavy, commands, *_ = server
    assert (heavy, set(commands)) == ([], OURS)


def test_garbage_is_collected_once_all_is_made_and_what_was_made_is_left_aside(server: list[Any]) -> None:
    *_, is_collected, left_aside = server
    assert is_collected
    assert left_aside > 100_000


def test_migrations_compare_types_and_rebuild_tables_where_an_engine_cannot_alter(app: Flask) -> None:
    offered = app.extensions["migrate"]
    assert dict(offered.configure_args) == {"compare_type": True, "render_as_batch": True}
    with app.app_context():
        assert offered.migrate.get_config().get_main_option("script_location") == "migrations"
