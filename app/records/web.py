"""The HTML door of person records. The pages are cut by what people do; importing them attaches them to `bp`."""

from app.records import (
    page_unsaved,
    web_delete,
    web_detail,
    web_edit,
    web_list,
    web_merge,
    web_new,
    web_reveal,
    web_trash,
)
from app.records.page_door import bp

__all__ = [
    "bp",
    "page_unsaved",
    "web_delete",
    "web_detail",
    "web_edit",
    "web_list",
    "web_merge",
    "web_new",
    "web_reveal",
    "web_trash",
]
