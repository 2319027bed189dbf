"""Beginning a request, and the way back to the partner when it has ended."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
import structlog

from ipse.actions.model import (
    Action,
    AskedAttribute,
    Collected,
    CredentialCreation,
    NewAction,
    Request,
    Signature,
)
from ipse.actions.service.requests import Actions
from ipse.attributes.model import ATTRIBUTES
from ipse.oidc.errors import (
    AccessDenied,
    InvalidAuthorizationDetails,
    InvalidRequest,
    OAuthError,
    TemporarilyUnavailable,
    UnknownClient,
    UnmetAuthenticationRequirements,
)
from ipse.oidc.model import DEFAULT, PRIVATE, AuthorizationRequest, Candidate, Requested, Source, Vocabulary
from ipse.oidc.rules.authorization import check_request, check_target, read_parameters, read_service_code, requested
from ipse.oidc.rules.pushed import is_pushed
from ipse.oidc.rules.running import step
from ipse.oidc.rules.target import check_client
from ipse.oidc.service.pushed import PushedRequests
from ipse.oidc.service.request_objects import RequestObjects
from ipse.oidc.service.responses import Recipient, Responses
from ipse.partners.model import Partner, Service
from ipse.partners.service import Partners, RequestLog
from ipse.signin.model import Browser, Ended, WayBack
from ipse.storage.errors import DatabaseUnavailableError
from ipse.web import languages

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""No client id or service code looks otherwise; others are not even looked up."""
_INDIRECT: Final = frozenset({"request", "request_uri"})
DOOR_NAME: Final = "authorization"
"""The name of this endpoint in the request log."""
_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "rejected": "The person refused",
    "cancelled": "The person cancelled",
    "expired": "Nobody approved in time",
    "impossible": "This cannot be asked of this person",
}

log = structlog.get_logger("ipse.oidc")


