"""Subscriptions and messages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.kernel.ids import Ids, b64u
from ipse.sandbox.drawers import Drawer
from ipse.standards import web_push

MOST_BYTES: Final = 4096
_LONGEST_SECONDS: Final = 28 * 86_400
_KEPT_SECONDS: Final = 90 * 86_400
_MOST_WAITING: Final = 100


class PushRefused(Exception):
    """A message is not taken; the status says why, as RFC 8030 and RFC 8292 have it."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Held:
    """A message that waits for its phone."""

    body: bytes
    topic: str
    urgency: str
    until: int


@dataclass
class PushService:
    """All that the service knows; messages are forgotten when it stops."""

    origin: str
    addresses: Drawer
    """By the secret part of an endpoint: whose it is, and the key of the one who may send there."""
    phones: Drawer
    clock: Clock
    ids: Ids
    _waiting: dict[str, list[Held]] = field(default_factory=dict)
    _came: dict[str, asyncio.Event] = field(default_factory=dict)

    def subscribe(self, key: str) -> tuple[str, str]:
        """Give out an address for the sender of that public key; its last part, and that of where to listen."""
        address, secret = self.ids.secret(), self.ids.secret()
        self.addresses.put(address, {"phone": secret, "key": key}, seconds=_KEPT_SECONDS)
        self.phones.put(secret, {"address": address}, seconds=_KEPT_SECONDS)
        return address, secret

    def end(self, secret: str) -> bool:
        """End a subscription: messages to it are answered with 410."""
        phone = self.phones.take(secret)
        if phone is None:
            return False
        self.addresses.put(phone["address"], {"ended": True}, seconds=_KEPT_SECONDS)
        self._waiting.pop(secret, None)
        return True

    def take(self, address: str, headers: Mapping[str, str], body: bytes) -> Held:
        """Take a message.

        Raises:
            PushRefused: with the status to answer.
        """
        known = self.addresses.look(address)
        if known is None:
            raise PushRefused(404, "nobody ever had this address")
        if "ended" in known:
            raise PushRefused(410, "this subscription has ended")
        self._check_sender(headers.get("authorization", ""), known["key"])
        if headers.get("content-encoding") != web_push.CONTENT_ENCODING:
            raise PushRefused(400, "the content encoding must be aes128gcm (RFC 8291)")
        if len(body) > MOST_BYTES:
            raise PushRefused(413, f"a message has at most {MOST_BYTES} bytes")
        ttl, urgency = headers.get("ttl", ""), headers.get("urgency", "normal")
        if not ttl.isdecimal():
            raise PushRefused(400, "TTL is missing (RFC 8030 section 5.2)")
        if urgency not in {"very-low", "low", "normal", "high"}:
            raise PushRefused(400, "no such urgency (RFC 8030 section 5.3)")
        until = self.clock.now() + min(int(ttl), _LONGEST_SECONDS) * SECOND
        held = Held(body, headers.get("topic", ""), urgency, until)
        self._hold(known["phone"], held)
        return held

    async def listen(self, secret: str, *, wait: float) -> list[dict[str, Any]] | None:
        """What came for a phone, waiting for the first so many seconds; None where it has no subscription."""
        if self.phones.look(secret) is None:
            return None
        event = self._came.setdefault(secret, asyncio.Event())
        if not self._fresh(secret):
            event.clear()
            try:
                await asyncio.wait_for(event.wait(), wait)
            except TimeoutError:
                return []
        found = self._fresh(secret)
        self._waiting.pop(secret, None)
        return [{"body": b64u(each.body), "topic": each.topic, "urgency": each.urgency} for each in found]

    def _fresh(self, secret: str) -> list[Held]:
        return [each for each in self._waiting.get(secret, []) if each.until > self.clock.now()]

    def _hold(self, secret: str, held: Held) -> None:
        others = [each for each in self._fresh(secret) if not held.topic or each.topic != held.topic]
        listening = secret in self._came
        if held.until > self.clock.now() or listening:
            self._waiting[secret] = [*others, held][-_MOST_WAITING:]
        if listening:
            self._came[secret].set()

    def _check_sender(self, authorization: str, key: str) -> None:
        try:
            sender = web_push.read_authorization(authorization, audience=self.origin, now=seconds(self.clock.now()))
        except ValueError as error:
            raise PushRefused(401, str(error)) from error
        if sender != key:
            raise PushRefused(403, "this address is for messages of another sender (RFC 8292 section 4)")
