"""The number step: after the registrar's answer, in the same browser, the person's number is shown to be theirs.

It comes for every route, where the installation asks mobile operators at all; else the registrar's word on the number
decides. An operator that is down loses nothing: the page can be tried again until the enrolment expires (F-7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ipse.attributes.model import Facts, Source
from ipse.enrolment import store
from ipse.enrolment.errors import EndReason, ForeignReturnError, ReturnUsedError, UnknownReturnError
from ipse.enrolment.model import Answer, RegistrarKind, State
from ipse.enrolment.service.cards import OTHER_SCREEN
from ipse.enrolment.service.rows import Back, Rows
from ipse.kernel.ids import sha256
from ipse.sim.model import Outcome, Possession, Step, StepKind
from ipse.sim.service import Sims
from ipse.sim.service.possession import Message
from ipse.storage.statement import Row

_PROVEN: Final = frozenset({Possession.NETWORK, Possession.SMS})


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberPage:
    """What the browser shows."""

    enrolment_id: str
    language: str
    digits: str
    """The last two of the number."""
    step: Step
    elsewhere: bool
    """Whether the page is open on another computer than the phone that began."""


@dataclass(frozen=True)
class NumberSteps:
    """Use cases of the number step. Each raises as `look`."""

    rows: Rows
    sims: Sims

    async def look(self, enrolment_id: str, browser_hash: bytes | None, *, message: Message) -> NumberPage | Back:
        """Take the next step that needs nothing from the person.

        Raises:
            UnknownReturnError: there is no such enrolment, or it is not there yet.
            ForeignReturnError: another browser; the enrolment is ended.
            ReturnUsedError: the phone has presented the value already.
        """
        row = await self._row(enrolment_id, browser_hash)
        if isinstance(row, Back):
            return row
        registrar = await self.rows.registrars.get(row["registrar"])
        refuses = registrar is None or registrar.kind is RegistrarKind.BANK
        # Another computer is never on the phone's mobile network.
        network = row["screen"] != OTHER_SCREEN
        step = await self.sims.proofs.go_on(enrolment_id, swap_refuses=refuses, network=network, message=message)
        return await self._settled(row, step)

    async def returned(
        self, parameters: Mapping[str, str], browser_hash: bytes | None, *, message: Message
    ) -> NumberPage | Back:
        """Take the return from the operator's authorization endpoint."""
        enrolment_id = parameters.get("state", "").partition(".")[0]
        row = await self._row(enrolment_id, browser_hash)
        if isinstance(row, Back):
            return row
        return await self._settled(row, await self.sims.proofs.returned(enrolment_id, parameters, message=message))

    async def another_code(
        self, enrolment_id: str, browser_hash: bytes | None, *, message: Message
    ) -> NumberPage | Back:
        """Send another code."""
        row = await self._row(enrolment_id, browser_hash)
        if isinstance(row, Back):
            return row
        return await self._settled(row, await self.sims.proofs.send_code(enrolment_id, message=message))

    async def typed(self, enrolment_id: str, browser_hash: bytes | None, digits: str) -> NumberPage | Back:
        """Judge the digits that the person typed."""
        row = await self._row(enrolment_id, browser_hash)
        if isinstance(row, Back):
            return row
        return await self._settled(row, await self.sims.proofs.check_code(enrolment_id, digits))

    async def without(self, enrolment_id: str, browser_hash: bytes | None) -> NumberPage | Back:
        """Go on with reduced functions."""
        row = await self._row(enrolment_id, browser_hash)
        if isinstance(row, Back):
            return row
        return await self._settled(row, await self.sims.proofs.without(enrolment_id))

    async def _row(self, enrolment_id: str, browser_hash: bytes | None) -> Row | Back:
        row = await self.rows.database.row(store.NUMBER, enrolment_id)
        if row is None:
            raise UnknownReturnError
        if browser_hash is None or bytes(row["browser_hash"] or b"") != browser_hash:
            await self.rows.end(row, EndReason.FOREIGN_RETURN, "another browser than the one that began")
            raise ForeignReturnError
        if row["state"] == State.ENDED:
            return Back(language=row["language"], ended=row["why"])
        if row["expires_at"] <= self.rows.clock.now():
            return await self.rows.end(row, EndReason.EXPIRED, "the number step took too long")
        if row["state"] != State.RETURNED:
            raise ReturnUsedError
        if row["sealed_answer"] is None:
            raise UnknownReturnError
        if row["value_hash"] is not None:
            return Back(language=row["language"], value=self.rows.answer(row).value)
        return row

    async def _settled(self, row: Row, step: Step) -> NumberPage | Back:
        if step.kind is StepKind.SWAPPED:
            return await self.rows.end(row, EndReason.SIM_SWAPPED, "the SIM was changed too recently")
        if step.kind is StepKind.DONE and step.outcome is not None:
            return await self._keep(row, step.outcome)
        return NumberPage(
            enrolment_id=row["enrolment_id"],
            language=row["language"],
            digits=self.rows.request(row).phone_number[-2:],
            step=step,
            elsewhere=row["screen"] == OTHER_SCREEN,
        )

    async def _keep(self, row: Row, outcome: Outcome) -> Back:
        """The value is given out now. Of two that settle at once, both give the same one."""
        now = self.rows.clock.now()
        answer = _with(self.rows.answer(row), outcome, self.rows.request(row).phone_number, now=now)
        sealed = self.rows.vault.put(answer, row=row["enrolment_id"], column="sealed_answer")
        kept = await self.rows.database.row(store.KEEP_NUMBER, row["enrolment_id"], sealed, sha256(answer.value), now)
        if kept is None:
            current = await self._row(row["enrolment_id"], bytes(row["browser_hash"]))
            return current if isinstance(current, Back) else Back(language=row["language"])
        return Back(language=row["language"], value=answer.value)


def _with(answer: Answer, outcome: Outcome, number: str, *, now: int) -> Answer:
    """The answer with what the number step came to: a number that an operator vouches for is a fact from it."""
    facts: Facts = answer.facts
    if outcome.possession in _PROVEN and outcome.operator_id is not None:
        said = Source(registrar=outcome.operator_id, evidence=None, verified_at=now)
        sources = {name: source for name, source in facts.sources.items() if name != "stated_phone_number"}
        facts = replace(facts, phone_number=number, stated_phone_number=None, sources={**sources, "phone_number": said})
    verified = answer.number_verified or outcome.possession in _PROVEN
    return replace(answer, facts=facts, number_verified=verified, sim=outcome)
