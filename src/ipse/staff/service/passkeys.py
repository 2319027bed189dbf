"""Taking an invitation with a new passkey, signing in with one, and a member's own passkeys."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ipse.audit.service import auditing
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import b64u, b64u_decode, sha256
from ipse.staff import store
from ipse.staff.errors import InvitationOver, PasskeyRefused, StaffRefused
from ipse.staff.model import CHALLENGE_SECONDS, MOST_PASSKEYS, Member, MemberState, Passkey
from ipse.staff.service.members import Staff
from ipse.standards import passkeys
from ipse.standards.passkeys import PasskeyError, RelyingParty
from ipse.storage.errors import DuplicateError
from ipse.storage.statement import Statement, Transaction, one, run


@dataclass(frozen=True)
class Passkeys:
    """Use cases of passkeys of members."""

    staff: Staff

    @property
    def party(self) -> RelyingParty:
        """For whom passkeys are made: the staff's origin."""
        return RelyingParty(urlsplit(self.staff.origin).hostname or "", self.staff.origin)

    async def invited(self, ticket: str) -> Member:
        """Whom an invitation invites.

        Raises:
            InvitationOver: it is unknown, was taken, or is too old.
        """
        row = await self.staff.database.row(store.INVITATION, sha256(ticket), self.staff.clock.now())
        if row is None:
            raise InvitationOver
        return await self.staff.member(row["member_id"])

    async def asked(self, member: Member, challenge: bytes) -> dict[str, Any]:
        """What a browser is to make, as the page hands it over."""
        row = await self.staff.database.row(store.MEMBER, member.member_id)
        if row is None:
            raise InvitationOver
        return {
            "challenge": b64u(challenge),
            "relying_party": self.party.host,
            "user": b64u(bytes(row["user_handle"])),
            "algorithms": [int(algorithm) for algorithm in passkeys.ALGORITHMS],
        }

    def joining_challenge(self, ticket: str) -> bytes:
        """What the new passkey signs: the ticket counts once, and so does this."""
        key = self.staff.keystore.working_key("staff")
        return hmac.digest(key, f"join\x00{ticket}".encode(), "sha256")

    async def join(self, ticket: str, credential: object) -> None:
        """Take an invitation: the member is active, with this passkey. Writes an audit line.

        Sessions of whoever was a member already end, and a letter says so.

        Raises:
            InvitationOver: as `invited`, or taken meanwhile.
            PasskeyRefused: this is no such passkey.
        """
        member = await self.invited(ticket)
        known = member.state is MemberState.ACTIVE
        make = self._making(member, credential, self.joining_challenge(ticket))
        now = self.staff.clock.now()

        def joining() -> Transaction[None]:
            # The member's row first, as whoever changes their roles and ends their invitations takes it.
            joined = yield from one(store.JOINED, member.member_id, now)
            taken = yield from one(store.TAKE_INVITATION, sha256(ticket), now)
            if taken is None or joined is None:
                raise InvitationOver
            yield make
            yield from run(store.END_ALL, member.member_id)
            yield from auditing(now, actor=member.actor, act="staff.join", subject=member.member_id)

        try:
            await self.staff.database.transact(joining)
        except DuplicateError as error:
            raise PasskeyRefused("known already") from error
        if known:
            await self.staff.tell_of_passkey(member)

    async def ask(self, browser_hash: bytes) -> str:
        """A challenge for this browser, for five minutes."""
        challenge = b64u(self.staff.ids.octets(32))
        await self.staff.database.rows(store.ASK, sha256(challenge), browser_hash, self.staff.clock.now())
        return challenge

    async def prove(self, browser_hash: bytes, *, challenge: str, assertion: object) -> Member:
        """Whose passkey signed this browser's challenge, which counts once. Writes an audit line.

        Raises:
            PasskeyRefused: it proves no member; never says why.
        """
        await self._answered(browser_hash, challenge)
        given = assertion if isinstance(assertion, Mapping) else {}
        credential_id = str(given.get("id", ""))[: passkeys.LONGEST_ID]
        row = await self.staff.database.row(store.PASSKEY, credential_id)
        if row is None:
            raise PasskeyRefused("a passkey of nobody")
        passkey = store.read_passkey(row, handle=bytes(row["user_handle"]))
        count, now = self._judged(passkey, given, challenge), self.staff.clock.now()

        def using() -> Transaction[bool]:
            used = yield from one(store.USE_PASSKEY, passkey.passkey_id, count, now)
            held = yield from one(store.HOLD_ACTIVE, passkey.member_id)
            if used is None or held is None:
                return False
            actor = f"staff:{passkey.member_id}"
            yield from auditing(now, actor=actor, act="staff.sign_in", subject=passkey.member_id)
            return True

        if not await self.staff.database.transact(using):
            raise PasskeyRefused("the counter did not move, or nobody's any more")
        return await self.staff.member(passkey.member_id)

    async def listed(self, member: Member) -> list[Passkey]:
        """A member's passkeys, oldest first."""
        return [store.read_passkey(row) for row in await self.staff.database.rows(store.PASSKEYS, member.member_id)]

    async def add(self, member: Member, browser_hash: bytes, *, challenge: str, credential: object) -> None:
        """Give a signed-in member another passkey, and write them a letter. Writes an audit line.

        Raises:
            PasskeyRefused: this is no such passkey, or known already.
            StaffRefused: there are enough.
        """
        await self._answered(browser_hash, challenge)
        if len(await self.listed(member)) >= MOST_PASSKEYS:
            raise StaffRefused("many", public=f"a member has {MOST_PASSKEYS} passkeys at most; remove one first")
        make, now = self._making(member, credential, b64u_decode(challenge)), self.staff.clock.now()

        def adding() -> Transaction[None]:
            yield make
            yield from auditing(now, actor=member.actor, act="staff.passkey_add", subject=member.member_id)

        try:
            await self.staff.database.transact(adding)
        except DuplicateError as error:
            raise PasskeyRefused("known already") from error
        await self.staff.tell_of_passkey(member)

    async def remove(self, member: Member, passkey_id: str) -> None:
        """Remove one of a member's own passkeys, never the last. Writes an audit line.

        Raises:
            StaffRefused: there is none, or no other.
        """
        now = self.staff.clock.now()

        def removing() -> Transaction[bool]:
            removed = yield from one(store.REMOVE_PASSKEY, passkey_id, member.member_id, now)
            if removed is None:
                return False
            yield from auditing(now, actor=member.actor, act="staff.passkey_remove", subject=member.member_id)
            return True

        if not await self.staff.database.transact(removing):
            raise StaffRefused("last", public="add another passkey before you remove this one")

    async def forget(self) -> int:
        """Delete invitations and challenges that are over. A job; returns how many."""
        database, now = self.staff.database, self.staff.clock.now()
        gone = await database.rows(store.FORGET_INVITATIONS, now)
        gone_too = await database.rows(store.FORGET_CHALLENGES, now - CHALLENGE_SECONDS * SECOND)
        return len(gone) + len(gone_too)

    async def _answered(self, browser_hash: bytes, challenge: str) -> None:
        since = self.staff.clock.now() - CHALLENGE_SECONDS * SECOND
        if await self.staff.database.row(store.ANSWERED, sha256(challenge), browser_hash, since) is None:
            raise PasskeyRefused("a challenge that this browser was not given, or that was answered")

    def _making(self, member: Member, credential: object, challenge: bytes) -> Statement:
        try:
            made = passkeys.made(self.party, credential, challenge=challenge)
        except PasskeyError as error:
            raise PasskeyRefused(str(error)) from error
        values = (made.credential_id, made.public_key, made.sign_count, self.staff.clock.now())
        return Statement(store.ADD_PASSKEY, (self.staff.ids.identifier(), member.member_id, *values))

    def _judged(self, passkey: Passkey, given: Mapping[str, Any], challenge: str) -> int:
        try:
            return passkeys.used(
                self.party,
                given,
                challenge=b64u_decode(challenge),
                handle=passkey.user_handle,
                public_key=passkey.public_key,
                count=passkey.sign_count,
            )
        except PasskeyError as error:
            raise PasskeyRefused(str(error)) from error
