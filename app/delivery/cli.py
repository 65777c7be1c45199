"""The command that runs the worker."""

import os
import subprocess
import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from app.delivery import attending
from app.delivery.worker import run_worker


@click.command("worker")
@click.option("--beside", type=int, hidden=True, help="Stop when the process with this id is no longer the parent.")
@with_appcontext
def worker_command(beside: int | None) -> None:
    """Tell other systems of events, mail letters, anchor the audit trail, remove what is over; until told to stop."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own way to it
    sys.exit(run_worker(app, beside))


def start_worker_beside() -> None:
    """Start what keeps a worker as long as this process lives, whatever this process becomes."""
    command = [sys.executable, "-I", attending.__file__, str(os.getpid())]
    subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - nothing in it comes from outside
