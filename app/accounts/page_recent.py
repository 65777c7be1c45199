"""A fresh proof before what a session left open, or begun by a remembered browser, must not do.

Whoever proved who they are within the window goes through. Before a page opens, the question stands at /login/again and
leads back; before a form is taken, it stands in between and carries along what was typed, so that nothing is lost.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec

from flask import Response, flash, request, url_for

from app.accounts import queries, queries_factors, sessions, sign_in, sso_provider
from app.accounts.access import sign_in_rules
from app.accounts.page_door import in_words, next_page, private_page, renew_session
from app.accounts.page_passkeys import works_here
from app.core.access import SAFE_METHODS, account_of, current_actor
from app.core.doors import door_of
from app.core.errors import AccountLocked, DomainError, FieldError, ValidationFailed
from app.core.htmx import is_htmx, redirect_to
from app.core.settings import settings

ACCOUNTS_WITHIN = timedelta(minutes=15)
"""For what gives or takes power over the whole room."""
NUMBERS_WITHIN = timedelta(hours=2)
"""For seeing and taking away numbers, which is some people's work all day; each time goes on record with a reason."""

PROOF = "proof"
"""The name of the box for the password, which no form has besides."""
RENEWED = frozenset({PROOF, "csrf_token", "idempotency_key"})
"""What the question gives anew, and does not carry along."""
TYPE_AGAIN = "That took a while. Enter it once more: a password is never carried from one page to the next."

P = ParamSpec("P")


def asks_lately(window: timedelta) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Let somebody through to the view who proved within `window` who they are; ask others first."""

    def decorate(view: Callable[P, Any]) -> Callable[P, Any]:
        door_of(view).proven_within = window

        @wraps(view)
        def with_proof(*args: P.args, **kwargs: P.kwargs) -> Any:
            if sessions.is_proven_within(current_actor().credential_id, window):
                return view(*args, **kwargs)
            if request.method in SAFE_METHODS:
                wanted = request.full_path.rstrip("?")
                return redirect_to(url_for("accounts_web.ask_proof", next=wanted), reload=True)
            return _question_in_between() or view(*args, **kwargs)

        return with_proof

    return decorate


def prove_by_form() -> tuple[list[FieldError], DomainError | None]:
    """Take the password of the form as a proof; return what is wrong with it, and the refusal where it is one."""
    actor, typed = current_actor(), request.form.get(PROOF, "")
    if not typed:
        return [FieldError(PROOF, "REQUIRED", "Enter your password")], None
    try:
        sign_in.prove_again(account_of(actor), typed, PROOF, rules=sign_in_rules(), actor=actor)
    except ValidationFailed as refused:
        return list(refused.errors), None
    except AccountLocked as refusal:
        return [in_words(refusal)], refusal
    note_proof()
    return [], None


def note_proof() -> None:
    """Note that the person of this session has just shown who they are, and give the session another token."""
    actor = current_actor()
    if actor.credential_id is not None:
        sessions.note_proof(actor.credential_id)
    renew_session()


def proof_page(
    action: str,
    errors: list[FieldError],
    refusal: DomainError | None = None,
    *,
    carried: Mapping[str, list[str]],
    by_passkey: bool = False,
) -> Response:
    """Show the question for the password; its form goes to `action` with what it carries along.

    `by_passkey`: one of the account's passkeys will do as well; it carries nothing but the page that was wanted.
    """
    account = queries.get_account(account_of(current_actor()))
    error = next((error.message for error in errors if error.field == PROOF), None)
    return private_page(
        "accounts/prove.html",
        status=refusal.status if refusal else 422 if errors else 200,
        refusal=refusal,
        action=action,
        carried=[(name, value) for name, values in carried.items() for value in values],
        field={"name": PROOF, "label": "Password", "value": "", "error": error},
        errors=errors,
        has_password=account.password_hash is not None,
        with_passkey=by_passkey and works_here() and bool(queries_factors.list_passkeys(account.id)),
        sign_on_name=settings().oidc_name if sso_provider.is_on() else None,
        next_url=next_page(),
    )


def _question_in_between() -> Response | None:
    """Ask before the form in hand is taken; None once it came with the right password."""
    errors, refusal = prove_by_form() if PROOF in request.form else ([], None)
    if PROOF in request.form and not errors:
        return None
    if any("password" in name and typed for name, typed in request.form.items()):
        flash(TYPE_AGAIN, "warn")
        return redirect_to(url_for("accounts_web.ask_proof", next=request.path), reload=True)
    carried = {name: request.form.getlist(name) for name in request.form if name not in RENEWED}
    page = proof_page(request.full_path.rstrip("?"), errors, refusal, carried=carried)
    if is_htmx():  # the question is a page of its own, wherever the form stood
        page.headers.update({"HX-Retarget": "body", "HX-Reswap": "innerHTML", "HX-Push-Url": "false"})
    return page
