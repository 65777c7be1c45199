"""The controls of the account forms: labels, what was typed, and what is wrong with it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from app.core.errors import FieldError

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "email": "Email",
        "full_name": "Name",
        "username": "Username",
        "bio": "About you",
        "role": "Role",
        "password": "Password",
        "name": "Name",
        "account": "Account",
        "scopes": "Scopes",
        "expires_at": "Expires",
    }
)


def controls(names: Iterable[str], typed: Mapping[str, Any], errors: Iterable[FieldError]) -> dict[str, dict[str, Any]]:
    """Describe the controls of a form by the names of their fields."""
    messages = {error.field: error.message for error in errors}
    return {
        name: {"name": name, "label": LABELS[name], "value": typed.get(name) or "", "error": messages.get(name)}
        for name in names
    }


def without_empty(*names: str) -> "MultiDict[str, str]":
    """Return the submitted form without those of the boxes that were left empty: there nothing means not given."""
    pairs = request.form.items(multi=True)
    return MultiDict([(name, value) for name, value in pairs if value or name not in names])
