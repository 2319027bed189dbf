"""Messages `fallbacks`, `add-fallback`, `remove-fallback`: what a person prepares for a day without this phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipse.actions.service import Messages
from ipse.fallback.errors import MalformedFallback
from ipse.fallback.service.setups import Setups, preparable
from ipse.kernel.clock import Clock
from ipse.mobile import rules
from ipse.notices.model import NoticeKind
from ipse.phones.model import Answer, CodeKind, Received
from ipse.phones.service import Phones
from ipse.storage.statement import Statement, Transaction


@dataclass(frozen=True)
class FallbackMessages:
    """Preparing other ways, as phones ask for it. Methods take the body of a request and give the answer."""

    phones: Phones
    messages: Messages
    setups: Setups
    clock: Clock

    async def listed(self, body: str) -> Answer:
        """What is prepared, with a challenge for a change."""

        async def handler(received: Received) -> Answer:
            prepared = await self.setups.listed(received.account_id)
            answer = {"fallbacks": prepared, "challenge": received.challenge}
            return await self.messages.accept(received, answer, challenge=received.challenge)

        return await self.messages.exchange(self.phones.read(body), "fallbacks", handler)

    async def add(self, body: str) -> Answer:
        """Prepare a way; costs the code. Its secret is answered this once."""
        opened = self.phones.open_sealed(body)

        async def handler(received: Received) -> Answer:
            method = preparable(received.message.members.get("method"))
            if method is None:
                raise MalformedFallback(public="method must be totp or sheet")
            prepared = await self.setups.prepare(received.account_id, method)
            kind = await self.messages.prove(received, opened.proof)
            if kind is CodeKind.DURESS:
                # Looks the same, and opens nothing: whoever stands beside the person gets codes that never work.
                return await self.messages.conclude(received, prepared.told)
            return await self._change(received, prepared.told, prepared.statement, NoticeKind.FALLBACK_ADDED)

        return await self.messages.exchange_sealed(opened, "add-fallback", handler)

    async def remove(self, body: str) -> Answer:
        """Take a way away; costs the code."""
        opened = self.phones.open_sealed(body)

        async def handler(received: Received) -> Answer:
            setup_id = rules.text(received.message.members, "setup")
            removal = self.setups.removal(received.account_id, setup_id)
            kind = await self.messages.prove(received, opened.proof)
            if kind is CodeKind.DURESS:
                return await self.messages.conclude(received, {"removed": setup_id})
            return await self._change(received, {"removed": setup_id}, removal, NoticeKind.FALLBACK_REMOVED)

        return await self.messages.exchange_sealed(opened, "remove-fallback", handler)

    async def _change(self, received: Received, body: dict[str, Any], statement: Statement, kind: NoticeKind) -> Answer:
        def change() -> Transaction[None]:
            if not (yield statement):
                raise MalformedFallback(public="setup is not one of this person's")
            yield from self.messages.notices.telling(received.account_id, kind, now=self.clock.now())

        return await self.messages.conclude_changing(received, body, change)