@dataclass(frozen=True, slots=True)
class Resumed:
    """The request has begun an action in this browser before: its page again."""

    handle: str


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A request whose parameters are known, and the row by which its browser finds it again, if there is one."""

    candidate: Candidate
    digest: bytes | None = None
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class Authorizations:
    """The authorization endpoint, without HTTP."""

    vocabulary: Vocabulary
    partners: Partners
    actions: Actions
    request_objects: RequestObjects
    pushed: PushedRequests
    responses: Responses
    request_log: RequestLog
    signs: bool = False
    """Whether people can sign here."""

    async def begin(self, pairs: Sequence[tuple[str, str]], browser: Browser) -> Action | Resumed | WayBack:
        """Judge a request and begin an action, or say where the refusal goes.

        Raises:
            OAuthError: refused before the redirect URI was proven; to be shown on our own page.
        """
        query = await self._read(pairs)
        partner = await self._partner(query.get("client_id"))
        candidate = Candidate(parameters=query, partner=partner)
        if not _INDIRECT.isdisjoint(query):
            try:
                arrived = await self._arrive(candidate, browser.cookie_hash)
            except OAuthError as error:
                return await self._unread(candidate, error)
            if arrived.handle is not None:
                return Resumed(arrived.handle)
            begun = await self._begin(arrived.candidate, browser)
            if arrived.digest is None or isinstance(begun, WayBack):
                return begun
            counts = await self.pushed.attach(arrived.digest, begun, browser.cookie_hash)
            return begun if counts == begun.handle else Resumed(counts)
        return await self._begin(candidate, browser)

    def destination(self, protocol: Mapping[str, Any]) -> str:
        """The address the answer to a request goes to."""
        uri: str = protocol["redirect_uri"]
        return uri

    async def way_back(self, end: Collected | Ended) -> WayBack:
        """The way back to the partner: the code, or why there is none (RFC 6749 §4.1.2, RFC 9207)."""
        asked = read_requested(end.protocol)
        partner = await self.partners.partner(asked.client_id) if asked.client_id else None
        to = Recipient(asked.redirect_uri, asked.response_mode, asked.state, partner)
        if isinstance(end, Collected):
            return await self.responses.code(to, end.code)
        if end.outcome == "failed":
            return await self.responses.refusal(to, TemporarilyUnavailable())
        if end.why == "level":
            return await self.responses.refusal(to, UnmetAuthenticationRequirements())
        told = _DESCRIPTIONS["impossible" if end.why == "impossible" else end.outcome]
        return await self.responses.refusal(to, AccessDenied(told))

    async def _read(self, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
        try:
            return read_parameters(pairs)
        except OAuthError as error:
            error.check = "read_parameters"
            self._note(Candidate(parameters={}, partner=await self._partner(dict(pairs).get("client_id"))), error)
            raise

    async def _arrive(self, candidate: Candidate, cookie_hash: bytes) -> _Arrived:
        """Find the parameters that count: what was pushed, or what a request object says.

        Raises:
            OAuthError: there are none to be believed.
        """
        check_client(candidate)
        query, partner = candidate.parameters, candidate.partner
        if partner is None:  # pragma: no cover - the check has refused it
            raise UnknownClient
        if query.keys() >= _INDIRECT:
            with step("read_parameters"):
                raise InvalidRequest("request and request_uri exclude each other")
        beside = {name: value for name, value in query.items() if name not in _INDIRECT}
        uri = query.get("request_uri")
        if uri is not None and is_pushed(uri):
            with step("open_pushed_request"):
                opened = await self.pushed.open(uri, partner.partner_id, cookie_hash)
            given = replace(candidate, parameters=opened.parameters, source="pushed", signed=opened.signed)
            return _Arrived(replace(given, beside=beside), opened.digest, opened.handle)
        if uri is not None:
            believed = await self.request_objects.by_reference(uri, query.get("scope"), partner)
        else:
            believed = await self.request_objects.by_value(query["request"], partner)
        source: Source = "request" if uri is None else "request_uri"
        given = replace(candidate, parameters=believed.parameters, source=source, signed=True, beside=beside)
        if believed.jti is None:
            return _Arrived(given)
        with step("take_request_object"):
            first = await self.request_objects.use(believed, partner.partner_id)
            taken = await self.pushed.take(believed, partner.partner_id, cookie_hash, first=first)
        return _Arrived(given, taken.digest, taken.handle)

    async def _begin(self, candidate: Candidate, browser: Browser) -> Action | WayBack:
        """Judge what is known of a request."""
        try:
            proven = await self._proven(candidate)
        except OAuthError as error:
            self._note(candidate, error)
            raise
        parameters = proven.parameters
        try:
            request = check_request(proven)
            if request.content and not self.signs and any(isinstance(each, Signature) for each in request.content):
                raise InvalidAuthorizationDetails("nothing is signed at this installation")
            language = languages.choose(parameters.get("ui_locales"), browser.language)
            browser = replace(browser, language=language)
            return await self.actions.begin(new_action(request, browser, await self._hinted(request)))
        except OAuthError as error:
            self._note(candidate, error, proven.service.code)
            return await self.responses.refusal(_recipient(proven), error)
        except DatabaseUnavailableError:
            return await self.responses.refusal(_recipient(proven), TemporarilyUnavailable())

    async def _proven(self, candidate: Candidate) -> AuthorizationRequest:
        with step("check_service"):
            code = read_service_code(candidate.parameters)
        service = await self._service(code)
        try:
            return check_target(replace(candidate, service=service) if service else candidate, self.vocabulary)
        except OAuthError as error:
            if service and candidate.partner and service.partner_id == candidate.partner.partner_id:
                error.service_code = service.code
            raise

    async def _unread(self, candidate: Candidate, error: OAuthError) -> WayBack:
        """Refuse a request whose parameters are not believed.

        They do not choose where the refusal goes. It goes to the redirect URI of the query, where that alone proves
        one; of a pushed request the query says nothing that counts, so that refusal stays here (RFC 9700 §4.11.2).
        """
        self._note(candidate, error)
        if is_pushed(candidate.parameters.get("request_uri", "")):
            raise error
        try:
            proven = await self._proven(candidate)
        except OAuthError:
            raise error from None
        return await self.responses.refusal(_recipient(proven), error)

    def _note(self, candidate: Candidate, error: OAuthError, service_code: str = "") -> None:
        """Tell our log, and the partner's developer."""
        partner_id = candidate.partner.partner_id if candidate.partner else ""
        of_service = service_code or error.service_code
        log.info("refused", code=error.code, partner=partner_id, check=error.check, detail=error.detail)
        error.reference = self.request_log.refused(
            partner_id, of_service, DOOR_NAME, error.check or error.code, error.code, error.public,
            source=candidate.source,
        )  # fmt: skip

    async def _hinted(self, request: AuthorizationRequest) -> str | None:
        """The account of the subject that the partner names; an unknown one is looked for and looks the same."""
        if request.subject_hint is None:
            return None
        return await self.actions.people.account_of_subject(request.subject_hint, request.partner.partner_id)

    async def _partner(self, client_id: str | None) -> Partner | None:
        return await self.partners.partner(client_id) if client_id and _NAME.fullmatch(client_id) else None

    async def _service(self, code: str | None) -> Service | None:
        return await self.partners.service(code) if code and _NAME.fullmatch(code) else None


