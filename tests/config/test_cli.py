"""The parts of `flask serve`, each by itself."""

import socket
import threading
from pathlib import Path

import pytest
from flask import Flask

from app import cli
from app.core.settings import settings
from config import Config, ConfigError
from tests.services.mariadb import free_port
from tests.settings import production_settings, settings_for

SQLITE = "sqlite:///records.sqlite3"
PASSWORD = "Monsoon-4-Teacups"


def read(tmp_path: Path, **changes: str) -> Config:
    """Read settings of a development machine."""
    return Config.from_env(settings_for(SQLITE, **changes), home=tmp_path)


def test_the_first_admin_gets_a_password_once(context: Flask) -> None:
    email, password = cli.first_admin_lines(settings())
    assert email == "First admin: admin@example.com"
    assert password.startswith("Password, shown this once: ")
    assert cli.first_admin_lines(settings()) == []


def test_a_given_password_is_not_repeated(context: Flask, tmp_path: Path) -> None:
    config = read(tmp_path, ADMIN_EMAIL="head@example.com", ADMIN_PASSWORD=PASSWORD)
    assert cli.first_admin_lines(config) == ["First admin: head@example.com"]


def test_a_refused_password_is_a_wrong_setting(context: Flask, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        cli.first_admin_lines(read(tmp_path, ADMIN_PASSWORD="Password@123"))
    assert list(refused.value.problems) == ["ADMIN_PASSWORD"]


def test_a_refused_address_is_a_wrong_setting_by_its_own_name(context: Flask, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        cli.first_admin_lines(read(tmp_path, ADMIN_EMAIL="head..office@example.com", ADMIN_PASSWORD=PASSWORD))
    assert list(refused.value.problems) == ["ADMIN_EMAIL"]
    assert "head" not in str(refused.value)


@pytest.mark.parametrize("given", [{}, {"ADMIN_EMAIL": "head@example.com"}, {"ADMIN_PASSWORD": PASSWORD}])
def test_production_needs_both_settings_for_an_admin(context: Flask, tmp_path: Path, given: dict[str, str]) -> None:
    config = Config.from_env(production_settings(SQLITE, **given), home=tmp_path)
    assert cli.first_admin_lines(config) == []


@pytest.mark.usefixtures("context")
def test_only_one_start_at_a_time_migrates(app: Flask) -> None:
    inside, order = threading.Event(), []

    def second_start() -> None:
        inside.wait(10)
        with app.app_context(), cli.only_one_starts():
            order.append("second")

    other = threading.Thread(target=second_start)
    other.start()
    with cli.only_one_starts():
        inside.set()
        other.join(0.2)
        order.append("first")
    other.join(10)
    assert order == ["first", "second"]


def test_a_taken_port_is_a_wrong_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError) as refused:
        cli.refuse_taken_port(read(tmp_path, PORT=str(taken.getsockname()[1])))
    assert list(refused.value.problems) == ["PORT"]


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_a_wrong_setting(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError) as refused:
        cli.refuse_taken_port(read(tmp_path, HOST=host, PORT=str(free_port())))
    assert list(refused.value.problems) == ["HOST"]
    assert host not in str(refused.value)


def test_a_free_port_is_taken(tmp_path: Path) -> None:
    cli.refuse_taken_port(read(tmp_path, PORT=str(free_port())))


def test_the_debugger_serves_only_when_asked(tmp_path: Path) -> None:
    config = read(tmp_path, PORT="9001", BASE_URL="http://room.example.com")
    assert cli.server_command(config, debug=False)[0] == "gunicorn"
    assert cli.server_command(config, debug=True)[:4] == ["flask", "--app", "wsgi", "--debug"]


def test_the_debugger_is_refused_in_production(context: Flask, make_app: object, tmp_path: Path) -> None:
    runner = context.test_cli_runner()
    context.extensions["config"], kept = Config.from_env(production_settings(SQLITE), home=tmp_path), settings()
    try:
        refused = runner.invoke(cli.serve, ["--debug"])
    finally:
        context.extensions["config"] = kept
    assert isinstance(refused.exception, ConfigError)
    assert list(refused.exception.problems) == ["APP_ENV"]


def test_serving_migrates_and_then_becomes_the_server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _program, arguments: became.append(arguments))
    done = app.test_cli_runner().invoke(cli.serve)
    assert done.exit_code == 0, done.output
    assert "First admin: admin@example.com" in done.output
    assert [arguments[1:3] for arguments in became] == [["-m", "gunicorn"]]
