"""UserInfo and picture: what an access token reads."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.oidc.errors import InvalidDpopProof, InvalidRequest
from ipse.oidc.http.clients import certificate_of, note_refusal, with_nonce
from ipse.oidc.http.errors import no_token, resource_refusal
from ipse.oidc.rules.provider import PATHS, PICTURE_PATH
from ipse.oidc.rules.senders import Scheme, Sender
from ipse.oidc.service import Provider
from ipse.standards.oauth import OAuthFormError, access_token

_NO_STORE = (b"cache-control", b"no-store")


class UserInfoEndpoints:
    """The access token comes in the `Authorization` header, never in a query or body (RFC 9700 §4.3.2)."""

    def __init__(self, provider: Provider) -> None:
        self._tokens = provider.tokens
        self._proofs = provider.proofs
        self._log = provider.request_log

    async def claims(self, request: Request) -> Response:
        """The approved claims as a token signed and encrypted for the partner (OpenID Connect Core §5.3)."""
        scheme: Scheme = "Bearer"
        try:
            sent = _token(request)
            if sent is None:
                return no_token()
            scheme, token = sent
            sender = self._sender(request, scheme, token, PATHS["userinfo_endpoint"])
            answer = await self._tokens.userinfo(token, sender)
            response = Response(answer.token)
            response.raw_headers += [(b"content-type", answer.media_type.encode("ascii")), _NO_STORE]
        except PlatformError as error:
            note_refusal(self._log, error, None, at="userinfo")
            response = resource_refusal(error, scheme)
        return with_nonce(response, request, self._proofs)

    async def picture(self, request: Request) -> Response:
        """The approved picture as the registrar gave it."""
        scheme: Scheme = "Bearer"
        try:
            sent = _token(request)
            if sent is None:
                return no_token()
            scheme, token = sent
            picture = await self._tokens.picture(token, self._sender(request, scheme, token, PICTURE_PATH))
            response = Response(picture.content)
            response.raw_headers += [(b"content-type", picture.media_type.encode("ascii")), _NO_STORE]
        except PlatformError as error:
            note_refusal(self._log, error, None, at="picture")
            response = resource_refusal(error, scheme)
        return with_nonce(response, request, self._proofs)

    def _sender(self, request: Request, scheme: Scheme, token: str, path: str) -> Sender:
        certificate = certificate_of(request)
        thumbprint = certificate.thumbprint if certificate else None
        if scheme == "Bearer":
            return Sender(thumbprint=thumbprint)
        headers = request.headers.getlist("dpop")
        proof = self._proofs.read(headers, method=request.method, path=path, access_token=token)
        if proof is None:
            raise InvalidDpopProof("the DPoP header is missing")
        return Sender(scheme="DPoP", proof=proof, thumbprint=thumbprint)


def _token(request: Request) -> tuple[Scheme, str] | None:
    if b"access_token=" in request.scope["query_string"]:
        raise InvalidRequest("the access token belongs in the Authorization header")
    try:
        return access_token(request.headers.get("authorization"))
    except OAuthFormError as error:
        raise InvalidRequest(str(error)) from error
