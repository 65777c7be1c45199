"""The refusals that only verification gives."""

from datetime import datetime
from math import ceil

from app.core.database import utc_now
from app.core.errors import ExpiredToken, FieldError, InvalidToken, RateLimited, ValidationFailed


class SentOften(RateLimited):
    """Enough was sent for now. `again_at` is when the next link or code may be."""

    def __init__(self, what: str, again_at: datetime) -> None:
        self.again_at = again_at
        super().__init__(ceil((again_at - utc_now()).total_seconds()))
        self.detail = f"Enough {what} were sent for now. The next one can be sent in {self.retry_after} seconds."


class WrongCode(ValidationFailed):
    """The code is not the one that was sent. `tries_left` counts down."""

    def __init__(self, tries_left: int) -> None:
        self.tries_left = tries_left
        left = "1 try" if tries_left == 1 else f"{tries_left or 'no'} tries"
        super().__init__([FieldError("code", "INVALID", f"The code is not right. {left.capitalize()} left")])


class NoCode(InvalidToken):
    """No code is out for this number."""

    status = 400
    words = "No code is out for this mobile. Send one first."


class CodeOver(ExpiredToken):
    """The code is past its time, or was tried too often."""

    status = 410
    words = "This code does not work any more: its ten minutes are over, or it was tried five times. Send a new one."
