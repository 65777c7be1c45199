"""What narrows the audit trail."""

from typing import Annotated

from pydantic import Field

from app.core.actions import Action, Outcome
from app.core.list_queries import From, Id, Paging, To, enum_schema, one_of

ACTIONS, OUTCOMES = tuple(map(str, Action)), tuple(map(str, Outcome))
ActionName = Annotated[str, one_of(ACTIONS), enum_schema(ACTIONS)]
OutcomeName = Annotated[str, one_of(OUTCOMES), enum_schema(OUTCOMES)]


class AuditQuery(Paging):
    """The filters of the audit trail; `from` and `to` work as on the list of records."""

    action: ActionName | None = None
    actor_id: Id | None = None
    subject_id: Id | None = None
    request_id: Annotated[str, Field(min_length=1)] | None = None
    outcome: OutcomeName | None = None
    since: From | None = Field(None, alias="from")
    to: To | None = None
