"""A backup put into an empty server is the same room: it decrypts, its trail verifies, and nobody is signed in."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import make_url, text

from app import create_app
from app.extensions import db
from config import Config
from tests.browsing import JsonClient, Person
from tests.deploy.conftest import need, option_file
from tests.factories import MadeAccount, make_account, record_input
from tests.services.mariadb import MariaDb
from tests.services.served import ROOT
from tests.settings import settings_for

pytestmark = [pytest.mark.slow, pytest.mark.mariadb]
BACKUP, RESTORE = ROOT / "deploy/backup", ROOT / "deploy/restore"
KEEPER = "keeper@example.com"


@pytest.fixture(scope="module")
def empty_server() -> Iterator[MariaDb]:
    """Start another server that knows nothing of the first."""
    need("mariadb")
    need("mariadb-dump")
    server = MariaDb.start()
    yield server
    server.stop()


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Path]:
    """Make the pair of keys of whoever keeps the backups; only the public one goes where they are made."""
    need("gpg")
    home = tmp_path / "keys"
    home.mkdir(mode=0o700)
    make = ["--passphrase", "", "--quick-generate-key", KEEPER, "default", "default", "never"]
    for arguments in (make, ["--armor", "--output", str(tmp_path / "public.asc"), "--export", KEEPER]):
        subprocess.run(["gpg", "--homedir", str(home), "--batch", "--quiet", *arguments], check=True)
    yield home
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


def run(*command: object, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a timer or an administrator would."""
    return subprocess.run(
        [str(word) for word in command], cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.fixture
def open_room(tmp_path: Path) -> Iterator[Callable[[str], Flask]]:
    """Open the application on a database."""
    made: list[Flask] = []

    def start(url: str) -> Flask:
        app = create_app(Config.from_env(settings_for(url), home=tmp_path))
        app.testing = True
        made.append(app)
        return app

    yield start
    for app in made:
        with app.app_context():
            app.extensions["views"].later.flush()
            db.engine.dispose()


@pytest.fixture
def url(new_database: Callable[[str, str], str]) -> str:
    """Lend a database on the first server."""
    return new_database("mariadb", "backup")


def test_a_backup_restored_into_an_empty_server_is_the_same_room(
    open_room: Callable[[str], Flask], url: str, mariadb: MariaDb, empty_server: MariaDb, keyring: Path, tmp_path: Path
) -> None:
    app = open_room(url)
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        admin = make_account("admin")
    before = Held(app, admin)
    backup = backed_up(app, mariadb, tmp_path)
    command = (RESTORE, option_file(empty_server, tmp_path / "to.cnf"), "rr_again", backup)
    done = run(*command, folder=tmp_path, GNUPGHOME=str(keyring))
    assert done.returncode == 0, done.stderr
    second = run(*command, folder=tmp_path, GNUPGHOME=str(keyring))
    assert (second.returncode, "not empty" in second.stderr) == (1, True)

    again = make_url(url).set(port=empty_server.port, database="rr_again").render_as_string(hide_password=False)
    restored = open_room(again)
    before.look_around(restored)
    anchors = str(tmp_path / "rr_again.anchors.jsonl")
    verified = restored.test_cli_runner().invoke(args=["audit", "verify", "--anchor", anchors])
    assert verified.exit_code == 0, verified.output


def backed_up(app: Flask, server: MariaDb, folder: Path) -> Path:
    """Anchor the trail and make a backup; nothing in it can be read."""
    app.test_cli_runner().invoke(args=["audit", "anchor"])
    anchors = app.extensions["config"].audit_anchor_file
    assert anchors.exists()
    (folder / "backups").mkdir()
    name = make_url(app.extensions["config"].database_url).database
    old = folder / "backups" / f"{name}-20200101T000000Z.sql.gz.gpg"
    old.touch()
    os.utime(old, (0, 0))
    source = option_file(server, folder / "from.cnf")
    done = run(BACKUP, source, name, folder / "backups", folder / "public.asc", anchors, folder=folder)
    assert done.returncode == 0, done.stderr
    made = Path(done.stdout.strip())
    assert {path.suffix for path in made.parent.iterdir()} == {".gpg"}
    assert made.stat().st_mode & 0o077 == 0
    assert not old.exists()
    kind = subprocess.run(["gpg", "--batch", "--list-packets", str(made)], capture_output=True, text=True, check=False)
    assert "encrypted data packet" in kind.stdout
    return made


class Held:
    """What somebody holds before the backup: a record, tokens, a session in a browser, a link in a letter."""

    def __init__(self, app: Flask, admin: MadeAccount) -> None:
        self.admin = admin
        self.system = JsonClient(app.test_client()).sign_in(admin)
        self.person = Person(app.test_client()).sign_in(admin)
        self.cookies = {cookie.key: cookie.value for cookie in self.person.client._cookies.values()}
        self.given = record_input()
        self.id = self.system.post("/users/", json=self.given).get_json()["id"]
        assert self.system.post("/auth/password/forgot", json={"email": admin.email}).status_code == 202

    def look_around(self, restored: Flask) -> None:
        """Find everything there that should be, and nothing that should not."""
        assert JsonClient(restored.test_client(), self.system.token).get("/auth/me").status_code == 401
        assert self.person.get("/records").status_code == 200
        browser = restored.test_client()
        for name, value in self.cookies.items():
            browser.set_cookie(name, value)
        assert browser.get("/records").status_code == 303
        anew = JsonClient(restored.test_client()).sign_in(self.admin)
        found = anew.post("/users/search/", json={"q": self.given["aadhaar"]}).get_json()["data"]
        assert [record["id"] for record in found] == [self.id]
        shown = anew.post(f"/users/{self.id}/reveal", json={"fields": ["pan"], "reason": "a check after the restore"})
        assert shown.get_json()["pan"] == self.given["pan"]
        with restored.app_context():
            for table in ("mail_links", "letters WHERE state = 'pending'", "sign_in_steps"):
                assert db.session.scalar(text(f"SELECT count(*) FROM {table}")) == 0
