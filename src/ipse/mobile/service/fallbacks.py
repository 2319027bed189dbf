"""Messages `fallbacks`, `add-fallback`, `remove-fallback`: what a person prepares for a day without this phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ipse.actions.model import Method
from ipse.actions.service import Messages
from ipse.fallback.errors import MalformedFallback
from ipse.fallback.service.passkeys import Passkeys
from ipse.fallback.service.setups import Setups, preparable
from ipse.kernel.clock import Clock
from ipse.mobile import rules
from ipse.notices.model import NoticeKind
from ipse.phones.model import Answer, CodeKind, Received
from ipse.phones.service import Phones
from ipse.storage.statement import Row, Statement, Transaction


@dataclass(frozen=True)
class FallbackMessages:
    """Preparing other ways, as phones ask for it. Methods take the body of a request and give the answer."""

    phones: Phones
    messages: Messages
    setups: Setups
    passkeys: Passkeys
    clock: Clock

    async def listed(self, body: str) -> Answer:
        """What is prepared, with a challenge for a change."""

        async def handler(received: Received) -> Answer:
            await self._outlive(received.account_id)
            codes, passkeys = self.setups.listed, self.passkeys.listed
            prepared = [*await codes(received.account_id), *await passkeys(received.account_id)]
            answer = {"fallbacks": prepared, "challenge": received.challenge}
            return await self.messages.accept(received, answer, challenge=received.challenge)

        return await self.messages.exchange(self.phones.read(body), "fallbacks", handler)

    async def add(self, body: str) -> Answer:
        """Prepare a way; costs the code. Its secret is answered this once."""
        opened = self.phones.open_sealed(body)

        async def handler(received: Received) -> Answer:
            method = preparable(received.message.members.get("method"))
            if method is None:
                raise MalformedFallback(public="method must be totp, sheet or passkey")
            await self._outlive(received.account_id)
            # Under duress it is done as always, so that the list says so: it opens nothing while the identity is
            # blocked, and counts no more once that is activated again.
            forced = await self.messages.prove(received, opened.proof) is CodeKind.DURESS
            if method is Method.PASSKEY:
                prepared, kind = await self.passkeys.invite(received.account_id, decoy=forced), None
            else:
                prepared, kind = await self.setups.prepare(received.account_id, method), NoticeKind.FALLBACK_ADDED
            return await self._change(received, prepared.told, prepared.statements, kind)

        return await self.messages.exchange_sealed(opened, "add-fallback", handler)

    async def remove(self, body: str) -> Answer:
        """Take a way away; costs the code."""
        opened = self.phones.open_sealed(body)

        async def handler(received: Received) -> Answer:
            setup_id = rules.text(received.message.members, "setup")
            removal = await self._removal(received.account_id, setup_id)
            await self.messages.prove(received, opened.proof)
            return await self._change(received, {"removed": setup_id}, (removal,), NoticeKind.FALLBACK_REMOVED)

        return await self.messages.exchange_sealed(opened, "remove-fallback", handler)

    async def _outlive(self, account_id: str) -> None:
        """Only what was prepared since the identity was activated counts (B-8)."""
        account = await self.messages.people.account(account_id)
        await self.setups.outlive(account_id, account.activated_at)

    async def _removal(self, account_id: str, setup_id: str) -> Statement:
        passkeys = await self.passkeys.listed(account_id)
        made = any(each["setup"] == setup_id for each in passkeys)
        return (self.passkeys if made else self.setups).removal(account_id, setup_id)

    async def _change(
        self,
        received: Received,
        told: dict[str, Any],
        statements: Sequence[Statement],
        kind: NoticeKind | None,
    ) -> Answer:
        """Change and tell in one transaction. The last statement returns a row, or there was nothing to change."""

        def change() -> Transaction[None]:
            changed: Sequence[Row] | None = None
            for statement in statements:
                changed = yield statement
            if changed is not None and not changed:
                raise MalformedFallback(public="there is no such set-up, or no room for one more")
            if kind is not None:
                yield from self.messages.notices.telling(received.account_id, kind, now=self.clock.now())

        return await self.messages.conclude_changing(received, told, change)
