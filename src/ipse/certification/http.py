"""Its two faces: what everybody may ask (answers, lists, time stamps), and what registration may (certificates)."""

from __future__ import annotations

import asyncio
import binascii
import re
from base64 import b64decode, encodebytes
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import msgspec
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ipse.certification import ceremony, responder, timestamps
from ipse.certification.applicants import Clients
from ipse.certification.authority import Authority
from ipse.certification.errors import KeysUnavailableError, RefusedError
from ipse.certification.requests import check_subject, read_request
from ipse.certification.responder import Responder
from ipse.certification.timestamps import TimeStamps
from ipse.kernel.addresses import UNKNOWN, client_behind, is_named
from ipse.kernel.ids import b64u, b64u_decode
from ipse.kernel.limits import TokenBuckets
from ipse.standards import certification as words
from ipse.storage.errors import DatabaseUnavailableError

log = structlog.get_logger("ipse.certification")
_MOST_BYTES: Final = 32_768
_SECONDS: Final = 10
_SERIAL: Final = re.compile(r"[0-9a-f]{1,40}")
_DAY: Final = 86_400

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Application:
    """ASGI: handlers by method and path. A path that ends with a slash takes what follows it."""

    handlers: dict[tuple[str, str], Handler]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; each failure is an answer."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._handler(request)(request)
        except RefusedError as refused:
            response = _refusal(refused)
        except KeysUnavailableError as error:
            log.warning("keys.unavailable", error=str(error))
            response = _refusal(RefusedError("keys_unavailable"))
        except DatabaseUnavailableError:
            response = _refusal(RefusedError("database_unavailable"))
        except Exception:
            log.exception("request.failed", method=request.method)
            response = _refusal(RefusedError("server_error"))
        await response(scope, receive, send)

    def _handler(self, request: Request) -> Handler:
        path, method = request.url.path, "GET" if request.method == "HEAD" else request.method
        found = [(verb, place) for verb, place in self.handlers if path == place or _below(path, place)]
        if not found:
            raise RefusedError("not_found")
        for verb, place in found:
            if verb == method:
                return self.handlers[verb, place]
        raise RefusedError("wrong_method")


@dataclass(frozen=True)
class Counting:
    """How often each address has asked."""

    buckets: TokenBuckets
    trusted_proxies: tuple[str, ...]
    own_addresses: tuple[str, ...]

    def limited(self, kind: str, handler: Handler) -> Handler:
        """A handler that one address alone cannot keep busy."""

        async def answer(request: Request) -> Response:
            peer = request.client.host if request.client else UNKNOWN
            address = client_behind(peer, ",".join(request.headers.getlist("x-forwarded-for")), self.trusted_proxies)
            if not is_named(address, self.own_addresses) and (wait := self.buckets.wait_for(kind, address)):
                raise RefusedError("too_many_requests", retry_after=wait)
            return await handler(request)

        return answer


