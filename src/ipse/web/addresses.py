"""Where a request comes from: the connection, or what a named proxy says about it, and nothing else."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from starlette.types import Scope

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNKNOWN = "unknown"


@lru_cache(maxsize=64)
def _networks(trusted: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in trusted)


def _trusted(address: str, networks: Iterable[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def is_named(address: str, proxies: tuple[str, ...]) -> bool:
    """Whether a connection's address is one of the named proxies' addresses or in one of their networks."""
    return _trusted(address, _networks(proxies))


def client_address(scope: Scope, trusted_proxies: tuple[str, ...]) -> str:
    """The address of the client as text.

    `X-Forwarded-For` is read from the right and only across named proxies: the first address that is not one of them
    is the client. A forged header from anybody else changes nothing.
    """
    client = scope.get("client")
    peer = client[0] if client else UNKNOWN
    if not trusted_proxies:
        return peer
    networks = _networks(trusted_proxies)
    if not _trusted(peer, networks):
        return peer
    hops = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for")
    for hop in (part.strip() for part in reversed(hops.split(","))):
        try:
            address = str(ipaddress.ip_address(hop))
        except ValueError:
            return peer
        if not _trusted(address, networks):
            return address
    return peer


def counted(address: str) -> str:
    """What limits count by: an IPv4 address, or the /64 one IPv6 customer holds."""
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))
