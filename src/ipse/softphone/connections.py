"""Connections to the outside: loopback is always reached directly, the rest as the environment's proxies say."""

from __future__ import annotations

import ssl

import httpx

_TIMEOUT_SECONDS = 30.0


def connect(tls: ssl.SSLContext | None = None, address: str | None = None) -> httpx.Client:
    """A client that keeps cookies, follows no redirect by itself and trusts `tls`, by default the usual authorities.

    `address` is one of this machine to call from: in a sandbox each 127.0.x.0/24 is a place.
    """
    if address is not None:
        transport = httpx.HTTPTransport(verify=tls if tls is not None else True, local_address=address)
        return httpx.Client(timeout=_TIMEOUT_SECONDS, transport=transport)
    return httpx.Client(
        timeout=_TIMEOUT_SECONDS,
        verify=tls if tls is not None else True,
        mounts={"all://localhost": None, "all://127.0.0.1": None},
    )
