"""What comes in to list and search records: the same names in a query string and in a JSON body."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

from app.core.list_queries import Flag, From, SortedPaging, To, either_way, enum_schema, one_of
from app.records.field_types import LABELS, REQUIRED_WORDS, Input, SearchText

SORTS: Final = ("created_at", "name", "email", "updated_at")
DELETED: Final = ("exclude", "include", "only")

_SORTS = either_way(*SORTS)

Sort = Annotated[str, one_of(_SORTS), enum_schema(_SORTS)]
Deleted = Annotated[str, one_of(DELETED), enum_schema(DELETED)]


class ListQuery(SortedPaging):
    """The filters and the order of the list of records.

    `created_from` and `created_to` come out as UTC with `created_from <= created_at < created_to`.
    """

    required_words: ClassVar[Mapping[str, str]] = REQUIRED_WORDS
    labels: ClassVar[Mapping[str, str]] = LABELS

    sort: Sort = "-created_at"
    is_active: Flag | None = None
    email_verified: Flag | None = None
    mobile_verified: Flag | None = None
    deleted: Deleted = "exclude"
    created_from: From | None = None
    created_to: To | None = None

    @property
    def wants_deleted(self) -> bool:
        """Whether deleted records are asked for, which needs a permission of its own."""
        return self.deleted != "exclude"


class SearchQuery(ListQuery):
    """A search in the address: part of a name or e-mail, or a whole reference."""

    q: SearchText


class SearchBody(SearchQuery):
    """A search in the body: as in the address, and a whole mobile, Aadhaar or PAN as well."""


class RecordQuery(Input):
    """The parameters of reading one record."""

    deleted: Deleted = "exclude"


class BrowseQuery(ListQuery):
    """The address of the list page: the list, or a search when a text is given."""

    q: SearchText | None = None
