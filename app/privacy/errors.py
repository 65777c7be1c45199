"""The refusals that corrections can give."""

from app.core.errors import DomainError, Forbidden, NotFound


class CorrectionNotFound(NotFound):
    """No such correction, or its record is deleted."""

    words = "There is no such correction. The record it is about may be deleted."


class OwnCorrection(Forbidden):
    """Whoever asked for a correction does not decide it."""

    words = "You asked for this correction. Another person decides it."


class AlreadyDecided(DomainError):
    """Somebody approved or rejected the correction before."""

    code, status = "ALREADY_DECIDED", 409
    words = "This correction is decided already. Ask for another one if the record is still wrong."
