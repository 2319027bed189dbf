"""To a new phone with the old one in hand, and what a person changes of their identity as a whole.

The new phone: `pair`, then `wait_for_old` until the old one has confirmed, then `take_over`. The old one: `meet` and
`hand_over`. Everything here works on a phone's channel and writer, as `activation` does.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass

from ipse.softphone import browser, world
from ipse.softphone.activation import APP_NAME, new_key, refuse_weak
from ipse.softphone.channel import Answer, Channel
from ipse.softphone.connections import connect
from ipse.softphone.errors import PhoneExists, Refused
from ipse.softphone.messages import CodeUse, Writer
from ipse.softphone.state import Device, Pending, State
from ipse.softphone.texts import Texts

_LOOK_SECONDS = 1.0
_FRAGMENT = "#m="


@dataclass(frozen=True, slots=True)
class Mover:
    """What the two phones of a move say."""

    channel: Channel
    writer: Writer

    def pair(self, base: str, device: Device, *, app_version: str = "1.0.0") -> Answer:
        """Make this a new phone that shows a code; answers with `code` and `pairing`."""
        before = self.channel.store.load()
        if before.active and not before.stopped:
            raise PhoneExists("a phone is activated here: --store FILE keeps one more")
        key = new_key()
        self.channel.store.save(State(base=base.rstrip("/"), app_version=app_version, device=device, key=key))

        def compose(state: State) -> Pending:
            app = {"name": APP_NAME, "version": app_version}
            report = state.device.report()
            return self.writer.signed(state, "pair", "pair", device_key=key.public(), app=app, device=report)

        return self.channel.exchange("pair", compose)

    def state(self) -> Answer:
        """How far the move is: `state` is `shown`, `seen`, `confirmed`, `done` or `ended`."""
        return self.channel.exchange(
            "pairing", lambda state: self.writer.signed(state, "pairing", "pairing", pairing=state.enrolment)
        )

    def wait_for_old(self, seconds: float) -> Answer:
        """Ask until the old phone has confirmed; the last answer when the time is over."""
        until = time.monotonic() + seconds
        while (answer := self.state())["state"] in {"shown", "seen"} and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
        return answer

    def take_over(self, code: str) -> Answer:
        """Set this phone's own code: the identity lives here from then on.

        Raises:
            WeakCode: the code is too easy to guess.
        """
        whose = self.state()
        if whose["state"] == "confirmed":
            refuse_weak(code, birthdate=whose["birthdate"], phone_number=whose["phone_number"])
            state = self.channel.store.load()
            state.birthdate, state.phone_number = whose["birthdate"], whose["phone_number"]
            self.channel.store.save(state)
        return self.channel.exchange("take-over", lambda state: self.writer.take_over(state, code))

    def meet(self, shown: str) -> Answer:
        """Bring the code of a new phone to the scheme: what would move where, and a challenge to confirm it."""
        code = shown.rpartition(_FRAGMENT)[2]
        return self.channel.exchange("meet", lambda state: self.writer.signed(state, "meet", "meet", code=code))

    def hand_over(self, pairing: str, code: str, challenge: str) -> Answer:
        """Confirm the move with this phone's code."""
        use = CodeUse(code=code, challenge=challenge)
        purpose = f"hand-over {pairing}"
        return self.channel.exchange(
            purpose, lambda state: self.writer.costing(state, "hand-over", purpose, use, pairing=pairing)
        )

    def part(self, pairing: str) -> Answer:
        """Say no to a move."""
        return self.channel.exchange("part", lambda state: self.writer.signed(state, "part", "part", pairing=pairing))

    def change_number(self, number: str, code: str, challenge: str, *, tls: ssl.SSLContext | None = None) -> Answer:
        """Change the phone number: begin with the code, prove it in a browser, bring what that brought.

        An empty number proves the one that the identity has.
        """
        wanted = {"phone_number": number} if number else {}
        use = CodeUse(code=code, challenge=challenge)
        begun = self.channel.exchange(
            "change-number",
            lambda state: self.writer.costing(state, "change-number", "change-number", use, **wanted),
        )
        held = self.channel.store.load()
        base = held.base
        texts = Texts(self.channel.http, world.inbox(world.address(base)), number or held.phone_number)
        # A browser of its own: the phone's connection has no cookies, and none of these may stay behind.
        with connect(tls) as visitor:
            value = browser.walk(
                visitor,
                begun["start_url"],
                app_origin=self.writer.configuration(base).app_origin,
                answers={},
                texted=texts.code,
            )
        enrolment = begun["enrolment"]
        return self.channel.exchange(
            "number-return",
            lambda state: self.writer.signed(state, "number-return", "number-return", enrolment=enrolment, value=value),
        )

    def delete(self, code: str, challenge: str) -> Answer:
        """Delete the identity."""
        use = CodeUse(code=code, challenge=challenge)
        return self.channel.exchange(
            "delete-identity", lambda state: self.writer.costing(state, "delete-identity", "delete-identity", use)
        )

    def stop_elsewhere(self, enrolment: str) -> Answer:
        """Stop an activation of this identity on another phone."""
        return self.channel.exchange(
            "object", lambda state: self.writer.signed(state, "object", "object", enrolment=enrolment)
        )


def is_over(error: Refused) -> bool:
    """Whether a move ended, so that a new one must begin."""
    return error.code in {"pairing_ended", "unknown_pairing"}
