"""The JSON door of the feed: `/api/v1/events`."""

from typing import cast

from flask import Blueprint, Flask, Response, current_app

from app.core.access import requires
from app.core.doors import API_PREFIX, answers, reply
from app.core.settings import settings
from app.core.validation import queries as query_string
from app.delivery import arranging
from app.delivery.events import cloud_event
from app.delivery.feed import Asked, Feed
from app.delivery.schemas_events import LIMIT, FeedOutput, FeedQuery
from config import Config

bp = Blueprint("events_api", __name__, url_prefix=f"{API_PREFIX}/events")


def init_app(app: Flask) -> None:
    """Open the feed; half of a process' threads may wait for events, the others are for everybody else."""
    config: Config = app.extensions["config"]
    app.extensions["feed"] = Feed(arranging.arrange_soon, seats=max(1, config.web_threads // 2))


@bp.get("")
@requires("events:read")
@query_string(FeedQuery)
@answers(200, FeedOutput)
def list_events(query: FeedQuery) -> Response:
    """Read the events after one, oldest first; nothing that comes later appears before what was read."""
    feed = cast(Feed, current_app.extensions["feed"])
    # A server may tell whether it has been asked to stop (gunicorn.conf.py).
    is_stopping = current_app.extensions.get("is_stopping", lambda: False)
    page = feed.read(Asked(query.after, query.type, query.limit or LIMIT, query.wait or 0, is_stopping))
    source = settings().base_url
    next_after = page.events[-1].id if page.events else query.after
    data = [cloud_event(event, source) for event in page.events]
    return reply({"data": data, "next_after": next_after, "has_more": page.has_more})
