"""The JSON door of API keys: `/api/v1/api-keys`. A key opens none of these calls."""

from uuid import UUID

from flask import Blueprint, Response

from app.accounts import keys, queries_keys
from app.accounts.errors import NoSuchAccount
from app.accounts.schemas_keys import KeyInput, KeyPageOutput, KeyQuery, NewKeyOutput, present_key
from app.core.access import account_of, account_only, current_actor, requires
from app.core.doors import API_PREFIX, answers, reply
from app.core.errors import FieldError, ValidationFailed
from app.core.idempotency import idempotent_except
from app.core.listing import name_listing, page_request, reply_page
from app.core.validation import accepts
from app.core.validation import queries as query_string
from app.core.versioning import missing_first

PATH = f"{API_PREFIX}/api-keys"

bp = Blueprint("accounts_api_keys", __name__, url_prefix=PATH)


@bp.get("")
@requires("keys:manage")
@account_only
@query_string(KeyQuery)
@answers(200, KeyPageOutput)
def list_all(query: KeyQuery) -> Response:
    """List the API keys that were not revoked."""
    ask = page_request(query, listing=f"keys:{name_listing(query)}")
    page = queries_keys.list_keys(ask, account_id=query.account_id)
    return reply_page(page.of([present_key(key) for key in page.data]))


@bp.post("")
@requires("keys:manage")
@account_only
@idempotent_except("secret")
@accepts(KeyInput)
@answers(201, NewKeyOutput)
def create(data: KeyInput) -> Response:
    """Make an API key; its secret is in this answer and nowhere else."""
    actor = current_actor()
    owner = data.account_id or account_of(actor)
    try:
        made = keys.create_api_key(owner, data.name, data.scopes, expires_at=data.expires_at, actor=actor)
    except NoSuchAccount as refusal:
        raise ValidationFailed([FieldError("account_id", "INVALID", refusal.detail)]) from refusal
    shown = present_key(queries_keys.get_key(made.id)).model_dump()
    return reply({**shown, "secret": made.secret}, 201, location=f"{PATH}/{made.id}")


@bp.delete("/<id:key_id>")
@requires("keys:manage")
@account_only
@missing_first(queries_keys.get_key, "key_id")
@query_string()
@answers(204, refuses=("NOT_FOUND",))
def revoke(key_id: UUID) -> Response:
    """Make an API key worthless for good."""
    keys.revoke_api_key(queries_keys.get_key(key_id).id, actor=current_actor())
    return reply(status=204)
