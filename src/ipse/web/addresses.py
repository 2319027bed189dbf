"""Where a request comes from: the connection, or what a named proxy says about it, and nothing else."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNKNOWN = "unknown"
LOCAL_SOCKET = "unix"
"""Whoever connects by our socket in the file system; no address reads so."""


@lru_cache(maxsize=64)
def _networks(trusted: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in trusted if text != LOCAL_SOCKET)


def _trusted(address: str, networks: Iterable[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def is_named(address: str, proxies: tuple[str, ...]) -> bool:
    """Whether a connection comes from a named proxy: its address, one of its network, or our local socket."""
    return (address == LOCAL_SOCKET and address in proxies) or _trusted(address, _networks(proxies))


def by_local_socket(application: ASGIApp) -> ASGIApp:
    """The application as our local socket serves it: its connections have a name in place of an address.

    uvicorn knows no client there, as it does when a client is gone already: absence must not count as a name.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await application({**scope, "client": (LOCAL_SOCKET, 0)}, receive, send)

    return serve


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
    if not is_named(peer, trusted_proxies):
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
