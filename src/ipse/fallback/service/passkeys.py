"""Passkeys: invited by the phone, made in the browser that will use them, and proving oneself with one."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ipse.actions.model import Action, Method
from ipse.actions.service.fallbacks import Proven
from ipse.fallback import store
from ipse.fallback.errors import InvitationOver, PasskeyRefused
from ipse.fallback.model import LEVELS, TICKET_SECONDS, Invitation, Passkey
from ipse.fallback.rules import codes
from ipse.fallback.service.setups import Prepared, Setups
from ipse.fallback.service.visits import Visits
from ipse.kernel.clock import SECOND, seconds
from ipse.kernel.ids import b64u, b64u_decode, sha256
from ipse.notices.model import NoticeKind
from ipse.notices.service import Notices
from ipse.people.service import People
from ipse.standards import passkeys
from ipse.standards.passkeys import PasskeyError, RelyingParty
from ipse.storage.statement import Statement, Transaction, one

PATH = "/passkey"


@dataclass(frozen=True)
class Passkeys:
    """Use cases of passkeys. `origin` is the scheme's own, and its host the relying party's id (WebAuthn §4)."""

    visits: Visits
    setups: Setups
    people: People
    notices: Notices
    origin: str

    @property
    def relying_party(self) -> str:
        """The host that passkeys are made for."""
        return self._party.host

    @property
    def _party(self) -> RelyingParty:
        return RelyingParty(urlsplit(self.origin).hostname or "", self.origin)

    # The phone

    async def listed(self, account_id: str) -> list[dict[str, Any]]:
        """A person's passkeys as the phone shows them, oldest first."""
        rows = await self.setups.database.rows(store.PASSKEYS, account_id)
        return [
            {
                "setup": each.setup_id,
                "method": Method.PASSKEY,
                "created_at": seconds(each.made_at),
                "used_at": seconds(each.used_at) if each.used_at is not None else None,
            }
            for each in map(store.read_passkey, rows)
        ]

    async def invite(self, account_id: str, *, decoy: bool) -> Prepared:
        """A one-time address at which this person makes a passkey. What a decoy leads to looks alike, proves nobody."""
        known = await self.setups.database.row(store.USER_HANDLE, account_id)
        ids, now = self.setups.ids, self.setups.clock.now()
        handle = ids.octets(passkeys.HANDLE_BYTES) if known is None else bytes(known["user_handle"])
        setup_id, ticket = ids.identifier(), codes.new_ticket(ids.octets(codes.TICKET_LETTERS))
        until = now + TICKET_SECONDS * SECOND
        values = (setup_id, account_id, int(decoy), sha256(ticket), handle, now, until)
        told = {"setup": setup_id, "method": Method.PASSKEY, "url": f"{self.origin}{PATH}/{ticket}"}
        return Prepared((Statement(store.INVITE, values),), {**told, "expires_at": seconds(until)})

    def removal(self, account_id: str, setup_id: str) -> Statement:
        """The statement that removes one; it returns no row when there is none."""
        return Statement(store.REMOVE_PASSKEY, (setup_id, account_id, self.setups.clock.now()))

    # The browser that makes one

    async def asked(self, typed: str) -> dict[str, Any]:
        """What the browser is to make, as its page hands it to the browser.

        Raises:
            InvitationOver: the address is unknown, used, or too old.
        """
        ticket = codes.plain_ticket(typed)
        invitation = await self._invitation(ticket)
        return {
            "challenge": b64u(self._challenge(ticket)),
            "relying_party": self.relying_party,
            "user": b64u(invitation.user_handle),
            "algorithms": [int(algorithm) for algorithm in passkeys.ALGORITHMS],
        }

    async def make(self, typed: str, credential: object) -> None:
        """Keep what the browser has made, and tell its person by the second channel.

        Raises:
            InvitationOver: as `asked`, or used meanwhile, or the identity is not active any more.
            PasskeyRefused: this is no such passkey.
        """
        ticket = codes.plain_ticket(typed)
        invitation = await self._invitation(ticket)
        try:
            made = passkeys.made(self._party, credential, challenge=self._challenge(ticket))
        except PasskeyError as error:
            raise PasskeyRefused(str(error)) from error
        now = self.setups.clock.now()
        kept = (made.credential_id, made.public_key, made.sign_count, now)

        def making() -> Transaction[bool]:
            held = yield from self.people.holding(invitation.account_id)
            if not (held or invitation.decoy) or (yield from one(store.MAKE, sha256(ticket), *kept)) is None:
                return False
            # Of a decoy, too: its absence would tell.
            yield from self.notices.telling(invitation.account_id, NoticeKind.FALLBACK_ADDED, now=now)
            return True

        if not await self.setups.database.transact(making):
            raise InvitationOver

    # The browser that proves its person

    async def ask(self, action: Action, browser_hash: bytes) -> str:
        """A challenge for this browser, for five minutes."""
        challenge = b64u(self.setups.ids.octets(32))
        await self.visits.ask(action, browser_hash, Method.PASSKEY, challenge)
        return challenge

    async def prove(self, action: Action, browser_hash: bytes, *, challenge: str, assertion: object) -> Proven:
        """Judge what a passkey signed.

        Raises:
            PasskeyRefused: it proves nobody; never says why.
        """
        if not await self.visits.answered(action, browser_hash, Method.PASSKEY, challenge):
            raise PasskeyRefused("a challenge that this browser was not given, or that was answered")
        given = assertion if isinstance(assertion, Mapping) else {}
        row = await self.setups.database.row(store.PASSKEY, str(given.get("id", ""))[: passkeys.LONGEST_ID])
        if row is None:
            raise PasskeyRefused("a passkey of nobody")
        passkey = store.read_passkey(row)
        count = self._judged(passkey, given, b64u_decode(challenge))
        used = (passkey.setup_id, count, self.setups.clock.now())
        if await self.setups.database.row(store.USE_PASSKEY, *used) is None:
            raise PasskeyRefused("the counter did not move")
        return Proven(
            account_id=passkey.account_id,
            method=Method.PASSKEY,
            level=LEVELS[Method.PASSKEY],
            evidence={"setup": passkey.setup_id, "client_data_sha256": b64u(sha256(str(given["client_data"])))},
            prepared_at=passkey.created_at,
        )

    async def forget(self) -> int:
        """Delete invitations that nobody took. Returns how many."""
        return len(await self.setups.database.rows(store.FORGET_INVITATIONS, self.setups.clock.now()))

    def _judged(self, passkey: Passkey, given: Mapping[str, Any], challenge: bytes) -> int:
        try:
            return passkeys.used(
                self._party,
                given,
                challenge=challenge,
                handle=passkey.user_handle,
                public_key=passkey.public_key,
                count=passkey.sign_count,
            )
        except PasskeyError as error:
            raise PasskeyRefused(str(error)) from error

    async def _invitation(self, ticket: str) -> Invitation:
        row = await self.setups.database.row(store.INVITATION, sha256(ticket), self.setups.clock.now())
        if row is None:
            raise InvitationOver
        return store.read_invitation(row)

    def _challenge(self, ticket: str) -> bytes:
        """What the new passkey signs: the ticket counts once, and so does this."""
        return hmac.digest(self.setups.key, f"passkey\x00{ticket}".encode(), "sha256")
