"""Pushed authorization requests (RFC 9126), and to which browser a request belongs.

A pushed request is good for 90 seconds and belongs to the first browser that opens it; that browser finds its action
again when it reloads, until the action ends. A request object with a `jti` that came by value or reference belongs to
its browser in the same way, so that a reload is no replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from ipse.actions.errors import StartedElsewhere, UnknownAction
from ipse.actions.model import Action, ActionState
from ipse.actions.service.requests import Actions
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids, b64u, sha256
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.oidc.errors import (
    InvalidDpopProof,
    InvalidRequest,
    InvalidRequestObject,
    InvalidRequestUri,
    OAuthError,
    UnknownRedirectUri,
)
from ipse.oidc.model import Candidate, Vocabulary, profile_of
from ipse.oidc.rules.authorization import check_request, check_target, read_service_code
from ipse.oidc.rules.client_proofs import ClientProof, check_client
from ipse.oidc.rules.pushed import URN, check_pushed_form
from ipse.oidc.rules.running import step
from ipse.oidc.service.request_objects import SERVICE_CODE, Believed, RequestObjects
from ipse.oidc.store import pushed as store
from ipse.partners.model import Partner
from ipse.partners.service import Partners
from ipse.storage.database import Database

_TABLE = "oidc_pushed"
_COLUMN = "sealed_parameters"
_GOING_ON = (ActionState.WAITING, ActionState.CLAIMED, ActionState.APPROVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What the partner is told (RFC 9126 §2.2)."""

    request_uri: str
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A request that is this browser's."""

    digest: bytes
    handle: str | None
    """The action it has begun already."""
    parameters: Mapping[str, str]
    signed: bool


class Taken(NamedTuple):
    """A request object that is this browser's."""

    digest: bytes
    handle: str | None


@dataclass(frozen=True, slots=True)
class PushedRequests:
    """Keeps requests until their browser comes, and for it until they end."""

    database: Database
    keystore: Keystore
    actions: Actions
    clock: Clock
    ids: Ids

    async def keep(self, parameters: Mapping[str, str], partner_id: str, *, signed: bool, seconds: int) -> Pushed:
        """Keep a judged request; what it asks is sealed."""
        reference, now = self.ids.secret(), self.clock.now()
        digest = sha256(reference)
        sealed = seal(self._key, msgspec.json.encode(parameters), table=_TABLE, row=b64u(digest), column=_COLUMN)
        expires_at = now + seconds * SECOND
        await store.keep(
            self.database,
            store.Kept(
                digest=digest,
                partner_id=partner_id,
                sealed_parameters=sealed,
                signed=signed,
                expires_at=expires_at,
                keep_until=expires_at + self._longest_action,
            ),
        )
        return Pushed(request_uri=URN + reference, expires_in=seconds)

    async def open(self, request_uri: str, partner_id: str, cookie_hash: bytes) -> Opened:
        """Give a pushed request to the browser that asks for it; one conditional statement decides.

        Raises:
            InvalidRequestUri: none of this partner, too old, another browser's, or its action has ended.
        """
        digest = sha256(request_uri.removeprefix(URN))
        found = await store.open_for(self.database, digest, partner_id, browser_hash=cookie_hash, now=self.clock.now())
        if found is None or found.sealed_parameters is None:
            raise InvalidRequestUri("no pushed request of this partner that this browser may open now")
        if found.handle is not None and not await self._goes_on(found.handle, cookie_hash):
            raise InvalidRequestUri("the pushed request is used up")
        octets = unseal(self._key, found.sealed_parameters, table=_TABLE, row=b64u(digest), column=_COLUMN)
        parameters = msgspec.json.decode(octets, type=dict[str, str])
        return Opened(digest=digest, handle=found.handle, parameters=parameters, signed=found.signed)

    async def take(self, believed: Believed, partner_id: str, cookie_hash: bytes, *, first: bool) -> Taken:
        """Note that a request object with a `jti` is this browser's, or find the action it began.

        Raises:
            InvalidRequestObject: another browser has come with it before, or its action has ended.
        """
        digest, now = sha256(f"request object\x00{partner_id}\x00{believed.jti}"), self.clock.now()
        if first:
            keep_until = max(believed.until, now + self._longest_action)
            await store.take(self.database, digest, partner_id, browser_hash=cookie_hash, keep_until=keep_until)
            return Taken(digest, None)
        found = await store.open_for(self.database, digest, partner_id, browser_hash=cookie_hash, now=now)
        if found is None or (found.handle is not None and not await self._goes_on(found.handle, cookie_hash)):
            raise InvalidRequestObject("jti was used before")
        return Taken(digest, found.handle)

    async def attach(self, digest: bytes, action: Action, cookie_hash: bytes) -> str:
        """Remember the action a request began; answers the handle that counts, which a faster load may have brought."""
        handle = await store.attach(self.database, digest, action.handle) or action.handle
        if handle != action.handle:
            await self.actions.cancel(action.handle, cookie_hash)
        return handle

    async def forget(self) -> int:
        """Forget what nobody can open any more; how many there were. To be run now and then."""
        return await store.forget(self.database, self.clock.now())

    async def _goes_on(self, handle: str, cookie_hash: bytes) -> bool:
        try:
            return (await self.actions.for_browser(handle, cookie_hash)).state in _GOING_ON
        except (StartedElsewhere, UnknownAction):
            return False

    @property
    def _key(self) -> bytes:
        return self.keystore.working_key("request")

    @property
    def _longest_action(self) -> int:
        return self.actions.lifetimes.action_most * SECOND


