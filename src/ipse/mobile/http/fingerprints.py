"""Addresses of fingerprints."""

from __future__ import annotations

from ipse.mobile.http.channel import Body
from ipse.mobile.service import Mobile
from ipse.mobile.service.fingerprints import FingerprintMessages


def fingerprint_operations(mobile: Mobile) -> dict[str, Body]:
    """By path under the prefix."""
    messages = FingerprintMessages(mobile.phones, mobile.messages, mobile.approvals.fingerprints, mobile.clock)
    return {
        "/fingerprints": lambda body, _request: messages.listed(body),
        "/fingerprints/add": lambda body, _request: messages.add(body),
        "/fingerprints/remove": lambda body, _request: messages.remove(body),
    }
