"""The end of an enrolment: the identity is made, or moves here."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.attributes.model import Evidence, complete
from ipse.attributes.service import Attributes
from ipse.enrolment import store
from ipse.enrolment.errors import EndReason, EnrolmentEndedError
from ipse.enrolment.model import Activated, Answer, State
from ipse.enrolment.service.rows import Rows
from ipse.people.model import AccountState, Enrolled
from ipse.people.service import People
from ipse.storage.statement import Row, Transaction, one, run


@dataclass(frozen=True)
class Activations:
    """Use cases of the end."""

    rows: Rows
    people: People
    attributes: Attributes

    async def epoch(self) -> str:
        """Return the epoch that person keys are wrapped under now; call it before `activating`."""
        await self.people.know_epochs()
        return await self.people.current_epoch()

    def activating(self, enrolment_id: str, phone_id: str, *, epoch: str, now: int) -> Transaction[Activated]:
        """Finish an enrolment inside the transaction that gives the identity to its phone.

        Finds or makes the one account of the person, keeps facts, evidence and acceptances, and ends other enrolments
        of the same person that are as far. The account is active when the record of evidence is complete (B-1) and the
        registrar's verified claims hold the phone number; else it is `pending` and says why. The caller stops the
        person's other phones in the same transaction, after this.

        Raises:
            EnrolmentEndedError: not presented by this phone, too late, finished or superseded. Nothing was changed.
        """
        rows = yield from run(store.FINISH, enrolment_id, phone_id, now, b"")
        row = next((each for each in rows if each["enrolment_id"] == enrolment_id), None)
        if row is None:
            current = yield from one(store.BY_ID, enrolment_id)
            raise EnrolmentEndedError(_why_not(current, phone_id, now))
        request, answer = self.rows.request(row), self.rows.answer(row)
        state, why = _account_state(answer)
        enrolled = Enrolled(
            language=row["language"],
            level=answer.evidence.assurance,
            state=state,
            why=why,
            identity=answer.identity,
            phone_number=answer.facts.phone_number or "",
            acceptances=request.accepted,
        )
        account, key, new = yield from self.people.enrolling(enrolled, epoch=epoch, now=now)
        yield from self.attributes.keeping(account.account_id, key, answer.facts, answer.evidence, now)
        yield from run(store.FORGET, enrolment_id, account.account_id, b"")
        return Activated(account=account, new=new)


def _account_state(answer: Answer) -> tuple[AccountState, str | None]:
    record: Evidence = answer.evidence
    if not complete(record):
        return AccountState.PENDING, "evidence_incomplete"
    if not answer.number_verified:
        return AccountState.PENDING, "number_not_verified"
    return AccountState.ACTIVE, None


def _why_not(row: Row | None, phone_id: str, now: int) -> str:
    """Why an enrolment cannot be finished."""
    if row is None or row["phone_id"] != phone_id:
        return EndReason.FOREIGN_RETURN
    if row["state"] == State.ENDED:
        return str(row["why"])
    if row["state"] == State.FINISHED:
        return EndReason.SUPERSEDED
    return EndReason.EXPIRED if row["expires_at"] <= now else EndReason.FOREIGN_RETURN
