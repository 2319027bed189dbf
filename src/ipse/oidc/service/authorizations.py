"""Beginning a request, and the way back to the partner when it has ended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import structlog

from ipse.actions.model import Action, AskedAttribute, Collected, NewAction, Request
from ipse.actions.service.requests import Actions
from ipse.attributes.model import ATTRIBUTES
from ipse.oidc.errors import AccessDenied, OAuthError, TemporarilyUnavailable
from ipse.oidc.model import DEFAULT, PRIVATE, AuthorizationRequest, Candidate, Requested, Vocabulary
from ipse.oidc.rules.authorization import check_request, check_target, read_parameters, read_service_code, requested
from ipse.partners.model import Partner, Service
from ipse.partners.service import Partners
from ipse.signin.model import Ended, WayBack
from ipse.standards.oauth import with_parameters
from ipse.storage.errors import DatabaseUnavailableError

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""No client id or service code looks otherwise; others are not even looked up."""
_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "rejected": "The person refused",
    "cancelled": "The person cancelled",
    "expired": "Nobody approved in time",
}

log = structlog.get_logger("ipse.oidc")


@dataclass(frozen=True, slots=True)
class SendBack:
    """The request is refused, and the partner may know: where to send the browser."""

    url: str


@dataclass(frozen=True, slots=True)
class Browser:
    """The browser that asks: its language, and the hash of its cookie."""

    language: str
    cookie_hash: bytes


@dataclass(frozen=True, slots=True)
class Authorizations:
    """The authorization endpoint, without HTTP."""

    issuer: str
    vocabulary: Vocabulary
    partners: Partners
    actions: Actions

    async def begin(self, pairs: Iterable[tuple[str, str]], browser: Browser) -> Action | SendBack:
        """Judge a request and begin an action, or say where the refusal goes.

        Raises:
            OAuthError: refused before the redirect URI was proven; to be shown on our own page.
        """
        parameters = read_parameters(pairs)
        partner = await self._partner(parameters.get("client_id"))
        service = await self._service(read_service_code(parameters))
        proven = check_target(Candidate(parameters=parameters, partner=partner, service=service), self.vocabulary)
        try:
            request = check_request(proven)
            return await self.actions.begin(new_action(request, browser, await self._hinted(request)))
        except OAuthError as error:
            log.info("refused", code=error.code, partner=proven.partner.partner_id, detail=error.detail)
            return SendBack(self._refusal(parameters["redirect_uri"], parameters.get("state"), error))
        except DatabaseUnavailableError:
            unavailable = TemporarilyUnavailable()
            return SendBack(self._refusal(parameters["redirect_uri"], parameters.get("state"), unavailable))

    def destination(self, protocol: Mapping[str, Any]) -> str:
        """The address the answer to a request goes to."""
        uri: str = protocol["redirect_uri"]
        return uri

    async def way_back(self, end: Collected | Ended) -> WayBack:
        """The way back to the partner: the code, or why there is none (RFC 6749 §4.1.2, RFC 9207)."""
        asked = read_requested(end.protocol)
        if isinstance(end, Collected):
            answer = {"code": end.code, "state": asked.state, "iss": self.issuer}
            return WayBack(with_parameters(asked.redirect_uri, answer))
        return WayBack(self._refusal(asked.redirect_uri, asked.state, AccessDenied(_DESCRIPTIONS[end.outcome])))

    def _refusal(self, redirect_uri: str, state: str | None, error: OAuthError) -> str:
        answer = {"error": error.code, "error_description": error.public, "state": state, "iss": self.issuer}
        return with_parameters(redirect_uri, answer)

    async def _hinted(self, request: AuthorizationRequest) -> str | None:
        """The account of the subject that the partner names; an unknown one is looked for and looks the same."""
        if request.subject_hint is None:
            return None
        return await self.actions.people.account_of_subject(request.subject_hint, request.partner.partner_id)

    async def _partner(self, client_id: str | None) -> Partner | None:
        return await self.partners.partner(client_id) if client_id and _NAME.fullmatch(client_id) else None

    async def _service(self, code: str | None) -> Service | None:
        return await self.partners.service(code) if code and _NAME.fullmatch(code) else None


def read_requested(protocol: Mapping[str, Any]) -> Requested:
    """What the partner asked for, out of an action's memory."""
    return msgspec.convert(protocol, Requested)


def new_action(request: AuthorizationRequest, browser: Browser, account_id: str | None) -> NewAction:
    """A judged request as an action to begin; `account_id` is the person whose phone it is addressed to."""
    service, profile = request.service, request.profile
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
            assurance=request.assurance,
            attributes=asked,
            protocol=protocol,
            language=browser.language,
            match=request.subject_hint is not None,
            level=request.eidas_level or "",
            level_essential=request.eidas_essential,
        ),
        browser_hash=browser.cookie_hash,
        account_id=account_id,
        content=request.content,
        content_digest=request.content_digest,
        private=private,
        code_seconds=None if profile is DEFAULT else profile.code_seconds,
        token_seconds=None if profile is DEFAULT else profile.token_seconds,
    )
