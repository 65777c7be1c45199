"""A private Galera cluster of three MariaDB nodes on loopback, each in its own folder and stopped by its own pid."""

import os
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Self

import pymysql

from tests.services.machine import PROGRAMS
from tests.services.mariadb import MariaDb, free_port, scratch_folder

NODES = 3
LIBRARY = "/usr/lib/galera/libgalera_smm.so"
JOIN_SECONDS = 60
PLAIN_USER = "nobody"
"""The copy of the data to a node that joins does not work as root."""
TIMES = "evs.keepalive_period=PT0.3S;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT6S;evs.join_retrans_period=PT0.3S"
"""A node that is silent is given up after two seconds instead of five: tests wait for it."""
SIZE, STATE = "wsrep_cluster_size", "wsrep_local_state_comment"
POSITION = re.compile(r"Recovered position: *(\S+):(-?\d+)")


class Node(MariaDb):
    """One node. Killed, it comes back by `run()`: it finds its last position and asks the others for what it missed."""

    def __init__(self, place: Path, ports: list[int]) -> None:
        super().__init__(free_port(), place)
        self.group_port, self.others = ports[0], ports[1:]
        self.copy_port, self.missed_port = free_port(), free_port()
        data = place / "data"
        data.mkdir(parents=True)
        if os.geteuid() == 0:
            for folder in (place, data):
                shutil.chown(folder, PLAIN_USER)

    def _user(self) -> list[str]:
        return [f"--user={PLAIN_USER}"] if os.geteuid() == 0 else []

    def run(self, program: str | None = None, *options: str) -> None:
        """Start the node; it joins whoever is there, or begins a new cluster with `--wsrep-new-cluster`."""
        super().run(program, *self._cluster(), *options)

    def _cluster(self) -> list[str]:
        members = ",".join(f"127.0.0.1:{port}" for port in (self.group_port, *self.others))
        network = f"gmcast.listen_addr=tcp://127.0.0.1:{self.group_port};ist.recv_addr=127.0.0.1:{self.missed_port}"
        return [
            "--wsrep-on=ON", f"--wsrep-provider={LIBRARY}", "--wsrep-cluster-name=record-room-tests",
            f"--wsrep-cluster-address=gcomm://{members}", f"--wsrep-node-address=127.0.0.1:{self.group_port}",
            "--wsrep-sst-method=rsync", f"--wsrep-sst-receive-address=127.0.0.1:{self.copy_port}",
            f"--wsrep-provider-options=base_port={self.group_port};{network};gcache.size=32M;{TIMES}",
            "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2", "--innodb-flush-log-at-trx-commit=1",
            "--innodb-buffer-pool-size=64M",
        ]  # fmt: skip

    def state(self) -> dict[str, str]:
        """Return what the node says of itself and its cluster; nothing while it cannot be asked."""
        with suppress(pymysql.err.MySQLError), self.admin() as connection, connection.cursor() as cursor:
            cursor.execute(f"SHOW STATUS WHERE Variable_name IN ('{SIZE}', '{STATE}')")
            return dict(cursor.fetchall())
        return {}

    def wait_until_synced(self, size: int) -> None:
        """Wait until the node works in a cluster of so many. Raises RuntimeError when it does not in time."""
        deadline = time.monotonic() + JOIN_SECONDS
        while self.state() != {SIZE: str(size), STATE: "Synced"}:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the node did not join: {self.state()}")
            time.sleep(0.05)

    def position(self) -> tuple[str, int]:
        """Return the last transaction a stopped node has in its files: the cluster's id and a number."""
        assert self.folder is not None
        command = [
            PROGRAMS["mariadb"].find() or "mariadbd", "--no-defaults", f"--datadir={self.folder / 'data'}",
            f"--socket={self.folder / 'sock'}", f"--pid-file={self.folder / 'pid'}", "--skip-networking",
            "--innodb-log-file-size=48M", *self._cluster(), *self._user(), "--wsrep-recover",
        ]  # fmt: skip
        said = subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=False)
        found = POSITION.search(said.stdout + said.stderr)
        if found is None:
            raise RuntimeError(f"no position was recovered: {said.stderr[-2000:]}")
        return found[1], int(found[2])

    def run_again(self, *options: str) -> None:
        """Start a node that was killed where it stopped, as the service's own start script does."""
        cluster, number = self.position()
        self.run(None, f"--wsrep-start-position={cluster}:{number}", *options)

    def allow_bootstrap(self) -> None:
        """Say that this stopped node is the one that knows most: the one line an operator edits."""
        assert self.folder is not None
        state = self.folder / "data" / "grastate.dat"
        state.write_text(state.read_text().replace("safe_to_bootstrap: 0", "safe_to_bootstrap: 1"))


class Galera:
    """Three nodes that hold the same data."""

    def __init__(self) -> None:
        self.folder = scratch_folder()
        self.folder.chmod(0o755)
        ports = [free_port() for _ in range(NODES)]
        self.nodes = [
            Node(self.folder / f"node{at}", [port, *ports[:at], *ports[at + 1 :]]) for at, port in enumerate(ports)
        ]

    @classmethod
    def start(cls) -> Self:
        """Start all nodes on empty folders. Raises RuntimeError when they do not come up."""
        cluster = cls()
        first, *others = cluster.nodes
        first._install()
        first.run(None, "--wsrep-new-cluster")
        first.allow_tests()
        with ThreadPoolExecutor(NODES) as starting:
            list(starting.map(Node.run, others))
        cluster.wait_until_whole()
        return cluster

    def wait_until_whole(self) -> None:
        """Wait until every node works with all others."""
        for node in self.nodes:
            node.wait_until_synced(NODES)

    def create_database(self, name: str) -> list[str]:
        """Make an empty database and return its URL on each node."""
        url = self.nodes[0].create_database(name)
        return [url.replace(f":{self.nodes[0].port}/", f":{node.port}/") for node in self.nodes]

    def bootstrap(self) -> None:
        """Bring the cluster back when every node was killed, as docs/runbook.md says: who knows most begins."""
        known = {node: node.position()[1] for node in self.nodes}
        first = max(self.nodes, key=lambda node: known[node])
        first.allow_bootstrap()
        first.run_again("--wsrep-new-cluster")
        others = [node for node in self.nodes if node is not first]
        with ThreadPoolExecutor(NODES) as starting:
            list(starting.map(Node.run_again, others))
        self.wait_until_whole()

    def stop(self) -> None:
        """End every node and remove what they made."""
        for node in self.nodes:
            node.thaw()
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
