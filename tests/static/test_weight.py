"""A page is light: scripts at most 30 kB, what the list loads at most 100 kB (C-149)."""

import gzip
import re

from tests.static.vendoring import ROOT

STATIC = ROOT / "static"
SCRIPTS_KB = 30
LIST_KB = 100
ROWS_KB = 10


def packed(name: str) -> int:
    return len(gzip.compress((STATIC / name).read_bytes(), 9))


def files_of_a_page() -> list[str]:
    drawn = (ROOT / "templates" / "components" / "files.html").read_text(encoding="utf-8")
    modules = re.search(r"for name in (\[.*?\])", drawn)
    assert modules is not None
    names = [name for name in re.findall(r'"(\w+)"', modules.group(1)) if name != "app"]
    fixed = re.findall(r"static_url\('([\w./-]+\.(?:js|css|svg))'\)", drawn)
    return [*dict.fromkeys(fixed), *(f"js/{name}.js" for name in names), "icons.svg"]


def test_scripts_weigh_little() -> None:
    assert sum(packed(name) for name in files_of_a_page() if name.endswith(".js")) <= SCRIPTS_KB * 1024


def test_the_list_and_all_it_loads_weigh_little() -> None:
    assert sum(packed(name) for name in files_of_a_page()) <= (LIST_KB - ROWS_KB) * 1024


def test_the_layout_loads_every_script_but_those_of_other_pages() -> None:
    loaded = {name for name in files_of_a_page() if name.startswith("js/")}
    others = {"js/swagger.js", "js/redoc.js", "js/redoc-styles.js", "js/passkeys.js"}
    assert loaded | others == {f"js/{path.name}" for path in (STATIC / "js").glob("*.js")}
