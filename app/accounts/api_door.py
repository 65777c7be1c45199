"""What the calls under /auth share: their blueprint, and the tokens that a sign-in answers."""

from datetime import timedelta

from flask import Blueprint, Response

from app.accounts.access import doorkeeper
from app.accounts.families import Opened
from app.accounts.schemas import TokenOutput
from app.core.database import utc_now
from app.core.doors import reply
from app.core.settings import settings

bp = Blueprint("accounts_api", __name__, url_prefix="/api/v1/auth")


def refresh_lifetime() -> timedelta:
    """Return how long a refresh token lives."""
    return timedelta(days=settings().jwt_refresh_token_expire_days)


def tokens_of(opened: Opened) -> Response:
    """Answer the tokens of a sign-in."""
    ring = doorkeeper().ring
    return reply(
        TokenOutput(
            access_token=ring.issue(opened.account_id, opened.family_id, utc_now()),
            refresh_token=opened.refresh_token,
            expires_in=int(ring.lifetime.total_seconds()),
            user_id=opened.account_id,
        )
    )
