"""What one person may not do alone: asked for with a reason, decided by a second one, done as it is decided."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ipse.audit.service import auditing
from ipse.kernel.clock import SECOND
from ipse.staff import rules, store
from ipse.staff.errors import NotAllowed, ReviewRefused, UnknownReview
from ipse.staff.model import MOST_WAITING, REVIEW_SECONDS, Member, Organisation, Review, ReviewState, Role
from ipse.staff.service.members import Staff
from ipse.storage.statement import Row, Transaction, one


@dataclass(frozen=True)
class Act:
    """A kind of act that needs a second person."""

    kind: str
    """`partner.grant`."""
    may_ask: frozenset[Role]
    """Roles that may ask for it: of the scheme, or of the organisation that it is about."""
    may_decide: frozenset[Role]
    """Roles of the scheme that may decide."""
    applying: Callable[[Review, Member], Transaction[object]]
    """Does it, inside the transaction that decides. What it raises undoes all; the review waits on."""
    check: Callable[[Review], Awaitable[None]] | None = None
    """Refuses at the door what could not be done anyway, before a second person is bothered."""
    parts: bool = False
    """Whether several may wait about one subject, each with other parameters."""
    after: Callable[[Review, object], Awaitable[None]] | None = None
    """Afterwards, outside: wakes, forgets what processes keep; gets what `applying` returned."""


@dataclass(frozen=True)
class Reviews:
    """Use cases of reviews. `acts` are registered once, where everything is put together."""

    staff: Staff
    acts: dict[str, Act] = field(default_factory=dict)

    def register(self, *acts: Act) -> None:
        """Make kinds of acts known."""
        self.acts.update({act.kind: act for act in acts})

    async def ask(
        self, kind: str, subject: str, parameters: Mapping[str, Any], *, reason: str, member: Member
    ) -> Review:
        """Ask for an act; it waits for a second person. Writes an audit line.

        Raises:
            NotAllowed: not with this member's roles.
            ReviewRefused: no such act, no reason, the same is waiting already, or too much of this organisation is.
        """
        act, now = self._act(kind), self.staff.clock.now()
        if not member.has(*act.may_ask):
            names = ", ".join(sorted(act.may_ask))
            raise NotAllowed(f"needs {names}", public=f"this needs the role {names}")
        review = Review(
            review_id=self.staff.ids.identifier(),
            kind=kind,
            subject=subject,
            parameters=dict(parameters),
            reason=rules.reason(reason),
            asked_by=member.member_id,
            organisation=member.organisation,
            organisation_id=member.organisation_id,
            asked_at=now,
            expires_at=now + REVIEW_SECONDS * SECOND,
            state=ReviewState.WAITING,
            decided_by=None,
            decided_at=None,
            answer=None,
        )
        if act.check is not None:
            await act.check(review)
        await self.staff.database.transact(lambda: self._asking(act, review, member))
        return review

    @staticmethod
    def judged_reason(typed: str) -> str:
        """A reason as it is kept, also of what one person does alone. Raises ReviewRefused."""
        return rules.reason(typed)

    async def decide(self, review_id: str, member: Member, *, approve: bool, answer: str = "") -> Review:
        """Approve, which does it, or refuse. Decision, effect and audit line are one transaction.

        Raises:
            UnknownReview: there is none.
            NotAllowed: not with this member's roles.
            ReviewRefused: whoever asked cannot decide; or it was decided, withdrawn or too old.
            PlatformError: what the act itself says: nothing was changed, the review waits on.
        """
        review = await self.review(review_id)
        act = self._act(review.kind)
        rules.check_decider(review, member, act.may_decide, same_email=await self._same_email(review, member))
        words = " ".join(answer.split())[:500]
        if not approve and not words:
            raise ReviewRefused("no answer", public="say why you refuse", field="answer")
        done = await self.staff.database.transact(lambda: self._deciding(act, review, member, words, approve=approve))
        if approve and act.after is not None:
            await act.after(review, done)
        return await self.review(review_id)

    def approving(self, review_id: str, member: Member, *, first: str) -> Transaction[tuple[Review, object]]:
        """Approve inside a transaction what somebody outside the scheme has asked for.

        `first` is the id of the member of the scheme who proposed it, `member` the second one. `approved` comes after.

        Raises:
            UnknownReview, NotAllowed, ReviewRefused: as `decide`.
        """
        row = yield from one(store.REVIEW, review_id)
        if row is None:
            raise UnknownReview
        review = store.read_review(row)
        act = self._act(review.kind)
        indexes = []
        for each in (review.asked_by, first, member.member_id):
            known = yield from one(store.EMAIL_INDEX, each)
            indexes.append(bytes(known["email_index"] or b"") if known else each.encode())
        same = len({index or place for place, index in enumerate(indexes)}) < len(indexes)
        rules.check_decider(review, member, act.may_decide, same_email=same)
        held = yield from one(store.HOLD_ACTIVE, first)
        if held is None or act.may_decide.isdisjoint(_roles(held)):
            raise NotAllowed("not any more", public="the role of whoever proposed it does not allow this any more")
        done = yield from self._deciding(act, review, member, f"proposed by staff:{first}", approve=True)
        return review, done

    async def approved(self, review: Review, done: object) -> None:
        """What follows outside the transaction of `approving`."""
        act = self._act(review.kind)
        if act.after is not None:
            await act.after(review, done)

    async def withdraw(self, review_id: str, member: Member) -> None:
        """Take back what one has asked for. Writes an audit line.

        Raises:
            ReviewRefused: somebody else asked, or it is over.
        """
        now = self.staff.clock.now()

        def withdrawing() -> Transaction[bool]:
            row = yield from one(store.WITHDRAW, review_id, member.member_id, now)
            if row is None:
                return False
            yield from auditing(now, actor=member.actor, act="review.withdraw", subject=review_id)
            return True

        if not await self.staff.database.transact(withdrawing):
            raise ReviewRefused("not theirs, or over", public="only who asked can withdraw it, while it waits")

    async def review(self, review_id: str) -> Review:
        """One review.

        Raises:
            UnknownReview: there is none.
        """
        row = await self.staff.database.row(store.REVIEW, review_id)
        if row is None:
            raise UnknownReview
        return store.read_review(row)

    async def waiting(self) -> list[Review]:
        """What waits for a second person, oldest first."""
        rows = await self.staff.database.rows(store.WAITING, self.staff.clock.now())
        return [store.read_review(row) for row in rows]

    async def decided(self, before: int | None = None) -> list[Review]:
        """What was decided, newest first, a hundred at a time."""
        rows = await self.staff.database.rows(store.DECIDED, self.staff.clock.now() + 1 if before is None else before)
        return [store.read_review(row) for row in rows]

    async def of_subject(self, kind: str, subject: str) -> list[Review]:
        """Reviews of one kind about one thing, newest first."""
        return [store.read_review(row) for row in await self.staff.database.rows(store.OF_SUBJECT, kind, subject)]

    async def of_organisation(self, organisation: Organisation, organisation_id: str) -> list[Review]:
        """What members of an organisation have asked for, newest first."""
        rows = await self.staff.database.rows(store.OF_ORGANISATION, organisation, organisation_id)
        return [store.read_review(row) for row in rows]

    async def expire(self) -> int:
        """End what waited too long. A job; returns how many."""
        return len(await self.staff.database.rows(store.EXPIRE, self.staff.clock.now()))

    def _act(self, kind: str) -> Act:
        if kind not in self.acts:
            raise ReviewRefused("unknown kind", public=f"there is no act {kind}")
        return self.acts[kind]

    async def _same_email(self, review: Review, member: Member) -> bool:
        """Whether both memberships have one address: one person may be a member twice."""
        database = self.staff.database
        rows = [await database.row(store.EMAIL_INDEX, each) for each in (review.asked_by, member.member_id)]
        first, second = (bytes(row["email_index"] or b"") if row else b"" for row in rows)
        return bool(first) and hmac.compare_digest(first, second)

    def _asking(self, act: Act, review: Review, member: Member) -> Transaction[None]:
        parameters = msgspec.json.encode(review.parameters).decode()
        # Their row first, so that nobody asks many times at once.
        held = yield from one(store.HOLD_ACTIVE, member.member_id)
        if held is None:
            raise NotAllowed("not any more", public="your role does not allow this any more")
        asked = yield from one(
            store.ASK_REVIEW, review.review_id, review.kind, review.subject, parameters, review.reason,
            member.member_id, member.organisation, member.organisation_id, review.asked_at, review.expires_at,
            "parts" if act.parts else "one", MOST_WAITING,
        )  # fmt: skip
        if asked is None:
            public = "this is waiting for a second person already, or too much else that you asked for is"
            raise ReviewRefused("twice, or too many", public=public)
        details = {"kind": review.kind, "about": review.subject, "because": review.reason}
        subject = review.review_id
        yield from auditing(review.asked_at, actor=member.actor, act="review.ask", subject=subject, details=details)

    def _deciding(self, act: Act, review: Review, member: Member, answer: str, *, approve: bool) -> Transaction[object]:
        now, done = self.staff.clock.now(), None
        state = ReviewState.APPROVED if approve else ReviewState.REFUSED
        # The members' rows first, always in one order: who is being removed at this moment decides nothing.
        held = {}
        for each in sorted({member.member_id, review.asked_by}):
            held[each] = yield from one(store.HOLD_ACTIVE, each)
        first, second = held[review.asked_by], held[member.member_id]
        if second is None or act.may_decide.isdisjoint(_roles(second)):
            raise NotAllowed("not any more", public="your role does not allow this any more")
        if approve:
            if first is None or act.may_ask.isdisjoint(_roles(first)):
                public = "whoever asked is no member any more, or has lost the role for it: refuse it"
                raise ReviewRefused("the first is gone", public=public)
            if hmac.compare_digest(bytes(first["email_index"]), bytes(second["email_index"])):
                raise ReviewRefused("the same person", public=rules.SAME_PERSON)
        values = (review.review_id, member.member_id, state, now, answer)
        if (yield from one(store.DECIDE, *values)) is None:
            raise ReviewRefused("over", public="this was decided, withdrawn, or has waited too long")
        if approve:
            done = yield from act.applying(review, member)
        details = {"kind": review.kind, "about": review.subject, "first": f"staff:{review.asked_by}", "answer": answer}
        word = "review.approve" if approve else "review.refuse"
        yield from auditing(now, actor=member.actor, act=word, subject=review.review_id, details=details)
        return done


def _roles(row: Row) -> frozenset[Role]:
    return frozenset(Role(each) for each in row["roles"].split())
