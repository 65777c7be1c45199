"""The controls of a record's form: labels, what was typed, what is wrong with it, and help that never blocks."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.errors import FieldError
from app.core.presenting import field_words
from app.records.field_types import FIELD_LIMITS
from app.records.identifiers import PAN_CHARACTERS, suggest_pan, without_separators
from app.records.schemas import CHANGEABLE, FIXED

FORM_ORDER = (
    *("name", "aadhaar", "pan", "date_of_birth", "place_of_birth", "email"),
    *("primary_mobile", "secondary_mobile", "current_address", "permanent_address"),
)
"""The order of the fields on the card in the clerk's hand."""

DATE_BOXES = ("day", "month", "year")


def form_fields(typed: Mapping[str, Any], messages: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Describe every control of the form by the name of its field."""
    return {name: _field(name, typed, messages) for name in dict.fromkeys((*FORM_ORDER, *CHANGEABLE, *FIXED))}


def summary(errors: Iterable[FieldError], links: Mapping[str, Mapping[str, str]] | None = None) -> list[dict[str, Any]]:
    """List the errors in the order of the form, each naming its field; `links` add a way on."""
    order = {name: place for place, name in enumerate(FORM_ORDER)}
    ranked = sorted(errors, key=lambda error: order.get(error.field, len(order)))
    return [
        {"field": error.field, "message": said(error), "url": "", **(links or {}).get(error.field, {})}
        for error in ranked
    ]


def said(error: FieldError) -> str:
    """Say an error where its field is not in sight: with the field's name in front unless the words have it."""
    label = field_words(error.field) if error.field in FIELD_LIMITS else ""
    known = {label.casefold(), label.rpartition(" ")[2].casefold()} - {""}
    if not known or any(words in error.message.casefold() for words in known):
        return error.message
    first = error.message[0].lower() if not error.message[1:2].isupper() else error.message[0]
    return f"{label}: {first}{error.message[1:]}"


def typed_of(record: Any) -> dict[str, Any]:
    """Return a record's changeable values as the form's boxes hold them."""
    values = {name: getattr(record, name) for name in CHANGEABLE}
    return {**values, "is_active": "true" if record.is_active else "false"}


def _field(name: str, typed: Mapping[str, Any], messages: Mapping[str, str]) -> dict[str, Any]:
    limits = FIELD_LIMITS.get(name)
    value = typed.get(name)
    if name == "date_of_birth":
        value = {part: typed.get(f"{name}_{part}", "") for part in DATE_BOXES}
    shown = {"name": name, "label": field_words(name), "value": "" if value is None else value}
    extra: dict[str, Any] = {"limits": limits, "error": messages.get(name), "fix": None}
    if name == "pan" and messages.get("pan"):
        extra["fix"] = pan_fix(str(value or ""))
    return {**shown, **extra}


def pan_fix(text: str) -> dict[str, Any] | None:
    """Offer to put right one O for 0 or I for 1 in a PAN; it is done only when the button is pressed."""
    meant, typed = suggest_pan(text), without_separators(text).upper()
    if meant is None or len(typed) != PAN_CHARACTERS:
        return None
    wrong = [place for place in range(PAN_CHARACTERS) if meant[place] != typed[place]]
    if len(wrong) != 1:
        return None
    (place,) = wrong
    label = f"Use {meant[place]} instead of {typed[place]}"
    return {"label": label, "for": "pan", "at": place + 1, "put": meant[place]}
