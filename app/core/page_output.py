"""What every list of the API answers beside its rows."""

from pydantic import BaseModel, ConfigDict


class PageOutput(BaseModel):
    """A part of a list, whose rows stand in `data`; `page` is null on a walk by cursor, `next_cursor` at the end."""

    model_config = ConfigDict(extra="forbid")

    total: int
    page: int | None
    page_size: int
    total_pages: int
    next_cursor: str | None
