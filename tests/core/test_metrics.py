"""Counters of several processes are added up."""

import subprocess
import sys
from pathlib import Path

from tests.services.served import ROOT

PROGRAM = """
import os
from app.core.metrics import Metrics

counters = Metrics(active_users=lambda: 7)
for _ in range(2):
    if child := os.fork():
        os.waitpid(child, 0)
    else:
        counters.sign_ins.labels("success").inc()
        os._exit(0)
counters.sign_ins.labels("success").inc()
print(counters.exposition().decode())
"""


def test_whoever_is_asked_tells_of_all_processes(tmp_path: Path) -> None:
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert 'login_attempts_total{status="success"} 3.0' in done.stdout
    assert "active_users_total 7.0" in done.stdout
