"""Who we are to a passkey."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who we are to a passkey: the host name it belongs to, and the address its page has to come from."""

    id: str
    origin: str

    @property
    def host(self) -> str:
        """Return the host and port that pages with passkeys are asked for at."""
        return urlsplit(self.origin).netloc


def relying_party(base_url: str) -> RelyingParty:
    """Return who we are at this address. A passkey belongs to a name, so a loopback address goes as localhost."""
    parts = urlsplit(base_url)
    host = parts.hostname or "localhost"
    if not _is_loopback(host):
        return RelyingParty(host, f"{parts.scheme}://{parts.netloc}")
    port = f":{parts.port}" if parts.port else ""
    return RelyingParty("localhost", f"{parts.scheme}://localhost{port}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
