"""The browsers that a person has trusted: looking at them, and trusting one no more."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.actions.service import Approvals, Messages
from ipse.fraud.model import KnownBrowser
from ipse.kernel.clock import Clock, seconds
from ipse.mobile import rules
from ipse.phones.model import Answer, Received
from ipse.phones.service import Phones
from ipse.storage.database import Database
from ipse.storage.statement import Transaction


@dataclass(frozen=True)
class TrustedBrowsers:
    """Messages `browsers` and `forget-browser` (device protocol §5)."""

    database: Database
    phones: Phones
    messages: Messages
    approvals: Approvals
    clock: Clock

    async def list(self, body: str) -> Answer:
        """Every browser in which this person's number may start a request."""

        async def handler(received: Received) -> Answer:
            account = await self.approvals.active(received)
            browsers = await self.approvals.actions.fraud.browsers.all_of(account.account_id)
            return await self.messages.accept(received, {"browsers": [_entry(browser) for browser in browsers]})

        return await self.messages.exchange(self.phones.read(body), "browsers", handler)

    async def forget(self, body: str) -> Answer:
        """Trust one no more; `forgotten` says whether it was trusted. Costs no code: it only takes away."""

        async def handler(received: Received) -> Answer:
            browser_id, now = rules.text(received.message.members, "browser"), self.clock.now()
            trusted = self.approvals.actions.fraud.browsers

            def transaction() -> Transaction[Answer]:
                forgotten = yield from trusted.forgetting(received.account_id, browser_id)
                answer = Answer(200, {"forgotten": forgotten, "chain": received.chain})
                yield from self.phones.accepting(received, answer, now=now)
                return answer

            return await self.database.transact(transaction)

        return await self.messages.exchange(self.phones.read(body), "forget-browser", handler)


def _entry(browser: KnownBrowser) -> dict[str, object]:
    return {
        "browser": browser.browser_id,
        "name": browser.name,
        "place": browser.place,
        "since": seconds(browser.created_at),
        "used": seconds(browser.used_at),
        "until": seconds(browser.expires_at),
    }
