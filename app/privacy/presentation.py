"""A correction as the API shows it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.page_output import PageOutput
from app.privacy.contents import unseal
from app.privacy.models import Correction


class CorrectionOutput(BaseModel):
    """A correction: what is asked for, by whom, and what was decided. The value of an identifier is masked."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    user_id: UUID
    field: Literal["aadhaar", "pan", "date_of_birth", "place_of_birth"]
    value: str = Field(description="Identifiers are masked", examples=["XXXXXXXX9012"])
    reason: str
    status: Literal["pending", "approved", "rejected"]
    requested_by: UUID
    requested_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None


class CorrectionPageOutput(PageOutput):
    """A part of the list of corrections."""

    data: list[CorrectionOutput]


def present(correction: Correction) -> dict[str, object]:
    """Turn a correction into the JSON object of the API."""
    content = unseal(correction.sealed, correction.id)
    names = ("id", "field", "status", "requested_by", "requested_at", "decided_by", "decided_at")
    told = {name: getattr(correction, name) for name in names}
    return {**told, "user_id": correction.record_id, "value": content.shown, "reason": content.reason}
