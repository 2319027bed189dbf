"""Connections to the outside: loopback is always reached directly, the rest as the environment's proxies say."""

from __future__ import annotations

import ssl

import httpx

_TIMEOUT_SECONDS = 30.0


def connect(tls: ssl.SSLContext | None = None) -> httpx.Client:
    """A client that keeps cookies, follows no redirect by itself and trusts `tls`, by default the usual authorities."""
    return httpx.Client(
        timeout=_TIMEOUT_SECONDS,
        verify=tls if tls is not None else True,
        mounts={"all://localhost": None, "all://127.0.0.1": None},
    )
