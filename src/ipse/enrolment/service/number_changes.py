"""Another phone number for an identity whose phone and subjects stay: the number step, without a registrar.

The person has typed the code; the browser then shows to the operator, or by a code in a text message, that the new
number is theirs, as it does at an activation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ipse.attributes.service import Attributes
from ipse.enrolment import store
from ipse.enrolment.errors import BadPhoneNumberError, EndReason, EnrolmentEndedError, NumberStaysError
from ipse.enrolment.model import PRESENT_SECONDS, Answer, AppVersion, Begun, EnrolRequest, Kind
from ipse.enrolment.service.activations import given_up_contacts
from ipse.enrolment.service.rows import Rows
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import sha256
from ipse.notices.model import NoticeKind
from ipse.notices.service import Notices
from ipse.people.model import Account
from ipse.people.service import People
from ipse.sim.model import Bound, SimState
from ipse.sim.service import Sims
from ipse.standards.phone_numbers import normalised
from ipse.storage.statement import Transaction, one, run


@dataclass(frozen=True)
class NumberChanges:
    """Use cases of another number."""

    rows: Rows
    people: People
    attributes: Attributes
    notices: Notices
    sims: Sims

    async def prepared(self, account: Account, number: str) -> tuple[str, Answer]:
        """The number in the form we keep, and what will be known once it is proven; call it before `beginning`.

        No number at all is the one that the person stated and that nobody has proven yet.

        Raises:
            BadPhoneNumberError, NumberStaysError: not a number, the same one, or nobody here can prove numbers.
        """
        facts = await self.attributes.facts(account.account_id)
        try:
            number = normalised(number or facts.stated_phone_number or facts.phone_number or "")
        except ValueError as error:
            raise BadPhoneNumberError from error
        if not await self.sims.network.anybody():
            raise NumberStaysError("no operator is asked here")
        if number == facts.phone_number:
            raise NumberStaysError("it is the number already, and proven")
        evidence = (await self.attributes.evidence(account.account_id))[-1]
        facts = replace(facts, phone_number=None, stated_phone_number=number)
        value = self.rows.ids.secret()
        return number, Answer(facts=facts, evidence=evidence, identity="", number_verified=False, value=value)

    def beginning(
        self, account: Account, phone_id: str, prepared: tuple[str, Answer], begun: Begun, *, now: int
    ) -> Transaction[None]:
        """Begin, inside the transaction that accepts the phone's message; an earlier one of it ends."""
        number, answer = prepared
        ticket = begun.start_url.rpartition("=")[2]
        request = EnrolRequest(
            language=account.language,
            phone_number=number,
            registrar="",
            accepted=(),
            app=AppVersion(name="", version=""),
        )
        enrolment_id, put = begun.enrolment_id, self.rows.vault.put
        yield from run(store.END_NUMBERS, phone_id, now, b"")
        yield from run(
            store.CREATE_NUMBER, enrolment_id, phone_id, account.language,
            put(request, row=enrolment_id, column="sealed_request"), sha256(ticket), account.account_id,
            put(answer, row=enrolment_id, column="sealed_answer"), now, begun.expires_at,
        )  # fmt: skip

    def planned(self, *, now: int) -> Begun:
        """Fresh values of a change that begins."""
        ticket = self.rows.ids.secret()
        return Begun(
            enrolment_id=self.rows.ids.identifier(),
            start_url=f"{self.rows.settings.base_url}/enrolment/start?ticket={ticket}",
            expires_at=now + self.rows.settings.lifetimes.enrolment * SECOND,
        )

    async def present(self, enrolment_id: str, phone_id: str, value: str) -> Answer:
        """Take the one-time value of the number step from the phone that began; what was proven.

        Raises:
            EnrolmentEndedError: not this phone's, too late, over; or nobody has shown that the number is the person's.
        """
        now = self.rows.clock.now()
        oldest = now - PRESENT_SECONDS * SECOND
        row = await self.rows.database.row(store.PRESENT, enrolment_id, phone_id, sha256(value), now, oldest)
        if row is None or row["kind"] != Kind.NUMBER:
            raise EnrolmentEndedError(EndReason.FOREIGN_RETURN)
        answer = self.rows.answer(row)
        if not answer.number_verified or answer.sim is None or not answer.facts.phone_number:
            await self.rows.end(row, EndReason.NUMBER_NOT_PROVEN, "no operator has shown it")
            raise EnrolmentEndedError(EndReason.NUMBER_NOT_PROVEN)
        return answer

    def finishing(
        self, enrolment_id: str, phone_id: str, answer: Answer, account_id: str, key: bytes, *, now: int
    ) -> Transaction[None]:
        """Change the number inside the transaction that accepts the phone's message. Old and new one are told.

        One that was the person's already, and is proven now, completes their functions instead.

        Raises:
            EnrolmentEndedError: it was finished or superseded meanwhile, or the identity is not active.
        """
        row = yield from one(store.FINISH_NUMBER, enrolment_id, phone_id, now, b"")
        number = answer.facts.phone_number or ""
        if row is None or answer.sim is None or row["account_id"] != account_id:
            raise EnrolmentEndedError(EndReason.SUPERSEDED)
        if not (yield from self.people.changing_number(account_id, number, now=now)):
            raise EnrolmentEndedError(EndReason.BLOCKED_MEANWHILE)
        before = yield from self.attributes.knowing(account_id, key)
        if before is None:
            raise EnrolmentEndedError(EndReason.SUPERSEDED)
        sources = {**before.sources, "phone_number": answer.facts.sources["phone_number"]}
        after = replace(before, phone_number=number, stated_phone_number=None, sources=sources)
        yield from self.attributes.changing(account_id, key, after, now=now)
        bound = Bound(number=number, outcome=answer.sim)
        yield from self.sims.watches.binding(account_id, key, phone_id, bound, now=now)
        if before.phone_number is None and before.stated_phone_number == number:
            if answer.sim.sim_state is SimState.READY:
                yield from self.notices.telling(account_id, NoticeKind.SIM_READY, now=now)
            return
        given_up = given_up_contacts(before, after)
        yield from self.notices.telling(account_id, NoticeKind.NUMBER_CHANGED, now=now, before=given_up)
