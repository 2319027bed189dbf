"""Fingerprints of the phone in Python: adding, listing, removing, approving with one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipse.softphone.authenticator import Authenticator
from ipse.softphone.channel import Answer, Channel
from ipse.softphone.messages import Approved, CodeUse, Writer
from ipse.softphone.state import Pending, State


@dataclass(frozen=True, slots=True)
class Fingers:
    """What a phone says of fingerprints (device protocol, `fingerprints`)."""

    channel: Channel
    writer: Writer

    @property
    def authenticator(self) -> Authenticator:
        """The sensor, on the page of the app."""
        base = self.channel.store.load().base
        return Authenticator(self.writer.ids, self.writer.configuration(base).app_origin)

    def listed(self) -> list[dict[str, Any]]:
        """What approves on this phone beside the code."""
        return list(self._asked()["fingerprints"])

    def add(self, code: str, *, label: str = "") -> str:
        """Add one; its id."""
        challenge, sensor = self._asked()["challenge"], self.authenticator
        made: list[str] = []

        def compose(state: State) -> Pending:
            credential = sensor.create(state, challenge)
            made.append(credential["id"])
            members: dict[str, object] = {"credential": credential, **({"label": label} if label else {})}
            use, purpose = CodeUse(code, challenge), f"add-fingerprint {credential['id']}"
            return self.writer.costing(state, "add-fingerprint", purpose, use, **members)

        self.channel.exchange("add-fingerprint", compose)
        return made[0] if made else list(self.channel.store.load().fingers)[-1]

    def remove(self, credential: str) -> None:
        """Take one away."""
        purpose = f"remove-fingerprint {credential}"
        self.channel.exchange(
            purpose, lambda state: self.writer.signed(state, "remove-fingerprint", purpose, credential=credential)
        )

    def approve(self, approved: Approved, challenge: str) -> Answer:
        """Approve with the newest one in place of the code.

        Raises:
            NoFingerprint: there is none; nothing was sent.
        """
        sensor = self.authenticator
        return self.channel.exchange(
            f"approval {approved.action} approved",
            lambda state: self.writer.by_fingerprint(state, approved, challenge, sensor.press),
        )

    def _asked(self) -> Answer:
        return self.channel.exchange(
            "fingerprints", lambda state: self.writer.signed(state, "fingerprints", "fingerprints")
        )
