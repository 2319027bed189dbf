"""Connections to the outside: loopback is always reached directly, the rest as the environment's proxies say."""

from __future__ import annotations

import ssl

import httpx

_SHORTEST_SECONDS, _LONGEST_SECONDS = 2.0, 30.0


def connect(
    tls: ssl.SSLContext | None = None, address: str | None = None, *, seconds: float = _LONGEST_SECONDS
) -> httpx.Client:
    """A client that keeps cookies, follows no redirect by itself and trusts `tls`, by default the usual authorities.

    `seconds` is how long it waits for an answer, within reason. `address` is one of this machine to call from: in a
    sandbox each 127.0.x.0/24 is a place.
    """
    seconds = max(_SHORTEST_SECONDS, min(seconds, _LONGEST_SECONDS))
    if address is not None:
        transport = httpx.HTTPTransport(verify=tls if tls is not None else True, local_address=address)
        return httpx.Client(timeout=seconds, transport=transport)
    return httpx.Client(
        timeout=seconds,
        verify=tls if tls is not None else True,
        mounts={"all://localhost": None, "all://127.0.0.1": None},
    )
