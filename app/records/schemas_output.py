"""How a record is described in the API's documentation; `presentation.py` writes what is described here."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel

from app.core.inputs import drop_default
from app.core.page_output import PageOutput


class RecordOutput(BaseModel):
    """One person's record as every call answers it: all fields, null when empty, identifiers masked."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    reference: str = Field(examples=["R7K3M-9QXT2"])
    version: UUID
    name: str
    email: str
    primary_mobile: str = Field(examples=["9876543210"])
    secondary_mobile: str | None
    aadhaar: str = Field(description="Masked", examples=["XXXXXXXX9012"])
    pan: str = Field(description="Masked", examples=["XXXXX1234X"])
    date_of_birth: date
    place_of_birth: str
    current_address: str
    permanent_address: str
    is_active: bool
    email_verified: bool
    mobile_verified: bool
    created_at: datetime
    updated_at: datetime
    created_by: UUID | None
    updated_by: UUID | None
    is_deleted: bool
    deleted_at: datetime | None
    deleted_by: UUID | None
    last_login_at: datetime | None


class CreatedRecordOutput(RecordOutput):
    """A record as a create answers it; `restored` is there only when a deleted record came back."""

    restored: bool = Field(default=False, json_schema_extra=drop_default)


class RecordPageOutput(PageOutput):
    """A part of a list of records."""

    data: list[RecordOutput]


class BatchItemOutput(BaseModel):
    """What became of one item: the status a create of its own would have had, and the id or the problem."""

    index: int
    status: int
    id: UUID | None
    problem: dict[str, Any] | None = Field(default=None, json_schema_extra=drop_default)


class BatchOutput(RootModel[list[BatchItemOutput]]):
    """The answers in the order of the items."""


class RevealOutput(BaseModel):
    """The numbers that were asked for, in full."""

    id: UUID
    aadhaar: str | None = Field(default=None, json_schema_extra=drop_default)
    pan: str | None = Field(default=None, json_schema_extra=drop_default)


class DeletedOutput(BaseModel):
    """The words after a deletion."""

    message: str = Field(examples=["User deleted successfully"])