@dataclass(frozen=True)
class Public:
    """What everybody may ask. All of it is signed, so plain HTTP carries it."""

    folder: Path
    authority: Authority
    responder: Responder
    stamps: TimeStamps
    counting: Counting

    def application(self) -> Application:
        """Its addresses."""
        handlers: dict[str, dict[tuple[str, str], Handler]] = {
            "answers": {("POST", "/ocsp"): self.answer, ("GET", "/ocsp/"): self.answer_short},
            "timestamps": {("POST", "/timestamps"): self.stamp},
            "files": {
                ("GET", "/crl/issuing.crl"): self.issuing_list,
                ("GET", "/crl/root.crl"): self.root_list,
                ("GET", "/certificates/root.cer"): self.root,
                ("GET", "/certificates/issuing.cer"): self.issuing,
                ("GET", "/status"): self.status,
            },
        }
        return Application(
            {
                place: self.counting.limited(kind, handler)
                for kind, found in handlers.items()
                for place, handler in found.items()
            }
        )

    async def answer(self, request: Request) -> Response:
        """`POST /ocsp`."""
        asked = await _body(request, words.OCSP_REQUEST, responder.MOST_BYTES)
        return Response(await self.responder.answer(asked), media_type=words.OCSP_RESPONSE, headers=_not_kept())

    async def answer_short(self, request: Request) -> Response:
        """`GET /ocsp/{base64}` (RFC 6960 §A.1)."""
        text = unquote(request.scope["raw_path"].decode("ascii", "replace").partition("/ocsp/")[2])
        if len(text) > responder.MOST_BYTES:
            raise RefusedError("too_large")
        try:
            asked = b64decode(text.replace(" ", "+"), validate=True)
        except (ValueError, binascii.Error):
            asked = b""
        return Response(await self.responder.answer(asked), media_type=words.OCSP_RESPONSE, headers=_not_kept())

    async def stamp(self, request: Request) -> Response:
        """`POST /timestamps` (RFC 3161 §3.4)."""
        asked = await _body(request, words.TIMESTAMP_QUERY, timestamps.MOST_BYTES)
        return Response(await self.stamps.answer(asked), media_type=words.TIMESTAMP_REPLY, headers=_not_kept())

    async def issuing_list(self, _: Request) -> Response:
        """`GET /crl/issuing.crl`."""
        newest = self.authority.lists.newest or await self.authority.lists.make()
        return Response(newest.octets, media_type=words.LIST_TYPE, headers=_kept(60))

    async def root_list(self, _: Request) -> Response:
        """`GET /crl/root.crl`."""
        octets = await asyncio.to_thread((self.folder / ceremony.LIST).read_bytes)
        return Response(octets, media_type=words.LIST_TYPE, headers=_kept(3600))

    async def root(self, _: Request) -> Response:
        """`GET /certificates/root.cer`."""
        return await self._certificate(ceremony.ROOT)

    async def issuing(self, _: Request) -> Response:
        """`GET /certificates/issuing.cer`."""
        return await self._certificate(ceremony.ISSUING)

    async def status(self, _: Request) -> Response:
        """`GET /status`: it serves, and how old its list is."""
        newest = self.authority.lists.newest
        told = {"status": "serving", "list": newest.number if newest else 0}
        return Response(msgspec.json.encode(told), media_type="application/json", headers=_not_kept())

    async def _certificate(self, name: str) -> Response:
        certificate = await asyncio.to_thread(ceremony.read_certificate, self.folder / name)
        der = certificate.public_bytes(Encoding.DER)
        return Response(der, media_type="application/pkix-cert", headers=_kept(_DAY))


