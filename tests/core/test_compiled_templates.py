"""Templates are compiled once, whatever has become of what was kept of them."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import DictLoader, Environment, filters

from app import create_app
from app.core.compiled_templates import CompiledTemplates
from config import Config
from tests.settings import settings_for


class Counting(Environment):
    """Templates that count how many of them were compiled."""

    compiled = 0

    def compile(self, *given: Any, **named: Any) -> Any:
        self.compiled += 1
        return super().compile(*given, **named)


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[str, int]]:
    """Draw a template in an environment of its own, as another process would; tell how many were compiled for it."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)

    def draw(source: str) -> tuple[str, int]:
        templates = Counting(loader=DictLoader({"a": source}), bytecode_cache=CompiledTemplates(str(tmp_path), "%s"))
        return templates.get_template("a").render(name="Asha"), templates.compiled

    return draw


def test_another_process_need_not_compile(drawn: Callable[[str], tuple[str, int]]) -> None:
    assert [drawn("Hello {{ name }}") for _ in "12"] == [("Hello Asha", 1), ("Hello Asha", 0)]


def test_another_text_is_compiled_anew(drawn: Callable[[str], tuple[str, int]]) -> None:
    assert [drawn("Hello {{ name }}"), drawn("Bye {{ name }}")] == [("Hello Asha", 1), ("Bye Asha", 1)]


def test_what_was_cut_off_or_overwritten_is_compiled_anew(
    drawn: Callable[[str], tuple[str, int]], tmp_path: Path
) -> None:
    drawn("Hello {{ name }}")
    [kept] = tmp_path.iterdir()
    whole = kept.read_bytes()
    for broken in (b"", b"nonsense", *(whole[:length] for length in range(1, len(whole), 7)), bytes(len(whole))):
        kept.write_bytes(broken)
        assert drawn("Hello {{ name }}") == ("Hello Asha", 1)
    kept.unlink()
    kept.mkdir()
    assert drawn("Hello {{ name }}") == ("Hello Asha", 1)


def test_where_nothing_can_be_kept_pages_are_drawn(drawn: Callable[[str], tuple[str, int]], tmp_path: Path) -> None:
    tmp_path.rmdir()
    assert [drawn("Hello {{ name }}") for _ in "12"] == [("Hello Asha", 1)] * 2


def test_where_python_keeps_nothing_neither_do_templates(
    drawn: Callable[[str], tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    drawn("Hello {{ name }}")
    assert list(tmp_path.iterdir()) == []


def test_the_rooms_templates_are_kept_beside_its_modules(room: Flask) -> None:
    cache = room.jinja_env.bytecode_cache
    assert isinstance(cache, CompiledTemplates)
    assert Path(cache.directory) == room.extensions["config"].root / "__pycache__"


def test_no_filter_of_ours_has_a_say_in_how_a_template_is_compiled(room: Flask) -> None:
    asked: list[str] = []
    templates = room.jinja_env
    own = set(templates.filters) - set(filters.FILTERS)
    assert "day" in own
    templates.filters.update({name: lambda *_, name=name: asked.append(name) for name in own})
    for name in templates.list_templates():
        source, filename, _ = templates.loader.get_source(templates, name)
        templates.compile(source, name, filename)
    assert asked == []


@pytest.fixture
def room(tmp_path: Path) -> Flask:
    """Make an application whose templates may be changed."""
    return create_app(Config.from_env(settings_for("sqlite:///records.sqlite3"), home=tmp_path))
