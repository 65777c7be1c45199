"""What pages show of a new authenticator app: its secret as QR code and in letters, and the box for its first code."""

from typing import Any

import segno

from app.accounts.totp import Enrolment
from app.core.errors import FieldError

QR_SCALE = 4


def app_context(shown: Enrolment, errors: list[FieldError]) -> dict[str, Any]:
    """Return the context of a page that sets an authenticator app up."""
    error = next((error.message for error in errors if error.field == "code"), None)
    drawn = segno.make(shown.otpauth_uri, error="m")
    return {
        "qr": drawn.svg_data_uri(scale=QR_SCALE, dark="#000", light="#fff"),
        "secret": " ".join(shown.secret[start : start + 4] for start in range(0, len(shown.secret), 4)),
        "field": {"name": "code", "label": "Code from your app", "value": "", "error": error},
        "errors": errors,
    }
