"""User discovery sessions: a partner without a browser finds out who is in front of it.

The session's action is a moving QR that the server draws. Once a phone has scanned it, the partner gets an identifier
token: opaque, its own, for one back-channel request. It learns nothing of the person before that request is approved.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipse.actions.errors import UnknownAction
from ipse.actions.model import DISCOVERY, Action, ActionState, NewAction, Request
from ipse.actions.service.requests import Actions
from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.kernel.ids import Ids, sha256
from ipse.kernel.keystore import Keystore
from ipse.oidc.errors import ExpiredSession, PolledTooEarly, UnauthorizedClient, UnknownSession
from ipse.oidc.model import DOOR
from ipse.oidc.rules.backchannel import WITH_KEYS
from ipse.oidc.rules.client_proofs import ClientProof
from ipse.oidc.rules.discovery_sessions import (
    GRACE,
    INTERVAL,
    SECONDS,
    TOKEN_SECONDS,
    Discovered,
    Waiting,
    identifier_token,
)
from ipse.oidc.store import backchannel as store
from ipse.partners.model import Partner
from ipse.partners.service import Partners
from ipse.storage.database import Database


@dataclass(frozen=True, slots=True)
class DiscoverySessions:
    """Use cases of the discovery endpoints, without HTTP."""

    app_origin: str
    partners: Partners
    actions: Actions
    database: Database
    keystore: Keystore
    clock: Clock
    ids: Ids

    async def begin(self, client: ClientProof) -> Waiting:
        """A session and its first frame.

        Raises:
            UnauthorizedClient: the partner has no key, or no service for the back channel.
        """
        partner = client.partner
        await self._check(partner)
        action = await self.actions.begin(_discovery(partner, self.ids))
        session_id, now = self.ids.secret(), action.created_at
        await self.database.rows(
            store.BEGIN_DISCOVERY, session_id, partner.partner_id, action.action_id, now, now + SECONDS * SECOND
        )
        return self._waiting(session_id, action, now)

    async def poll(self, client: ClientProof, session_id: str) -> Waiting | Discovered:
        """The session as it is now: a fresh frame, or the identifier token once somebody has scanned.

        The token is told again to a partner that asks again, until it is used or its time is over.

        Raises:
            UnknownSession: no such session of this partner.
            PolledTooEarly: the interval is not over.
            ExpiredSession: nobody has scanned in time, or the token was used or has expired.
        """
        now = self.clock.now()
        early = now - round((INTERVAL - GRACE) * SECOND)
        partner_id = client.partner.partner_id
        found = await store.poll_discovery(self.database, session_id, partner_id, now=now, early=early)
        if found is None:
            raise UnknownSession
        if found.hasty:
            raise PolledTooEarly
        if found.account_id is not None:
            return self._discovered(found, now)
        try:
            view = await self.actions.find(found.action_id)
        except UnknownAction as error:
            raise ExpiredSession from error
        if view.state is ActionState.CLAIMED and view.action.account_id:
            return await self._keep(found, view.action.account_id, now)
        if view.state is not ActionState.WAITING or found.expires_at <= now:
            raise ExpiredSession
        return self._waiting(session_id, view.action, now)

    async def _check(self, partner: Partner) -> None:
        services = await self.partners.services(partner.partner_id)
        served = any(service.backchannel_mode and service.state == "active" for service in services)
        if not served or partner.auth_method not in WITH_KEYS:
            raise UnauthorizedClient("this partner is not registered for back-channel requests")

    def _waiting(self, session_id: str, action: Action, now: int) -> Waiting:
        frame = self.actions.frame(action, now, drawn=True)
        return Waiting(
            session_id=session_id,
            qr=f"{self.app_origin}/#f={frame}",
            digits=self.actions.digits(action),
            expires_at=seconds(now) + self.actions.lifetimes.drawn_frame,
        )

    async def _keep(self, found: store.Discovery, account_id: str, now: int) -> Discovered:
        """Make the token; of two polls at once both get the same one, and it can be used once."""
        token, until = self._token(found.session_id), now + TOKEN_SECONDS * SECOND
        await self.database.rows(store.KEEP_DISCOVERED, found.session_id, account_id, sha256(token), until)
        await self.actions.end_discovery(found.action_id)
        return Discovered(session_id=found.session_id, identifier_token=token, expires_in=TOKEN_SECONDS)

    def _discovered(self, found: store.Discovery, now: int) -> Discovered:
        if found.token_used or found.token_expires_at <= now:
            raise ExpiredSession
        left = seconds(found.token_expires_at - now)
        token = self._token(found.session_id)
        return Discovered(session_id=found.session_id, identifier_token=token, expires_in=left)

    def _token(self, session_id: str) -> str:
        return identifier_token(self.keystore.working_key("request"), session_id)


def _discovery(partner: Partner, ids: Ids) -> NewAction:
    """A QR that asks nothing yet. No browser's cookie has the hash of random bytes: no page of ours ever shows it."""
    request = Request(
        partner_name=partner.name,
        service_name={},
        purpose={},
        assurance="basic",
        attributes=(),
        protocol={"door": DOOR},
        language="en",
    )
    return NewAction(
        kind=DISCOVERY,
        partner_id=partner.partner_id,
        service_code="",
        request=request,
        browser_hash=ids.octets(32),
        seconds=SECONDS,
    )
