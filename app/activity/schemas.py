"""What narrows the audit trail."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema

from app.core.actions import Action, Outcome
from app.records.field_types import refuse
from app.records.schemas_lists import From, Paging, To


def _one_of(choices: tuple[str, ...]) -> Any:
    def judge(value: object) -> str:
        if value not in choices:
            raise refuse("INVALID", f"Must be one of {', '.join(choices)}")
        return str(value)

    return PlainValidator(judge)


def _judge_id(value: object, _info: ValidationInfo) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise refuse("INVALID", "Must be an id of 36 characters") from None


ACTIONS, OUTCOMES = tuple(map(str, Action)), tuple(map(str, Outcome))
Id = Annotated[UUID, PlainValidator(_judge_id), WithJsonSchema({"type": "string", "format": "uuid"})]
ActionName = Annotated[str, _one_of(ACTIONS), WithJsonSchema({"type": "string", "enum": list(ACTIONS)})]
OutcomeName = Annotated[str, _one_of(OUTCOMES), WithJsonSchema({"type": "string", "enum": list(OUTCOMES)})]


class AuditQuery(Paging):
    """The filters of the audit trail; `from` and `to` work as on the list of records."""

    action: ActionName | None = None
    actor_id: Id | None = None
    subject_id: Id | None = None
    request_id: str | None = None
    outcome: OutcomeName | None = None
    since: From | None = Field(None, alias="from")
    to: To | None = None
