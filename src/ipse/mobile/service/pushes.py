"""Messages `push` and `unpush`: where this app can be woken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipse.actions.service import Messages
from ipse.phones.model import Answer, Received
from ipse.phones.service import Phones
from ipse.push.service import Push
from ipse.storage.statement import Statement


@dataclass(frozen=True)
class PushMessages:
    """Use cases; methods take the body of a request and give the answer."""

    phones: Phones
    messages: Messages
    push: Push

    async def subscribe(self, body: str) -> Answer:
        """Keep this phone's subscription, in place of an older one."""

        async def handler(received: Received) -> Answer:
            wished = received.message.members.get("subscription")
            keeping = self.push.keeping(received.phone.phone_id, received.account_id, wished)
            return await self._change(received, keeping, {"push": True})

        return await self.messages.exchange(self.phones.read(body), "push", handler)

    async def unsubscribe(self, body: str) -> Answer:
        """Wake this phone no more."""

        async def handler(received: Received) -> Answer:
            forgetting = self.push.forgetting(received.phone.phone_id)
            return await self._change(received, forgetting, {"push": False})

        return await self.messages.exchange(self.phones.read(body), "unpush", handler)

    async def _change(self, received: Received, statement: Statement, body: dict[str, Any]) -> Answer:
        # Not in one transaction with the acceptance: what is lost in between is asked for again at the next start.
        await self.push.database.rows(statement.text, *statement.values)
        return await self.messages.accept(received, body)
