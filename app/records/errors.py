"""The refusals that person records can give."""

from app.core.errors import DomainError, NotFound


class RecordNotFound(NotFound):
    """No such record, or not for this caller."""

    code = "USER_NOT_FOUND"
    words = "User not found"


class NotDeleted(DomainError):
    """Only a deleted record can be restored."""

    code, status = "NOT_DELETED", 409
    words = "This record is not deleted, so there is nothing to restore."


class Duplicate(DomainError):
    """An identifier, e-mail or mobile belongs to another record; every taken field is named."""

    status = 409
    words = "Another record has some of these values. Each is named in errors."

    @property
    def code(self) -> str:  # type: ignore[override]  # the first taken field decides
        """Take the code of the first taken field."""
        return self.errors[0].code if self.errors else "DUPLICATE_EMAIL"
