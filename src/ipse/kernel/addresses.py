"""Where a request comes from: the connection, or what a named proxy says about it, and nothing else."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNKNOWN = "unknown"
LOCAL_SOCKET = "unix"
"""Whoever connects by our socket in the file system; no address reads so."""


@lru_cache(maxsize=64)
def _networks(named: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in named if text != LOCAL_SOCKET)


def _within(address: str, networks: Iterable[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def is_named(address: str, named: tuple[str, ...]) -> bool:
    """Whether an address is one of those named, or of a named network; or our local socket, where that is named."""
    return (address == LOCAL_SOCKET and address in named) or _within(address, _networks(named))


def client_behind(peer: str, forwarded: str, trusted_proxies: tuple[str, ...]) -> str:
    """The address of the client as text; `peer` is who has connected, `forwarded` what `X-Forwarded-For` says.

    That is read from the right and only across named proxies: the first address that is not one of them is the
    client. A forged header from anybody else changes nothing.
    """
    if not trusted_proxies or not is_named(peer, trusted_proxies):
        return peer
    networks = _networks(trusted_proxies)
    for hop in (part.strip() for part in reversed(forwarded.split(","))):
        try:
            address = str(ipaddress.ip_address(hop))
        except ValueError:
            return peer
        if not _within(address, networks):
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
