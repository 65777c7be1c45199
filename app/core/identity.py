"""Who acts: roles, scopes, and the actor that every command is told."""

from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

_VIEWER = frozenset({"records:read"})
_EDITOR = _VIEWER | {"records:write", "records:delete", "records:import"}
_SUPERVISOR = _EDITOR | {"records:reveal", "records:export", "records:approve", "audit:read", "events:read"}
_ADMIN = _SUPERVISOR | {"accounts:manage", "keys:manage", "webhooks:manage", "privacy:manage"}

ALL_SCOPES: frozenset[str] = _ADMIN
ROLE_SCOPES = MappingProxyType(
    {"member": frozenset[str](), "viewer": _VIEWER, "editor": _EDITOR, "supervisor": _SUPERVISOR, "admin": _ADMIN}
)
ROLES: tuple[str, ...] = tuple(ROLE_SCOPES)


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who does something, and by which door it came.

    `credential_id` is the browser session, the family of tokens or the API key
    that spoke; the system and the anonymous have none.
    """

    account_id: UUID | None
    name: str
    role: str
    scopes: frozenset[str]
    type: str
    channel: str
    credential_id: UUID | None = None
    ip: str | None = None
    request_id: str | None = None

    def may(self, scope: str) -> bool:
        """Tell whether the actor holds a scope."""
        return scope in self.scopes

    def calling(self, channel: str, ip: str | None, request_id: str | None) -> "Actor":
        """Return the same actor as it comes by this door, from this address, with this request."""
        who = self.account_id, self.name, self.role, self.scopes, self.type
        return Actor(*who, channel, self.credential_id, ip, request_id)

    @property
    def is_anonymous(self) -> bool:
        """Tell whether nobody has signed in."""
        return self.type == "anonymous"


def scopes_of(role: str) -> frozenset[str]:
    """Return the scopes of a role; a role nobody knows has none."""
    return ROLE_SCOPES.get(role, frozenset())


def system_actor(channel: str = "cli") -> Actor:
    """Return the actor for what the program does by itself or an operator does at the shell."""
    return Actor(None, "System", "system", ALL_SCOPES, "system", channel)


def anonymous_actor(channel: str) -> Actor:
    """Return the actor for a caller who has shown no credential."""
    return Actor(None, "Anonymous", "anonymous", frozenset(), "anonymous", channel)
