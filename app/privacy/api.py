"""The JSON door of corrections: asked for under a record, decided under `/api/v1/corrections`."""

from uuid import UUID

from flask import Blueprint, Response

from app.core.access import current_actor, requires
from app.core.doors import API_PREFIX, answers, reply
from app.core.idempotency import idempotent
from app.core.listing import name_listing, page_request, reply_page
from app.core.validation import accepts, checks
from app.core.validation import queries as query_string
from app.core.versioning import missing_first
from app.privacy import queries, service
from app.privacy.presentation import CorrectionOutput, CorrectionPageOutput, present
from app.privacy.schemas import ApproveInput, CorrectionInput, CorrectionQuery, ReasonInput
from app.records.correcting import NewValue
from app.records.queries import get_version

PATH = f"{API_PREFIX}/corrections"
TAKEN = ("DUPLICATE_AADHAAR", "DUPLICATE_PAN")

bp = Blueprint("privacy_api", __name__, url_prefix=API_PREFIX)


@bp.post("/users/<id:record_id>/corrections")
@requires("records:write")
@idempotent
@missing_first(get_version)
@accepts(CorrectionInput)
@answers(201, CorrectionOutput, refuses=("USER_NOT_FOUND", *TAKEN))
def request_correction(record_id: UUID, data: CorrectionInput) -> Response:
    """Ask to have a field changed that no update changes."""
    wanted = NewValue(data.field, data.value)
    made = service.request_correction(record_id, wanted, reason=data.reason, actor=current_actor())
    return reply(present(made), 201, location=f"{PATH}/{made.id}")


@bp.get("/corrections")
@requires("records:approve")
@query_string(CorrectionQuery)
@answers(200, CorrectionPageOutput)
def list_all(query: CorrectionQuery) -> Response:
    """List corrections, newest first."""
    listing = f"corrections:{name_listing(query)}"
    ask = page_request(query, listing=listing)
    page = queries.list_corrections(query.status, ask)
    return reply_page(page.of([present(listed.correction) for listed in page.data]))


@bp.post("/corrections/<id:correction_id>/approve")
@requires("records:approve")
@idempotent
@missing_first(queries.get_correction, "correction_id")
@accepts(ApproveInput, optional=True)
@answers(200, CorrectionOutput, refuses=("NOT_FOUND", "ALREADY_DECIDED", *TAKEN))
def approve(correction_id: UUID, data: ApproveInput) -> Response:
    """Approve what somebody else asked for, and change the record."""
    return reply(present(service.approve_correction(correction_id, checks=checks(), actor=current_actor())))


@bp.post("/corrections/<id:correction_id>/reject")
@requires("records:approve")
@idempotent
@missing_first(queries.get_correction, "correction_id")
@accepts(ReasonInput)
@answers(200, CorrectionOutput, refuses=("NOT_FOUND", "ALREADY_DECIDED"))
def reject(correction_id: UUID, data: ReasonInput) -> Response:
    """Reject what somebody else asked for, and say why."""
    return reply(present(service.reject_correction(correction_id, reason=data.reason, actor=current_actor())))
