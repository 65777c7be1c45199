"""Where things lie: the database and the files."""

from pathlib import Path

import pytest

from config import Config, ConfigError
from tests.settings import settings_for

SQLITE = "sqlite:///records.sqlite3"
MYSQL = "mysql+pymysql://room:secret-of-the-room@db.example.com/records"


def read(tmp_path: Path, **changes: str) -> Config:
    """Read the settings of a development machine, complete but for the changes."""
    return Config.from_env(settings_for(SQLITE) | changes, home=tmp_path)


def test_relative_paths_belong_to_the_working_folder(tmp_path: Path) -> None:
    config = read(tmp_path, LOG_FILE="logs/room.log", DATABASE_URL="sqlite:///data/r.sqlite3")
    assert config.audit_anchor_file == tmp_path / "instance/audit-anchors.jsonl"
    assert config.log_file == tmp_path / "logs/room.log"
    assert config.database_url == f"sqlite:///{tmp_path}/data/r.sqlite3"
    assert read(tmp_path, DATABASE_URL="sqlite:////srv/r.sqlite3").database_url == "sqlite:////srv/r.sqlite3"


@pytest.mark.parametrize("scheme", ["mysql+pymysql", "mariadb+pymysql"])
def test_both_names_of_the_server_engine_mean_the_same(tmp_path: Path, scheme: str) -> None:
    config = read(tmp_path, DATABASE_URL=MYSQL.replace("mysql+pymysql", scheme))
    assert config.database_url == MYSQL
    assert not config.is_sqlite


@pytest.mark.parametrize(
    "text",
    [
        "records.sqlite3",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file:records?uri=true",
        "mysql://room@db.example.com/records",
        "mysql+pymysql://room@db.example.com",
        "mysql+pymysql://room@db.example.com:port/records",
        "mysql+asyncmy://room@db.example.com/records",
        "postgresql://room@db.example.com/records",
    ],
)
def test_a_database_that_cannot_serve_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, DATABASE_URL=text)
    assert list(refused.value.problems) == ["DATABASE_URL"]


def test_a_password_with_signs_reaches_the_database_as_written(tmp_path: Path) -> None:
    config = read(tmp_path, DATABASE_URL="mysql+pymysql://room:p%40ss%2Fword%25@db.example.com/records")
    assert config.database_url == "mysql+pymysql://room:p%40ss%2Fword%25@db.example.com/records"
