"""Addresses of the browsers that a person has trusted."""

from __future__ import annotations

from ipse.mobile.http.channel import Body
from ipse.mobile.service import Mobile
from ipse.mobile.service.browsers import TrustedBrowsers


def browser_operations(mobile: Mobile) -> dict[str, Body]:
    """By path under the prefix."""
    trusted = TrustedBrowsers(mobile.database, mobile.phones, mobile.messages, mobile.approvals, mobile.clock)
    return {
        "/browsers": lambda body, _request: trusted.list(body),
        "/browsers/forget": lambda body, _request: trusted.forget(body),
    }
