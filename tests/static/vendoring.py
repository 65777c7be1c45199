"""Write static/vendor from unpacked packages: `python -m tests.static.vendoring FOLDER`.

FOLDER holds one folder a package, named as in SOURCES, each the contents of its published tarball.
"""

import base64
import hashlib
import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.static.stylesheet_cut import cut

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"
TEST_VENDOR = ROOT / "tests" / "vendor"
LOCK = VENDOR / "vendor.lock"

# Words in one text read better than sixty quoted ones.
_CLASSES = """
active badge btn btn-danger btn-primary btn-sm card card-body card-footer card-header card-title disabled form-check
form-check-input form-control form-control-sm form-label form-select form-select-sm page-item page-link pagination
progress table visually-hidden visually-hidden-focusable
"""
_ICONS = """
alert-circle alert-triangle arrow-back-up arrow-down arrow-right arrow-up check chevron-down chevron-left chevron-right
circle-check clock columns copy device-mobile download eye eye-off file-check file-spreadsheet filter git-merge
help-circle history hourglass info-circle key layout-dashboard lock logout mail menu-2 pencil plug-connected-x plus
printer refresh search settings shield-check trash upload user user-check user-plus users x zoom-question
"""
TABLER_CLASSES = frozenset(_CLASSES.split())
ICONS = tuple(_ICONS.split())


@dataclass(frozen=True)
class Source:
    """One file of a package, and where it stands in this repository."""

    package: str
    version: str
    file: str
    to: Path


def _source(package: str, version: str, file: str, to: str, base: Path = VENDOR) -> Source:
    return Source(package, version, file, base / to)


SOURCES = (
    _source("htmx.org", "4.0.1", "dist/htmx.min.js", "htmx/htmx.min.js"),
    _source("htmx.org", "4.0.1", "LICENSE", "htmx/LICENSE"),
    _source("@tabler/core", "1.6.1", "dist/css/tabler.min.css", "tabler/tabler.css"),
    _source("@tabler/icons", "3.51.0", "LICENSE", "tabler-icons/LICENSE"),
    _source("swagger-ui-dist", "5.35.0", "swagger-ui-bundle.js", "swagger-ui/swagger-ui-bundle.js"),
    _source("swagger-ui-dist", "5.35.0", "swagger-ui.css", "swagger-ui/swagger-ui.css"),
    _source(
        "swagger-ui-dist", "5.35.0", "swagger-ui-bundle.js.LICENSE.txt", "swagger-ui/swagger-ui-bundle.js.LICENSE.txt"
    ),
    _source("swagger-ui-dist", "5.35.0", "LICENSE", "swagger-ui/LICENSE"),
    _source("swagger-ui-dist", "5.35.0", "NOTICE", "swagger-ui/NOTICE"),
    _source("redoc", "2.5.2", "bundles/redoc.standalone.js", "redoc/redoc.standalone.js"),
    _source("redoc", "2.5.2", "bundles/redoc.standalone.js.LICENSE.txt", "redoc/redoc.standalone.js.LICENSE.txt"),
    _source("redoc", "2.5.2", "LICENSE", "redoc/LICENSE"),
    _source("axe-core", "4.14.1", "axe.min.js", "axe.min.js", TEST_VENDOR),
    _source("axe-core", "4.14.1", "LICENSE", "LICENSE", TEST_VENDOR),
    _source("axe-core", "4.14.1", "LICENSE-3RD-PARTY.txt", "LICENSE-3RD-PARTY.txt", TEST_VENDOR),
)
SPRITE = ROOT / "static" / "icons.svg"
_SOURCE_MAP = re.compile(r"\n?(//|/\*)# sourceMappingURL=\S+?(\s*\*/)?\s*$")


def sha384(data: bytes) -> str:
    """Return the digest in the form browsers use for integrity."""
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


def sprite(icons: Path) -> str:
    """Join the outline icons we use into one file of symbols."""
    symbols = []
    for name in sorted(ICONS):
        drawing = (icons / f"{name}.svg").read_text(encoding="utf-8")
        paths = [p for p in re.findall(r"<(?:path|circle|rect|line)\b[^>]*/>", drawing) if 'd="M0 0h24v24H0z"' not in p]
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(paths)}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _copy(folder: Path, source: Source) -> dict[str, str]:
    original = (folder / source.package.replace("/", "+") / source.file).read_bytes()
    source.to.parent.mkdir(parents=True, exist_ok=True)
    text = original
    if source.to.name == "tabler.css":
        text = _cut_tabler(original.decode()).encode()
    elif source.to.name == "redoc.standalone.js":
        # Its logo would be fetched from another site; the link beside it stays.
        text = original.replace(b"https://cdn.redoc.ly/redoc/logo-mini.svg", b"data:,")
        text = _SOURCE_MAP.sub("\n", text.decode()).encode()
    elif source.to.suffix in {".js", ".css"}:
        # A map is not shipped, and a browser's tools would ask the server for it.
        text = _SOURCE_MAP.sub("\n", original.decode()).encode()
    source.to.write_bytes(text)
    return _entry(source, sha384(original), text)


def _cut_tabler(css: str) -> str:
    notice = css[css.index("/*!") : css.index("*/") + 2]
    return f"{notice}\n{cut(css, TABLER_CLASSES)}"


def _entry(source: Source, original: str, written: bytes) -> dict[str, str]:
    return {
        "name": source.package,
        "version": source.version,
        "file": source.file,
        "to": source.to.relative_to(ROOT).as_posix(),
        "original": original,
        "integrity": sha384(written),
    }


def _write_sprite(folder: Path) -> dict[str, str]:
    text = sprite(folder / "@tabler+icons" / "icons" / "outline").encode()
    SPRITE.write_bytes(text)
    source = Source("@tabler/icons", "3.51.0", "icons/outline/*.svg", SPRITE)
    return _entry(source, "", text)


def main(folder: Path) -> None:
    """Copy every vendored file anew and write the lock."""
    licence = VENDOR / "tabler" / "LICENSE"
    kept = licence.read_bytes() if licence.exists() else b""
    shutil.rmtree(VENDOR, ignore_errors=True)
    entries = [_copy(folder, source) for source in SOURCES] + [_write_sprite(folder)]
    licence.write_bytes(kept)
    LOCK.write_text(json.dumps(sorted(entries, key=lambda e: e["to"]), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
