"""Text has a contrast of 4.5 : 1 and controls of 3 : 1, in both themes (C-142)."""

import re

import pytest

from tests.static.vendoring import ROOT

TOKEN = re.compile(r"--rr-([\w-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
SHEET = (ROOT / "static" / "app.css").read_text(encoding="utf-8")
TOKENS = {name: (light, dark) for name, light, dark in TOKEN.findall(SHEET)}
TEXT = 4.5
CONTROL = 3.0
GROUNDS = ("surface", "canvas", "raised", "sunken", "hover")
TONES = ("ok", "warn", "bad", "info", "mute", "accent")
PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "ink-2", "ink-3", "accent", "bad") for ground in GROUNDS),
    *((ink, "field", TEXT) for ink in ("ink", "ink-3")),
    *((tone, f"{tone}-soft", TEXT) for tone in TONES),
    *(("ink", f"{tone}-soft", TEXT) for tone in TONES),
    *(("ink-2", f"{tone}-soft", TEXT) for tone in ("ok", "info", "warn", "bad", "accent")),
    ("ink-3", "warn-soft", TEXT),
    ("ink", "mark", TEXT),
    *(("line-control", ground, CONTROL) for ground in ("field", "canvas", "surface")),
    *(("focus", ground, CONTROL) for ground in (*GROUNDS, "accent-soft", "warn-soft")),
    *((fill, "surface", CONTROL) for fill in ("ok-fill", "warn-fill", "accent-fill")),
]


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS, ids=str)
def test_what_is_read_stands_out_from_its_ground(front: str, ground: str, least: float, theme: int) -> None:
    assert contrast(TOKENS[front][theme], TOKENS[ground][theme]) >= least


@pytest.mark.parametrize("fill", ["accent-fill", "accent-deep", "bad-fill", "brand"])
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_white_can_be_read_on_filled_buttons(fill: str, theme: int) -> None:
    assert contrast("#ffffff", TOKENS[fill][theme]) >= TEXT


def test_the_ratio_is_computed_as_the_standard_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast(TOKENS["ink"][0], TOKENS["surface"][0]) == pytest.approx(17.20, abs=0.01)
    assert contrast(TOKENS["ink-3"][1], TOKENS["surface"][1]) == pytest.approx(6.10, abs=0.01)
