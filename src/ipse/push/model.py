"""A subscription at rest, and what became of a push."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

VAPID = "vapid"
"""The name of the one key: it names us to every push service, for ever, because subscriptions are bound to it."""
PAYLOAD = b'{"waiting":true}'
"""The same for everything: not even its length tells what waits."""

TOPIC: Final = "waiting"
"""A push service keeps one message of a topic at most (RFC 8030 §5.4): a phone that was off gets one, not a burst."""


class Kept(msgspec.Struct, frozen=True):
    """A subscription as it is sealed; keys in base64url."""

    endpoint: str
    p256dh: str
    auth: str


class Woken(StrEnum):
    """What became of a push."""

    SENT = "sent"
    NOBODY = "nobody"
    """The person's phone takes none."""
    LATE = "late"
    """Whatever waited waits no more."""
    GONE = "gone"
    """The push service knows the subscription no more; it was forgotten."""
    FAILED = "failed"
