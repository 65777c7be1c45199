"""The checks of passkeys, loaded when somebody comes with the first one.

Few do, and the library that knows the protocol, with the certificates it reads, would keep 6 MiB of each process.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.accounts import webauthn_checks
else:

    class _Late:
        def __getattr__(self, name: str) -> Any:
            return getattr(import_module("app.accounts.webauthn_checks"), name)

    webauthn_checks = _Late()

__all__ = ["webauthn_checks"]
