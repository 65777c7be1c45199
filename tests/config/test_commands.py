"""What a server does not carry, and that `flask` finds it all the same."""

import subprocess
import sys
from pathlib import Path

from flask import Flask

from tests.services.served import ROOT
from tests.settings import settings_for

OURS = {"serve", "worker", "accounts", "api-keys", "records", "audit", "db"}
SERVER = """
import sys
import wsgi
heavy = {"alembic", "flask_migrate", "app.cli", "app.delivery.worker", "webauthn"} & set(sys.modules)
print(sorted(heavy), sorted(set(wsgi.app.cli.list_commands(None))))
"""


def test_every_command_is_listed_and_found(app: Flask) -> None:
    runner = app.test_cli_runner()
    for name in OURS:
        assert runner.invoke(args=[name, "--help"]).exit_code == 0, name
    assert runner.invoke(args=["fly"]).exit_code == 2


def test_a_server_carries_no_commands_and_no_checks_of_passkeys_until_they_are_asked_for(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVER], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **settings_for("sqlite:///records.sqlite3")},
    )  # fmt: skip
    assert done.stdout.strip() == f"[] {sorted(OURS)}"
    assert done.stderr == ""


def test_migrations_compare_types_and_rebuild_tables_where_an_engine_cannot_alter(app: Flask) -> None:
    offered = app.extensions["migrate"]
    assert dict(offered.configure_args) == {"compare_type": True, "render_as_batch": True}
    with app.app_context():
        assert offered.migrate.get_config().get_main_option("script_location") == "migrations"
