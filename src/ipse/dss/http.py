"""The interface over HTTP: parse, call one method of the service, render."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from ipse.actions.errors import StartedElsewhere, UnknownAction
from ipse.dss.errors import DssRefused
from ipse.dss.model import (
    COMMITMENT_TYPES,
    LANGUAGES,
    PATH,
    PENDING,
    POLICY_DEFAULT,
    POLICY_OID,
    POLICY_TEXTS,
    REQUESTER_ERROR,
    RESPONDER_ERROR,
    SUCCESS,
    IdentificationRequest,
    SignRequest,
    StatusRequest,
    policy_digest,
    policy_document,
)
from ipse.dss.service import Dss
from ipse.kernel.ids import Ids
from ipse.partners.model import Partner
from ipse.signin.service import SignIn
from ipse.standards.client_certificates import CertificateError, ClientCertificate, read_certificate
from ipse.standards.strict_json import JsonError, parse
from ipse.web import cookies
from ipse.web.certificates import SCOPE_KEY
from ipse.web.errors import MalformedForm, MethodNotAllowed
from ipse.web.forms import read_body
from ipse.web.pages import language_of
from ipse.web.routes import Caller, Route

_MOST_BYTES: Final = 65_536
_NO_STORE: Final = {"Cache-Control": "no-store"}
_Body = TypeVar("_Body", IdentificationRequest, StatusRequest, SignRequest)


def routes(dss: Dss, *, signin: SignIn, ids: Ids) -> list[Route]:
    """All routes of the interface."""
    endpoints = Endpoints(dss, signin, ids)
    partner, public = Caller.PARTNER, Caller.PUBLIC
    return [
        Route(PATH + "/.well-known/configuration", endpoints.configuration, caller=public, limit="static"),
        Route(PATH + "/policy", endpoints.policy, caller=public, limit="static"),
        Route(PATH + "/user_identification", endpoints.identify, ("POST",), caller=partner, limit="partner"),
        Route(PATH + "/user_identification/status", endpoints.status, ("POST",), caller=partner, limit="partner"),
        Route(PATH + "/sign_document", endpoints.sign, ("POST",), caller=partner, limit="partner"),
        Route(PATH + "/visits/{reference}", endpoints.open, caller=Caller.BROWSER, limit="page"),
    ]


class Endpoints:
    """One method for each address."""

    def __init__(self, dss: Dss, signin: SignIn, ids: Ids) -> None:
        self._dss = dss
        self._signin = signin
        self._ids = ids

    async def configuration(self, _: Request) -> Response:
        """`GET /.well-known/configuration`: policies, commitment types and languages."""
        about = {
            "url": f"{self._dss.base_url}{PATH}/policy",
            "status": "ENABLED",
            "sigDigest": policy_digest(),
            "sigDigestAlg": "SHA256",
            "text": POLICY_TEXTS,
        }
        return _json(
            {
                "sign_policy_templates_supported": [
                    {"oid": POLICY_OID, "ref": ref, **about} for ref in (POLICY_DEFAULT, POLICY_OID)
                ],
                "commitment_types_supported": [{"oid": oid, "text": text} for oid, text in COMMITMENT_TYPES.items()],
                "sign_languages_supported": list(LANGUAGES),
            },
            headers={"Cache-Control": "max-age=3600"},
        )

    async def policy(self, _: Request) -> Response:
        """The signature policy itself, byte for byte as its digest says."""
        return PlainTextResponse(policy_document(), headers={"Cache-Control": "max-age=3600"})

    async def identify(self, request: Request) -> Response:
        """`POST /user_identification`."""

        async def identified(partner: Partner, sent: IdentificationRequest) -> dict[str, Any]:
            started = await self._dss.identify(partner, sent)
            return {"status": "OK", "asyncRespID": started.visit_id, "identificationUrl": started.url}

        return await self._answered(request, IdentificationRequest, lambda sent: sent.partner_code, identified)

    async def status(self, request: Request) -> Response:
        """`POST /user_identification/status`."""

        async def found(partner: Partner, sent: StatusRequest) -> dict[str, Any]:
            who = await self._dss.identified(partner, sent)
            return {
                "status": "OK",
                "userCode": who.user_code,
                "certificate": who.certificates[0],
                "fullCertificateChain": "".join(who.certificates),
            }

        return await self._answered(request, StatusRequest, lambda sent: sent.partner_code, found)

    async def sign(self, request: Request) -> Response:
        """`POST /sign_document`: begins with `inDocs`, asks with `asyncRespID`."""

        async def signed(partner: Partner, sent: SignRequest) -> dict[str, Any]:
            if sent.async_resp_id:
                return await self._polled(partner, sent.async_resp_id)
            started = await self._dss.sign(partner, sent)
            return {
                "result": {"maj": PENDING},
                "reqID": sent.request_id,
                "respID": started.visit_id,
                "optOutp": {"itsme": {"signingUrl": started.url, "userCode": started.user_code}},
            }

        code = request.headers.get("x-partner-code", "")
        return await self._answered(request, SignRequest, lambda sent: sent.options.itsme.partner_code or code, signed)

    async def open(self, request: Request) -> Response:
        """Where the partner sends the person: the waiting page, for the first browser that comes.

        Raises:
            MethodNotAllowed: only a look at the headers, which must not take the visit from its browser.
        """
        if request.method != "GET":
            raise MethodNotAllowed
        browser = cookies.browser_hash(request, self._ids)
        reference, query = request.path_params["reference"], request.url.query[:1024]
        address = request.scope["ipse.address"]
        try:
            opened = await self._dss.open(reference, browser, language_of(request), query, address=address)
        except StartedElsewhere as error:
            return self._signin.notice(request, "foreign", status=error.status)
        except UnknownAction as error:
            return self._signin.notice(request, "unknown", status=error.status)
        if opened.action is None:
            return RedirectResponse(opened.url, 303, headers=_NO_STORE)
        return self._signin.start_page(request, opened.action)

    async def _polled(self, partner: Partner, visit_id: str) -> dict[str, Any]:
        try:
            answered = await self._dss.signed(partner, visit_id)
        except DssRefused as error:
            if error.reason != "PENDING":
                raise
            return {"result": {"maj": PENDING}, "respID": visit_id}
        return {
            "result": {"maj": SUCCESS},
            "reqID": answered.request_id,
            "respID": visit_id,
            "sigObj": [
                {"b64Sig": {"value": b64encode(value).decode()}, "whichDoc": document}
                for document, value in answered.signatures
            ],
            "optOutp": {"itsme": {"userCode": answered.user_code}},
        }

    async def _answered(
        self,
        request: Request,
        kind: type[_Body],
        named: Callable[[_Body], str],
        work: Callable[[Partner, _Body], Awaitable[dict[str, Any]]],
    ) -> Response:
        try:
            sent = await _read(request, kind)
            partner = await self._dss.partner(_code(request, named(sent)), _certificate(request))
            return _json(await work(partner, sent))
        except DssRefused as error:
            return _refusal(error, signing=kind is SignRequest)


async def _read(request: Request, kind: type[_Body]) -> _Body:
    try:
        octets = await read_body(request, most=_MOST_BYTES)
    except MalformedForm as error:
        raise DssRefused("NO_REQUEST", f"the body is {error.detail}") from error
    if not octets:
        raise DssRefused("NO_REQUEST", "the request has no body")
    try:
        return msgspec.convert(parse(octets, max_bytes=_MOST_BYTES), kind)
    except JsonError as error:
        raise DssRefused("NO_REQUEST", f"the body is not JSON: {error}") from error
    except msgspec.ValidationError as error:
        raise DssRefused("INCOMPLETE_REQUEST", str(error)) from error


def _code(request: Request, code: str) -> str:
    """The partner that a request names: in its body, and in a header where it sends one."""
    header = request.headers.get("x-partner-code")
    if not code:
        raise DssRefused("MISSING_PARTNER_CODE", "partnerCode is missing")
    if header is not None and header != code:
        raise DssRefused("INVALID_REQUESTOR", "X-Partner-Code and partnerCode differ")
    return code


def _certificate(request: Request) -> ClientCertificate | None:
    der = request.scope.get(SCOPE_KEY)
    try:
        return None if der is None else read_certificate(der)
    except CertificateError:
        return None


def _refusal(error: DssRefused, *, signing: bool) -> Response:
    """The protocol's own shape: `status` and `statusReason`, and for signatures a result as DSS has it."""
    body: dict[str, Any] = {"status": "NOK", "statusReason": error.reason}
    if signing:
        major = REQUESTER_ERROR if error.status < 409 else RESPONDER_ERROR
        body["result"] = {"maj": major, "min": error.reason, "msg": error.message}
    else:
        body["message"] = error.message
    return _json(body, status=error.status)


def _json(body: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    octets = msgspec.json.encode(body)
    return Response(octets, status_code=status, media_type="application/json", headers=headers or _NO_STORE)
