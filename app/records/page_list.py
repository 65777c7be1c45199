"""The address of a list page and back: what is asked, and the links that ask for something else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from flask import request, url_for

from app.core.access import require_scope
from app.core.list_queries import PageNumber
from app.core.presenting import day
from app.core.rules import read_id
from app.core.validation import read_query_leniently
from app.records.field_types import AnyText
from app.records.identifiers import stays_out_of_urls
from app.records.schemas_lists import BrowseQuery, Sort

STAYS = ("q", "sort", "is_active", "email_verified", "mobile_verified", "deleted", "created_from", "created_to")
PLACE = (*STAYS, "page", "page_size")
DEFAULT_SORT = "-updated_at"
ORDER_WORDS = {
    "-updated_at": "latest change first",
    "updated_at": "oldest change first",
    "-created_at": "newest first",
    "created_at": "oldest first",
    "name": "by name",
    "-name": "by name, from the end",
    "email": "by email",
    "-email": "by email, from the end",
}
CHOICES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "is_active": ("Status", {"true": "Active", "false": "Inactive"}),
    "email_verified": ("Email", {"true": "Verified", "false": "Not verified"}),
    "mobile_verified": ("Mobile", {"true": "Verified", "false": "Not verified"}),
    "deleted": ("Deleted", {"include": "Shown too", "only": "Only these"}),
}


class PeopleQuery(BrowseQuery):
    """The address of the list, and of a record that was opened from it: `row` of `of` says where it stood."""

    sort: Sort = DEFAULT_SORT
    at: AnyText | None = None
    row: PageNumber | None = None
    of: PageNumber | None = None
    done: AnyText | None = None
    record: AnyText | None = None
    draft: AnyText | None = None


@dataclass(frozen=True)
class ListState:
    """A list as its address asks for it."""

    asked: PeopleQuery
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def at(self) -> UUID | None:
        """The record whose row gets the focus."""
        return read_id(self.asked.at)

    @cached_property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter holds."""
        return any(name in self.given for name in STAYS if name != "sort")

    @property
    def active(self) -> int:
        """How many filters hold."""
        return len(self.chips()) - ("q" in self.given)

    @property
    def order_words(self) -> str:
        """The order of the list in words."""
        return ORDER_WORDS[self.asked.sort]

    def query(self, **changes: Any) -> dict[str, Any]:
        """Return the parameters of the list's address; a change of None takes one away."""
        wanted = {**self.given, **changes}
        return {name: str(value) for name, value in wanted.items() if value is not None}

    def url(self, **changes: Any) -> str:
        """Return the address of the list with some changes."""
        return url_for("records_web.list_records", **self.query(**changes))

    def page_url(self, page: int) -> str:
        """Return the address of another page of the list."""
        return self.url(page=page if page > 1 else None)

    def sort_url(self, key: str) -> str:
        """Return the address in the order of a column: turned round when it is the order already."""
        first = f"-{key}" if key.endswith("_at") else key
        turned = key if first.startswith("-") else f"-{key}"
        wanted = turned if self.asked.sort == first else first
        return self.url(sort=None if wanted == DEFAULT_SORT else wanted, page=None)

    def chips(self) -> list[dict[str, str]]:
        """List what narrows the list, each with the address that takes it away."""
        shown = [(f"Search: {self.given['q']}", self.url(q=None, page=None))] if "q" in self.given else []
        for name, (label, words) in CHOICES.items():
            if name in self.given and self.given[name] in words:
                shown.append((f"{label}: {words[self.given[name]].lower()}", self.url(**{name: None, "page": None})))
        for name, label in (("created_from", "Added from"), ("created_to", "Added to")):
            moment = getattr(self.asked, name)
            if name in self.given and moment is not None:
                # What counts to the end of a day ends with the first moment of the next one.
                meant = moment - timedelta(microseconds=name == "created_to")
                shown.append((f"{label}: {day(meant)}", self.url(**{name: None, "page": None})))
        return [{"words": words, "url": url} for words, url in shown]

    def filters(self, *, may_delete: bool) -> list[dict[str, Any]]:
        """Describe the line of filters."""
        selects: list[dict[str, Any]] = [
            {"name": name, "label": label, "value": self.given.get(name), "options": [("", "Any"), *words.items()]}
            for name, (label, words) in CHOICES.items()
            if name != "deleted" or may_delete
        ]
        if may_delete:
            selects[-1]["options"][0] = ("", "Hidden")
        dates = [("created_from", "Added from"), ("created_to", "to")]
        return selects[:3] + [
            {"name": name, "label": label, "value": self.given.get(name), "type": "date"} for name, label in dates
        ] + selects[3:]  # fmt: skip


def read_list() -> ListState:
    """Read the list's parameters from the address; what is wrong or may be personal is left out.

    Raises Forbidden for deleted records without the permission.
    """
    asked = read_query_leniently(PeopleQuery)
    if asked.wants_deleted:
        require_scope("records:delete")
    given = {name: request.args[name] for name in PLACE if name in asked.model_fields_set and request.args[name]}
    if asked.q is not None and stays_out_of_urls(asked.q):
        given.pop("q")
        asked = asked.model_copy(update={"q": None})
    return ListState(asked, given)


def has_private_text() -> bool:
    """Tell whether the address holds a search text that must not stand in one."""
    return stays_out_of_urls(request.args.get("q", ""))
