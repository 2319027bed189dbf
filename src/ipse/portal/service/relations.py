"""What each partner has of a person, and taking it back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ipse.actions.service.histories import Histories
from ipse.audit.service import auditing
from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.partners.service import PartnerDesk
from ipse.people.service import People
from ipse.portal.errors import NothingToWithdraw, UnknownEntry
from ipse.portal.events import WITHDRAWN
from ipse.portal.model import Relation, Told, Withdrawal, WithdrawalKind
from ipse.portal.store import withdrawals as store
from ipse.sessions import PARTNER
from ipse.storage.copies import copied
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction, run

Bindings = Callable[[str], Awaitable[Mapping[str, int]]]
"""Under how many names of its own each partner has a person sign, by account id."""
Unbinding = Callable[[str, str], Transaction[int]]
"""Inside a transaction: take those of one partner away, with its tokens; how many there were."""


@dataclass(frozen=True)
class Relations:
    """Use cases of a person and their partners."""

    histories: Histories
    people: People
    desk: PartnerDesk
    clock: Clock
    ids: Ids
    bindings: Bindings
    unbinding: Unbinding

    async def all(self, account_id: str) -> list[Relation]:
        """Every partner that ever asked, the one that asked last first. The scheme itself is none."""
        asked = await self.histories.partners(account_id)
        subjects = {each.partner_id: each for each in await self.people.subjects(account_id) if not each.retired_at}
        tokens, bindings = await self.histories.living_tokens(account_id), await self.bindings(account_id)
        given: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        names: dict[str, str] = {}
        for each in await self.histories.given(account_id):
            names.setdefault(each.partner_id, each.partner)
            given[each.partner_id].append(
                {"entry": each.entry, "at": each.at, "since": each.since, "action": each.action}
            )
        withdrawn: defaultdict[str, list[Withdrawal]] = defaultdict(list)
        for found in await self.withdrawals(account_id):
            withdrawn[found.partner_id].append(found)
        relations = [
            Relation(
                partner_id=partner_id,
                name=names.get(partner_id) or await self._name(partner_id),
                requests=asked.get(partner_id, (0, 0))[0],
                last_at=asked.get(partner_id, (0, 0))[1],
                known_since=subjects[partner_id].created_at if partner_id in subjects else None,
                given=tuple(given[partner_id]),
                tokens=tokens.get(partner_id, 0),
                accounts=bindings.get(partner_id, 0),
                withdrawals=tuple(withdrawn[partner_id]),
            )
            for partner_id in {*asked, *subjects, *bindings} - {PARTNER}
        ]
        return sorted(relations, key=lambda each: -each.last_at)

    async def one(self, account_id: str, partner_id: str) -> Relation:
        """What one partner has.

        Raises:
            UnknownEntry: it never asked.
        """
        found = next((each for each in await self.all(account_id) if each.partner_id == partner_id), None)
        if found is None:
            raise UnknownEntry
        return found

    async def withdrawals(self, account_id: str) -> list[Withdrawal]:
        """What a person has taken back, newest first."""
        rows = await self.people.database.rows(store.OF_ACCOUNT, account_id)
        return [store.read(row) for row in rows]

    async def withdraw(self, account_id: str, partner_id: str, kind: WithdrawalKind) -> Withdrawal:
        """Take back what a partner may still do, and with `LINK` also what it knows the person by; it is told.

        Raises:
            UnknownEntry: it never asked.
            NothingToWithdraw: it knows the person no more.
        """
        relation = await self.one(account_id, partner_id)
        if relation.known_since is None and not relation.accounts:
            raise NothingToWithdraw
        subject = await self.people.subject(account_id, partner_id)
        now = self.clock.now()
        state = Told.WAITING if await self.desk.events.of(partner_id) else Told.NO_ADDRESS
        withdrawal_id = self.ids.identifier()

        def withdrawing() -> Transaction[None]:
            yield from self.histories.withdrawing(account_id, partner_id)
            yield from self.unbinding(account_id, partner_id)
            if kind is WithdrawalKind.LINK:
                yield from self.people.retiring(account_id, partner_id, now=now)
            yield from run(store.ADD, withdrawal_id, account_id, partner_id, kind, subject, state, now)
            details = {"partner": partner_id, "kind": kind}
            yield from auditing(now, actor="person", act="portal.withdraw", subject=account_id, details=details)
            if state is Told.WAITING:
                payload = {"withdrawal": withdrawal_id}
                yield from publishing(self.ids.identifier(), WITHDRAWN, payload, now=now)

        await self.people.database.transact(withdrawing)
        return next(each for each in await self.withdrawals(account_id) if each.withdrawal_id == withdrawal_id)

    async def copy(self, account_id: str) -> list[dict[str, Any]]:
        """What was taken back, to take along."""
        return copied(await self.people.database.rows(store.OF_ACCOUNT, account_id))

    async def forget_account(self, account_id: str) -> None:
        """A person is gone."""
        await self.people.database.rows(store.FORGET, account_id)

    async def _name(self, partner_id: str) -> str:
        partner = await self.desk.partners.partner(partner_id)
        return partner_id if partner is None else partner.name
