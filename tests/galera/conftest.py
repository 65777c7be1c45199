"""Three nodes of a real cluster, and the same application on each of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from app.accounts import keys
from app.core.identity import scopes_of, system_actor
from app.extensions import db
from config import Config
from tests.browsing import JsonClient
from tests.factories import MadeAccount, make_account
from tests.records.partner import count
from tests.services.galera import Galera
from tests.services.machine import PROGRAMS
from tests.services.served import ROOT
from tests.settings import settings_for


@pytest.fixture(scope="package")
def galera() -> Iterator[Galera]:
    """Start the cluster; a test that kills a node leaves it whole again."""
    if PROGRAMS["galera"].find() is None:
        pytest.skip("not run: there is no Galera on this machine")
    cluster = Galera.start()
    yield cluster
    cluster.stop()


@dataclass(frozen=True)
class Cluster:
    """One application on each node, all on one database."""

    apps: list[Flask]

    def account(self, role: str = "editor") -> MadeAccount:
        """Make an account on the first node."""
        with self.apps[0].app_context():
            return make_account(role)

    def key(self, role: str = "editor") -> str:
        """Make an API key with all scopes of a role."""
        account = self.account(role)
        with self.apps[0].app_context():
            return keys.create_api_key(account.id, "nodes", scopes_of(role), actor=system_actor()).secret

    def callers(self, number: int, role: str | None = "editor") -> list[JsonClient]:
        """Return clients of one account, spread over the nodes."""
        key = self.key(role) if role else None
        return [JsonClient(self.apps[at % len(self.apps)].test_client(), key) for at in range(number)]

    def counts(self, table: str) -> list[int]:
        """Count rows on each node; `table` may go on with a WHERE."""
        return [count(app, table) for app in self.apps]


@pytest.fixture(scope="module")
def cluster(galera: Galera, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Lend an application on each node, on a database of the module's own."""
    folder = Path(tmp_path_factory.mktemp("cluster"))
    made = Cluster([on_node(url, folder) for url in galera.create_database(folder.name)])
    with made.apps[0].app_context():
        upgrade(directory=str(ROOT / "migrations"))
    yield made
    for app in made.apps:
        app.extensions["views"].later.flush()
        with app.app_context():
            db.engine.dispose()


def on_node(url: str, folder: Path) -> Flask:
    """Make the application on one node."""
    app = create_app(Config.from_env(settings_for(url), home=folder))
    app.testing = True
    return app


@pytest.fixture
def is_whole(cluster: Cluster) -> Iterator[Callable[[], None]]:
    """Prove after a test that every change has its entry and its event, and that the trail is whole."""

    def prove() -> None:
        for table in ("user_records", "identity_vault", "audit_entries", "outbox", "idempotency_keys"):
            assert len(set(cluster.counts(table))) == 1, table
        [created] = set(cluster.counts("audit_entries WHERE action = 'record.created'"))
        assert created == cluster.counts("outbox WHERE type = 'record.created'")[0]
        assert created == cluster.counts("user_records")[0] == cluster.counts("identity_vault")[0]
        live = cluster.counts("user_records WHERE is_deleted = 0")
        assert [one.get("/users/?page_size=1").get_json()["total"] for one in cluster.callers(3)] == live
        checked = cluster.apps[1].test_cli_runner().invoke(args=["audit", "verify"])
        assert checked.exit_code == 0, checked.stdout

    yield prove
    prove()
