"""The authorization endpoint without HTTP: a round from the browser's coming to its way back with a code."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from ipse.actions.model import Action, Collected, Signature, SignatureDocument
from ipse.csc.errors import (
    AccessDenied,
    CscError,
    InvalidRequest,
    ServerError,
    TemporarilyUnavailable,
    UnknownClient,
    UnknownRedirectUri,
)
from ipse.csc.model import CODE_SECONDS, DOOR, Asked, Round, Scope, Version
from ipse.csc.rules.algorithms import sign_algorithm
from ipse.csc.rules.authorization import Request, check_request
from ipse.csc.rules.credentials import expired_words, is_expired, is_usable
from ipse.csc.rules.tokens import code
from ipse.csc.service.ground import Ground
from ipse.csc.service.pushed import Pushed
from ipse.csc.store import rounds as store
from ipse.kernel.clock import SECOND, seconds
from ipse.kernel.ids import sha256
from ipse.partners.model import Partner, Service
from ipse.signin.model import Browser, Ended, WayBack
from ipse.signing.errors import SigningUnavailable, WrongSigning
from ipse.signing.model import Credential, CredentialState, NewSigning
from ipse.standards.oauth import OAuthFormError, parameters, with_parameters
from ipse.storage.errors import DatabaseUnavailableError
from ipse.web import languages

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ENDPOINT: Final = "csc authorize"
_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "rejected": "The user refused",
    "cancelled": "The user cancelled",
    "expired": "The user did not approve in time",
}

log = structlog.get_logger("ipse.csc")


@dataclass(frozen=True, slots=True)
class _Target:
    """Where answers may go."""

    partner: Partner
    service: Service
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rounds:
    """Beginning rounds, and their way back. An `Ending` of the sign-in page."""

    ground: Ground
    pushed: Pushed

    async def begin(self, pairs: Sequence[tuple[str, str]], version: Version, browser: Browser) -> Action | WayBack:
        """Judge a request; the action that a person must approve, or where the browser goes at once.

        Raises:
            CscError: refused before the redirect URI was proven; to be shown on our own page.
        """
        target = await self._target(await self._parameters(pairs, version, browser))
        try:
            return await self._begin(target, version, browser)
        except CscError as error:
            return self._refused(target, error)
        except (SigningUnavailable, DatabaseUnavailableError):
            return self._refused(target, TemporarilyUnavailable())
        except WrongSigning as error:
            return self._refused(target, InvalidRequest(error.public))

    async def check(self, given: Mapping[str, str], partner: Partner, version: Version) -> None:
        """Judge a request that is pushed, as far as that can be done without its browser.

        Raises:
            CscError: it would be refused.
        """
        target = await self._target(given)
        if target.partner.partner_id != partner.partner_id:
            raise InvalidRequest("Invalid parameter client_id")
        self._judged(target, version, languages.choose(given.get("lang"), ""))

    def destination(self, protocol: Mapping[str, object]) -> str:
        """Where the answer to a request goes."""
        return str(protocol["redirect_uri"])

    async def way_back(self, end: Collected | Ended) -> WayBack:
        """The redirect URI with the code, or with why there is none."""
        protocol = end.protocol
        if isinstance(end, Collected):
            row = await self.ground.database.row(store.BY_ID, str(protocol["round"]))
            if row is None:
                return _back(protocol, ServerError())
            return await self._with_code(store.read_round(row), protocol)
        if end.outcome == "failed":
            return _back(protocol, TemporarilyUnavailable())
        return _back(protocol, AccessDenied(_DESCRIPTIONS[end.outcome]))

    # --- where answers go --------------------------------------------------------------------------------------

    async def _parameters(
        self, pairs: Sequence[tuple[str, str]], version: Version, browser: Browser
    ) -> Mapping[str, str]:
        try:
            given = parameters(pairs)
        except OAuthFormError as error:
            raise InvalidRequest(detail=str(error)) from error
        if version is Version.ONE or "request_uri" not in given:
            return given
        partner = await self._partner(given.get("client_id"))
        return await self.pushed.open(given["request_uri"], partner.partner_id, browser.cookie_hash)

    async def _target(self, given: Mapping[str, str]) -> _Target:
        partner = await self._partner(given.get("client_id"))
        services = await self.ground.services(partner)
        if not services:
            raise UnknownClient(detail="no active signing service")
        uri = given.get("redirect_uri")
        for service in services:
            if uri in service.redirect_uris:
                return _Target(partner, service, given)
        refused = UnknownRedirectUri()
        self.ground.desk.log.refused(
            partner.partner_id, services[0].code, _ENDPOINT, "check_redirect_uri", refused.code, refused.public
        )
        raise refused

    async def _partner(self, client_id: str | None) -> Partner:
        partners = self.ground.desk.partners
        partner = await partners.partner(client_id) if client_id and _NAME.fullmatch(client_id) else None
        if partner is None or partner.state != "active":
            raise UnknownClient
        return partner

    # --- what is asked -----------------------------------------------------------------------------------------

    def _judged(self, target: _Target, version: Version, language: str) -> Request:
        partner = target.partner
        secret = self.ground.desk.partners.secret(partner) if partner.sealed_secret is not None else ""
        return check_request(
            Request(
                parameters=target.parameters,
                version=version,
                partner_id=partner.partner_id,
                secret=secret,
                batch=target.service.batch,
                quality=self.ground.quality,
                language=language,
                now=seconds(self.ground.clock.now()),
                asked=Asked(redirect_uri=target.parameters["redirect_uri"], language=language),
            )
        )

    async def _begin(self, target: _Target, version: Version, browser: Browser) -> Action | WayBack:
        language = languages.choose(target.parameters.get("lang"), browser.language)
        request = self._judged(target, version, language)
        partner_id, asked = target.partner.partner_id, request.asked
        account = await self.ground.bound(partner_id, asked.account) if asked.account else None
        if account is not None and not await self.ground.is_alive(account):
            account = None
        if request.scope is Scope.SERVICE:
            credential = await self.ground.signing.credential_of(account) if account else None
            if credential is not None and is_usable(credential, self.ground.clock.now()):
                return await self._known(target, request, account)
            return await self._asking(target, request, browser, account=account, signature=None)
        credential = await self._credential(asked, account, version)
        owner = credential.account_id if credential else account
        signature = await self._signature(asked, credential, partner_id)
        return await self._asking(target, request, browser, account=owner, signature=signature)

    async def _credential(self, asked: Asked, account: str | None, version: Version) -> Credential | None:
        """The credential that a round is for; None where the person's own will be taken or made.

        Raises:
            InvalidRequest: none, somebody else's, or one that signs nothing.
        """
        if not asked.credential_id:
            return await self.ground.signing.credential_of(account) if account else None
        credential = await self.ground.credential(asked.credential_id)
        named = version is Version.ONE or bool(asked.account)
        if named and credential.account_id != account:
            raise InvalidRequest("Invalid parameter credentialID", detail="not the credential of this account")
        if is_expired(credential, self.ground.clock.now()):
            raise InvalidRequest(expired_words(credential, version))
        if credential.state is not CredentialState.ACTIVE:
            raise InvalidRequest("Invalid parameter credentialID", detail=f"it is {credential.state}")
        return credential

    async def _signature(self, asked: Asked, credential: Credential | None, partner_id: str) -> Signature:
        signing = self.ground.settings.signing
        key = credential.algorithm if credential else signing.algorithm if signing else "RSA-2048"
        documents = []
        for each in asked.digests:
            # What `prepareDoc` made is named on the phone by its file as well.
            owner = credential.account_id if credential and asked.details else ""
            file = await self.ground.file_digest(partner_id, owner, each.digest) if owner else ""
            documents.append(SignatureDocument(label=each.label, digest=each.digest, file_digest=file))
        return Signature(
            documents=tuple(documents),
            hash_algorithm=asked.hash_algorithm,
            sign_algorithm=sign_algorithm(key, asked.hash_algorithm),
            credential=credential.credential_id if credential and asked.credential_id else "",
            description=asked.description,
        )

    async def _asking(
        self,
        target: _Target,
        request: Request,
        browser: Browser,
        *,
        account: str | None,
        signature: Signature | None,
    ) -> Action:
        """Begin what the person must approve, and its round."""
        partner, service, asked = target.partner, target.service, request.asked
        round_id = self.ground.ids.identifier()
        action = await self.ground.signing.begin(
            NewSigning(
                partner_id=partner.partner_id,
                partner_name=partner.name,
                service_code=service.code,
                service_name=service.name,
                purpose=service.purpose,
                create=signature is None or not asked.credential_id,
                signature=signature,
                account_id=account,
                protocol=_protocol(round_id, asked),
                browser_hash=browser.cookie_hash,
                language=request.language,
                address=browser.address,
            )
        )
        await self._created(round_id, target, request, account=account, action_id=action.action_id)
        return action

    async def _known(self, target: _Target, request: Request, account: str | None) -> WayBack:
        """A person whom the partner may name, with a credential that signs: nobody needs to be asked."""
        round_id = self.ground.ids.identifier()
        found = await self._created(round_id, target, request, account=account, action_id=None)
        return await self._with_code(found, _protocol(round_id, request.asked))

    async def _created(
        self, round_id: str, target: _Target, request: Request, *, account: str | None, action_id: str | None
    ) -> Round:
        found = Round(
            round_id=round_id,
            partner_id=target.partner.partner_id,
            service_code=target.service.code,
            version=request.version,
            scope=request.scope,
            account_id=account,
            action_id=action_id,
            sealed_asked=self.ground.sealed(round_id, request.asked),
            code_until=None,
            redeemed_at=None,
            created_at=self.ground.clock.now(),
        )
        await self.ground.database.rows(
            store.CREATE, round_id, found.partner_id, found.service_code, found.version, found.scope, account,
            action_id, found.sealed_asked, found.created_at,
        )  # fmt: skip
        return found

    # --- the way back ------------------------------------------------------------------------------------------

    async def _with_code(self, found: Round, protocol: Mapping[str, Any]) -> WayBack:
        value = code(self.ground.key, found.round_id, found.version, found.scope)
        until = self.ground.clock.now() + CODE_SECONDS * SECOND
        await self.ground.database.rows(store.GIVE_CODE, found.round_id, sha256(value), until)
        return WayBack(with_parameters(str(protocol["redirect_uri"]), {"code": value, "state": _state(protocol)}))

    def _refused(self, target: _Target, error: CscError) -> WayBack:
        """Send a refusal back to the partner, and tell its developer."""
        partner_id = target.partner.partner_id
        log.info("refused", code=error.code, partner=partner_id, check=error.check, detail=error.detail)
        self.ground.desk.log.refused(
            partner_id, target.service.code, _ENDPOINT, error.check, error.code, error.detail or error.public
        )
        asked = target.parameters
        return _back({"redirect_uri": asked["redirect_uri"], "state": asked.get("state")}, error)


def _protocol(round_id: str, asked: Asked) -> dict[str, Any]:
    return {"door": DOOR, "round": round_id, "redirect_uri": asked.redirect_uri, "state": asked.state}


def _state(protocol: Mapping[str, Any]) -> str | None:
    state = protocol.get("state")
    return state if isinstance(state, str) else None


def _back(protocol: Mapping[str, Any], error: CscError) -> WayBack:
    told = {"error": error.code, "error_description": error.public, "state": _state(protocol)}
    return WayBack(with_parameters(str(protocol["redirect_uri"]), told))
