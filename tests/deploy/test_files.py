"""The files of deploy/ are taken by the programs they are for, and agree with the rest of the repository."""

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # it comes with djlint, without types

from app.core.catalogue import CATALOGUE
from app.core.errors import FIELD_CODES
from config import SETTINGS
from tests.deploy.conftest import need
from tests.services.certificates import make_certificate
from tests.services.served import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted(path.name for path in (DEPLOY / "systemd").iterdir())
SCRIPTS = [
    path for path in sorted(DEPLOY.rglob("*")) if path.is_file() and path.read_bytes().startswith(b"#!")
]  # fmt: skip
EXPOSURE = 20  # of 100, by systemd's own measure; an unhardened service has 96


def run(*command: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program and take what it says."""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Lay the units out with paths that exist here."""
    for name in UNITS:
        text = (DEPLOY / "systemd" / name).read_text().replace("/srv/record-room/", f"{ROOT}/")
        (tmp_path / name).write_text(text)
    return tmp_path


def test_systemd_takes_every_unit(units: Path) -> None:
    done = run(need("systemd"), "verify", "--recursive-errors=no", *UNITS, folder=units)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_systemd_finds_little_that_a_service_could_do_to_the_machine(units: Path, name: str) -> None:
    done = run(
        need("systemd"), "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", str(units / name)
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_can_be_run_and_read(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    shell = "bash" if "bash" in script.read_text().splitlines()[0] else "sh"
    done = run(shell, "-n", str(script))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("place", ["static", "served"])
def test_static_files_are_compressed_where_they_lie_and_elsewhere(tmp_path: Path, place: str) -> None:
    """The installation compresses them where git put them: nginx reads the checked out folder itself."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy/compress-static", tmp_path / "deploy")
    (tmp_path / "static").mkdir()
    (tmp_path / "static/app.css").write_text("a { color: red }\n" * 100)
    for _release in range(2):
        done = run(str(tmp_path / "deploy/compress-static"), str(tmp_path / place))
        assert done.returncode == 0, done.stderr
    served = tmp_path / place / "app.css"
    assert gzip.decompress(served.with_name("app.css.gz").read_bytes()) == served.read_bytes()


def test_logrotate_takes_its_file_and_keeps_access_logs_half_a_year(tmp_path: Path) -> None:
    text = (DEPLOY / "logrotate/record-room").read_text()
    kept = [int(found) for found in re.findall(r"^ +rotate (\d+)$", text, re.MULTILINE)]
    assert kept[0] >= 180  # days
    assert kept[1] >= 12  # months
    ours = re.sub(r"^ +su .*\n|www-data adm|record-room record-room$", "", text, flags=re.MULTILINE)
    (tmp_path / "rotate").write_text(ours)
    (tmp_path / "rotate").chmod(0o600)
    done = run(need("logrotate"), "--debug", "--state", str(tmp_path / "state"), str(tmp_path / "rotate"))
    assert done.returncode == 0, done.stderr
    assert "error:" not in done.stderr


def test_haproxy_takes_its_file(tmp_path: Path) -> None:
    make_certificate(tmp_path, "records.example.com")
    both = tmp_path / "both.pem"
    both.write_bytes((tmp_path / "fullchain.pem").read_bytes() + (tmp_path / "privkey.pem").read_bytes())
    text = (DEPLOY / "cluster/haproxy.cfg").read_text()
    text = text.replace("/etc/record-room/tls/both.pem", str(both))
    (tmp_path / "haproxy.cfg").write_text(text.replace("/etc/ssl/certs/ca-certificates.crt", str(both)))
    done = run(need("haproxy"), "-c", "-f", str(tmp_path / "haproxy.cfg"))
    assert done.returncode == 0, done.stderr
    assert "[WARNING]" not in done.stderr


def test_every_setting_a_deployment_names_exists() -> None:
    named = set(re.findall(r"^([A-Z][A-Z_]+)=", (DEPLOY / "record-room.env.example").read_text(), re.MULTILINE))
    named |= set(re.findall(r"^    ([A-Z][A-Z_]+): ", (DEPLOY / "docker/compose.yaml").read_text(), re.MULTILINE))
    assert named - set(SETTINGS) <= {"APPLICATION_PASSWORD"}
    required = {name for name, slot in SETTINGS.items() if slot.metadata.get("required")}
    assert required <= named


def test_compose_is_sound_yaml_and_names_nothing_that_is_not_there() -> None:
    compose = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())
    services = compose["services"]
    assert set(services) == {"migrate", "app", "worker", "nginx", "db", "redis"}
    for name in ("migrate", "app", "worker"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        for mount in service.get("volumes", ()):
            source = mount.partition(":")[0]
            made_there = {"./tls"} | set(compose["volumes"])
            assert source in made_there or (DEPLOY / "docker" / source).exists(), source
    assert compose["networks"]["inside"] == {"internal": True}
    assert set(services["db"]["networks"]) == set(services["redis"]["networks"]) == {"inside"}


def test_containers_run_what_the_units_run_meet_at_one_port_and_are_given_time_to_stop() -> None:
    services = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())["services"]
    recipe, units = (DEPLOY / "docker/Dockerfile").read_text(), DEPLOY / "systemd"
    [served] = re.findall(r'^CMD \["python", (.+)\]$', recipe, re.MULTILINE)
    for command, unit in (
        (re.findall(r'"([^"]+)"', served), "record-room.service"),
        (services["worker"]["command"][1:], "record-room-worker.service"),
        (services["migrate"]["command"][1:], "record-room-migrate.service"),
    ):
        assert f"/python {' '.join(command)}\n" in (units / unit).read_text()
    [port] = re.findall(r"\bPORT=(\d+)", recipe)
    assert f"app:{port}/" in services["nginx"]["command"][-1]
    assert f"server 127.0.0.1:{port};" in (ROOT / "nginx.conf").read_text()
    [patience] = re.findall(r"^graceful_timeout = (\d+)$", (ROOT / "gunicorn.conf.py").read_text(), re.MULTILINE)
    assert int(services["app"]["stop_grace_period"].removesuffix("s")) > int(patience)


def test_the_workflow_calls_the_two_commands_of_a_laptop() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text())
    [job] = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == ["make test", "make check"]


PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "examples/README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    named = set(re.findall(r"\b((?:deploy|docs|app|tests|examples|templates)/[\w./-]*[\w-])", text))
    missing = {name for name in named if not (ROOT / name).exists() and not list(ROOT.glob(f"{name}*"))}
    assert missing == set()
    settings = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)[`=]", text))
    known = set(SETTINGS) | set(CATALOGUE) | FIELD_CODES | {"ROOM_KEY", "ROOM_URL", "ROOM_WEBHOOK_SECRET"}
    assert {name for name in settings if not name.startswith("OIDC_")} - known == set()


def test_the_image_holds_what_the_application_is_made_of() -> None:
    recipe = (DEPLOY / "docker/Dockerfile").read_text()
    copied = {name for line in re.findall(r"^COPY (?!--)(.+) \S+$", recipe, re.MULTILINE) for name in line.split()}
    served = {"wsgi.py", "config.py", *(path.name for path in ROOT.glob("gunicorn*.py"))}
    assert {"app", "templates", "static", "migrations"} | served <= copied
    assert all((ROOT / name).exists() for name in copied)
    allowed = set(re.findall(r"^!(\S+)$", (DEPLOY / "docker/Dockerfile.dockerignore").read_text(), re.MULTILINE))
    assert allowed == copied
    assert re.search(r"^USER \d+:\d+$", recipe, re.MULTILINE)
    assert "curl" not in recipe
