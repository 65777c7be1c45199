"""Templates keep to what htmx 4 and the page's policy allow (C-002, C-003, C-005, C-007, C-009)."""

import json
import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import StrictUndefined

from app.core import presenting
from tests.static.vendoring import ROOT

FOLDER = ROOT / "templates"
TEMPLATES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html"))
EVERY = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*"))
SERVED = [name for name in TEMPLATES if not name.startswith("email/")]  # mails style themselves; they are no pages
PAGES = [name for name in TEMPLATES if not name.startswith("components/")]
OWN_FILES = [path for pattern in ("*.css", "*.js", "js/*.js") for path in sorted((ROOT / "static").glob(pattern))]
REQUEST = re.compile(r"\shx-(?:get|post|put|patch|delete|query)=")
EVALUATES_OR_KEEPS = re.compile(
    r"eval\(|new Function|(?:inner|outer)HTML =|insertAdjacentHTML|(?:local|session)Storage"
)
FORBIDDEN = ("hx-disable", "hx-vars", "hx-params", "hx-on", "hx-headers", "hx-boost", "js:", "javascript:")
TAG = re.compile(r"<[a-zA-Z](?:[^<>\"]|\"[^\"]*\"|\{%.*?%\}|\{\{.*?\}\})*>", re.DOTALL)


def text_of(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def tags(name: str) -> list[str]:
    return TAG.findall(re.sub(r"\{#.*?#\}", "", text_of(name), flags=re.DOTALL))


@pytest.fixture(name="room", scope="module")
def _room() -> Flask:
    app = Flask("room", template_folder=str(FOLDER))
    app.jinja_env.undefined = StrictUndefined
    presenting.init_app(app)
    return app


@pytest.mark.parametrize("name", EVERY)
def test_every_template_can_be_read(room: Flask, name: str) -> None:
    room.jinja_env.get_template(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_an_element_that_asks_says_itself_where_the_answer_goes(name: str) -> None:
    asking = [tag for tag in tags(name) if REQUEST.search(tag)]
    assert [tag for tag in asking if "hx-target=" not in tag or "hx-swap=" not in tag] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_means_one_thing_in_one_htmx_and_another_in_the_next(name: str) -> None:
    assert [word for word in FORBIDDEN if any(word in tag for tag in tags(name))] == []


@pytest.mark.parametrize("name", SERVED)
def test_no_template_styles_or_scripts_in_place(name: str) -> None:
    for tag in tags(name):
        assert not re.match(r"<style\b", tag), tag
        assert not re.search(r"\sstyle=", tag), tag
        assert not re.search(r"\son[a-z]+=", tag), tag
        assert not tag.startswith("<script") or " src=" in tag, tag


@pytest.mark.parametrize("path", [FOLDER / name for name in TEMPLATES] + OWN_FILES, ids=lambda path: path.name)
def test_nothing_is_fetched_from_another_site(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|[\"'(]//[a-z]", text)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_form_that_changes_something_carries_its_token(name: str) -> None:
    for form in re.findall(r"<form\b.*?</form>", text_of(name), flags=re.DOTALL):
        if 'method="post"' in form:
            assert "form_guards(" in form or "csrf_token()" in form, form[:120]


@pytest.mark.parametrize("name", PAGES)
def test_static_files_are_addressed_by_their_content(name: str) -> None:
    assert "/static/" not in text_of(name)
    assert "url_for('static'" not in text_of(name)


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name.startswith("components/")])
def test_every_macro_others_use_says_what_it_does(name: str) -> None:
    text = text_of(name)
    for macro in re.findall(r"\{%-? macro ([a-z]\w*)\(", text):
        assert re.search(rf"\{{#-? {macro}\(", text), macro


def test_htmx_is_set_up_safely() -> None:
    found = re.search(r"name=\"htmx-config\" content='(\{.*?\})'", text_of("layouts/skeleton.html"))
    assert found is not None
    settings = json.loads(found.group(1))
    assert settings["mode"] == "same-origin"
    assert settings["history"] == "reload"
    assert settings["includeIndicatorCSS"] is False
    assert 15_000 <= settings["defaultTimeout"] <= 30_000


def test_the_regions_that_speak_stand_in_the_layout_alone() -> None:
    holders = [name for name in TEMPLATES if re.search(r'id="live-(polite|assertive)"', text_of(name))]
    assert holders == ["layouts/skeleton.html"]


@pytest.mark.parametrize("path", [path for path in OWN_FILES if path.suffix == ".js"], ids=lambda path: path.name)
def test_own_scripts_neither_evaluate_text_nor_keep_any(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert (
        re.findall(r"eval\(|new Function|innerHTML|outerHTML =|insertAdjacentHTML|localStorage|sessionStorage", text)
        == []
    )
    assert len(text.splitlines()) <= 250