def _recipient(proven: AuthorizationRequest) -> Recipient:
    """Whom a refusal goes to; as signed messages or in the way that was asked, where that can be had."""
    parameters, modes = proven.parameters, proven.profile.response_modes
    asked = parameters.get("response_mode", modes[0])
    return Recipient(
        parameters["redirect_uri"], asked if asked in modes else modes[0], parameters.get("state"), proven.partner
    )


def read_requested(protocol: Mapping[str, Any]) -> Requested:
    """What the partner asked for, out of an action's memory."""
    return msgspec.convert(protocol, Requested)


def _fallbacks(request: AuthorizationRequest) -> tuple[str, ...]:
    """What may stand in for the phone: a request that demands the phone, or one person, is approved with it."""
    if request.phone_essential or request.subject_hint is not None or request.source == "backchannel":
        return ()
    return request.service.fallbacks


def _demands_manner(request: AuthorizationRequest) -> bool:
    """Whether an essential `acr` demands a manner of approval: a weaker one must not be answered in its place."""
    return any(acr.essential for each in (request.claims.id_token, request.claims.userinfo) if (acr := each.get("acr")))


def _wished(request: AuthorizationRequest) -> str:
    """The fallback that `acr_values` wishes first, if it is allowed."""
    asked = request.parameters.get("acr_values", "").split()
    allowed = {request.vocabulary.fallback_acr(method): method for method in _fallbacks(request)}
    return next((allowed[acr] for acr in asked if acr in allowed), "")


def new_action(request: AuthorizationRequest, browser: Browser, account_id: str | None) -> NewAction:
    """A judged request as an action to begin; `account_id` is the person whose phone it is addressed to."""
    service, profile = request.service, request.profile
    signs = any(isinstance(each, Signature) for each in request.content)
    # Who has no certificate on the phone yet gets one with the signature; what it says is filled in then.
    content = (CredentialCreation("", "", "", 0), *request.content) if signs else request.content
    asked = tuple(
        AskedAttribute(name=name, required=required, protected=ATTRIBUTES[name].protected)
        for name, required in request.asked.items()
    )
    protocol = msgspec.to_builtins(requested(request))
    private = {name: protocol.pop(name) for name in PRIVATE if name in protocol}
    return NewAction(
        kind=service.type,
        partner_id=request.partner.partner_id,
        service_code=service.code,
        request=Request(
            partner_name=request.partner.name,
            service_name=service.name,
            purpose=service.purpose,
            assurance="advanced" if signs else request.assurance,
            attributes=asked,
            protocol=protocol,
            language=browser.language,
            match=request.subject_hint is not None,
            level=request.eidas_level or "",
            level_essential=request.eidas_essential,
            assurance_essential=_demands_manner(request),
            pause_during_calls=service.pause_during_calls,
            fallbacks=() if signs else _fallbacks(request),
            wished=_wished(request),
        ),
        browser_hash=browser.cookie_hash,
        address=browser.address,
        account_id=account_id,
        content=content,
        content_digest=request.content_digest,
        private=private,
        code_seconds=None if profile.name == DEFAULT.name else profile.code_seconds,
        token_seconds=None if profile.name == DEFAULT.name else profile.token_seconds,
    )
