"""What every input rule shares: the way a rule says no, what counts as blank, the e-mail address, and the id."""

from uuid import UUID

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailSyntaxError, validate_email

EMAIL_LENGTH = 254
LEAST_LABELS = 2
NFC_SHRINKS_AT_MOST = 4
"""No character is composed of more than four code points, so a text longer than four limits stays too long."""

EMAIL_WORDS = "Enter an email address like name@example.com"

# The grammar alone decides: an address at example.test is one. Emptying this list is the library's own switch.
SPECIAL_USE_DOMAIN_NAMES.clear()

_BLANKS = " \t\n\r\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"


class RuleBroken(ValueError):
    """A value breaks a rule: `code` is the contract's field code, `message` the words, never with the value in it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(code)


def trimmed(text: str) -> str:
    """Drop blanks at both ends; other control characters stay, so that a rule can refuse them."""
    return text.strip(_BLANKS)


def read_id(text: str | None) -> UUID | None:
    """Return the id that a text is, in its one spelling of 36 characters; None for anything else."""
    if text is None:
        return None
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text.lower() else None


def ordinal(number: int) -> str:
    """Spell a position the English way: 1st, 2nd, 3rd, 4th, 11th, 21st."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def canonical_email(text: str) -> str:
    """Return the address as it is stored: lower-case, an international domain as A-labels (RFC 5321, RFC 5891).

    Raises RuleBroken. The domain is not looked up.
    """
    address = trimmed(text)
    if len(address) > NFC_SHRINKS_AT_MOST * EMAIL_LENGTH:
        raise _email_too_long()
    try:
        parsed = validate_email(
            address,
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
            allow_display_name=False,
            check_deliverability=False,
            globally_deliverable=False,
            strict=True,
        )
    except EmailSyntaxError:
        # Not chained: the library's words quote parts of the address.
        raise _email_too_long() if len(address) > EMAIL_LENGTH else RuleBroken("INVALID", EMAIL_WORDS) from None
    canonical = (parsed.ascii_email or "").lower()
    labels = canonical.rpartition("@")[2].split(".")
    if len(labels) < LEAST_LABELS or labels[-1].isdigit():
        raise RuleBroken("INVALID", EMAIL_WORDS)
    return canonical


def _email_too_long() -> RuleBroken:
    return RuleBroken("TOO_LONG", f"An email address has at most {EMAIL_LENGTH} characters")
