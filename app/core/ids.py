"""Addresses: the ids in them, and that a slash at their end does not count (the rest of that is core/room.py)."""

from uuid import UUID

from flask import Flask
from werkzeug.routing import BaseConverter

from app.core.rules import read_id

NO_ID = UUID(int=0)


class IdConverter(BaseConverter):
    """An id in an address; what is no id names nothing, so the answer is the same 404 as for an unknown one."""

    regex = r"(?!(?:search|batch|import|export|verify-email)$)[^/]+"
    part_isolating = True

    def to_python(self, value: str) -> UUID:
        """Return the id, or the one that nothing has."""
        return read_id(value) or NO_ID

    def to_url(self, value: UUID) -> str:
        """Return the id as it stands in an address."""
        return str(value)


def init_app(app: Flask) -> None:
    """Let routes say `<id:record_id>`, and take every path with and without a slash at its end."""
    app.url_map.converters["id"] = IdConverter
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
