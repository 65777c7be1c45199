"""Where a webhook may lead: never into the network this server stands in (server-side request forgery).

The address is checked when it is saved and again each time before something is sent: what a name stands for may
have changed since, so the caller connects to the very address that was checked and asks no resolver again.
"""

import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from urllib.parse import SplitResult, urlsplit

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, float], list[Address]]

PUBLIC_PORTS = frozenset({443, 8443})
STANDARD_PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*")
VISIBLE = re.compile(r"[!-~]+")
LOCAL_NAMES = ("localhost", ".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa")
CARRIED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))
"""Addresses of IPv6 that stand for one of IPv4 (NAT64, RFC 6052 and 8215; IPv4-compatible, RFC 4291)."""
SHUT = (
    *(IPv4Network("192.88.99.0/24"), IPv4Network("168.63.129.16/32"), IPv4Network("192.0.0.0/24")),
    IPv6Network("3fff::/20"),
)
"""Public by their number only: the relays of 6to4 (RFC 7526), what answers machines inside Azure and Oracle's cloud
(RFC 6890 keeps its network for protocols), and addresses for documents (RFC 9637)."""


class TargetRefused(Exception):
    """Nothing may be sent there; the text says why, in words that may be shown."""


class NoSuchHost(Exception):
    """The name of the host stands for no address, or nobody said for which in time."""


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of an address that was read: host without brackets, and what follows it, with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def literal(self) -> Address | None:
        """The address itself, where the host is one."""
        return _literal(self.host)

    @property
    def authority(self) -> str:
        """The host as the header Host names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == STANDARD_PORTS[self.scheme] else f"{host}:{self.port}"


def read_target(url: str, *, allow_private: bool) -> Target:
    """Take an address apart. Raises TargetRefused for one that nothing may be sent to, whatever its name stands for."""
    parts, port = _split(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in STANDARD_PORTS:
        raise TargetRefused("Enter an address that begins with https://")
    if not host or (":" not in host and not HOST.fullmatch(host)):
        raise TargetRefused("Enter an address with a host, such as https://example.com/hook")
    if "@" in parts.netloc:
        raise TargetRefused("Leave the user name and password out of the address")
    if "#" in url:
        raise TargetRefused("Leave out the part that begins with #")
    target = Target(parts.scheme, host, STANDARD_PORTS[parts.scheme] if port is None else port, _path(parts))
    _refuse_inner(target, allow_private=allow_private)
    return target


def _split(url: str) -> tuple[SplitResult, int | None]:
    if not VISIBLE.fullmatch(url) or "\\" in url:
        raise TargetRefused("Enter an address such as https://example.com/hook, without blanks")
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:
        raise TargetRefused("Enter an address such as https://example.com/hook") from None


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _refuse_inner(target: Target, *, allow_private: bool) -> None:
    literal = target.literal
    if literal is not None:
        refuse_address(literal, allow_private=allow_private)
    elif ":" in target.host:
        raise TargetRefused("Enter an address such as https://example.com/hook")
    if allow_private:
        return
    if target.scheme != "https":
        raise TargetRefused("Enter an address that begins with https://")
    if target.port not in PUBLIC_PORTS:
        raise TargetRefused("Only the ports 443 and 8443 are allowed")
    if literal is None and ("." not in target.host or target.host.endswith(LOCAL_NAMES)):
        raise TargetRefused("This address leads into a private network")


def _literal(host: str) -> Address | None:
    """Read an address in any spelling a resolver would take for one: 127.1, 0x7f000001 and 017700000001 as well."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host)) if re.match(r"[0-9]", host) else None
    except OSError:
        return None


def refuse_address(address: Address, *, allow_private: bool) -> None:
    """Raise TargetRefused for an address inside; loopback and private ones pass where the settings allow them."""
    if allow_private and _is_near(address):
        return
    if not _is_outside(address):
        raise TargetRefused("This address leads into a private network")


def _is_near(address: Address) -> bool:
    """Tell whether it is this machine or a private network, and neither link-local nor anything stranger."""
    is_strange = address.is_link_local or address.is_unspecified or address.is_multicast or _carries(address)
    return not is_strange and (address.is_loopback or (address.is_private and not address.is_reserved))


def _is_outside(address: Address) -> bool:
    if any(address in network for network in SHUT) or _carries(address):
        return False
    inner = address.is_loopback or address.is_link_local or address.is_multicast or address.is_reserved
    return address.is_global and not inner and not address.is_unspecified


def _carries(address: Address) -> bool:
    """Tell whether an address of IPv6 leads to one of IPv4, which nobody would have checked, or names a zone."""
    if isinstance(address, IPv4Address):
        return False
    wrapped = address.ipv4_mapped or address.sixtofour or address.teredo or address.scope_id
    is_carried = any(address in network for network in CARRIED) and not address.is_loopback
    return bool(wrapped) or is_carried or address.is_site_local


def addresses_of(target: Target, *, allow_private: bool, seconds: float, resolve: Resolve) -> list[Address]:
    """Return the addresses to connect to, all of them checked.

    One bad address among several refuses the target: who answers with both hopes that one of them is taken.
    Raises TargetRefused and NoSuchHost.
    """
    literal = target.literal
    found = [literal] if literal is not None else resolve(target.host, seconds)
    for address in found:
        refuse_address(address, allow_private=allow_private)
    return found


def ask_resolver(host: str, seconds: float) -> list[Address]:
    """Ask the system what a name stands for, for so long at most. Raises NoSuchHost.

    The system's resolver cannot be told to hurry, so it is asked by a thread that is left behind when it is late.
    """
    answer: SimpleQueue[list[Address]] = SimpleQueue()
    threading.Thread(target=_look_up, args=(host, answer), name="resolver", daemon=True).start()
    try:
        found = answer.get(timeout=seconds)
    except Empty:
        raise NoSuchHost("the name server does not answer") from None
    if not found:
        raise NoSuchHost("the host is unknown")
    return found


def _look_up(host: str, answer: "SimpleQueue[list[Address]]") -> None:
    found: dict[Address, None] = {}
    try:
        for *_kind, place in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM):
            found[ip_address(str(place[0]))] = None
    except (OSError, ValueError):
        found.clear()
    answer.put(list(found))
