"""Addresses of the sheets that block without the phone."""

from __future__ import annotations

from ipse.mobile.http.channel import Body
from ipse.mobile.service import Mobile
from ipse.mobile.service.panic import PanicMessages
from ipse.panic.service import Panic


def panic_operations(mobile: Mobile, panic: Panic) -> dict[str, Body]:
    """By path under the prefix."""
    base_url = mobile.settings.base_url
    messages = PanicMessages(mobile.phones, mobile.messages, mobile.people, panic, mobile.clock, base_url)
    return {
        "/panic-sheets": lambda body, _request: messages.listed(body),
        "/panic-sheets/make": lambda body, _request: messages.make(body),
        "/panic-sheets/revoke": lambda body, _request: messages.revoke(body),
    }
