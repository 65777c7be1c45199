"""The menu and the person at the top of every page: chosen by permission here, never hidden by a stylesheet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from flask import Flask, current_app, request

from app.core.access import current_actor
from app.core.identity import Actor

THEMES = ("light", "dark")
FOOT = "foot"


@dataclass(frozen=True, slots=True)
class Entry:
    """A page the menu leads to: shown where it exists and the actor holds one of the scopes, if it names any.

    `part` is the part of the site it stands for, where that is more than the pages below its own path.
    """

    label: str
    icon: str
    endpoint: str
    scopes: tuple[str, ...]
    group: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it is drawn; `waiting` is how many things wait there."""

    label: str
    icon: str
    url: str
    current: bool
    waiting: int


class Menu(NamedTuple):
    """What the menu leads to: the groups in their order, and what stands at its foot."""

    foot: Sequence[Link] = ()
    groups: Sequence[tuple[str, Sequence[Link]]] = ()


ENTRIES = (
    Entry("Records", "users", "records_web.list_records", ("records:read",)),
    Entry("Corrections", "file-check", "privacy_web.list_corrections", ("records:approve",)),
    Entry("Recently deleted", "trash", "records_web.list_deleted", ("records:delete",)),
    Entry("Accounts", "user-check", "accounts_web.list_accounts", ("accounts:manage",), "Administration"),
    Entry("API keys", "key", "accounts_web.list_keys", ("keys:manage",), "Administration"),
    Entry("Webhooks", "git-merge", "webhooks_web.list_webhooks", ("webhooks:manage",), "Administration"),
    Entry("Undelivered", "plug-connected-x", "undelivered_web.list_all", ("webhooks:manage",), "Administration"),
    Entry("Settings", "settings", "accounts_web.show_profile", (), FOOT, "/settings"),
)


def init_app(app: Flask) -> None:
    """Give every page its menu, its person and its theme."""
    app.context_processor(frame)


def count_waiting_by(app: Flask, endpoint: str, count: Callable[[], int]) -> None:
    """Show beside an entry how many things wait there; counted only where the menu is drawn."""
    app.extensions.setdefault("menu_counts", {})[endpoint] = count


def frame() -> dict[str, Any]:
    """Return what the layout shows around a page; nothing of a person before anybody has signed in."""
    theme = request.cookies.get("theme", "")
    shown = {"theme": theme if theme in THEMES else "", "keys_on": request.cookies.get("keys") != "off"}
    actor = current_actor()
    if actor.is_anonymous:
        return shown
    may_add = actor.may("records:write") and "records_web.new_record" in current_app.view_functions
    return {
        **shown,
        # Drawn by the frame alone: a part of a page neither lists nor counts anything.
        "menu": partial(menu_of, actor),
        "me": {"name": actor.name, "role": actor.role.capitalize(), "initials": initials(actor.name)},
        "may_search": actor.may("records:read"),
        "new_record_url": current_app.url_for("records_web.new_record") if may_add else "",
    }


def menu_of(actor: Actor) -> Menu:
    """Return the entries this actor may open, the current one marked; what waits is counted here."""
    known = current_app.view_functions
    open_to = [entry for entry in ENTRIES if entry.endpoint in known and _is_open(entry, actor)]
    paths = {entry.endpoint: current_app.url_for(entry.endpoint) for entry in open_to}
    current = _current([entry.part or paths[entry.endpoint] for entry in open_to])
    counts = current_app.extensions.get("menu_counts", {})
    groups: dict[str, list[Link]] = {}
    for entry in open_to:
        path, count = paths[entry.endpoint], counts.get(entry.endpoint)
        link = Link(entry.label, entry.icon, path, (entry.part or path) == current, count() if count else 0)
        groups.setdefault(entry.group, []).append(link)
    return Menu(groups.pop(FOOT, []), list(groups.items()))


def _is_open(entry: Entry, actor: Actor) -> bool:
    return not entry.scopes or any(map(actor.may, entry.scopes))


def _current(paths: list[str]) -> str:
    """Return the entry whose part of the site the page lies in: the longest path it begins with."""
    here = f"{request.path.rstrip('/')}/"
    return max((path for path in paths if here.startswith(f"{path}/")), key=len, default="")


def initials(name: str) -> str:
    """Return the first letters of the first and the last word of a name or address."""
    words = name.partition("@")[0].replace(".", " ").split()
    return "".join(word[0] for word in ([words[0], words[-1]] if len(words) > 1 else words)).upper()
