"""What others wrote is served from here, as it was published or cut, and with its licence (C-001)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.static.vendoring import ICONS, LOCK, ROOT, SPRITE, VENDOR, sha384

ENTRIES: list[dict[str, Any]] = json.loads(LOCK.read_text(encoding="utf-8"))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["to"])
def test_every_vendored_file_is_the_one_in_the_lock(entry: dict[str, Any]) -> None:
    assert sha384((ROOT / entry["to"]).read_bytes()) == entry["integrity"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"])


def test_no_vendored_file_is_missing_in_the_lock() -> None:
    known = {ROOT / entry["to"] for entry in ENTRIES} | {LOCK, VENDOR / "tabler" / "LICENSE"}
    assert {path for path in VENDOR.rglob("*") if path.is_file()} - known == set()


def test_every_vendored_folder_has_its_licence() -> None:
    folders = [path for path in VENDOR.iterdir() if path.is_dir()]
    assert folders
    assert [folder.name for folder in folders if not (folder / "LICENSE").is_file()] == []


def test_the_sprite_holds_the_icons_that_are_used_and_no_more() -> None:
    assert set(re.findall(r'<symbol id="([\w-]+)"', SPRITE.read_text(encoding="utf-8"))) == set(ICONS)


def test_every_icon_named_in_a_template_is_in_the_sprite() -> None:
    named: set[str] = set()
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r'icon\("([\w-]+)"', text)) | set(re.findall(r'icon_name="([\w-]+)"', text))
    assert named - set(ICONS) == set()


@pytest.mark.parametrize("name", ["htmx/htmx.min.js", "tabler/tabler.css", "swagger-ui/swagger-ui.css"])
def test_no_vendored_file_asks_for_a_map_that_is_not_there(name: str) -> None:
    assert "sourceMappingURL" not in (VENDOR / name).read_text(encoding="utf-8")


def test_redoc_asks_no_other_site_for_its_logo() -> None:
    assert "cdn.redoc" not in (VENDOR / "redoc" / "redoc.standalone.js").read_text(encoding="utf-8")


def test_tablers_cut_keeps_its_notice() -> None:
    assert "Licensed under MIT" in Path(VENDOR / "tabler" / "tabler.css").read_text(encoding="utf-8")[:400]