@dataclass(frozen=True)
class Registration:
    """What those may ask who register people."""

    authority: Authority
    root: x509.Certificate
    clients: Clients

    def application(self) -> Application:
        """Its addresses: EST (RFC 7030) with the profile as label, and JSON."""
        handlers: dict[tuple[str, str], Handler] = {
            ("POST", words.CERTIFICATES_PATH): self.certify,
            ("POST", f"{words.CERTIFICATES_PATH}/"): self.change,
            ("GET", f"{words.CERTIFICATES_PATH}/"): self.status,
        }
        for label, profile in (("", "person"), ("/person", "person"), ("/short-term", "short_term")):
            handlers["GET", f"{words.EST_PATH}{label}/cacerts"] = self.authorities
            handlers["POST", f"{words.EST_PATH}{label}/simpleenroll"] = self._enrolling(profile)
        return Application(handlers)

    async def authorities(self, _: Request) -> Response:
        """`GET /.well-known/est/cacerts`: anybody may (RFC 7030 §4.1.1)."""
        return _certs_only([self.authority.by.pair.certificate, self.root])

    async def certify(self, request: Request) -> Response:
        """`POST /registration/certificates`."""
        client = self._client(request)
        asked = await _json(request, words.NewCertificate)
        try:
            octets = b64u_decode(asked.request)
        except ValueError as error:
            raise RefusedError("malformed", "request is not base64url") from error
        check_subject(asked.subject)
        read = await asyncio.to_thread(read_request, octets)
        if read.subject != asked.subject:
            raise RefusedError("wrong_subject", "the names are not those of the request")
        certificate = await self.authority.certify(
            read, asked_by=client, profile=asked.profile, valid_seconds=asked.valid_seconds
        )
        issuer = self.authority.by.pair.certificate.public_bytes(Encoding.DER)
        return _told(words.Issued(b64u(certificate), (b64u(issuer),)), 201)

    async def change(self, request: Request) -> Response:
        """`POST /registration/certificates/{serial}/status`."""
        client, serial = self._client(request), _serial(request)
        asked = await _json(request, words.StatusChange)
        return _told(await self.authority.change_of_person(serial, asked, asked_by=client))

    async def status(self, request: Request) -> Response:
        """`GET /registration/certificates/{serial}/status`."""
        self._client(request)
        return _told(await self.authority.status(_serial(request)))

    def _enrolling(self, profile: str) -> Handler:
        settings = self.authority.by.settings
        seconds = settings.short_term_hours * 3600 if profile == "short_term" else settings.most_days * _DAY

        async def enrol(request: Request) -> Response:
            """`POST /.well-known/est/simpleenroll`."""
            client = self._client(request)
            body = await _body(request, words.PKCS10_TYPE, _MOST_BYTES)
            try:
                octets = b64decode(b"".join(body.split()), validate=True)
            except (ValueError, binascii.Error) as error:
                raise RefusedError("malformed", "the request is not base64") from error
            read = await asyncio.to_thread(read_request, octets)
            made = await self.authority.certify(read, asked_by=client, profile=profile, valid_seconds=seconds)
            return _certs_only([x509.load_der_x509_certificate(made)])

        return enrol

    def _client(self, request: Request) -> str:
        name = self.clients.named(request.headers.get("authorization", ""))
        if name is None:
            raise RefusedError("wrong_credentials")
        return f"client:{name}"


def _below(path: str, place: str) -> bool:
    return place.endswith("/") and path.startswith(place)


def _serial(request: Request) -> str:
    serial, slash, last = request.url.path.removeprefix(f"{words.CERTIFICATES_PATH}/").partition("/")
    if not slash or last != "status" or not _SERIAL.fullmatch(serial):
        raise RefusedError("not_found")
    return serial.lstrip("0")


async def _body(request: Request, media_type: str, most: int) -> bytes:
    """The body, of the one type this address takes, within bounds of size and time."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
        raise RefusedError("wrong_type", f"send {media_type}")
    if int(request.headers.get("content-length", "0") or 0) > most:
        raise RefusedError("too_large")
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise RefusedError("too_large")
    except (TimeoutError, ClientDisconnect) as error:
        raise RefusedError("malformed", "the request did not arrive whole") from error
    return bytes(body)


async def _json(request: Request, kind: type[Any]) -> Any:  # noqa: ANN401 - the type that is handed in
    body = await _body(request, "application/json", _MOST_BYTES)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise RefusedError("malformed", "not the members that this address takes") from error


def _told(value: msgspec.Struct, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json", headers=_not_kept())


def _refusal(refused: RefusedError) -> Response:
    told = msgspec.json.encode(words.Refused(refused.code, refused.detail))
    headers = _not_kept()
    if refused.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="ipse certification", charset="UTF-8"'
    if refused.status in {429, 503}:
        headers["Retry-After"] = str(refused.retry_after)
    return Response(told, refused.status, media_type="application/json", headers=headers)


def _certs_only(certificates: list[x509.Certificate]) -> Response:
    """Certificates as PKCS #7 in base64 (RFC 7030 §4.1.3)."""
    octets = pkcs7.serialize_certificates(certificates, Encoding.DER)
    headers = {**_not_kept(), "Content-Transfer-Encoding": "base64"}
    return Response(encodebytes(octets), media_type=f"{words.PKCS7_TYPE}; smime-type=certs-only", headers=headers)


def _kept(seconds: int) -> dict[str, str]:
    return {"Cache-Control": f"public, max-age={seconds}"}


def _not_kept() -> dict[str, str]:
    return {"Cache-Control": "no-store"}
