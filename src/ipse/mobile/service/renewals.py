"""Messages `renew` and `renewal-return`: new evidence for an identity whose phone stays (device protocol §5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ipse.actions.service import Messages
from ipse.actions.service.approvals import as_on_phone
from ipse.enrolment.errors import AnotherPersonError, EnrolmentEndedError
from ipse.enrolment.service import Enrolments
from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.mobile import rules
from ipse.people.errors import AccountBlockedError, AccountPendingError
from ipse.people.model import Account, AccountState
from ipse.people.service import People
from ipse.phones.model import Answer, Received
from ipse.phones.service import Phones
from ipse.storage.database import Database
from ipse.storage.statement import Transaction

RENEW_DAYS: Final = 60
"""How long before its end the app offers to renew evidence."""


@dataclass(frozen=True)
class Renewing:
    """Renewals, as phones ask for them. Methods take the body of a request and give the answer."""

    database: Database
    people: People
    phones: Phones
    messages: Messages
    enrolments: Enrolments
    clock: Clock

    async def renew(self, body: str) -> Answer:
        """Begin: the registrar is chosen, the browser's way begins."""

        async def handler(received: Received) -> Answer:
            account = await self._active(received)
            registrar = rules.text(received.message.members, "registrar")
            stated, now = await self.enrolments.renewals.stated(account), self.clock.now()

            def transaction() -> Transaction[Answer]:
                begun = yield from self.enrolments.renewals.beginning(
                    account, received.phone.phone_id, registrar, stated, now=now
                )
                told: dict[str, Any] = {
                    "enrolment": begun.enrolment_id,
                    "start_url": begun.start_url,
                    "expires_at": seconds(begun.expires_at),
                    "chain": received.chain,
                }
                if begun.card_code is not None:
                    told["card"] = {"address": self.enrolments.card_address, "code": begun.card_code}
                answer = Answer(200, told)
                yield from self.phones.accepting(received, answer, now=now)
                return answer

            return await self.database.transact(transaction)

        return await self.messages.exchange(self.phones.read(body), "renew", handler)

    async def renewal_return(self, body: str) -> Answer:
        """Take the one-time value of the registrar's return: facts and evidence are replaced."""

        async def handler(received: Received) -> Answer:
            account, members = await self._active(received), received.message.members
            phone_id, now = received.phone.phone_id, self.clock.now()
            renewals = self.enrolments.renewals
            brought = await renewals.present(rules.text(members, "enrolment"), phone_id, rules.text(members, "value"))
            key = await self.people.person_key(account.account_id)
            expires = brought.evidence.expires_at
            renewed = Account(
                account.account_id, account.state, account.why, account.language, brought.evidence.assurance,
                account.created_at, account.activated_at, expires,
            )  # fmt: skip
            answer = Answer(
                200,
                {
                    "enrolment": brought.enrolment_id,
                    "registrar": {"id": brought.registrar_id, "name": brought.registrar_name},
                    "received": [{"name": name, "value": value} for name, value in brought.received.items()],
                    "evidence": evidence(renewed, now),
                    "chain": received.chain,
                },
            )

            def transaction() -> Transaction[Answer]:
                if not received.withheld:  # under duress it looks done and changes nothing
                    yield from renewals.finishing(brought, account.account_id, phone_id, key=key, now=now)
                yield from self.phones.accepting(received, answer, now=now)
                return answer

            try:
                return await self.database.transact(transaction)
            except AnotherPersonError as error:
                await renewals.end(brought.enrolment_id, error)
                raise EnrolmentEndedError(error.why) from error

        return await self.messages.exchange(self.phones.read(body), "renewal-return", handler)

    async def _active(self, received: Received) -> Account:
        account = as_on_phone(await self.people.account(received.account_id), received)
        if account.state is AccountState.PENDING:
            raise AccountPendingError(why=account.why)
        if account.state is not AccountState.ACTIVE:
            raise AccountBlockedError(why=account.why)
        return account


def evidence(account: Account, now: int) -> dict[str, Any]:
    """What `home` says of the evidence behind an identity: when it ends, and whether it is time to renew it."""
    expires = account.evidence_expires_at
    if expires is None:
        return {"expires_at": None, "renew": False}
    return {"expires_at": seconds(expires), "renew": expires - now < RENEW_DAYS * 86_400 * SECOND}
