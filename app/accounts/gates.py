"""What the setting REGISTRATION shuts."""

from app.core.errors import Forbidden
from app.core.settings import settings

OPEN = "open"


def may_register() -> bool:
    """Tell whether people may make accounts for themselves."""
    return settings().registration == OPEN


def registration_is_open() -> None:
    """Refuse registering where accounts are made by admins only. Raises Forbidden."""
    if not may_register():
        raise Forbidden("Registration is not open here. Ask an admin for an account.")
