"""What passkeys say and whether it holds (WebAuthn Level 3). All of the protocol is in here; nothing is stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.accounts.models import Account
from app.accounts.models_factors import Passkey
from app.accounts.relying_party import RelyingParty

TIMEOUT_MS = 120_000
NAME = "Record Room"
UNREADABLE = (WebAuthnException, ValueError, KeyError, TypeError, IndexError, RecursionError)
"""What the library raises for an answer that is no answer: it comes from a browser and may be anything."""


@dataclass(frozen=True, slots=True)
class Registered:
    """The public half of a new passkey."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Asserted:
    """What a passkey proved: its counter, and the account it was made for where it says so."""

    sign_count: int
    user_handle: bytes | None


def creation_options(account: Account, nonce: bytes, known: Sequence[Passkey], party: RelyingParty) -> str:
    """Return what a browser is told to make a passkey with; it has to be able to sign in on its own."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=NAME,
        user_id=account.id.bytes,
        user_name=account.email,
        user_display_name=account.full_name or account.email,
        challenge=nonce,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_descriptors(known),
    )
    return options_to_json(options)


def request_options(nonce: bytes, known: Sequence[Passkey], party: RelyingParty) -> str:
    """Return what a browser is told to ask a passkey with; without `known` the person chooses."""
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=nonce,
        timeout=TIMEOUT_MS,
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def read_registration(answer: str, nonce: bytes, party: RelyingParty) -> Registered | None:
    """Return the passkey a browser made, if its answer holds."""
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=nonce,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except UNREADABLE:
        return None
    return Registered(made.credential_id, made.credential_public_key, made.sign_count)


def parse_assertion(answer: str) -> AuthenticationCredential | None:
    """Return a passkey's answer as far as it can be read; nothing in it is proven yet."""
    try:
        return parse_authentication_credential_json(answer)
    except UNREADABLE:
        return None


def read_assertion(
    said: AuthenticationCredential, nonce: bytes, passkey: Passkey, party: RelyingParty
) -> Asserted | None:
    """Return what a passkey proved, if its signature, challenge, origin and counter hold."""
    try:
        proven = verify_authentication_response(
            credential=said,
            expected_challenge=nonce,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except UNREADABLE:
        return None
    return Asserted(proven.new_sign_count, said.response.user_handle)


def _descriptors(known: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in known]
