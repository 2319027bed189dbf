"""Telling partners what their people have taken back or deleted: security event tokens, pushed and acknowledged.

A token (RFC 8417) is signed with our key for that partner's ID tokens and pushed to its event address (RFC 8935); 202
acknowledges. An outbox event stands behind each, so it is tried for some days, whatever stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import structlog

from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.kernel.ids import Ids, b64u, sha256
from ipse.partners.service import PartnerDesk
from ipse.people.service import People
from ipse.portal.events import PURGED
from ipse.portal.model import Told, WithdrawalKind
from ipse.portal.store import withdrawals as store
from ipse.sessions import PARTNER
from ipse.standards import jose
from ipse.storage.database import Database
from ipse.storage.errors import DuplicateError
from ipse.storage.publishing import publishing
from ipse.storage.statement import Transaction
from ipse.web.outgoing import OutgoingError

log = structlog.get_logger("ipse.portal")

TYPE: Final = "secevent+jwt"
MEDIA_TYPE: Final = "application/secevent+jwt"
PURGE: Final = "https://schemas.openid.net/secevent/risc/event-type/account-purged"
"""OpenID RISC Profile 1.0 §2.2: the account is gone for good."""
PATH: Final = "/events/"
"""Event types of our own, under the issuer: `consent-withdrawn`, `subject-retired`."""
GIVE_UP_SECONDS: Final = 7 * 86_400
_SECONDS: Final = 5.0
_MOST_BYTES: Final = 16_384
_KIND: Final = "security_event"
_TRY_AGAIN: Final = frozenset({408, 425, 429})

Keys = Callable[[], Mapping[str, jose.PrivateKey]]
"""Our current key of each algorithm."""


class NotTakenError(Exception):
    """The partner has not answered, or not yet: try again later."""


@dataclass(frozen=True)
class PartnerNews:
    """Use cases of telling."""

    database: Database
    people: People
    desk: PartnerDesk
    keys: Keys
    issuer: str
    clock: Clock
    ids: Ids

    async def tell(self, withdrawal_id: str) -> None:
        """Tell a partner of one withdrawal, and keep what it answered. Again is no harm.

        Raises:
            NotTakenError: try again later.
        """
        row = await self.database.row(store.BY_ID, withdrawal_id)
        if row is None:
            return
        found = store.read(row)
        if found.state is not Told.WAITING:
            return
        kind = "subject-retired" if found.kind is WithdrawalKind.LINK else "consent-withdrawn"
        late = self.clock.now() - found.asked_at > GIVE_UP_SECONDS * SECOND
        try:
            told = await self._send(found.partner_id, found.subject, f"{self.issuer}{PATH}{kind}", withdrawal_id)
        except NotTakenError:
            if late:
                await self._answered(withdrawal_id, Told.UNREACHABLE)
                return
            await self.database.rows(store.TRIED, withdrawal_id)
            raise
        await self._answered(withdrawal_id, told)

    async def purge(self, account_id: str) -> None:
        """A person is gone: have each partner told that knew them and has an address for it. Again is no harm."""
        now = self.clock.now()
        for known in await self.people.subjects(account_id):
            if known.partner_id == PARTNER or not await self.desk.events.of(known.partner_id):
                continue
            payload = {"partner": known.partner_id, "subject": known.subject}
            event_id = f"purged {known.subject}"

            def telling(event_id: str = event_id, payload: dict[str, str] = payload) -> Transaction[None]:
                yield from publishing(event_id, PURGED, payload, now=now)

            try:
                await self.database.transact(telling)
            except DuplicateError:
                continue  # told of already

    async def tell_purged(self, partner_id: str, subject: str, *, since: int) -> None:
        """Tell one partner that a person whom it knew by this subject is gone; given up some days after `since`.

        Raises:
            NotTakenError: try again later.
        """
        try:
            await self._send(partner_id, subject, PURGE, f"purged {subject}")
        except NotTakenError:
            if self.clock.now() - since <= GIVE_UP_SECONDS * SECOND:
                raise

    async def _send(self, partner_id: str, subject: str, kind: str, name: str) -> Told:
        address, partner = await self.desk.events.of(partner_id), await self.desk.partners.partner(partner_id)
        if not address or partner is None:
            return Told.NO_ADDRESS
        claims = self._claims(partner_id, subject, kind, name)
        key, alg = self._key(partner.algorithms.id_token_signed_response_alg)
        # RSA signs in a thread of its own: it would hold up everybody else.
        sign = (lambda: jose.sign(claims, key, alg=alg, typ=TYPE)) if key.slow else None
        token = await asyncio.to_thread(sign) if sign else jose.sign(claims, key, alg=alg, typ=TYPE)
        try:
            answer = await self.desk.outgoing.fetch(
                address,
                method="POST",
                headers={"content-type": MEDIA_TYPE, "accept": "application/json"},
                body=token.encode(),
                most_bytes=_MOST_BYTES,
                seconds=_SECONDS,
            )
        except OutgoingError as error:
            self._note(partner_id, error.reason)
            raise NotTakenError from error
        if answer.status in {HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT}:
            return Told.ACKNOWLEDGED
        self._note(partner_id, f"answered {answer.status}")
        if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in _TRY_AGAIN:
            return Told.REFUSED
        raise NotTakenError

    def _claims(self, partner_id: str, subject: str, kind: str, name: str) -> dict[str, Any]:
        """The token's content. The same news has the same `jti`, however often it is sent."""
        return {
            "iss": self.issuer,
            "iat": seconds(self.clock.now()),
            "jti": b64u(sha256(f"event {name}")[:16]),
            "aud": partner_id,
            "sub_id": {"format": "iss_sub", "iss": self.issuer, "sub": subject},
            "events": {kind: {}},
        }

    def _key(self, agreed: str) -> tuple[jose.PrivateKey, str]:
        keys = self.keys()
        alg = agreed if agreed in keys else "ES256"
        return keys[alg], alg

    async def _answered(self, withdrawal_id: str, told: Told) -> None:
        await self.database.rows(store.ANSWERED, withdrawal_id, told, self.clock.now())

    def _note(self, partner_id: str, reason: str) -> None:
        text = f"event address: {reason}"
        self.desk.log.refused(partner_id, "", _KIND, "send_event", "not_delivered", text)
