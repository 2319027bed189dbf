"""The life of an enrolment, from the phone's first message to the identity on it: its steps, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import msgspec

from ipse.actions.service import Messages
from ipse.attributes.service import Attributes
from ipse.eid.service import Cards
from ipse.enrolment import store
from ipse.enrolment.service.activations import Activations
from ipse.enrolment.service.beginnings import Beginnings
from ipse.enrolment.service.cards import CardSteps
from ipse.enrolment.service.number_changes import NumberChanges
from ipse.enrolment.service.numbers import NumberSteps
from ipse.enrolment.service.renewals import Renewals
from ipse.enrolment.service.returns import Returns
from ipse.enrolment.service.rows import Rows
from ipse.enrolment.service.waiting import Waiting
from ipse.people.service import People
from ipse.sim.service import Sims
from ipse.storage.copies import copied


@dataclass(frozen=True)
class Enrolments:
    """Use cases of enrolment, step by step."""

    rows: Rows
    beginnings: Beginnings
    returns: Returns
    activations: Activations
    renewals: Renewals
    waiting: Waiting
    cards: CardSteps
    numbers: NumberSteps
    number_changes: NumberChanges

    @classmethod
    def around(
        cls,
        rows: Rows,
        *,
        people: People,
        attributes: Attributes,
        messages: Messages,
        sims: Sims,
        cards: Cards | None = None,
    ) -> Self:
        """Put the steps together; without `cards` nobody enrols by eID card."""
        activations = Activations(rows, people, attributes, messages.phones, messages.notices, sims)
        returns = Returns(rows, attributes, sims)
        steps = CardSteps(rows, returns, cards)
        renewals = Renewals(rows, returns, people, attributes)
        waiting = Waiting(activations, messages)
        numbers = NumberSteps(rows, sims)
        beginnings = Beginnings(rows, sims.proofs)
        changes = NumberChanges(rows, people, attributes, messages.notices, sims)
        return cls(rows, beginnings, returns, activations, renewals, waiting, steps, numbers, changes)

    @property
    def card_address(self) -> str:
        """Where somebody types the short code of an enrolment or renewal by card, at a computer with a reader."""
        return f"{self.rows.settings.base_url}/enrolment/card"

    async def delete_old(self, *, before: int) -> int:
        """Delete enrolments that expired before then (microseconds), however they ended. Returns how many."""
        return len(await self.rows.database.rows(store.DELETE_OLD, before))

    async def copy(self, account_id: str) -> list[dict[str, Any]]:
        """How an identity was activated, renewed and changed, to take along."""
        rows = await self.rows.database.rows(store.COPY, account_id)
        told = copied(rows, but=("sealed_request", "sealed_answer"))
        for row, each in zip(rows, told, strict=True):
            if row["sealed_request"]:
                each["asked"] = msgspec.to_builtins(self.rows.request(row))
            if row["sealed_answer"]:
                each["answered"] = msgspec.to_builtins(self.rows.answer(row))
        return told

    async def forget_account(self, account_id: str) -> None:
        """A person has deleted their identity: how it was activated, renewed and changed is forgotten."""
        await self.rows.database.rows(store.DELETE_OF_ACCOUNT, account_id)
