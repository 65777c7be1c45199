"""The JSON door of verification, under `/api/v1/users`."""

from uuid import UUID

from flask import Blueprint, Response

from app.core.access import current_actor, public, requires
from app.core.doors import API_PREFIX, answers, reply
from app.core.idempotency import idempotent
from app.core.validation import accepts
from app.core.validation import queries as query_string
from app.core.versioning import missing_first
from app.records import queries as records
from app.records.presentation import present
from app.records.schemas_output import RecordOutput
from app.verification import emails, mobiles
from app.verification.schemas import CodeInput, ProvenOutput, SentOutput, TokenInput

bp = Blueprint("verification_api", __name__, url_prefix=f"{API_PREFIX}/users")


@bp.post("/<id:record_id>/verification-email")
@requires("records:write")
@idempotent
@missing_first(records.get_version)
@query_string()
@answers(202, SentOutput, refuses=("USER_NOT_FOUND",))
def send_link(record_id: UUID) -> Response:
    """Have a link mailed that proves the record's address; a proven address is mailed nothing."""
    is_sent = emails.send_link(record_id)
    words = "A mail with a link is on its way." if is_sent else "The address is verified already. Nothing was sent."
    return reply(SentOutput(message=words), 202)


@bp.post("/verify-email")
@public("the token of a link in a mail is the credential", limit="auth")
@accepts(TokenInput)
@answers(200, ProvenOutput, refuses=("INVALID_TOKEN", "EXPIRED_TOKEN"))
def verify_email(data: TokenInput) -> Response:
    """Prove a record's address by the token of a link; the token is used up."""
    proven = emails.verify_email(data.token, actor=current_actor())
    return reply(ProvenOutput(message="The address is verified.", user_id=proven.record_id, verified_at=proven.at))


@bp.post("/<id:record_id>/verification-sms")
@requires("records:write")
@idempotent
@missing_first(records.get_version)
@query_string()
@answers(202, SentOutput, refuses=("USER_NOT_FOUND",))
def send_code(record_id: UUID) -> Response:
    """Have a code of six digits sent to the record's mobile; a proven number is sent nothing."""
    is_sent = mobiles.send_code(record_id, actor=current_actor())
    words = "A code is on its way. It is good for 10 minutes and 5 tries."
    return reply(SentOutput(message=words if is_sent else "The mobile is verified already. Nothing was sent."), 202)


@bp.post("/<id:record_id>/verify-mobile")
@requires("records:write")
@missing_first(records.get_version)
@accepts(CodeInput)
@answers(200, RecordOutput, refuses=("USER_NOT_FOUND", "INVALID_TOKEN", "EXPIRED_TOKEN"), conditional=True)
def verify_mobile(record_id: UUID, data: CodeInput) -> Response:
    """Prove the record's mobile by the code that was sent to it."""
    record = mobiles.verify_mobile(record_id, data.code, actor=current_actor())
    return reply(present(record), etag=record.version)
