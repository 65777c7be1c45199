"""docs/api.md: its examples run as they stand there, every call is on it, and its codes are the catalogue's."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.request import urlopen

import pytest
from flask import Flask

from app.core import openapi
from app.core.catalogue import CATALOGUE
from app.core.errors import FIELD_CODES
from tests.services.machine import PROGRAMS
from tests.services.served import ROOT, Served
from tests.settings import settings_for

PAGE = (ROOT / "docs/api.md").read_text()
ADMIN, PASSWORD = "head@example.com", "Monsoon-4-Teacups"
SCOPES = (
    "records:read,records:write,records:delete,records:reveal,records:export,records:import,records:approve,"
    "audit:read,events:read,accounts:manage,keys:manage,webhooks:manage,privacy:manage"
)
SPEAKERS = {"sh": "curl", "js": "node"}
SHELL = ["bash", "-euo", "pipefail"]


@dataclass(frozen=True)
class Section:
    """One group of calls: what they are, and an example in each language."""

    title: str
    calls: tuple[tuple[str, str], ...]
    programs: dict[str, str]


def sections() -> list[Section]:
    """Read the page."""
    found = []
    for part in PAGE.split("\n## ")[1:]:
        title, _, rest = part.partition("\n")
        words = rest.split("```")[0]
        calls = tuple(re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`?]*)`", words))
        programs = dict(re.findall(r"```(sh|python|js)\n(.*?)```", rest, re.DOTALL))
        found.append(Section(title, calls, programs))
    return found


PREAMBLE, *GROUPS = [section for section in sections() if section.programs]
# The examples of one language go on with what those before made, so they are run in the order of the page.
EXAMPLES = [(section, language) for section in GROUPS for language in ("sh", "python", "js")]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Serve on a laptop's settings, and say so to the examples."""
    folder = tmp_path_factory.mktemp("api-page")
    server = Served(folder, settings_for("sqlite:///r.sqlite3", ADMIN_EMAIL=ADMIN, ADMIN_PASSWORD=PASSWORD)).open()
    key = server.command("api-keys", "create", "--account", ADMIN, "--scopes", SCOPES, "--name", "page")
    yield {
        "PATH": os.environ["PATH"], "ROOM_URL": server.url, "ROOM_KEY": key, "ROOM_EMAIL": ADMIN,
        "ROOM_PASSWORD": PASSWORD,
    }  # fmt: skip
    server.stop()


@pytest.fixture(scope="module")
def calls(environment: dict[str, str]) -> set[tuple[str, str]]:
    """Return every call of the published document."""
    with urlopen(f"{environment['ROOM_URL']}/api/v1/openapi.json") as answer:  # noqa: S310 - our own server
        paths = json.load(answer)["paths"]
    return {(method.upper(), path) for path, ways in paths.items() for method in ways}


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("section", "language"), EXAMPLES, ids=[f"{section.title}-{language}" for section, language in EXAMPLES]
)
def test_an_example_of_the_page_runs(
    section: Section, language: str, environment: dict[str, str], calls: set[tuple[str, str]]
) -> None:
    assert set(section.calls) - calls == set()
    program = PREAMBLE.programs[language] + section.programs[language]
    if language in SPEAKERS and PROGRAMS[SPEAKERS[language]].find() is None:
        pytest.skip(f"not run: there is no {SPEAKERS[language]} on this machine")
    command = {"sh": SHELL, "python": [sys.executable, "-"], "js": ["node", "--input-type=module"]}[language]
    done = subprocess.run(
        command, input=program, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_call_of_the_document_is_on_the_page(app: Flask) -> None:
    with app.app_context():
        paths = openapi.document(app)["paths"]
    named = {call for section in sections() for call in section.calls}
    published = {(method.upper(), path) for path, ways in paths.items() for method in ways}
    assert published - named == set()


def test_its_codes_are_those_of_the_catalogue() -> None:
    rows = re.findall(r"^\| (\d[\d, ]*) \| `([A-Z_]+)` \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
    wanted = {
        (", ".join(map(str, entry.statuses)), entry.code, entry.title, entry.remedy) for entry in CATALOGUE.values()
    }
    assert set(rows) == wanted
    assert {f"`{code}`" for code in FIELD_CODES if f"`{code}`" not in PAGE} == set()
