"""Single sign-on as pages: off to the provider, and back. Both are links: a form may not leave this site."""

import logging
from hmac import compare_digest
from typing import Any, cast

from flask import Response, make_response, redirect, request, session, url_for

from app.accounts import sso
from app.accounts.credentials import new_token
from app.accounts.errors import EnrolmentRequired, MfaRequired
from app.accounts.errors_sso import DECLINED, JourneyOver, NotLetIn, ProviderAway, ProviderUntrusted
from app.accounts.gates import may_register
from app.accounts.page_door import (
    begin_session,
    bp,
    end_current_session,
    next_page,
    nobody_yet,
    private_page,
)
from app.accounts.sessions import session_opener
from app.accounts.sso import Arrival, JoiningRules
from app.accounts.sso_provider import CALLBACK_PATH, Journey, only_when_on, provider
from app.accounts.steps import LIFETIME
from app.accounts.web_second_step import PENDING
from app.core.access import current_actor, gated, hides_address, public
from app.core.database import utc_now
from app.core.errors import AccountDisabled, DomainError, EmailNotVerified
from app.core.htmx import redirect_to
from app.core.identity import Actor
from app.core.settings import settings

WHY = "nobody has a session before signing in"
ASKED = "single_sign_on"
"""Where the cookie keeps the handle of the journey, when it began, and the page that was wanted."""

logger = logging.getLogger(__name__)


@bp.get("/login/sso")
@public(WHY, limit="auth")
@gated(only_when_on)
def begin_single_sign_on() -> Response:
    """Send the browser to the provider; nothing changes but the cookie, which ties the way back to this browser."""
    if not current_actor().is_anonymous and not request.args.get("again"):
        return redirect_to(next_page())
    handle = new_token()
    try:
        address = provider().address_for(Journey(handle))
    except ProviderAway as refusal:
        return _refused(refusal)
    session[ASKED] = {"handle": handle, "at": utc_now().timestamp(), "next": next_page()}
    # The one redirect that leaves this site: to the address in the discovery document of the configured issuer.
    away = make_response(redirect(address, 303))
    away.headers["Cache-Control"] = "no-store"
    return away


@bp.get(CALLBACK_PATH)
@public(WHY, limit="auth")
@gated(only_when_on)
@hides_address
def finish_single_sign_on() -> Response:
    """Sign in whoever comes back from the provider. It brings them by GET (RFC 6749 §4.1.2); the state is good once."""
    asked, actor = _asked(), nobody_yet()
    if asked is None:
        return _refused(JourneyOver())
    wanted = str(asked.get("next", ""))
    try:
        arrival = _arrival(str(asked["handle"]))
        is_vouched = arrival.identity.has_second_factor
        opener = session_opener(request.user_agent.string, actor.ip, is_vouched=is_vouched)
        opened = sso.sign_in(arrival, opener, _rules(), actor=actor)
    except MfaRequired as step:
        return _next_step(step, wanted)
    except (ProviderAway, NotLetIn, JourneyOver, AccountDisabled, EmailNotVerified) as refusal:
        _put_on_record(refusal, actor)
        return _refused(refusal)
    begin_session(opened)
    return redirect_to(next_page(wanted), reload=True)


def _asked() -> dict[str, Any] | None:
    """Take the journey this browser began out of its cookie; None unless the state says that this is its end."""
    asked, states = session.get(ASKED), request.args.getlist("state")
    if not isinstance(asked, dict) or len(states) != 1:
        return None
    if not compare_digest(states[0].encode(), Journey(str(asked.get("handle"))).state.encode()):
        return None
    del session[ASKED]
    is_late = utc_now().timestamp() - float(asked.get("at", 0)) > LIFETIME.total_seconds()
    return None if is_late else cast("dict[str, Any]", asked)


def _arrival(handle: str) -> Arrival:
    """Ask the provider who came back. Raises NotLetIn, JourneyOver, ProviderAway, ProviderUntrusted."""
    given = request.args
    if given.get("iss", provider().issuer) != provider().issuer:
        raise ProviderUntrusted("the answer is another issuer's")
    if "error" in given:
        if given["error"] in ("access_denied", "login_required", "interaction_required", "consent_required"):
            raise NotLetIn(DECLINED, "declined")
        raise ProviderUntrusted("it answered by an error")
    codes = given.getlist("code")
    if len(codes) != 1:
        raise ProviderUntrusted("it answered without a code")
    return Arrival(provider().identify(codes[0], Journey(handle)), handle)


def _rules() -> JoiningRules:
    config = settings()
    roles = dict(pair.rsplit("=", 1) for pair in config.oidc_role_map) if config.oidc_role_claim else None
    return JoiningRules(frozenset(config.mfa_required_roles), may_register(), roles)


def _next_step(asked: MfaRequired, wanted: str) -> Response:
    end_current_session()
    session[PENDING] = asked.token
    is_new = isinstance(asked, EnrolmentRequired)
    endpoint = "accounts_web.show_enrolment" if is_new else "accounts_web.show_second_step"
    return redirect_to(url_for(endpoint, next=next_page(wanted)), reload=True)


def _put_on_record(refusal: DomainError, actor: Actor) -> None:
    """Note what ended before the service could; a provider that is only away is no try to get in."""
    if isinstance(refusal, ProviderUntrusted):
        sso.note_failure(refusal.fault, actor=actor)
    elif isinstance(refusal, NotLetIn) and refusal.detail == DECLINED:
        sso.note_failure(refusal.reason, actor=actor)


def _refused(refusal: DomainError) -> Response:
    if isinstance(refusal, ProviderAway):
        logger.warning("single sign-on: %s", refusal.fault)
    return private_page(
        "accounts/sso_refused.html",
        status=refusal.status,
        refusal=refusal,
        words=refusal.detail,
        name=settings().oidc_name,
        can_retry=not isinstance(refusal, AccountDisabled | EmailNotVerified),
    )
