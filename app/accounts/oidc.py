"""OpenID Connect, the part of whoever signs people in by a provider: authorization code with PKCE, state and nonce.

What the provider is and which keys it signs with are found by its discovery document, and remembered for a while.
Nothing it answers is believed before it is checked, and none of it reaches a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from requests import RequestException, Response

from app.accounts.errors_sso import JourneyOver, ProviderAway, ProviderUntrusted
from app.accounts.oidc_claims import identity_of, is_complete
from app.accounts.oidc_wire import CarefulAdapter
from app.accounts.sso_provider import CALLBACK_PATH, Identity, Journey
from config import Config

SCOPE = "openid email profile"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures by a key that only the provider has: none and HMAC are not among them (RFC 8725 §3.1)."""
KEY_TYPES = ("RSA", "EC")
REMEMBERED_SECONDS = 3600.0
REST_SECONDS = 5.0
"""How long a provider that does not answer is left alone, so that its absence does not hold every worker."""
CLOCKS_DIFFER_BY_SECONDS = 60
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
MALFORMED = (JoseError, ValueError, TypeError, AttributeError, KeyError, RecursionError)
"""What reading a hostile token may raise."""

Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What the discovery document said, and until when that counts."""

    document: Claims
    until: float


class OpenIdProvider:
    """A provider of OpenID Connect, and who we are to it."""

    def __init__(self, config: Config) -> None:
        self.issuer = config.oidc_issuer or ""
        self._client = {"client_id": config.oidc_client_id, "client_secret": config.oidc_client_secret}
        self._redirect_uri = f"{config.base_url}{CALLBACK_PATH}"
        self._role_claim = config.oidc_role_claim
        self._known: Known | None = None
        self._keys: KeySet | None = None
        self._away_until = 0.0

    def address_for(self, journey: Journey) -> str:
        """Return where the browser goes to sign in. Raises ProviderAway, ProviderUntrusted."""
        document = self._document()
        with self._wire(document) as wire:
            address, _state = wire.create_authorization_url(
                document["authorization_endpoint"],
                state=journey.state,
                nonce=journey.nonce,
                code_verifier=journey.verifier,
            )
        return str(address)

    def identify(self, code: str, journey: Journey) -> Identity:
        """Return whom a code stands for. Raises JourneyOver, ProviderAway, ProviderUntrusted."""
        document = self._document()
        with self._wire(document) as wire:
            tokens = _exchange(wire, document["token_endpoint"], code, journey.verifier)
            claims = self._checked(tokens, journey.nonce, wire)
            if not is_complete(claims, self._role_claim) and "userinfo_endpoint" in document:
                claims = {**self._more(wire, document["userinfo_endpoint"], claims["sub"]), **claims}
        return identity_of(claims, self.issuer, self._role_claim)

    def _document(self) -> Claims:
        known = self._known
        if known is not None and monotonic() < known.until:
            return known.document
        if monotonic() < self._away_until:
            raise ProviderAway("it did not answer a moment ago")
        try:
            self._known, self._keys = Known(self._discovered(), monotonic() + REMEMBERED_SECONDS), None
        except ProviderAway:
            self._away_until = monotonic() + REST_SECONDS
            raise
        return self._known.document

    def _discovered(self) -> Claims:
        """Read the discovery document (OpenID Connect Discovery §4)."""
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        with self._wire({}) as wire:
            # What a provider does not do some of them leave out, and some call null.
            document = {name: value for name, value in _json(_get(wire, address)).items() if value is not None}
        if document.get("issuer") != self.issuer:
            raise ProviderUntrusted("the discovery document is another issuer's")
        given = [name for name in (*ENDPOINTS, "userinfo_endpoint") if name in document]
        scheme = ("https://", "http://") if self.issuer.startswith("http://") else ("https://",)
        if not set(ENDPOINTS) <= set(given) or not all(str(document[name]).startswith(scheme) for name in given):
            raise ProviderUntrusted("the discovery document lacks an address, or has one without https")
        return document

    def _wire(self, document: Claims) -> OAuth2Session:
        wire = OAuth2Session(
            **self._client,
            token_endpoint_auth_method=_way_to_prove_ourselves(self._client, document),
            redirect_uri=self._redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
        )
        wire.trust_env = False  # only config.py reads the environment, and no .netrc speaks for us
        for scheme in ("https://", "http://"):
            wire.mount(scheme, CarefulAdapter())
        return wire

    def _checked(self, tokens: Mapping[str, Any], nonce: str, wire: OAuth2Session) -> Claims:
        """Return the claims of an ID token that holds (OpenID Connect Core §3.1.3.7)."""
        try:
            token = self._verified(str(tokens.get("id_token", "")), wire)
            wanted = {
                "client_id": self._client["client_id"],
                "nonce": nonce,
                "access_token": tokens.get("access_token"),
            }
            options = {"iss": {"essential": True, "value": self.issuer}}
            options["aud"] = {"essential": True, "value": str(self._client["client_id"])}
            CodeIDToken(token.claims, token.header, options, wanted).validate(leeway=CLOCKS_DIFFER_BY_SECONDS)
        except MALFORMED as fault:
            what = f"{type(fault).__name__} {getattr(fault, 'claim', '')}".rstrip()
            raise ProviderUntrusted(f"the ID token does not hold: {what}") from None
        return dict(token.claims)

    def _verified(self, token: str, wire: OAuth2Session) -> jwt.Token:
        """Check the signature; where the keys at hand do not fit, the provider may have changed them meanwhile."""
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        if self._keys is not None:
            try:
                return jwt.decode(token, self._keys, registry=registry)
            except (BadSignatureError, InvalidKeyIdError):
                pass
        self._keys = self._fetched_keys(wire)
        return jwt.decode(token, self._keys, registry=registry)

    def _fetched_keys(self, wire: OAuth2Session) -> KeySet:
        found = _json(_get(wire, self._document()["jwks_uri"])).get("keys", [])
        usable = [key for key in found if key.get("kty") in KEY_TYPES and key.get("use", "sig") == "sig"]
        return KeySet.import_key_set({"keys": usable})

    def _more(self, wire: OAuth2Session, address: str, subject: str) -> Claims:
        """Return what the provider tells only when asked (OpenID Connect Core §5.3)."""
        more = _json(_get(wire, address, withhold_token=False))
        if more.get("sub") != subject:
            raise ProviderUntrusted("the user info is about somebody else")
        return more


def _way_to_prove_ourselves(client: Mapping[str, Any], document: Claims) -> str:
    if client["client_secret"] is None:
        return "none"
    ways = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    is_post = "client_secret_basic" not in ways and "client_secret_post" in ways
    return "client_secret_post" if is_post else "client_secret_basic"


def _exchange(wire: OAuth2Session, address: str, code: str, verifier: str) -> Mapping[str, Any]:
    try:
        proof = {"code": code, "code_verifier": verifier}
        return dict(wire.fetch_token(address, grant_type="authorization_code", **proof))
    except RequestException as fault:
        raise ProviderAway(f"the exchange of the code: {type(fault).__name__}") from None
    except AuthlibBaseError as refusal:
        if refusal.error == "invalid_grant":
            raise JourneyOver from None
        raise ProviderUntrusted("the exchange of the code was refused") from None
    except MALFORMED:
        raise ProviderUntrusted("the exchange of the code was answered by something else than JSON") from None


def _get(wire: OAuth2Session, address: str, *, withhold_token: bool = True) -> Response:
    try:
        answer: Response = wire.get(address, withhold_token=withhold_token, headers={"Accept": "application/json"})
    except (RequestException, AuthlibBaseError) as fault:
        raise ProviderAway(f"reading a document: {type(fault).__name__}") from None
    if answer.status_code != 200:
        raise ProviderAway(f"reading a document: status {answer.status_code}")
    return answer


def _json(answer: Response) -> Claims:
    try:
        document = answer.json()
    except (RequestException, ValueError, RecursionError):
        raise ProviderUntrusted("a document is no JSON") from None
    if not isinstance(document, dict):
        raise ProviderUntrusted("a document is no object")
    return document
