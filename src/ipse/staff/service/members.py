"""Inviting members, reading them, changing what they may do, and letting them go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from ipse.audit.service import auditing
from ipse.kernel.clock import SECOND, Clock, day
from ipse.kernel.ids import Ids, sha256
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import blind_index, seal, unseal
from ipse.staff import rules, store
from ipse.staff.errors import AlreadyMember, StaffRefused, UnknownMember
from ipse.staff.model import INVITED_SECONDS, JOIN, Invitation, Invitee, Member, MemberState, Organisation, Role
from ipse.standards.passkeys import HANDLE_BYTES
from ipse.storage.database import Database
from ipse.storage.errors import DuplicateError
from ipse.storage.statement import Row, Transaction, one, run
from ipse.web.languages import Texts

Letter = Callable[..., Awaitable[bool]]
"""Sends a letter: `to`, `subject`, `text`, `language`; False where no mail is sent here. Raises when it may later."""
log = structlog.get_logger("ipse.staff")
_MUST_REMAIN: Final = {Organisation.SCHEME: Role.ADMINISTRATOR}


class _About(msgspec.Struct, frozen=True):
    name: str
    email: str
    language: str


@dataclass(frozen=True)
class Staff:
    """Use cases of members."""

    database: Database
    keystore: Keystore
    clock: Clock
    ids: Ids
    texts: Mapping[str, Texts]
    letter: Letter
    scheme: str
    origin: str

    async def invite(
        self,
        organisation: Organisation,
        organisation_id: str,
        invitee: Invitee,
        *,
        actor: str,
        where: str = "",
    ) -> Invitation:
        """Make somebody a member and invite them; a letter takes the invitation where mail is sent.

        `where` is what their organisation is called in the letter; empty: the scheme. Writes an audit line.

        Raises:
            StaffRefused: the address, name or roles cannot be.
            AlreadyMember: the address is a member's.
        """
        found = rules.roles(organisation, invitee.roles)
        about = _About(rules.person_name(invitee.name), rules.email(invitee.email), invitee.language)
        member_id, now, ticket = self.ids.identifier(), self.clock.now(), self.ids.secret()

        def inviting() -> Transaction[None]:
            yield from run(
                store.ADD, member_id, organisation, organisation_id, _roles_text(found), self._sealed(member_id, about),
                self.email_index(about.email), self.ids.octets(HANDLE_BYTES), now,
            )  # fmt: skip
            yield from _inviting(member_id, ticket, now)
            details = {"organisation": organisation, "organisation_id": organisation_id, "roles": sorted(found)}
            yield from auditing(now, actor=actor, act="staff.invite", subject=member_id, details=details)

        try:
            await self.database.transact(inviting)
        except DuplicateError as error:
            raise AlreadyMember("the address is known", field="email") from error
        return await self._send(await self.member(member_id), ticket, now, where)

    async def invite_again(
        self, member_id: str, *, actor: str, where: str = "", never: frozenset[Role] = frozenset()
    ) -> Invitation:
        """A new invitation for a member whose passkeys are lost, or who missed the first. Older ones are over.

        Not for members with a role of `never`. Writes an audit line.

        Raises:
            UnknownMember: there is none.
            StaffRefused: they have a role of `never`.
        """
        member, now, ticket = await self.member(member_id), self.clock.now(), self.ids.secret()

        def inviting() -> Transaction[None]:
            held = yield from one(store.HOLD, member_id)
            if held is None:
                raise UnknownMember
            if not never.isdisjoint(Role(each) for each in held["roles"].split()):
                public = "who decides for others is invited again on the machine: ipse operator invite --again"
                raise StaffRefused("power", public=public)
            yield from run(store.WITHDRAW_INVITATIONS, member_id)
            yield from _inviting(member_id, ticket, now)
            yield from auditing(now, actor=actor, act="staff.invite_again", subject=member_id)

        await self.database.transact(inviting)
        return await self._send(member, ticket, now, where)

    async def member(self, member_id: str) -> Member:
        """A member.

        Raises:
            UnknownMember: there is none, or they were removed.
        """
        row = await self.database.row(store.MEMBER, member_id)
        if row is None or row["state"] == MemberState.REMOVED:
            raise UnknownMember
        return self.read(row)

    def holding(self, member_id: str) -> Transaction[Member]:
        """As `member`, inside a transaction."""
        row = yield from one(store.MEMBER, member_id)
        if row is None or row["state"] == MemberState.REMOVED:
            raise UnknownMember
        return self.read(row)

    async def members(self, organisation: Organisation, organisation_id: str = "") -> list[Member]:
        """Everybody of an organisation, invited ones too, oldest first."""
        rows = await self.database.rows(store.MEMBERS, organisation, organisation_id)
        return [self.read(row) for row in rows]

    async def invited_until(self) -> dict[str, int]:
        """Until when the invitations of members can be taken, by member, in microseconds."""
        rows = await self.database.rows(store.OPEN_INVITATIONS, self.clock.now())
        return {row["member_id"]: row["expires_at"] for row in rows}

    @staticmethod
    def judged_roles(organisation: Organisation, wanted: Iterable[str]) -> frozenset[Role]:
        """Roles that a member of this organisation can have together. Raises StaffRefused."""
        return rules.roles(organisation, wanted)

    async def set_roles(self, member_id: str, roles: Iterable[str], *, actor: str) -> None:
        """Give a member other roles, from their next request on. Writes an audit line.

        Raises:
            StaffRefused: the roles cannot be, or nobody would administer the scheme any more.
            UnknownMember: there is none.
        """
        member = await self.member(member_id)
        found = rules.roles(member.organisation, roles)
        await self.database.transact(lambda: self.setting_roles(member, found, actor=actor))

    def setting_roles(self, member: Member, roles: frozenset[Role], *, actor: str) -> Transaction[None]:
        """As `set_roles`, inside a transaction. Open invitations of an active member are over."""
        now = self.clock.now()
        changed = yield from one(store.SET_ROLES, member.member_id, _roles_text(roles), now)
        if changed is None:
            raise UnknownMember
        if changed["state"] == MemberState.ACTIVE:
            yield from run(store.WITHDRAW_INVITATIONS, member.member_id)
        yield from self._remaining(member, roles)
        details = {"before": sorted(member.roles), "after": sorted(roles)}
        yield from auditing(now, actor=actor, act="staff.roles", subject=member.member_id, details=details)

    def settled(self, member_id: str, since: int) -> Transaction[None]:
        """Hold a member who must have been active, with the passkeys they have, before this moment.

        Raises:
            StaffRefused: they have not joined, or have made a passkey since.
        """
        held = yield from one(store.HOLD_ACTIVE, member_id)
        newest = yield from one(store.NEWEST_PASSKEY, member_id)
        if held is None or newest is None or newest["made_at"] is None:
            raise StaffRefused("not joined", public="they have not joined yet: ask once they have")
        if newest["made_at"] >= since:
            raise StaffRefused("new passkey", public="they have made a passkey since this was asked: ask anew")

    async def remove(self, member_id: str, *, actor: str) -> None:
        """Let a member go: sessions and passkeys end at once, name and address are forgotten. Writes an audit line.

        Raises:
            StaffRefused: nobody would administer the scheme any more.
            UnknownMember: there is none.
        """
        member = await self.member(member_id)
        await self.database.transact(lambda: self.removing(member, actor=actor))

    def removing(self, member: Member, *, actor: str) -> Transaction[None]:
        """As `remove`, inside a transaction."""
        member_id, now = member.member_id, self.clock.now()
        if (yield from one(store.REMOVE, member_id, now)) is None:
            raise UnknownMember
        yield from self._remaining(member, frozenset())
        yield from run(store.END_ALL, member_id)
        yield from run(store.REMOVE_PASSKEYS, member_id, now)
        yield from run(store.WITHDRAW_INVITATIONS, member_id)
        yield from auditing(now, actor=actor, act="staff.remove", subject=member_id)

    def email_index(self, address: str) -> bytes:
        """The keyed blind index of an address."""
        return blind_index(self.keystore.working_key("staff_email"), address.lower())

    def read(self, row: Row) -> Member:
        """A row as a value, its seal opened."""
        sealed = row["sealed_about"]
        about = _About("", "", "en") if sealed is None else self._opened(row["member_id"], bytes(sealed))
        return Member(
            member_id=row["member_id"],
            organisation=Organisation(row["organisation"]),
            organisation_id=row["organisation_id"],
            roles=frozenset(Role(each) for each in row["roles"].split()),
            name=about.name,
            email=about.email,
            language=about.language,
            state=MemberState(row["state"]),
            created_at=row["created_at"],
        )

    def _remaining(self, member: Member, roles: frozenset[Role]) -> Transaction[None]:
        needed = _MUST_REMAIN.get(member.organisation)
        if needed is None or needed not in member.roles or needed in roles or member.state is MemberState.INVITED:
            return
        rows = yield from run(store.MEMBERS, member.organisation, member.organisation_id)
        others = (row for row in rows if row["state"] == MemberState.ACTIVE and row["member_id"] != member.member_id)
        if not any(needed in row["roles"].split() for row in others):
            raise StaffRefused("the last one", public=f"somebody must remain with the role {needed}")

    async def _send(self, member: Member, ticket: str, now: int, where: str) -> Invitation:
        until = now + INVITED_SECONDS * SECOND
        url = f"{self.origin}{JOIN}/{ticket}"
        text = self.texts[member.language].text
        values = {"name": member.name, "scheme": self.scheme, "where": where or self.scheme, "url": url}
        values["until"] = day(until).isoformat()
        sent = await self.letter(
            member.email,
            subject=text("staff.letter.subject", **values),
            text=text("staff.letter.text", **values) + "\n",
            language=member.language,
        )
        return Invitation(member.member_id, url, until, sent)

    async def tell_of_passkey(self, member: Member) -> None:
        """Write to a member that somebody has made a passkey of theirs (B-27); a letter that fails stops nobody."""
        text, values = self.texts[member.language].text, {"name": member.name, "scheme": self.scheme}
        try:
            await self.letter(
                member.email,
                subject=text("staff.letter.passkey_subject", **values),
                text=text("staff.letter.passkey_text", **values) + "\n",
                language=member.language,
            )
        except Exception as error:  # noqa: BLE001 - what a letter raises is its sender's; the passkey is made
            log.warning("letter_not_sent", reason=type(error).__name__)

    def _sealed(self, member_id: str, about: _About) -> bytes:
        return seal(self._key, msgspec.json.encode(about), table="staff_members", row=member_id, column="sealed_about")

    def _opened(self, member_id: str, sealed: bytes) -> _About:
        opened = unseal(self._key, sealed, table="staff_members", row=member_id, column="sealed_about")
        return msgspec.json.decode(opened, type=_About)

    @property
    def _key(self) -> bytes:
        return self.keystore.working_key("staff")


def _inviting(member_id: str, ticket: str, now: int) -> Transaction[None]:
    yield from run(store.INVITE, sha256(ticket), member_id, now, now + INVITED_SECONDS * SECOND)


def _roles_text(roles: Iterable[Role]) -> str:
    return " ".join(sorted(roles))
