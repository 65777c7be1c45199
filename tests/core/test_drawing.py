"""What looks the same each time is drawn once, and never for another text."""

import re
from pathlib import Path

import pytest
from markupsafe import Markup, escape

from app.core.drawing import kept
from tests.static.vendoring import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OF_ONE_REQUEST = re.compile(r"csrf_token|idempotency_key|form_guards|post_button|url_for|today\(")


def test_the_same_words_are_drawn_once() -> None:
    drawn: list[str] = []

    def draw(words: str) -> str:
        drawn.append(words)
        return f"<b>{words}</b>"

    badge = kept(draw)
    assert badge("Active") == badge("Active") == "<b>Active</b>"
    assert drawn == ["Active"]


def test_a_text_that_equals_a_piece_of_the_page_is_still_escaped() -> None:
    cell = kept(lambda value: str(escape(value)))
    assert cell(Markup("<b>x</b>")) == "<b>x</b>"
    assert cell("<b>x</b>") == "&lt;b&gt;x&lt;/b&gt;"


def test_a_flag_is_no_number() -> None:
    drawn = kept(repr)
    assert [drawn(value) for value in (True, 1, 1.0)] == ["True", "1", "1.0"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_what_is_kept_hangs_on_nothing_of_one_request(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"= kept\((\w+)\)", text):
        found = re.search(rf"macro {name}\(.*?endmacro", text, flags=re.DOTALL)
        assert found, name
        assert not OF_ONE_REQUEST.search(found[0]), name
