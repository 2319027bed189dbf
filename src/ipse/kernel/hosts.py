"""How a host is written."""

from __future__ import annotations

import ipaddress


def names_loopback(host: str) -> bool:
    """Whether a host, as an address writes it, is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
