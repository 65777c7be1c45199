"""The closed list of problem codes: what each means and what to do about it.

One list feeds the problem+json answers, the pages under `/problems/` and the OpenAPI document, so the three cannot
disagree. A code that is not here cannot be raised.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Problem:
    """One code of the contract: the statuses it comes with and its words."""

    code: str
    statuses: tuple[int, ...]
    title: str
    meaning: str
    remedy: str

    @property
    def slug(self) -> str:
        """Spell the code as the last part of its problem address."""
        return self.code.lower().replace("_", "-")


_TAKEN = "Find the record that holds it, or check what was typed. The field is named in errors."

_PROBLEMS = (
    Problem(
        "MALFORMED_REQUEST",
        (400, 414, 417, 431),
        "The request cannot be read",
        "The body is not one JSON object in UTF-8, names a field twice, is nested too deep, or a header is malformed.",
        "Correct the request as the detail says and send it again.",
    ),
    Problem(
        "INVALID_TOKEN",
        (401, 400),
        "The token is not valid",
        "The token cannot be read, was forged, revoked or used up, or is of another kind than this call takes.",
        "Sign in again, or ask for a new link, and use the token you then get.",
    ),
    Problem(
        "NOT_AUTHENTICATED",
        (401,),
        "Sign in first",
        "The call needs a credential and came without one.",
        "Send the header Authorization: Bearer with an access token or an API key.",
    ),
    Problem(
        "INVALID_CREDENTIALS",
        (401,),
        "The email or password is not right",
        "No account has this email or username with this password.",
        "Check both and try again. After several wrong tries the account is locked for a while.",
    ),
    Problem(
        "MFA_REQUIRED",
        (401,),
        "A second step is needed",
        "The password was right. The account has two-step sign-in, or its role needs it.",
        "Send mfa_token with a code from the authenticator app, or a recovery code, to /auth/login/mfa. Without an "
        "mfa_token in the answer, set up two-step sign-in on the page first.",
    ),
    Problem(
        "EXPIRED_TOKEN",
        (401, 410),
        "The token is past its time",
        "The token was good once, but its time is over.",
        "Refresh the token or sign in again.",
    ),
    Problem(
        "FORBIDDEN",
        (403,),
        "You may not do this",
        "The credential is good, but its role or scopes do not include this call.",
        "Use an account or key with the scope that the documentation names for the call, or ask an admin.",
    ),
    Problem(
        "EMAIL_NOT_VERIFIED",
        (403,),
        "The email address is not verified yet",
        "The password was right, but the account's address has not been verified.",
        "Open the link in the mail that was sent to the address.",
    ),
    Problem(
        "ACCOUNT_DISABLED",
        (403,),
        "The account is disabled",
        "The password was right, but an admin has disabled the account.",
        "Ask an admin to enable the account.",
    ),
    Problem(
        "NOT_FOUND",
        (404,),
        "There is nothing at this address",
        "The path does not exist, or what it named does not exist for you.",
        "Check the path and the id.",
    ),
    Problem(
        "USER_NOT_FOUND",
        (404,),
        "No such record",
        "No record has this id, or the record is deleted.",
        "Check the id. A deleted record can be read with ?deleted=include by those who may restore it.",
    ),
    Problem(
        "METHOD_NOT_ALLOWED",
        (405,),
        "The method does not exist here",
        "The path exists, but not with this method.",
        "Use one of the methods in the Allow header.",
    ),
    Problem(
        "NOT_ACCEPTABLE",
        (406,),
        "The answer has no form you accept",
        "The Accept header allows none of the types this call can answer with.",
        "Accept application/json.",
    ),
    Problem("DUPLICATE_EMAIL", (409,), "Another record has this email", "An email belongs to one live record.", _TAKEN),
    Problem(
        "DUPLICATE_MOBILE",
        (409,),
        "Another record has this mobile",
        "A primary mobile belongs to one live record.",
        _TAKEN,
    ),
    Problem(
        "DUPLICATE_AADHAAR",
        (409,),
        "Another record has this Aadhaar",
        "An Aadhaar belongs to one record, deleted ones included.",
        _TAKEN,
    ),
    Problem(
        "DUPLICATE_PAN",
        (409,),
        "Another record has this PAN",
        "A PAN belongs to one record, deleted ones included.",
        _TAKEN,
    ),
    Problem(
        "DUPLICATE_USERNAME",
        (409,),
        "Another account has this username",
        "A username belongs to one account.",
        "Choose another username.",
    ),
    Problem(
        "VERSION_CONFLICT",
        (409, 412),
        "Somebody changed this first",
        "The version sent is not the current one: the record changed in the meantime.",
        "Read the record again, look at changed_fields, and repeat the change with current_version.",
    ),
    Problem(
        "IDEMPOTENCY_IN_PROGRESS",
        (409,),
        "The first request with this key is still running",
        "Another request with the same idempotency key has not ended yet.",
        "Wait for the seconds in Retry-After and send the same request again.",
    ),
    Problem("LAST_ADMIN", (409,), "This is the last admin", "Nobody could manage accounts then.", "Make another one."),
    Problem(
        "NOT_DELETED",
        (409,),
        "The record is not deleted",
        "The call is for deleted records only.",
        "Delete the record first if that is what you want.",
    ),
    Problem("ALREADY_DECIDED", (409,), "It is decided already", "Somebody was first.", "Read the record again."),
    Problem(
        "MFA_ALREADY_ON",
        (409,),
        "Two-step sign-in is on already",
        "The account has a confirmed authenticator app.",
        "Remove the app first if you want to set up another one.",
    ),
    Problem(
        "REQUEST_TOO_LARGE",
        (413,),
        "The request is too large",
        "The body is larger than this server takes.",
        "Send less at once.",
    ),
    Problem(
        "UNSUPPORTED_MEDIA_TYPE",
        (415,),
        "The body is of a type this call does not take",
        "The Content-Type is missing or is not one the call takes.",
        "Send JSON with Content-Type: application/json.",
    ),
    Problem(
        "VALIDATION_ERROR",
        (422,),
        "Some fields need correction",
        "The request could be read, but some of its values cannot be taken. Each is named in errors.",
        "Correct every field that errors names and send the request again.",
    ),
    Problem(
        "IDEMPOTENCY_KEY_REUSED",
        (422,),
        "The idempotency key belongs to another request",
        "The key was used before with a different request.",
        "Use a new key for a new request. Repeat a request unchanged to have its first answer again.",
    ),
    Problem(
        "ACCOUNT_LOCKED",
        (423,),
        "Too many wrong sign-ins",
        "There were too many wrong passwords for this address, so sign-in is closed for a while.",
        "Wait for the seconds in Retry-After, or ask an admin to unlock the account.",
    ),
    Problem(
        "VERSION_REQUIRED",
        (428,),
        "The change needs a version",
        "This server takes a change only together with the version it was made from.",
        "Read the record and send its ETag as If-Match.",
    ),
    Problem(
        "RATE_LIMITED",
        (429,),
        "Too many requests",
        "The limit of requests in a minute is used up.",
        "Wait for the seconds in Retry-After.",
    ),
    Problem(
        "INTERNAL_ERROR",
        (500,),
        "Something went wrong on our side",
        "The server failed in a way it did not expect. Nothing was saved.",
        "Try again. If it happens twice, tell the admin the request_id.",
    ),
    Problem(
        "UNAVAILABLE",
        (503,),
        "Record Room is not available right now",
        "The database does not answer. Nothing was saved.",
        "Wait for the seconds in Retry-After and try again.",
    ),
)

CATALOGUE: Mapping[str, Problem] = MappingProxyType({problem.code: problem for problem in _PROBLEMS})
BY_SLUG: Mapping[str, Problem] = MappingProxyType({problem.slug: problem for problem in _PROBLEMS})
