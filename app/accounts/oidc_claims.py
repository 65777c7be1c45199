"""Reading a person out of the claims of a provider: every claim may be missing, or anything."""

from collections.abc import Mapping
from typing import Any

from app.accounts.errors_sso import ProviderUntrusted
from app.accounts.field_types import FULL_NAME
from app.accounts.sso_provider import Identity
from app.core.rules import RuleBroken, canonical_email

SUBJECT_LENGTH = 255
SECOND_FACTOR = "mfa"
"""That more than one factor was shown (RFC 8176 §2)."""


def is_complete(claims: Mapping[str, Any], role_claim: str | None) -> bool:
    """Tell whether nothing that may decide is missing."""
    return "email" in claims and (role_claim is None or _found(claims, role_claim) is not None)


def identity_of(claims: Mapping[str, Any], issuer: str, role_claim: str | None) -> Identity:
    """Return the person these claims are about. Raises ProviderUntrusted."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_LENGTH or not subject.isprintable():
        raise ProviderUntrusted("the subject is no text of a usable length")
    groups = _texts(_found(claims, role_claim)) if role_claim is not None else frozenset()
    has_second_factor = SECOND_FACTOR in _texts(claims.get("amr"))
    return Identity(issuer, subject, _address(claims), _name(claims), groups, has_second_factor)


def _address(claims: Mapping[str, Any]) -> str | None:
    """Return the address where the provider says it verified it; some say so by a text."""
    address, is_verified = claims.get("email"), claims.get("email_verified")
    if not isinstance(address, str) or not (is_verified is True or is_verified == "true"):
        return None
    try:
        return canonical_email(address)
    except RuleBroken:
        return None


def _name(claims: Mapping[str, Any]) -> str | None:
    name = claims.get("name")
    try:
        return FULL_NAME.canonical(name) if isinstance(name, str) else None
    except RuleBroken:
        return None


def _found(claims: Mapping[str, Any], name: str) -> object:
    """Find a claim by its whole name, else by a way into it such as realm_access.roles."""
    if name in claims:
        return claims[name]
    head, dot, rest = name.partition(".")
    inner = claims.get(head)
    return _found(inner, rest) if dot and isinstance(inner, Mapping) else None


def _texts(value: object) -> frozenset[str]:
    """Return the texts of a claim that may be one or a list of them."""
    if isinstance(value, str):
        return frozenset({value})
    return frozenset(item for item in value if isinstance(item, str)) if isinstance(value, list) else frozenset()
