"""What needs a second person, and what it does in the transaction that decides."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ipse.actions.service import Messages
from ipse.audit.model import Wanted
from ipse.audit.service import Audit
from ipse.console import rules
from ipse.console.model import Difference, SwitchKind, What
from ipse.console.service.board import Board
from ipse.console.service.views import Views
from ipse.kernel.clock import day
from ipse.people.model import AccountState, BlockReason
from ipse.staff.errors import NotAllowed, ReviewRefused, UnknownMember
from ipse.staff.model import Member, Review, ReviewState, Role
from ipse.staff.service import Act, Reviews, Staff
from ipse.storage.statement import Transaction
from ipse.switches.errors import SwitchRefused

SWITCH_OFF: Final = "switch.off"
SWITCH_ON: Final = "switch.on"
RELEASE: Final = "account.release"
VIEW: Final = "account.view"
ROLES: Final = "staff.roles"
REMOVE: Final = "staff.remove"
APPROVE: Final = "partner.approve"
"""Of what somebody outside the scheme has asked for: two of the scheme agree."""
_HIDDEN: Final = frozenset({"client_id", "jwks", "published", "definition"})
"""What a page need not say again."""


PARAMETERS: Final = frozenset(
    {
        "partner", "legal_name", "company_number", "use", "services", "service", "attribute", "ground", "purpose",
        "until", "keys", "jwks_uri", "name", "redirect_uris", "asked", "final_partner",
    }
)  # fmt: skip
"""Of partners' requests: those whose names have a text."""


