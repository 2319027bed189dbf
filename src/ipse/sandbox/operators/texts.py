"""One Time Password SMS: digits sent by text message, and judged."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.sandbox.drawers import Drawer
from ipse.sandbox.inboxes import Inboxes
from ipse.sandbox.moods import How, Moods
from ipse.sandbox.operators import asked
from ipse.sandbox.operators.errors import ApiError, invalid, not_found
from ipse.sandbox.operators.model import Operator
from ipse.sandbox.operators.network import Network, State
from ipse.standards.camara import CODE_LABEL, MESSAGE_LENGTH, Code

CODE_SECONDS: Final = 300
TRIES: Final = 3
MOST_CODES: Final = 5
"""Codes for one number in ten minutes."""
_WINDOW_SECONDS: Final = 600
_REMEMBER_SECONDS: Final = 3_600
"""How long an attempt that ended is known, so that the right error can be said."""
_LONGEST_ID: Final = 36
_LONGEST_CODE: Final = 10


@dataclass(frozen=True, slots=True)
class Texts:
    """One operator's codes."""

    operator: Operator
    network: Network
    inboxes: Inboxes
    attempts: Drawer
    sent: Drawer
    moods: Moods
    clock: Clock
    ids: Ids

    def send(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a code; any earlier one for the number ends."""
        number = asked.number(body)
        message = asked.text(body, "message", most=MESSAGE_LENGTH)
        if number is None or CODE_LABEL not in message:
            raise invalid(f"phoneNumber is needed, and a message that holds {CODE_LABEL}.")
        sim = self.network.sim(number)
        if sim is None or sim.operator != self.operator.id or sim.state is State.NONE:
            raise ApiError(403, Code.PHONE_NUMBER_NOT_ALLOWED, "We cannot send messages to this number.")
        if self.moods.of(self.operator.id).how is How.REFUSE:
            raise ApiError(403, Code.PHONE_NUMBER_BLOCKED, "This number is blocked, as asked on the world page.")
        self._count(number)
        digits = f"{int.from_bytes(self.ids.octets(8)) % 1_000_000:06}"
        attempt = self.ids.identifier()[:_LONGEST_ID]
        self._end_earlier(number, attempt)
        until = self.clock.now() + CODE_SECONDS * 1_000_000
        self.attempts.put(attempt, {"code": digits, "tries": 0, "until": until}, seconds=_REMEMBER_SECONDS)
        if sim.state is not State.REMOVED:
            self.inboxes.deliver("sms", number, self.operator.name, message.replace(CODE_LABEL, digits))
        return {"authenticationId": attempt}

    def validate(self, body: Mapping[str, Any]) -> None:
        """Judge digits; right ones work once."""
        attempt = asked.text(body, "authenticationId", most=_LONGEST_ID)
        code = asked.text(body, "code", most=_LONGEST_CODE)
        kept = self.attempts.take(attempt)
        if kept is None:
            raise not_found("This authenticationId is unknown.")
        expired = kept["code"] == "" or kept["until"] <= self.clock.now()
        right = not expired and kept["tries"] < TRIES and self._fits(code, kept["code"])
        tried = kept | {"tries": kept["tries"] + 1} | ({"code": ""} if right else {})
        self.attempts.put(attempt, tried, seconds=_REMEMBER_SECONDS)
        if expired:
            raise ApiError(400, Code.VERIFICATION_EXPIRED, "This authenticationId is no longer valid.")
        if kept["tries"] >= TRIES:
            raise ApiError(400, Code.VERIFICATION_FAILED, "Too many wrong codes for this authenticationId.")
        if not right:
            raise ApiError(400, Code.INVALID_OTP, "These are not the digits that were sent.")

    def _fits(self, code: str, digits: str) -> bool:
        return self.moods.of(self.operator.id).how is How.LIE or hmac.compare_digest(code.encode(), digits.encode())

    def _end_earlier(self, number: str, attempt: str) -> None:
        key = f"newest {number}"
        earlier = self.sent.take(key)
        if earlier is not None:
            kept = self.attempts.take(earlier["attempt"])
            if kept is not None:
                self.attempts.put(earlier["attempt"], kept | {"code": ""}, seconds=_REMEMBER_SECONDS)
        self.sent.put(key, {"attempt": attempt}, seconds=CODE_SECONDS)

    def _count(self, number: str) -> None:
        key, now = f"count {number}", self.clock.now()
        since = now - _WINDOW_SECONDS * 1_000_000
        lately = [at for at in (self.sent.look(key) or {"at": []})["at"] if at > since]
        if len(lately) >= MOST_CODES:
            raise ApiError(403, Code.MAX_OTP_CODES_EXCEEDED, "Too many codes were sent to this number. Try later.")
        self.sent.put(key, {"at": [*lately, now]}, seconds=_WINDOW_SECONDS)
