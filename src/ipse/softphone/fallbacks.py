"""What a person prepares for a day without this phone: an app for one-time codes, a printed sheet, a passkey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipse.softphone.channel import Answer, Channel
from ipse.softphone.messages import CodeUse, Writer
from ipse.softphone.state import Pending, State

METHODS = ("totp", "sheet", "passkey")


@dataclass(frozen=True, slots=True)
class Fallbacks:
    """What this phone says of them; each change costs the code."""

    channel: Channel
    writer: Writer

    def listed(self) -> list[dict[str, Any]]:
        """What is prepared: `setup`, `method`, when made and used; `name` and `left` where they apply."""
        return list(self._list()["fallbacks"])

    def add(self, method: str, code: str) -> Answer:
        """Prepare one of `METHODS`; what it needs is answered this once."""
        return self._change("add-fallback", {"method": method}, code)

    def remove(self, setup: str, code: str) -> None:
        """Take one away."""
        self._change("remove-fallback", {"setup": setup}, code)

    def _list(self) -> Answer:
        return self.channel.exchange("fallbacks", lambda state: self.writer.signed(state, "fallbacks", "fallbacks"))

    def _change(self, kind: str, members: dict[str, object], code: str) -> Answer:
        challenge = self._list()["challenge"]
        purpose = f"{kind} {' '.join(str(value) for value in members.values())}"

        def compose(state: State) -> Pending:
            return self.writer.costing(state, kind, purpose, CodeUse(code=code, challenge=challenge), **members)

        return self.channel.exchange(purpose, compose)