@dataclass(frozen=True)
class Acts:
    """The acts of the console."""

    board: Board
    views: Views
    messages: Messages
    staff: Staff
    reviews: Reviews

    titles = frozenset(
        {
            SWITCH_OFF,
            SWITCH_ON,
            RELEASE,
            VIEW,
            ROLES,
            REMOVE,
            "partner.production",
            "partner.grant",
            "partner.keys",
            "partner.service",
            APPROVE,
        }
    )
    """Kinds whose title has a text of its own."""

    def all(self) -> list[Act]:
        """For `Reviews.register`."""
        return [
            self._act(SWITCH_OFF, What.TURN_SWITCH, self._turning_off, check=self._check_switch, after=self._turned),
            self._act(SWITCH_ON, What.TURN_SWITCH, self._turning_on, check=self._check_switch, after=self._turned),
            self._act(RELEASE, What.RELEASE_PERSON, self._releasing, check=self._check_held),
            self._act(VIEW, What.VIEW_DATA, self._opening),
            self._act(ROLES, What.GIVE_POWER, self._setting_roles, check=self._check_roles),
            self._act(REMOVE, What.GIVE_POWER, self._removing, check=self._check_member),
            self._act(APPROVE, What.CHANGE_PARTNER, self._approving, check=self._check_inner, after=self._approved),
        ]

    async def differences(self, review: Review) -> list[Difference]:
        """What exactly a review changes, as it stands now and as it will be. Texts by id begin with `t:`."""
        if review.kind in {SWITCH_OFF, SWITCH_ON}:
            kind, name = _switch(review)
            words = ("t:console.switch.on", "t:console.switch.off")
            before, after = words if review.kind == SWITCH_OFF else words[::-1]
            try:
                label = (await self.board.find(kind, name)).label
            except SwitchRefused:
                label = name
            return [Difference("t:console.kind." + kind, after=label), Difference("t:console.state", before, after)]
        if review.kind == RELEASE:
            held, free = "t:console.why.by_operator", "t:console.why.released"
            return [_account(review), Difference("t:console.state", held, free)]
        if review.kind == VIEW:
            return [_account(review), Difference("t:console.view", after="t:console.view.minutes")]
        if review.kind in {ROLES, REMOVE}:
            return await self._of_member(review)
        if review.kind == APPROVE:
            return await self.differences(await self.reviews.review(review.subject))
        return [*await self._of_partner(review), *_asked(review)]

    async def _of_partner(self, review: Review) -> list[Difference]:
        """Which partner a review is about, and what of it changes, where that is known."""
        partner_id = review.organisation_id or str(review.parameters.get("client_id", ""))
        partner = await self.board.partners.partner(partner_id)
        if partner is None:
            return []
        found = [Difference("t:console.kind.partner", after=f"{partner.name} ({partner_id})")]
        if review.kind == "partner.production":
            found.append(
                Difference("t:console.state", f"t:console.partner.{partner.state}", "t:console.partner.active")
            )
        if review.kind == "partner.keys":
            keys = (partner.jwks or {}).get("keys", [])
            before = ", ".join(str(key.get("kid", "")) for key in keys) or partner.jwks_uri or ""
            found.append(Difference("t:console.parameter.keys", before, str(review.parameters.get("keys", ""))))
        return found

    async def propose(self, review: Review, member: Member, *, reason: str) -> Review:
        """Propose to approve what somebody outside has asked for: another member of the scheme then does it.

        Raises:
            NotAllowed, ReviewRefused: not with this member's roles, or somebody has proposed it already.
        """
        parameters = {"review": review.review_id, "kind": review.kind}
        return await self.reviews.ask(APPROVE, review.review_id, parameters, reason=reason, member=member)

    async def _check_inner(self, review: Review) -> None:
        inner = await self.reviews.review(review.subject)
        asking = await self.staff.member(review.asked_by)
        act = self.reviews.acts.get(inner.kind)
        if inner.state is not ReviewState.WAITING or act is None:
            raise ReviewRefused("over", public="this was decided, withdrawn, or has waited too long")
        if not asking.has(*act.may_decide):
            raise NotAllowed(public=f"this needs the role {', '.join(sorted(act.may_decide))}")

    def _approving(self, review: Review, member: Member) -> Transaction[object]:
        return (yield from self.reviews.approving(review.subject, member, first=review.asked_by))

    async def _approved(self, _review: Review, done: object) -> None:
        if isinstance(done, tuple):
            await self.reviews.approved(*done)

    async def _of_member(self, review: Review) -> list[Difference]:
        try:
            member = await self.staff.member(review.subject)
        except UnknownMember:
            return [Difference("t:console.member", after=review.subject)]
        before = "t:" + " ".join(f"staff.role.{role}" for role in sorted(member.roles))
        wanted = review.parameters.get("roles", [])
        after = "t:" + " ".join(f"staff.role.{role}" for role in wanted) if wanted else "t:console.member.gone"
        return [
            Difference("t:console.member", after=member.name),
            Difference("t:staff.email", after=member.email),
            Difference("t:console.state", after=f"t:console.member.{member.state}"),
            Difference("t:console.member.invited_by", after=await self._invited_by(member)),
            Difference("t:staff.roles", before, after),
        ]

    async def _invited_by(self, member: Member) -> str:
        """Who made them a member, and when."""
        lines = await Audit(self.staff.database).find(Wanted(subject=member.member_id, act="staff.invite"))
        who = lines[-1].actor if lines else ""
        with suppress(UnknownMember):
            who = (await self.staff.member(who.removeprefix("staff:"))).name
        return f"{who}, {day(member.created_at).isoformat()}"

    def _act(self, kind: str, what: What, applying: object, **more: object) -> Act:
        return Act(kind, rules.PERMISSIONS[what], rules.DECIDING[what], applying, **more)  # type: ignore[arg-type]

    async def _check_switch(self, review: Review) -> None:
        switch = await self.board.find(*_switch(review))
        if switch.off is (review.kind == SWITCH_OFF):
            raise SwitchRefused(public=f"it is {'off' if switch.off else 'on'} already")

    def _turning_off(self, review: Review, member: Member) -> Transaction[object]:
        return self._turning(review, member, off=True)

    def _turning_on(self, review: Review, member: Member) -> Transaction[object]:
        return self._turning(review, member, off=False)

    def _turning(self, review: Review, member: Member, *, off: bool) -> Transaction[object]:
        kind, name = _switch(review)
        return (yield from self.board.turning(kind, name, off=off, because=review.reason, actor=member.actor))

    async def _turned(self, review: Review, _done: object) -> None:
        await self.board.turned(*_switch(review))

    async def _check_held(self, review: Review) -> None:
        account = await self.messages.people.account(review.subject)
        if account.state is not AccountState.BLOCKED or account.why != BlockReason.BY_OPERATOR:
            raise ReviewRefused("not held", public="this identity is not blocked by an operator")

    def _releasing(self, review: Review, member: Member) -> Transaction[None]:
        second = f"staff:{review.asked_by}"
        because = review.reason
        if not (yield from self.messages.releasing(review.subject, because=because, second=second, actor=member.actor)):
            raise ReviewRefused("not held", public="this identity is not blocked by an operator any more")

    def _opening(self, review: Review, _member: Member) -> Transaction[None]:
        yield from self.views.opening(review.review_id, review.subject, review.asked_by)

    async def _check_member(self, review: Review) -> None:
        await self.staff.member(review.subject)

    async def _check_roles(self, review: Review) -> None:
        subject, roles = await self.staff.member(review.subject), _roles(review)
        if (roles - subject.roles) & rules.POWERFUL:
            await self.staff.database.transact(lambda: self.staff.settled(review.subject, review.asked_at))

    def _setting_roles(self, review: Review, member: Member) -> Transaction[None]:
        subject, roles = (yield from self.staff.holding(review.subject)), _roles(review)
        # Whoever gets power is who the second person looked at: nobody else's passkey came meanwhile.
        if (roles - subject.roles) & rules.POWERFUL:
            yield from self.staff.settled(review.subject, review.asked_at)
        yield from self.staff.setting_roles(subject, roles, actor=member.actor)

    def _removing(self, review: Review, member: Member) -> Transaction[None]:
        subject = yield from self.staff.holding(review.subject)
        yield from self.staff.removing(subject, actor=member.actor)


def _switch(review: Review) -> tuple[SwitchKind, str]:
    return SwitchKind(review.parameters["kind"]), str(review.parameters["name"])


def _roles(review: Review) -> frozenset[Role]:
    return frozenset(Role(each) for each in review.parameters["roles"])


def _account(review: Review) -> Difference:
    return Difference("t:console.account", after=rules.hint(review.subject))


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)


def _asked(review: Review) -> list[Difference]:
    """What is in the review itself, each under its name."""
    return [
        Difference(f"t:console.parameter.{name}" if name in PARAMETERS else name, after=_plain(value))
        for name, value in review.parameters.items()
        if name not in _HIDDEN and value not in ("", None) and not (review.kind == "partner.keys" and name == "keys")
    ]
