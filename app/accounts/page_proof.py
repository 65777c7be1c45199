"""Asking for the password again, before a change that a borrowed session must not make."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

from flask import Response, request, url_for

from app.accounts import sessions, sign_in
from app.accounts.access import sign_in_rules
from app.accounts.page_door import in_words, private_page
from app.accounts.schemas_mfa import PasswordInput
from app.core.access import account_of, current_actor
from app.core.errors import AccountLocked, DomainError, FieldError, ValidationFailed
from app.core.forms import read_form

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Question:
    """What the page says while it asks for the password. `tone` is that of its button."""

    title: str
    text: str
    button: str
    tone: str = "primary"


def asks_password(question: Question) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """Let a form through to its view only with the right password; else show the question again."""

    def decorate(view: Callable[P, Response]) -> Callable[P, Response]:
        @wraps(view)
        def with_proof(*args: P.args, **kwargs: P.kwargs) -> Response:
            form = read_form(PasswordInput)
            if form.data is None:
                return password_page(question, form.errors)
            try:
                prove(form.data.password)
            except ValidationFailed as refused:
                return password_page(question, list(refused.errors))
            except AccountLocked as refusal:
                return password_page(question, [in_words(refusal)], refusal)
            return view(*args, **kwargs)

        return with_proof

    return decorate


def prove(password: str) -> None:
    """Check the password of whoever is signed in: a fresh proof. Raises ValidationFailed, AccountLocked."""
    actor = current_actor()
    sign_in.prove_again(account_of(actor), password, "password", rules=sign_in_rules(), actor=actor)
    if actor.credential_id is not None:
        sessions.note_proof(actor.credential_id)


def password_page(
    question: Question, errors: list[FieldError] | None = None, refusal: DomainError | None = None, **context: Any
) -> Response:
    """Show the page that asks for the password; its form goes to the address of the page."""
    found = errors or []
    error = next((error.message for error in found if error.field == "password"), None)
    status = refusal.status if refusal else 422 if found else 200
    return private_page(
        "accounts/security_password.html",
        status=status,
        refusal=refusal,
        question=question,
        field={"name": "password", "label": "Password", "value": "", "error": error},
        errors=found,
        action=request.path,
        cancel={"label": "Cancel", "url": url_for("accounts_web.show_security")},
        **context,
    )
