"""Everything `make check` proves, one line each; what fails shows its output and fails the whole."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.machine import PROGRAMS, must_be_complete
from tests.services.mariadb import MariaDb
from tests.services.served import ROOT, Served
from tests.settings import settings_for

BIN = Path(sys.executable).parent
TEMPLATES = [str(ROOT / "templates")]
Outcome = tuple[bool, str]


def tool(*arguments: str) -> Outcome:
    """Run a program of the virtual environment; return whether it was content, and what it said."""
    done = subprocess.run(
        [str(BIN / arguments[0]), *arguments[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode == 0, done.stdout + done.stderr


def migrations_in_step(database_url: str) -> Outcome:
    """Build an empty database by the migrations, and compare it with the models."""
    with tempfile.TemporaryDirectory() as folder:
        application = Served(Path(folder), settings_for(database_url.replace("FOLDER", folder)))
        said = ""
        for step in ("upgrade", "check"):
            done = application.flask("db", step, "--directory", str(ROOT / "migrations"))
            said += done.stdout + done.stderr
            if done.returncode:
                return False, said
    return True, said


@contextmanager
def mariadb_url() -> Iterator[str | None]:
    """Lend a database of a private server, or None where the machine has none."""
    if PROGRAMS["mariadb"].find() is None:
        yield None
        return
    server = MariaDb.start()
    try:
        yield server.create_database("check")
    finally:
        server.stop()


def migrations_on_mariadb() -> Outcome:
    """Prove the migrations on the server engine."""
    with mariadb_url() as url:
        if url is None:
            return not must_be_complete(), "not run: there is no MariaDB on this machine"
        return migrations_in_step(url)


def audit() -> Outcome:
    """Ask for known holes in what we depend on, when the advisory service can be reached."""
    _, said = tool(
        "pip-audit",
        "-r",
        "requirements.txt",
        "--require-hashes",
        "--disable-pip",
        "-f",
        "json",
        "--progress-spinner",
        "off",
    )
    try:
        found = json.loads(said[said.index("{") : said.rindex("}") + 1])["dependencies"]
    except (ValueError, KeyError):
        return True, "not run: the advisory service gave no answer"
    asked = [package for package in found if "vulns" in package]
    if not asked:
        return True, "not run: the advisory service cannot be reached from here"
    holes = [f"{package['name']}: {hole['id']}" for package in asked for hole in package["vulns"]]
    return not holes, "\n".join(holes)


CHECKS: dict[str, Callable[[], Outcome]] = {
    "lint": lambda: tool("ruff", "check", "."),
    "format": lambda: tool("ruff", "format", "--check", "."),
    "types": lambda: tool("mypy"),
    "import rules": lambda: tool("lint-imports", "--no-logo"),
    "dependencies": lambda: tool("deptry", "."),
    "templates": lambda: tool("djlint", "--lint", "--quiet", *TEMPLATES),
    "migrations on SQLite": lambda: migrations_in_step("sqlite:///FOLDER/check.sqlite3"),
    "migrations on MariaDB": migrations_on_mariadb,
    "known holes": audit,
}


def main(names: list[str]) -> int:
    """Run the checks, all or the named ones; return the exit status."""
    failed = []
    for name in names or CHECKS:
        began = time.monotonic()
        content, said = CHECKS[name]()
        remark = said.strip() if said.startswith("not run") else ""
        print(f"{'ok  ' if content else 'FAIL'}  {name}  {time.monotonic() - began:.1f} s  {remark}", flush=True)
        if not content:
            print(said, flush=True)
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
