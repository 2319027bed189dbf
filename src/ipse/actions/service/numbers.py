"""Starting a request by phone number, in browsers that its person has trusted (partner protocol §1.11, T-6, T-16).

Whatever was typed, wherever: the same statements run and the same page follows. Only where the number is that of
somebody who trusts this browser does the request reach a phone, once the page is seen, and there it opens with the two
digits that the page shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ipse.actions import store
from ipse.actions.model import Action
from ipse.actions.service import reaching
from ipse.actions.service.requests import Actions, account_wake_key
from ipse.kernel.ids import sha256
from ipse.storage.statement import Transaction, run


@dataclass(frozen=True)
class NumberStarts:
    """Use cases of numbers typed on the sign-in page."""

    actions: Actions

    async def may_ask(self, address: str) -> bool:
        """Whether one more number may be typed from this address; the limit says nothing about any number."""
        return await self.actions.fraud.limits.from_network(address)

    async def typed(self, action: Action, number: str, *, token: str) -> None:
        """Keep a number (`+32 485694175`) for a request of the browser that holds `token`, or no such token."""
        fraud = self.actions.fraud
        allowed = await fraud.limits.for_number(number, action.partner_id)
        account_id = await self.actions.people.account_of_number(number)
        trusted = await fraud.browsers.is_trusted(account_id, token)
        reaching = account_id if allowed and trusted else ""
        asked = msgspec.structs.replace(action.request, match=True, number=True)
        await self.actions.database.transact(lambda: self._typing(action, asked, reaching, token))

    async def seen(self, action: Action) -> None:
        """The page with the two digits is before the person's eyes: now the request may reach the phone, once."""
        reached = await self.actions.database.transact(lambda: self._sending(action))
        if reached:
            self.actions.database.wakeups.wake(account_wake_key(reached))

    def _typing(self, action: Action, asked: object, account_id: str, token: str) -> Transaction[None]:
        now = self.actions.clock.now()
        request = msgspec.json.encode(asked).decode()
        kept = yield from run(store.TYPED, action.handle, action.browser_hash, request, now)
        if kept:
            yield from self.actions.fraud.asking(action.action_id, account_id, sha256(token), now=now)

    def _sending(self, action: Action) -> Transaction[str]:
        now = self.actions.clock.now()
        account_id = yield from self.actions.fraud.sending(action.action_id, now=now)
        if account_id is None:
            return ""
        held = yield from self.actions.people.holding(account_id)
        withheld = yield from reaching.withholding(self.actions, action, account_id, now=now)
        word = "send" if held and not withheld else "withhold"
        sent = yield from run(store.SEND_TYPED, action.action_id, account_id, now, word)
        yield from reaching.telling(self.actions, action, account_id if word == "send" else None, now=now)
        return account_id if sent else ""
