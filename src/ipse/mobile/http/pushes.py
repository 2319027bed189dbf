"""Addresses of push subscriptions."""

from __future__ import annotations

from ipse.mobile.http.channel import Body
from ipse.mobile.service import Mobile
from ipse.mobile.service.pushes import PushMessages
from ipse.push.service import Push


def push_operations(mobile: Mobile, push: Push) -> dict[str, Body]:
    """By path under the prefix."""
    messages = PushMessages(mobile.phones, mobile.messages, push)
    return {
        "/push": lambda body, _request: messages.subscribe(body),
        "/push/end": lambda body, _request: messages.unsubscribe(body),
    }
