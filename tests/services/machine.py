"""What the tests need from the machine, and how it gets there: `python -m tests.services.machine [name …]`."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Program:
    """A program of the operating system, and the Debian packages that bring it."""

    name: str
    commands: tuple[str, ...]
    packages: tuple[str, ...]
    purpose: str
    tools: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    """The packages to take where those cannot be had."""

    def find(self) -> str | None:
        """Return the path of the program by the first of its names, or None; its tools have to be there as well."""
        if not all(which(tool) for tool in self.tools):
            return None
        return next((path for command in self.commands if (path := which(command))), None)


def which(command: str) -> str | None:
    """Return the path of a command, also of those only administrators have on their path."""
    return shutil.which(command, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")


INSTALL_DB = "mariadb-install-db"


PROGRAMS = {
    program.name: program
    for program in (
        Program(
            "mariadb",
            ("mariadbd",),
            ("mariadb-server-core", "mariadb-client-core"),
            "tests on MariaDB",
            (INSTALL_DB,),
        ),
        Program(
            "galera",
            ("wsrep_sst_rsync",),
            ("galera-4", "mariadb-server", "rsync", "lsof"),
            "tests on a cluster",
            ("mariadbd", INSTALL_DB, "rsync", "lsof"),
        ),
        # Chromium without a window it never shows: the same engine for half of the processor time.
        Program(
            "chromium",
            ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"),
            ("chromium-headless-shell",),
            "tests in a browser",
            otherwise=("chromium",),
        ),
        Program("nginx", ("nginx",), ("nginx-light",), "the test of nginx.conf"),
        Program(
            "mariadb-dump",
            ("mariadb-dump",),
            ("mariadb-client",),
            "the tests of backup, restore and rights",
            ("mariadb",),
        ),
        Program("curl", ("curl",), ("curl",), "the examples of the API for the shell"),
        Program("node", ("node",), ("nodejs",), "the examples of the API in JavaScript"),
        Program("gpg", ("gpg",), ("gpg", "gpg-agent"), "the test of backup and restore", ("gpg-agent",)),
        Program("haproxy", ("haproxy",), ("haproxy",), "the test of haproxy.cfg"),
        Program("logrotate", ("logrotate",), ("logrotate",), "the test of the rotation of logs"),
        Program("systemd", ("systemd-analyze",), ("systemd",), "the test of the systemd units"),
        # The tools hold the server under another name, and bring no service that starts by itself.
        Program("redis", ("redis-server", "redis-check-rdb"), ("redis-tools",), "tests with a Redis that breaks"),
    )
}


def missing() -> list[Program]:
    """Return the programs this machine does not have."""
    return [program for program in PROGRAMS.values() if not program.find()]


def must_be_complete() -> bool:
    """Tell whether a missing program is a failure (in CI) and not only a remark."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def install(programs: list[Program]) -> bool:
    """Install programs with apt when we may; return whether that went well."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # in which no service is started

    def run(*arguments: str) -> bool:
        return not subprocess.run([*apt, *arguments], env=quiet, stdout=subprocess.DEVNULL, check=False).returncode

    # One after another, so that one that cannot be had (or would push out somebody's own server) spoils no other.
    wanted = ("install", "-y", "--no-install-recommends", "--no-remove")
    if not run("update"):
        return False
    had = [
        run(*wanted, *program.packages) or (program.otherwise != () and run(*wanted, *program.otherwise))
        for program in programs
    ]
    return all(had)


def remove(folder: Path) -> None:
    """Remove a folder of the tests; what a process still writes into it does not matter."""
    shutil.rmtree(folder, ignore_errors=True)


def main(names: list[str]) -> None:
    """Install what is missing, and say what could not be had; the tests themselves then report it as not run."""
    wanted = [program for program in missing() if not names or program.name in names]
    if not wanted:
        return
    print(f"Installing {', '.join(program.name for program in wanted)}, once …", flush=True)
    if not install(wanted):
        print("It could not be installed (that needs root and apt); its tests will not run.", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
