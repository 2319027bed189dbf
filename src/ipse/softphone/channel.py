"""How a phone sends: one message at a time, stored before it is sent, the same bytes again until answered.

(Protocol section 2, "Order, repeats and copies".)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from ipse.softphone import effects
from ipse.softphone.errors import NoAnswer, Refused
from ipse.softphone.state import Pending, State
from ipse.softphone.store import Store

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Channel:
    """Carries one phone's messages to the scheme."""

    store: Store
    http: httpx.Client
    patience_seconds: float

    def exchange(self, purpose: str, compose: Callable[[State], Pending]) -> Answer:
        """Send what `compose` builds, once, and return the answer.

        A message still unanswered from before goes first. If it had the same `purpose`, its answer is this one's:
        a person who repeats a wish after a crash wants one outcome.

        Raises:
            Refused: the scheme answered with an error.
            NoAnswer: no answer within the patience; the message is kept.
            PhoneBusy: another process holds the phone.
        """
        with self.store.held():
            state = self.store.load()
            if state.pending and state.pending.purpose != purpose:
                self._settle(state)
            if not state.pending:
                state.pending = compose(state)
                self.store.save(state)
            return self._deliver(state)

    def settle(self) -> Answer | None:
        """Get the answer of a message left from before; None if there is none waiting.

        Raises:
            Refused: the scheme answered with an error.
            NoAnswer: there is still no answer.
        """
        with self.store.held():
            state = self.store.load()
            return self._deliver(state) if state.pending else None

    def _settle(self, state: State) -> None:
        """The old message's refusal is its own business; only its effects count here."""
        try:
            self._deliver(state)
        except Refused:
            if state.stopped:
                raise

    def _deliver(self, state: State) -> Answer:
        pending = state.pending
        if pending is None:
            raise NoAnswer("there is nothing to send")
        response = self._send_until_answered(state.base, pending)
        document = read_members(response)
        if response.is_success:
            effects.apply(state, pending.purpose, document, pending.signer)
        else:
            effects.refuse(state, pending.purpose, document)
        state.pending = None
        self.store.save(state)
        if not response.is_success:
            raise refusal(response, document)
        return document

    def _send_until_answered(self, base: str, message: Pending) -> httpx.Response:
        give_up = time.monotonic() + self.patience_seconds
        pause = _FIRST_PAUSE_SECONDS
        while True:
            reason, wait = "no connection", pause
            try:
                response = self.post(base, message)
            except httpx.TransportError as error:
                reason = f"no answer ({type(error).__name__})"
            else:
                if response.status_code != 429 and response.status_code < 500:
                    return response
                reason, wait = f"answered {response.status_code}", _retry_after(response, pause)
            if time.monotonic() + wait >= give_up:
                raise NoAnswer(f"{base}: {reason}; the message is kept and will be sent again")
            time.sleep(wait)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def post(self, base: str, message: Pending) -> httpx.Response:
        """Send bytes once and hand back whatever comes; remembers nothing."""
        return self.http.post(
            f"{base}/phone/v1{message.path}",
            content=message.body.encode(),
            headers={"Content-Type": message.content_type},
        )

    def ask(self, base: str, path: str, members: Mapping[str, str]) -> Answer:
        """Post an unsigned request once and return the answer.

        Raises:
            Refused: the scheme answered with an error.
            NoAnswer: no connection.
        """
        try:
            response = self.http.post(f"{base}/phone/v1{path}", json=dict(members))
        except httpx.TransportError as error:
            raise NoAnswer(f"{base}: no answer ({type(error).__name__})") from error
        document = read_members(response)
        if not response.is_success:
            raise refusal(response, document)
        return document


def refusal(response: httpx.Response, document: Answer) -> Refused:
    """The error that a problem document tells (RFC 9457)."""
    code = document.get("code")
    return Refused(code if isinstance(code, str) else "unreadable_answer", status=response.status_code, fields=document)


def _retry_after(response: httpx.Response, otherwise: float) -> float:
    text = response.headers.get("Retry-After", "")
    return max(float(text), otherwise) if text.isdecimal() else otherwise


def read_members(response: httpx.Response) -> Answer:
    """The members of an answer; none if it is no JSON object."""
    try:
        document = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return {}
    return document if isinstance(document, dict) else {}
