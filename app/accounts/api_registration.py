"""The JSON door of registering, proving an address, and getting a password."""

from flask import Response

from app.accounts import recovery, registration
from app.accounts.access import sign_in_rules
from app.accounts.api_door import bp
from app.accounts.gates import registration_is_open
from app.accounts.presentation import shown_account
from app.accounts.schemas_registration import (
    AddressInput,
    ChangeInput,
    LinkOutput,
    MessageOutput,
    RegisteredOutput,
    RegisterInput,
    ResetInput,
    TokenInput,
    VerifiedOutput,
    fields_of,
)
from app.core.access import account_only, current_actor, gated, public, signed_in
from app.core.doors import answers, reply
from app.core.validation import accepts
from app.core.validation import queries as takes_queries

LINK_REFUSALS = ("INVALID_TOKEN", "EXPIRED_TOKEN")
SENT = "If an account has this address and waits for it, a mail is on its way."


@bp.post("/register")
@public("people make accounts for themselves", limit="auth")
@account_only
@gated(registration_is_open)
@accepts(RegisterInput)
@answers(201, RegisteredOutput, refuses=("FORBIDDEN", "DUPLICATE_EMAIL", "DUPLICATE_USERNAME"))
def register(data: RegisterInput) -> Response:
    """Make an account; it can be used once the link in the mail was opened."""
    account = registration.register(data, actor=current_actor())
    message = "We have sent you a mail. Open the link in it to prove the address."
    shown = fields_of(shown_account(account))
    return reply(RegisteredOutput(**shown, user_id=account.id, message=message), 201)


@bp.get("/verify-email")
@public("the token of a link in a mail is the credential", limit="auth")
@account_only
@takes_queries(TokenInput)
@answers(200, LinkOutput, refuses=LINK_REFUSALS)
def look_at_link(query: TokenInput) -> Response:
    """Tell whether a link can still prove an address; nothing changes."""
    link, _account = registration.find_link(query.token)
    return reply(LinkOutput(message="The link is good. Send its token by POST to use it.", expires_at=link.expires_at))


@bp.post("/verify-email")
@public("the token of a link in a mail is the credential", limit="auth")
@account_only
@accepts(TokenInput)
@answers(200, VerifiedOutput, refuses=LINK_REFUSALS)
def verify_email(data: TokenInput) -> Response:
    """Prove an address; the token is used up."""
    done = registration.verify_email(data.token, actor=current_actor())
    return reply(VerifiedOutput(message="The address is verified.", user_id=done.account_id, verified_at=done.at))


@bp.post("/resend-verification")
@public("who waits for a mail cannot sign in yet", limit="auth")
@account_only
@accepts(AddressInput)
@answers(202, MessageOutput)
def resend_verification(data: AddressInput) -> Response:
    """Have the link that proves an address sent again; the answer tells nobody whether there is an account."""
    registration.resend(data.email)
    return reply(MessageOutput(message=SENT), 202)


@bp.post("/password/forgot")
@public("who forgot the password cannot sign in", limit="auth")
@account_only
@accepts(AddressInput)
@answers(202, MessageOutput)
def forgot(data: AddressInput) -> Response:
    """Have a link to set another password sent; the answer tells nobody whether there is an account."""
    recovery.forgot(data.email, actor=current_actor())
    return reply(MessageOutput(message=SENT), 202)


@bp.post("/password/reset")
@public("the token of a link in a mail is the credential")
@account_only
@accepts(ResetInput)
@answers(200, MessageOutput, refuses=LINK_REFUSALS)
def reset(data: ResetInput) -> Response:
    """Set another password by a link; everything that was signed in ends."""
    recovery.reset(data.token, data.password, actor=current_actor())
    return reply(MessageOutput(message="The password is set. Sign in with it."))


@bp.post("/password/change")
@signed_in
@account_only
@accepts(ChangeInput)
@answers(200, MessageOutput, refuses=("ACCOUNT_LOCKED",))
def change(data: ChangeInput) -> Response:
    """Set another password in place of the one in use; every other sign-in of the account ends."""
    recovery.change(data.current_password, data.new_password, rules=sign_in_rules(), actor=current_actor())
    return reply(MessageOutput(message="The password is changed."))
