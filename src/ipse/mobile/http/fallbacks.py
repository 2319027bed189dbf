"""Addresses of what a person prepares for a day without the phone."""

from __future__ import annotations

from ipse.fallback.service import Fallback
from ipse.mobile.http.channel import Body
from ipse.mobile.service import Mobile
from ipse.mobile.service.fallbacks import FallbackMessages


def fallback_operations(mobile: Mobile, fallback: Fallback) -> dict[str, Body]:
    """By path under the prefix."""
    messages = FallbackMessages(mobile.phones, mobile.messages, fallback.setups, fallback.passkeys, mobile.clock)
    return {
        "/fallbacks": lambda body, _request: messages.listed(body),
        "/fallbacks/add": lambda body, _request: messages.add(body),
        "/fallbacks/remove": lambda body, _request: messages.remove(body),
    }
