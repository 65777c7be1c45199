"""The closed list of what the audit trail can say."""

from enum import StrEnum


class Action(StrEnum):
    """A fact of the trail, `noun.past_tense`."""

    RECORD_CREATED = "record.created"
    RECORD_UPDATED = "record.updated"
    RECORD_DELETED = "record.deleted"
    RECORD_RESTORED = "record.restored"
    RECORD_REVEALED = "record.revealed"
    RECORD_VIEWED = "record.viewed"
    RECORD_ERASED = "record.erased"
    RECORD_EMAIL_VERIFIED = "record.email_verified"
    RECORD_MOBILE_VERIFIED = "record.mobile_verified"
    RECORDS_SEARCHED = "records.searched"
    RECORDS_EXPORTED = "records.exported"
    RECORDS_IMPORTED = "records.imported"
    RECORDS_GENERATED = "records.generated"
    CORRECTION_REQUESTED = "correction.requested"
    CORRECTION_APPROVED = "correction.approved"
    CORRECTION_REJECTED = "correction.rejected"
    ACCOUNT_REGISTERED = "account.registered"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_UPDATED = "account.updated"
    ACCOUNT_ROLE_CHANGED = "account.role_changed"
    ACCOUNT_DISABLED = "account.disabled"
    ACCOUNT_DELETED = "account.deleted"
    ACCOUNT_EMAIL_VERIFIED = "account.email_verified"
    ACCOUNT_LOCKED = "account.locked"
    ACCOUNT_UNLOCKED = "account.unlocked"
    SESSION_STARTED = "session.started"
    SESSION_FAILED = "session.failed"
    SESSION_ENDED = "session.ended"
    SESSION_REFRESH_REUSED = "session.refresh_reused"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - the name of a fact, no password
    PASSWORD_RESET_REQUESTED = "password.reset_requested"  # noqa: S105 - the same
    PASSWORD_RESET = "password.reset"  # noqa: S105 - the same
    MFA_ENABLED = "mfa.enabled"
    MFA_DISABLED = "mfa.disabled"
    API_KEY_CREATED = "api_key.created"
    API_KEY_REVOKED = "api_key.revoked"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_UPDATED = "webhook.updated"
    WEBHOOK_DELETED = "webhook.deleted"
    ACCESS_DENIED = "access.denied"


class Outcome(StrEnum):
    """How what was tried ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    DENIED = "denied"
