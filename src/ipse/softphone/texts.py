"""The code of a text message, for whoever cannot look at a real phone: from the sandbox's inbox."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx
import msgspec

from ipse.softphone.errors import BankRefused

_CODE: Final = re.compile(r"\b[0-9]{4,10}\b")
_PATIENCE_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.2

Asking = Callable[[], str]
"""Asks the person for the code."""


class _Message(msgspec.Struct, frozen=True):
    text: str = ""


class _Inbox(msgspec.Struct, frozen=True):
    messages: tuple[_Message, ...] = ()


@dataclass(slots=True)
class Texts:
    """Says the code of the newest message to a number; else asks the person."""

    http: httpx.Client
    inbox: str
    """Address of the sandbox's inboxes; empty where there is none."""
    number: str
    given: str | None = None
    ask: Asking | None = None

    def code(self) -> str:
        """The code that was given, that the sandbox delivered, or that the person types.

        Raises:
            BankRefused: nobody says it.
        """
        if self.given is not None:
            given, self.given = self.given, None
            return given
        until = time.monotonic() + _PATIENCE_SECONDS
        while self.inbox and time.monotonic() < until:
            if found := self._newest():
                return found
            time.sleep(_LOOK_SECONDS)
        if self.ask is None:
            raise BankRefused("the mobile operator has sent a code: give it with --sms-code")
        return self.ask()

    def _newest(self) -> str | None:
        try:
            answer = self.http.get(self.inbox, params={"to": self.number})
            answer.raise_for_status()
            inbox = msgspec.json.decode(answer.content, type=_Inbox)
        except (httpx.HTTPError, msgspec.DecodeError):
            self.inbox = ""
            return None
        for message in inbox.messages:
            if found := _CODE.search(message.text):
                return found[0]
        return None
