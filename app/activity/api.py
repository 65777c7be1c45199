"""The JSON door of the audit trail: `/api/v1/audit`."""

from flask import Blueprint, Response

from app.activity.queries import list_trail
from app.activity.schemas import AuditQuery
from app.core.access import requires
from app.core.doors import API_PREFIX, answers
from app.core.listing import name_listing, page_request, reply_page
from app.core.trail_output import EntryPageOutput, present_entry
from app.core.validation import queries as query_string

bp = Blueprint("activity_api", __name__, url_prefix=f"{API_PREFIX}/audit")


@bp.get("")
@requires("audit:read")
@query_string(AuditQuery)
@answers(200, EntryPageOutput)
def list_audit(query: AuditQuery) -> Response:
    """Read the audit trail, newest first."""
    listing = f"audit:{name_listing(query)}"
    ask = page_request(query, listing=listing)
    page = list_trail(query, ask)
    return reply_page(page.of([present_entry(entry) for entry in page.data]))
