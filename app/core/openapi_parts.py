"""The pieces of the OpenAPI document that all operations share: headers, problems, security."""

from collections import defaultdict
from typing import Any

from app.core.catalogue import CATALOGUE
from app.core.doors import Door
from app.core.errors import FIELD_CODES

INTRODUCTION = (
    "Person records: create, find, correct, delete and restore them. Send an access token or an API key as a bearer. "
    "Every refusal is an application/problem+json object whose code says what to do; each code has a page under "
    "/problems/."
)
GOOD = {200: "Done", 201: "Created", 202: "Accepted", 204: "Done; the answer has no body"}
PROBLEM_TYPE = "application/problem+json"

_HEADERS = {
    "X-Request-ID": "The request's id, in our log and in the audit trail",
    "ETag": "The record's version, to send as If-Match with a change",
    "Location": "The path of what was created",
    "Link": "The first, previous, next and last page (RFC 8288)",
    "Retry-After": "Seconds to wait before the next try",
    "RateLimit": "What is left of the limit and when it is full again",
    "RateLimit-Policy": "How many requests in how many seconds",
    "Idempotency-Replayed": "true where this is the kept answer of an earlier request",
    "WWW-Authenticate": "Bearer",
}

KEY_SHAPE = {"minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}

COMPONENTS: dict[str, Any] = {
    "securitySchemes": {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token from /auth/login, or an API key (rr_…). Each call names the scopes it asks "
            "for; where it names several sets, one of them is enough.",
        }
    },
    "headers": {name: {"description": words, "schema": {"type": "string"}} for name, words in _HEADERS.items()},
    "parameters": {
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "1 to 255 visible ASCII characters. The same key with the same request has one effect.",
            "schema": {"type": "string", **KEY_SHAPE},
        },
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "description": "The ETag the change was made from",
            "schema": {"type": "string"},
        },
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "description": "The ETag you have; unchanged is 304",
            "schema": {"type": "string"},
        },
    },
}

PROBLEM_SCHEMAS: dict[str, Any] = {
    "FieldError": {
        "type": "object",
        "required": ["field", "code", "message"],
        "properties": {
            "field": {"type": "string"},
            "code": {"type": "string", "enum": sorted(FIELD_CODES)},
            "message": {"type": "string"},
            "deleted_record": {"type": "string", "format": "uuid"},
        },
    },
    "Problem": {
        "type": "object",
        "description": "A refusal (RFC 9457)",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "request_id": {"type": "string"},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
            "current_version": {"type": "string", "format": "uuid"},
            "changed_fields": {"type": ["array", "null"], "items": {"type": "string"}},
            "mfa_token": {"type": "string"},
        },
    },
}

_WAITING = frozenset({423, 429, 503})


def header(name: str) -> dict[str, str]:
    """Refer to a shared header."""
    return {"$ref": f"#/components/headers/{name}"}


def security(door: Door) -> list[dict[str, list[str]]]:
    """Name the scopes a door asks for, one alternative each; nothing for a public one."""
    if door.public:
        return []
    return [{"bearer": [scope]} for scope in door.scopes] or [{"bearer": []}]


def who_may(door: Door) -> str:
    """Say in words who may call; the readers of the document show no scopes of a bearer."""
    if door.public:
        return "Needs no credential."
    return f"Needs the scope {' or '.join(door.scopes)}." if door.scopes else "Needs a credential of any scope."


def header_parameters(door: Door, method: str) -> list[dict[str, str]]:
    """List the request headers that mean something to a door."""
    named = {
        "IdempotencyKey": door.idempotent,
        "IfMatch": door.versioned,
        "IfNoneMatch": door.conditional and method == "GET",
    }
    return [{"$ref": f"#/components/parameters/{name}"} for name, applies in named.items() if applies]


def good_headers(door: Door, status: int) -> dict[str, Any]:
    """List the headers of a good answer."""
    named = {
        "X-Request-ID": True,
        "ETag": door.conditional,
        "Location": status in (201, 202),
        "RateLimit": door.limit != "none",
        "RateLimit-Policy": door.limit != "none",
        "Idempotency-Replayed": door.idempotent,
    }
    return {name: header(name) for name, applies in named.items() if applies}


def refusals(door: Door, method: str, *, has_id: bool) -> dict[str, Any]:
    """Describe every refusal a door can give, by status."""
    grouped: dict[int, list[str]] = defaultdict(list)
    for code in dict.fromkeys(_codes(door, method, has_id=has_id)):
        for status in _statuses(code, is_own=code in door.refusals):
            grouped[status].append(code)
    return {str(status): _refusal(status, codes) for status, codes in sorted(grouped.items())}


def _codes(door: Door, method: str, *, has_id: bool) -> list[str]:
    takes_body = door.body is not None and method != "GET"
    when: list[tuple[bool, tuple[str, ...]]] = [
        (not door.public, ("NOT_AUTHENTICATED", "INVALID_TOKEN", "EXPIRED_TOKEN", "FORBIDDEN")),
        (door.refuses_keys, ("FORBIDDEN",)),
        (door.limit != "none", ("RATE_LIMITED",)),
        (True, ("NOT_ACCEPTABLE", "MALFORMED_REQUEST", "INTERNAL_ERROR", "UNAVAILABLE")),
        (takes_body, ("REQUEST_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE")),
        (takes_body or door.query is not None, ("VALIDATION_ERROR",)),
        (door.idempotent, ("IDEMPOTENCY_IN_PROGRESS", "IDEMPOTENCY_KEY_REUSED")),
        (door.versioned, ("VERSION_CONFLICT", "VERSION_REQUIRED")),
        (has_id and not {"USER_NOT_FOUND", "NOT_FOUND"} & set(door.refusals), ("NOT_FOUND",)),
        (True, door.refusals),
    ]
    return [code for applies, codes in when if applies for code in codes]


def _statuses(code: str, *, is_own: bool) -> tuple[int, ...]:
    """Return what a code comes with: the first is for bearers, the others are for what a call itself is given."""
    found = CATALOGUE[code].statuses
    return found if is_own or code == "VERSION_CONFLICT" else found[:1]


def _refusal(status: int, codes: list[str]) -> dict[str, Any]:
    headers = ["X-Request-ID", *(["Retry-After"] if status in _WAITING else [])]
    headers += ["WWW-Authenticate"] if status == 401 else []
    shape = {
        "allOf": [{"$ref": "#/components/schemas/Problem"}],
        "properties": {"status": {"const": status}, "code": {"enum": codes}},
    }
    return {
        "description": "; ".join(dict.fromkeys(CATALOGUE[code].title for code in codes)),
        "headers": {name: header(name) for name in headers},
        "content": {PROBLEM_TYPE: {"schema": shape}},
    }
