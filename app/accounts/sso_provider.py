"""The provider of single sign-on as the rest of accounts sees it, where the settings name one.

The module that speaks OpenID Connect is loaded only then: its packages are an extra.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast
from urllib.parse import urlsplit

from flask import Flask, current_app

from app.core.errors import NotFound
from app.core.vault import vault
from config import Config, ConfigError

CALLBACK_PATH = "/login/sso/callback"
PACKAGES = ("authlib", "joserfc", "requests")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Journey:
    """One way to the provider and back: its secrets are derived from a handle that the browser keeps."""

    handle: str

    @property
    def state(self) -> str:
        """Return what ties the way back to this browser (RFC 6749 §10.12)."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Return what ties the provider's word to this journey (OpenID Connect Core §3.1.2.1)."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Return what proves that who fetches the word is who asked for it (RFC 7636)."""
        return self._derived("verifier")

    def _derived(self, purpose: str) -> str:
        made = vault().mac(f"single sign-on {purpose}", self.handle.encode())
        return urlsafe_b64encode(made).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Identity:
    """What a provider vouches for. `email` is canonical, and None unless the provider verified it.

    `groups` are the values of the claim that decides the role.
    """

    issuer: str
    subject: str
    email: str | None = None
    name: str | None = None
    groups: frozenset[str] = frozenset()
    has_second_factor: bool = False


class Provider(Protocol):
    """Who signs people in elsewhere."""

    issuer: str

    def address_for(self, journey: Journey) -> str:
        """Return where the browser goes to sign in. Raises ProviderAway, ProviderUntrusted."""
        ...

    def identify(self, code: str, journey: Journey) -> Identity:
        """Return whom a code stands for. Raises JourneyOver, ProviderAway, ProviderUntrusted."""
        ...


def init_app(app: Flask) -> None:
    """Make the provider that the settings name, if any. Raises ConfigError."""
    config: Config = app.extensions["config"]
    if problems := {name: words for name, words, is_wrong in _problems(config) if is_wrong}:
        raise ConfigError(problems)
    if config.oidc_issuer is not None:
        app.extensions["single_sign_on"] = import_module("app.accounts.oidc").OpenIdProvider(config)


def _problems(config: Config) -> tuple[tuple[str, str, bool], ...]:
    is_on, has_map = config.oidc_issuer is not None, bool(config.oidc_role_map)
    is_plain = (config.oidc_issuer or "").startswith("http:")
    is_near = urlsplit(config.oidc_issuer or "").hostname in LOOPBACK
    return (
        ("OIDC_ISSUER", "must begin https://", is_plain and (config.is_production or not is_near)),
        (
            "OIDC_ISSUER",
            f"needs the packages {', '.join(PACKAGES)}; install the extra oidc",
            is_on and not _can_speak(),
        ),
        (
            "OIDC_ISSUER",
            "is missing; set it together with OIDC_CLIENT_ID",
            config.oidc_client_id is not None and not is_on,
        ),
        ("OIDC_CLIENT_ID", "is missing; set it together with OIDC_ISSUER", is_on and config.oidc_client_id is None),
        (
            "OIDC_ROLE_MAP",
            "is missing; set it together with OIDC_ROLE_CLAIM",
            bool(config.oidc_role_claim) and not has_map,
        ),
        ("OIDC_ROLE_CLAIM", "is missing; set it together with OIDC_ROLE_MAP", has_map and not config.oidc_role_claim),
    )


def _can_speak() -> bool:
    return all(find_spec(package) is not None for package in PACKAGES)


def is_on() -> bool:
    """Tell whether people may sign in elsewhere."""
    return "single_sign_on" in current_app.extensions


def only_when_on() -> None:
    """Refuse the pages of single sign-on where there is none. Raises NotFound."""
    if not is_on():
        raise NotFound


def provider() -> Provider:
    """Return the provider of this application."""
    return cast(Provider, current_app.extensions["single_sign_on"])
