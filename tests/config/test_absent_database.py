"""No command ends in a traceback because there is no database, or none of our tables in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask
from sqlalchemy import make_url

from app.core.absent_database import refuse_absent_database
from app.extensions import db
from config import ConfigError
from tests.services.mariadb import free_port
from tests.services.served import ROOT, Served
from tests.settings import settings_for

NEEDED = {"--email": "a@example.com", "--account": "a@example.com", "--scopes": "a", "--name": "a", "--seed": "1"}
AWAY = "leads to no database that answers; mend it, or the database"
MakeApp = Callable[..., Flask]


def commands(app: Flask) -> Iterator[list[str]]:
    """Spell every command of ours with all it asks for; `serve` and `db` make the tables, `worker` waits for them."""

    def leaves(group: click.Group, path: list[str]) -> Iterator[list[str]]:
        for name, command in group.commands.items():
            if not path and name in ("serve", "db", "worker"):
                continue
            if isinstance(command, click.Group):
                yield from leaves(command, [*path, name])
            else:
                wanted = [option.opts[0] for option in command.params if option.required]
                yield [*path, name, *(word for option in wanted for word in (option, NEEDED.get(option, "1")))]

    app.cli.list_commands(click.Context(app.cli))
    yield from leaves(app.cli, [])


def refusals(app: Flask) -> list[str]:
    """Run every command, expecting that it ends by one line about DATABASE_URL; return what was said about that."""
    found = []
    for arguments in commands(app):
        done = app.test_cli_runner().invoke(args=arguments)
        assert isinstance(done.exception, ConfigError), (arguments, done.exception)
        assert list(done.exception.problems) == ["DATABASE_URL"], arguments
        assert done.output.count("\n") <= 1, arguments
        found.append(done.exception.problems["DATABASE_URL"])
    return found


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
@pytest.mark.parametrize("part", ["user", "password", "port", "name"])
def test_a_database_that_cannot_be_reached_is_a_wrong_setting_to_every_command(
    app: Flask, make_app: MakeApp, part: str
) -> None:
    right = make_url(app.extensions["config"].database_url)
    wrong: dict[str, dict[str, Any]] = {
        "user": {"username": "nobody"},
        "password": {"password": "wrong"},
        "port": {"port": free_port()},
    }
    url = right.set(**wrong.get(part, {"database": "rr_absent"})).render_as_string(hide_password=False)
    [said] = set(refusals(make_app(DATABASE_URL=url)))
    assert not [shown for shown in ("nobody", "wrong", "rr_absent", "127.0.0.1") if shown in said]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_database_where_no_file_can_be_is_a_wrong_setting(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(DATABASE_URL=f"sqlite:///{tmp_path}")
    assert set(refusals(app)) == {AWAY}
    with app.app_context(), pytest.raises(ConfigError) as refused:
        refuse_absent_database()
    assert list(refused.value.problems) == ["DATABASE_URL"]


def test_a_database_that_was_never_migrated_is_told_how(
    make_app: MakeApp, new_database: Callable[[str, str], str], engine_name: str, tmp_path: Path
) -> None:
    app = make_app(DATABASE_URL=new_database(engine_name, tmp_path.name[:30]))
    [said] = set(refusals(app))
    assert said == "names a database without tables; run flask --app wsgi db upgrade"
    with app.app_context():
        db.engine.dispose()


def test_a_migration_too_and_all_that_is_said_is_that_line(tmp_path: Path) -> None:
    server = Served(tmp_path, settings_for(f"mysql+pymysql://clerk:Secret-4-Teacups@127.0.0.1:{free_port()}/room"))
    for arguments in (("db", "upgrade", "-d", str(ROOT / "migrations")), ("audit", "verify")):
        done = server.flask(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert (
            done.stderr == "configuration: DATABASE_URL: leads to no database that answers; mend it, or the database\n"
        )
