"""The end of an enrolment: the identity is made, moves here, or waits for the phone that has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipse.attributes.model import Evidence, Facts, complete
from ipse.attributes.service import Attributes
from ipse.enrolment import store
from ipse.enrolment.errors import EndReason, EnrolmentEndedError
from ipse.enrolment.model import Activated, Answer, EnrolRequest, State
from ipse.enrolment.rules import judging
from ipse.enrolment.service.rows import Rows
from ipse.kernel.clock import SECOND
from ipse.notices.model import Channel, Contact, NoticeKind
from ipse.notices.service import Notices
from ipse.people.model import Account, AccountState, BlockReason, Enrolled
from ipse.people.service import People
from ipse.phones.service import Phones
from ipse.sim.model import Bound
from ipse.sim.service import Sims
from ipse.storage.statement import Row, Transaction, one, run

_KEPT_AFTER_SECONDS = 86_400
"""How long a wait that nobody finished is kept."""


@dataclass(frozen=True)
class Activations:
    """Use cases of the end."""

    rows: Rows
    people: People
    attributes: Attributes
    phones: Phones
    notices: Notices
    sims: Sims

    async def epoch(self) -> str:
        """Return the epoch that person keys are wrapped under now; call it before `activating`."""
        await self.people.know_epochs()
        return await self.people.current_epoch()

    def activating(self, enrolment_id: str, phone_id: str, *, epoch: str, now: int) -> Transaction[Activated]:
        """Finish an enrolment inside the transaction that gives the identity to its phone.

        Finds or makes the one account of the person, keeps facts, evidence and acceptances, and ends other enrolments
        of the same person that are as far. The account is active when the record of evidence is complete (B-1) and the
        registrar's verified claims hold the phone number, or the number step was taken; else it is `pending` and says
        why. The caller stops the person's other phones in the same transaction, after this. Where another phone has the
        identity and its person may object (`waits_until`), nothing is kept yet and no phone is stopped: `finishing`
        does that later.

        Raises:
            EnrolmentEndedError: not presented by this phone, too late, finished or superseded; or the identity is
                blocked in a way that this evidence does not lift (B-8). Nothing was changed.
        """
        rows = yield from run(store.FINISH, enrolment_id, phone_id, now, b"")
        row = next((each for each in rows if each["enrolment_id"] == enrolment_id), None)
        if row is None:
            current = yield from one(store.BY_ID, enrolment_id)
            raise EnrolmentEndedError(_why_not(current, phone_id, now))
        known = yield from self.people.recognising(self._enrolled(row))
        if known is not None:
            yield from self._checking(known[0], self.rows.answer(row))
            until = yield from self._wait(known[0], row, phone_id, now=now)
            if until is not None:
                return Activated(account=known[0], new=False, waits_until=until)
        return (yield from self._making(row, epoch=epoch, now=now))

    def finishing(self, enrolment_id: str, *, epoch: str, now: int) -> Transaction[tuple[Activated, str] | None]:
        """Finish an enrolment whose wait is over, with the id of its phone; None when another process did, or it ended.

        The caller stops the person's other phones and completes this one, in the same transaction.

        Raises:
            EnrolmentEndedError: the identity was blocked meanwhile.
        """
        row = yield from one(store.FINISH_WAITING, enrolment_id, now)
        if row is None:
            return None
        known = yield from self.people.recognising(self._enrolled(row))
        if known is None or known[0].state not in {AccountState.ACTIVE, AccountState.PENDING}:
            raise EnrolmentEndedError(EndReason.BLOCKED_MEANWHILE)
        return (yield from self._making(row, epoch=epoch, now=now)), row["phone_id"]

    def _making(self, row: Row, *, epoch: str, now: int) -> Transaction[Activated]:
        """Make or renew the account of an enrolment that is finished."""
        answer, enrolled = self.rows.answer(row), self._enrolled(row)
        known = yield from self.people.recognising(enrolled)
        before = None
        if known is not None:
            before = yield from self.attributes.knowing(known[0].account_id, known[1])
        account, key, new = yield from self.people.enrolling(enrolled, epoch=epoch, now=now)
        yield from self.attributes.keeping(account.account_id, key, answer.facts, answer.evidence, now)
        if answer.sim is not None:
            bound = Bound(number=self.rows.request(row).phone_number, outcome=answer.sim)
            yield from self.sims.watches.binding(account.account_id, key, row["phone_id"], bound, now=now)
        elif not new:
            yield from self.sims.watches.ending(account.account_id, now=now)
        yield from run(store.FORGET, row["enrolment_id"], account.account_id, b"")
        kind = _kind(known[0] if known else None)
        given_up = given_up_contacts(before, answer.facts) if before else ()
        yield from self.notices.telling(account.account_id, kind, now=now, before=given_up)
        return Activated(account=account, new=new)

    def _enrolled(self, row: Row) -> Enrolled:
        request, answer = self.rows.request(row), self.rows.answer(row)
        state, why = _account_state(answer)
        return Enrolled(
            language=row["language"],
            level=answer.evidence.assurance,
            state=state,
            why=why,
            identity=answer.identity,
            phone_number=answer.facts.phone_number or "",
            acceptances=request.accepted,
            evidence_expires_at=answer.evidence.expires_at,
            also=judging.also_known_by(answer.facts, previous=previous_document(request)),
        )

    def _checking(self, account: Account, answer: Answer) -> Transaction[None]:
        """A block is lifted by evidence of the same level at least, and never an operator's (B-8)."""
        if account.state is not AccountState.BLOCKED:
            return
        if account.why == BlockReason.BY_OPERATOR:
            raise EnrolmentEndedError(EndReason.BLOCKED_BY_OPERATOR)
        if not judging.reaches(answer.evidence.assurance, account.level):
            able = yield from self.rows.registrars.able(account.level)
            raise EnrolmentEndedError(EndReason.LEVEL_TOO_LOW, level=account.level, registrars=able)

    def _wait(self, account: Account, row: Row, phone_id: str, *, now: int) -> Transaction[int | None]:
        """Let the person object where their identity lives on another phone; nothing waits for one that is gone."""
        seconds = self.rows.settings.objection
        if not seconds or account.state not in {AccountState.ACTIVE, AccountState.PENDING}:
            return None
        if not (yield from self.phones.others(account.account_id, phone_id)):
            return None
        until = now + seconds * SECOND
        over = until + _KEPT_AFTER_SECONDS * SECOND
        yield from run(store.WAIT, row["enrolment_id"], account.account_id, until, over, now)
        yield from self.notices.telling(account.account_id, NoticeKind.SECOND_ENROLMENT, now=now)
        return until


def previous_document(request: EnrolRequest) -> str:
    """The number of the document that a person had before, as they typed it."""
    return request.previous_document or ""


def given_up_contacts(before: Facts, after: Facts | None) -> Sequence[Contact]:
    """The addresses of earlier facts that are given up, all when `after` is None: they are told once more."""
    pairs = (
        (Channel.MAIL, before.email, after.email if after else None),
        (Channel.SMS, _number(before), _number(after) if after else None),
    )
    return [Contact(channel, old) for channel, old, new in pairs if old and old != new]


def _number(facts: Facts) -> str | None:
    return facts.phone_number or facts.stated_phone_number


def _kind(known: Account | None) -> NoticeKind:
    if known is None:
        return NoticeKind.PHONE_BOUND
    return NoticeKind.UNBLOCKED if known.state is AccountState.BLOCKED else NoticeKind.PHONE_MOVED


def _account_state(answer: Answer) -> tuple[AccountState, str | None]:
    record: Evidence = answer.evidence
    if not complete(record):
        return AccountState.PENDING, "evidence_incomplete"
    if not answer.number_verified and answer.sim is None:
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
