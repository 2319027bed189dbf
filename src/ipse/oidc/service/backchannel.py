"""Back-channel authentication (OpenID CIBA Core 1.0): a partner asks a person's phone without a browser.

A request reaches only a person whom that partner knows already, or who has just scanned its code. Whoever is asked
without a scan types two digits that the partner shows. Limits for each person over all partners belong to `actions`;
what they hold back waits and expires, and the partner cannot tell.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ipse.actions.errors import RequestEnded, RequestExpired, RequestPending, UnknownAction
from ipse.actions.model import OPEN, Action, ActionState, NewAction, Redeemed
from ipse.actions.service.requests import Actions
from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.kernel.ids import Ids, sha256
from ipse.oidc.errors import (
    AccessDenied,
    AuthorizationPending,
    ExpiredLoginHintToken,
    ExpiredToken,
    InvalidGrant,
    InvalidRequest,
    OAuthError,
    SlowDown,
    UnknownUserId,
)
from ipse.oidc.model import DEFAULT, FAPI2, PROFILES, AuthorizationRequest, Vocabulary
from ipse.oidc.rules import backchannel as rules
from ipse.oidc.rules.backchannel import BackchannelRequest
from ipse.oidc.rules.client_proofs import ClientProof, check_client
from ipse.oidc.service.authorizations import new_action
from ipse.oidc.service.pings import Pings
from ipse.oidc.store import backchannel as store
from ipse.partners.model import Partner
from ipse.partners.service import PartnerDesk
from ipse.people.errors import UnknownAccountError
from ipse.people.model import AccountState
from ipse.signin.model import Browser
from ipse.standards import jose
from ipse.storage.copies import copied
from ipse.storage.database import Database

_KEPT_SECONDS = 3600
"""How long a request is remembered after its end, to be told that it has ended."""
_SETTLED_SECONDS = 600
"""How long a session or notification stays after its end: its token or result may still be used."""


class BackchannelAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a back-channel request (CIBA Core §7.3)."""

    auth_req_id: str
    expires_in: int
    """Seconds."""
    interval: int
    """Seconds between polls."""
    match: str | None = None
    """Two digits to show to the person, who types them in the app (an extension)."""


