"""The JSON door of the audit trail: `/api/v1/audit`."""

from flask import Blueprint, Response, request

from app.activity.queries import list_trail
from app.activity.schemas import AuditQuery
from app.core.access import requires
from app.core.doors import API_PREFIX, answers, reply
from app.core.settings import settings
from app.core.trail_output import EntryPageOutput, present_entry
from app.core.validation import queries as query_string
from app.records.listing import link_header, name_listing, page_request

bp = Blueprint("activity_api", __name__, url_prefix=f"{API_PREFIX}/audit")


@bp.get("")
@requires("audit:read")
@query_string(AuditQuery)
@answers(200, EntryPageOutput)
def list_audit(query: AuditQuery) -> Response:
    """Read the audit trail, newest first."""
    listing = f"audit:{name_listing(query)}"
    ask = page_request(query, default_size=settings().default_page_size, listing=listing)
    page = list_trail(query, ask)
    link = link_header(request.path, request.args.items(multi=True), page)
    shown = page.of([present_entry(entry) for entry in page.data])
    return reply(shown.as_dict(), headers={"Link": link} if link else None)
