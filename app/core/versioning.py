"""Optimistic locking: nobody's work is overwritten unseen (RFC 9110 §13.1.1)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from flask import g, request
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.core import trail
from app.core.database import BinaryUuid, new_id
from app.core.doors import door_of
from app.core.errors import ValidationFailed, VersionConflict, VersionRequired
from app.core.rules import read_id
from app.core.settings import settings

T = TypeVar("T")
TAGS = re.compile(r'[^\s,"]*"[^"]*"|[^\s,"]+')
STRONG_TAG = re.compile(r'"[^"]*"')
ANY = "*"


@dataclass(frozen=True, slots=True)
class ExpectedVersion:
    """The version a caller believes to be the newest: from If-Match, from the body, or both.

    `tags` are None without the header; `any_version` is its `*`.
    """

    tags: frozenset[str] | None = None
    text: str | None = None
    any_version: bool = False

    @property
    def named(self) -> str | None:
        """The one version the caller meant, where there is just one."""
        if self.text is not None:
            return self.text
        return next(iter(self.tags)) if self.tags and len(self.tags) == 1 else None

    def check(self, subject_id: UUID, current: UUID) -> None:
        """Raise VersionConflict when what is stored is not what the caller saw; the header speaks first."""
        by_header = self.tags is not None and not self.any_version and str(current) not in self.tags
        by_body = self.text is not None and self.text != str(current)
        if by_header or by_body:
            seen = read_id(self.named)
            changed = trail.changed_fields_since(subject_id, seen) if seen else None
            raise VersionConflict(current_version=str(current), changed_fields=changed, precondition=by_header)


class Versioned:
    """A row with a version that changes with every change, and stands in the WHERE of every UPDATE."""

    @declared_attr
    def version(cls) -> Mapped[UUID]:  # noqa: N805 - SQLAlchemy hands over the class
        """Name the state of the row."""
        return mapped_column(BinaryUuid, nullable=False, info={"audit": False})

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - SQLAlchemy hands over the class
        return {"version_id_col": cls.version, "version_id_generator": lambda _old: new_id()}

    def expect_version(self: Any, expected: ExpectedVersion | None) -> None:
        """Raise VersionConflict unless this is the version the caller saw, or the caller named none."""
        if expected is not None:
            expected.check(self.id, self.version)


def expects_version(current_version: Callable[[UUID], UUID]) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Hand the view the version its caller expects, and let that be judged before the input is.

    `current_version` finds the version by id and raises when there is no such
    row. It is asked only when the request fails for another reason, so a good
    request costs no look-up.
    """

    def decorate(view: Callable[..., T]) -> Callable[..., T]:
        @wraps(view)
        def with_version(record_id: UUID, **kwargs: Any) -> T:
            expected = expected_version()
            if expected is None and settings().require_version:
                current_version(record_id)
                raise VersionRequired
            try:
                return view(record_id, expected_version=expected, **kwargs)
            except ValidationFailed:
                found = current_version(record_id)
                if expected is not None:
                    expected.check(record_id, found)
                raise

        door_of(with_version).versioned = True
        return with_version

    return decorate


def missing_first(
    find: Callable[[UUID], object], name: str = "record_id"
) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Have a row that is not there told before what is wrong with the input; `find` raises when it is not there.

    `name` is what the route calls its id.
    """

    def decorate(view: Callable[..., T]) -> Callable[..., T]:
        @wraps(view)
        def of_row(**kwargs: Any) -> T:
            try:
                return view(**kwargs)
            except ValidationFailed:
                find(kwargs[name])
                raise

        return of_row

    return decorate


def expected_version() -> ExpectedVersion | None:
    """Read If-Match and the body's `version`; None when the caller named neither."""
    body = getattr(g, "body", None) or request.form
    text = body.get("version")
    text = text if isinstance(text, str) else None
    header = request.headers.get("If-Match")
    tags = None if header is None else strong_tags(header)
    if tags is None and text is None:
        return None
    return ExpectedVersion(tags, text, any_version=header is not None and header.strip() == ANY)


def strong_tags(header: str) -> frozenset[str]:
    """Return the strong, quoted tags of a list: a weak or unquoted one never matches (RFC 9110 §8.8.3.2)."""
    return frozenset(tag[1:-1] for tag in TAGS.findall(header) if STRONG_TAG.fullmatch(tag))