@dataclass(frozen=True, slots=True)
class Backchannel:
    """The back-channel authentication endpoint and its grant, without HTTP."""

    issuer: str
    vocabulary: Vocabulary
    desk: PartnerDesk
    actions: Actions
    pings: Pings
    database: Database
    clock: Clock
    ids: Ids

    async def begin(self, client: ClientProof, form: Mapping[str, str]) -> BackchannelAnswer:
        """Judge a request, ask the person, and say how to wait.

        Raises:
            OAuthError: refused; nobody was asked.
        """
        with _step("read_request_object"):
            alg, claims = await self._verified(client.partner, rules.check_form(form))
        judged = await self._judged(client, alg, claims)
        check_client(client, judged.profile)
        asked = rules.check_asked(judged, self._asked(judged, claims))
        with _step("take_request_object"):
            await self._use_once(judged)
        with _step("find_person"):
            account_id = await self._person(judged)
        action = await self.actions.begin(self._new_action(judged, asked, account_id))
        return await self._keep(judged, action)

    async def redeem(self, partner: Partner, form: Mapping[str, str], *, binding: str = "") -> Redeemed:
        """What the person has approved; one conditional statement gives it once (CIBA Core §10.1).

        `binding` is what the access token is bound to.

        Raises:
            AuthorizationPending, SlowDown: not decided yet.
            AccessDenied: refused, or the person was blocked.
            ExpiredToken: nobody decided in time.
            InvalidGrant: an unknown request, or its result was given out.
            InvalidRequest: `auth_req_id` is missing, or a token that has to be bound comes without anything to bind to.
        """
        if "auth_req_id" not in form:
            raise InvalidRequest("auth_req_id is missing")
        now, hashed = self.clock.now(), sha256(form["auth_req_id"])
        slower = rules.SLOWER * SECOND
        pending = await store.poll_request(self.database, hashed, partner.partner_id, now=now, slower=slower)
        if pending is None:
            raise InvalidGrant("auth_req_id is unknown, or its time is long over")
        state = await self._state(pending, binding)
        if state in OPEN:
            raise SlowDown if pending.hasty else AuthorizationPending
        if state is ActionState.APPROVED:
            with contextlib.suppress(RequestEnded, RequestExpired, RequestPending):
                return await self.actions.redeem_action(pending.action_id, partner.partner_id, binding=binding)
            state = await self._state(pending, binding)
        if state is ActionState.COLLECTED:
            raise InvalidGrant("the result of this auth_req_id was given out")
        # What is still approved was not fetched in time.
        if state in {ActionState.EXPIRED, ActionState.APPROVED}:
            raise ExpiredToken
        raise AccessDenied("The person refused")

    async def _state(self, pending: store.Pending, binding: str) -> ActionState:
        """How a request stands. Whoever would lose its result by fetching it without a key is told before.

        Raises:
            InvalidRequest: approved, but its token has to be bound to something.
        """
        try:
            view = await self.actions.find(pending.action_id)
        except UnknownAction:
            return ActionState.EXPIRED
        profile = PROFILES.get(view.action.request.protocol.get("profile", DEFAULT.name), FAPI2)
        if view.state is ActionState.APPROVED and profile.sender_constrained and not binding:
            raise InvalidRequest("this service's tokens are bound: send a DPoP proof, or connect with a certificate")
        return view.state

    async def _verified(self, partner: Partner, text: str) -> tuple[str, dict[str, Any]]:
        """Algorithm and claims of the request, once a registered key of the partner has signed it."""
        try:
            token = jose.UnverifiedToken.parse(text)
            keys = await self.desk.keys.verification(partner, token.unverified_header.get("kid"))
            verified = jose.verify(token, keys, algorithms=DEFAULT.signing_algorithms, types=rules.TYPES)
            return str(verified.header["alg"]), verified.claims
        except jose.JoseError as error:
            raise InvalidRequest(f"request: {error.reason}") from error

    async def _judged(self, client: ClientProof, alg: str, claims: Mapping[str, Any]) -> BackchannelRequest:
        code = rules.read_scope_service(claims)
        service = await self.desk.partners.service(code) if code is not None else None
        unjudged = BackchannelRequest(
            claims=claims,
            alg=alg,
            partner=client.partner,
            service=service,
            issuer=self.issuer,
            now=seconds(self.clock.now()),
        )
        try:
            return rules.check_backchannel(unjudged)
        except OAuthError as error:
            own = service is not None and service.partner_id == client.partner.partner_id
            error.service_code = service.code if service is not None and own else ""
            raise

    def _asked(self, judged: BackchannelRequest, claims: Mapping[str, Any]) -> AuthorizationRequest:
        if judged.service is None:  # pragma: no cover - the checks have refused it
            raise InvalidRequest
        return AuthorizationRequest(
            parameters={**rules.parameters(claims), "redirect_uri": ""},
            partner=judged.partner,
            service=judged.service,
            vocabulary=self.vocabulary,
            profile=judged.profile,
            source="backchannel",
            signed=True,
        )

    async def _use_once(self, judged: BackchannelRequest) -> None:
        until = rules.usable_until(judged) * SECOND
        partner_id = judged.partner.partner_id
        if not await self.desk.replays.first_use("backchannel", partner_id, judged.claims["jti"], until):
            raise InvalidRequest("request: jti was used before")

    async def _person(self, judged: BackchannelRequest) -> str:
        """Whom the hint names, if this partner may ask them.

        Raises:
            UnknownUserId: nobody, or somebody whose account is not active.
            ExpiredLoginHintToken: the identifier token was used or is too old.
        """
        hint, partner_id = judged.hint, judged.partner.partner_id
        people = self.actions.people
        if hint is None:  # pragma: no cover - the checks have refused it
            raise UnknownUserId
        if hint.type == rules.SUBJECT_CODE:
            account_id = await people.account_of_subject(hint.value, partner_id)
            if account_id is None:
                raise UnknownUserId
            return account_id
        hashed, now = sha256(hint.value), self.clock.now()
        used = await self.database.row(store.USE_TOKEN, hashed, partner_id, now)
        if used is None:
            if await self.database.row(store.FIND_TOKEN, hashed, partner_id) is None:
                raise UnknownUserId
            raise ExpiredLoginHintToken
        try:
            account = await people.account(used["account_id"])
        except UnknownAccountError as error:
            raise UnknownUserId from error
        if account.state is not AccountState.ACTIVE:
            raise UnknownUserId
        return account.account_id

    def _new_action(self, judged: BackchannelRequest, asked: AuthorizationRequest, account_id: str) -> NewAction:
        # No browser's cookie has the hash of random bytes: no page of ours ever shows this action.
        new = new_action(asked, Browser("en", self.ids.octets(32)), account_id)
        request = msgspec.structs.replace(
            new.request,
            match=rules.needs_match(judged),
            purpose=rules.purpose(judged, new.request.purpose),
        )
        return msgspec.structs.replace(
            new, request=request, seconds=judged.expires_in, scanned=rules.has_scanned(judged)
        )

    async def _keep(self, judged: BackchannelRequest, action: Action) -> BackchannelAnswer:
        auth_req_id, partner_id = self.ids.secret(), judged.partner.partner_id
        hashed, kept_until = sha256(auth_req_id), action.expires_at + _KEPT_SECONDS * SECOND
        pause = rules.INTERVAL * SECOND
        row = (hashed, partner_id, action.action_id, action.created_at, kept_until, pause)
        ping = self.pings.promised(judged, action, auth_req_id)
        await self.database.transact(lambda: store.beginning(row, ping))
        if ping is not None:
            self.pings.watch(action.action_id)
        return BackchannelAnswer(
            auth_req_id,
            judged.expires_in,
            rules.INTERVAL,
            self.actions.digits(action) if rules.needs_match(judged) else None,
        )


@contextlib.contextmanager
def _step(name: str) -> Iterator[None]:
    """Name a refusal of no list's check, for the request log."""
    try:
        yield
    except OAuthError as error:
        error.check = error.check or name
        raise


async def forget_ended(database: Database, clock: Clock) -> int:
    """Forget what nobody can ask about any more; how many rows there were. To be run now and then."""
    return await store.forget(database, clock.now() - _SETTLED_SECONDS * SECOND)


async def copy_discovered(database: Database, account_id: str) -> list[dict[str, Any]]:
    """Where partners have found out that it is they, for a person to take along."""
    return copied(await database.rows(store.COPY_DISCOVERED, account_id))


async def forget_discovered(database: Database, account_id: str) -> None:
    """A person has deleted their identity: no partner's session says any more that it was they."""
    await database.rows(store.FORGET_DISCOVERED, account_id)