@dataclass(frozen=True, slots=True)
class PushedEndpoint:
    """The endpoint where partners' servers push requests, without HTTP."""

    vocabulary: Vocabulary
    partners: Partners
    request_objects: RequestObjects
    requests: PushedRequests

    async def push(self, client: ClientProof, form: Mapping[str, str], dpop_key: str | None) -> Pushed:
        """Judge a request as the authorization endpoint would, and keep it for its browser.

        `dpop_key` is the thumbprint of the key whose proof came along (RFC 9449 §10.1).

        Raises:
            OAuthError: refused; nothing is kept.
        """
        partner = client.partner
        candidate, believed = await self._read(form, partner)
        code = _service_code(candidate.parameters)
        service = await self.partners.service(code) if code else None
        try:
            proven = check_target(replace(candidate, service=service), self.vocabulary)
            check_client(client, proven.profile)
            seconds = check_request(proven).profile.pushed_seconds
            parameters = _with_dpop_key(candidate.parameters, dpop_key)
            if believed is not None and not await self.request_objects.use(believed, partner.partner_id):
                with step("take_request_object"):
                    raise InvalidRequestObject("jti was used before")
        except OAuthError as error:
            error.service_code = code or ""
            if isinstance(error, UnknownRedirectUri) and service is not None and profile_of(service).name == "fapi2":
                raise _as_standard(error) from error
            raise
        return await self.requests.keep(parameters, partner.partner_id, signed=candidate.signed, seconds=seconds)

    async def _read(self, form: Mapping[str, str], partner: Partner) -> tuple[Candidate, Believed | None]:
        """The parameters that count: those of the request object, where there is one."""
        parameters = check_pushed_form(form, partner.partner_id)
        candidate = Candidate(parameters=parameters, partner=partner, source="pushed")
        if "request" not in parameters:
            return candidate, None
        believed = await self.request_objects.by_value(parameters.pop("request"), partner)
        return replace(candidate, parameters=believed.parameters, signed=True, beside=parameters), believed


def _service_code(parameters: Mapping[str, str]) -> str | None:
    with step("check_service"):
        code = read_service_code(parameters)
    return code if code and SERVICE_CODE.fullmatch(code) else None


def _as_standard(error: UnknownRedirectUri) -> InvalidRequest:
    """RFC 9126 §2.3 has no other code for it; only partners that migrate know ours."""
    told = InvalidRequest(error.public)
    told.check, told.service_code = error.check, error.service_code
    return told


def _with_dpop_key(parameters: Mapping[str, str], thumbprint: str | None) -> Mapping[str, str]:
    """The code is for the key of the proof, and a key that is named is that one (RFC 9449 §10.1)."""
    if thumbprint is None:
        return parameters
    if parameters.get("dpop_jkt", thumbprint) != thumbprint:
        with step("read_dpop_key"):
            raise InvalidDpopProof("dpop_jkt is not the key of the DPoP proof")
    return {**parameters, "dpop_jkt": thumbprint}
