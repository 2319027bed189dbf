"""Asks for certificates and ends them: of our own certification service, or of EJBCA.

Our own is asked by JSON (`standards.certification`) over its socket or TLS; EJBCA by EST (RFC 7030), and by its REST
API for what EST leaves open.
"""

from __future__ import annotations

import re
import ssl
from base64 import b64decode, encodebytes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from ipse.kernel.ids import b64u, b64u_decode
from ipse.kernel.settings import Certification, Environment, SettingsError
from ipse.signing.clients.authorities import read_authorities
from ipse.signing.errors import CertificationRefused, SigningUnavailable
from ipse.standards import certification as words
from ipse.standards.certification import Reason, Subject
from ipse.storage.private_files import read_private
from ipse.telemetry.calls import calling

T = TypeVar("T")
_SECONDS: Final = httpx.Timeout(5.0, read=20.0)
_MOST_BYTES: Final = 131_072
_SERIAL: Final = re.compile(r"[0-9a-f]{1,40}")
_CREDENTIALS: Final = re.compile(r"([!-9;-~]{1,100}):([!-~]{1,200})(?:\s+certificate=(/\S+))?\s*")
_FOR_GOOD: Final = frozenset(
    {
        "wrong_request",
        "wrong_key",
        "wrong_subject",
        "wrong_validity",
        "other_request",
        "ended",
        "unknown_certificate",
    }
)
"""Refusals that asking again does not mend. All others are faults of settings or of the moment."""
_EJBCA_REASONS: Final[Mapping[Reason, str]] = {
    "unspecified": "UNSPECIFIED",
    "key_compromise": "KEY_COMPROMISE",
    "affiliation_changed": "AFFILIATION_CHANGED",
    "superseded": "SUPERSEDED",
    "cessation_of_operation": "CESSATION_OF_OPERATION",
    "privilege_withdrawn": "PRIVILEGES_WITHDRAWN",
}
_EJBCA_REST: Final = "/ejbca/ejbca-rest-api/v1/certificate"


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes


class _Caller:
    """Calls one address, proven by name and password, within bounds."""

    def __init__(self, url: str, auth: tuple[str, str], context: ssl.SSLContext | None) -> None:
        if url.startswith("unix:"):
            transport = httpx.AsyncHTTPTransport(uds=url.removeprefix("unix:"))
            base = "http://certification"
        else:
            transport = httpx.AsyncHTTPTransport(verify=context or ssl.create_default_context())
            base = url.rstrip("/")
        self._client = httpx.AsyncClient(
            transport=transport, base_url=base, timeout=_SECONDS, trust_env=False, auth=auth
        )

    async def ask(self, method: str, path: str, body: bytes = b"", media_type: str = "", encoding: str = "") -> _Answer:
        """Ask once.

        Raises:
            SigningUnavailable: no answer, or too much of one.
        """
        headers = {"Content-Type": media_type} if media_type else {}
        if encoding:
            headers["Content-Transfer-Encoding"] = encoding
        try:
            with calling("certification") as call:
                async with self._client.stream(method, path, content=body or None, headers=headers) as response:
                    call.answered(response.status_code)
                    octets = bytearray()
                    async for chunk in response.aiter_bytes():
                        octets += chunk
                        if len(octets) > _MOST_BYTES:
                            raise SigningUnavailable("certification answers too much")
        except httpx.HTTPError as error:
            raise SigningUnavailable(f"certification: {type(error).__name__}") from error
        return _Answer(response.status_code, bytes(octets))

    async def close(self) -> None:
        """Let go."""
        await self._client.aclose()


class OwnCertification:
    """Our own certification service."""

    def __init__(self, caller: _Caller) -> None:
        self._caller = caller

    async def certify(self, request: bytes, subject: Subject, *, valid_seconds: int, profile: str) -> tuple[bytes, ...]:
        """The certificate of a request (PKCS #10, DER) and those of its issuers without the root; the same again.

        Raises:
            CertificationRefused: it says no, for good.
            SigningUnavailable: it cannot be reached, or cannot do it now.
        """
        kind: Literal["person", "short_term"] = "short_term" if profile == "short_term" else "person"
        asked = words.NewCertificate(b64u(request), subject, valid_seconds, kind)
        answer = await self._ask("POST", words.CERTIFICATES_PATH, asked)
        issued = _read(answer.body, words.Issued)
        try:
            return tuple(b64u_decode(each) for each in (issued.certificate, *issued.issuers))
        except ValueError as error:
            raise SigningUnavailable("certification answers something else than agreed") from error

    async def hold(self, serial: str) -> None:
        """Put a certificate on hold; one that is on hold or revoked is no fault. Raises as `certify`."""
        await self._change(serial, words.StatusChange("on_hold"))

    async def resume(self, serial: str) -> None:
        """Take a certificate off hold; one that is good is no fault. Raises as `certify`."""
        await self._ask("POST", _place(serial), words.StatusChange("good"))

    async def revoke(self, serial: str, reason: Reason) -> None:
        """Revoke a certificate; one that is revoked is no fault. Raises as `certify`."""
        await self._change(serial, words.StatusChange("revoked", reason))

    async def close(self) -> None:
        """Let go."""
        await self._caller.close()

    async def _change(self, serial: str, change: words.StatusChange) -> None:
        try:
            await self._ask("POST", _place(serial), change)
        except CertificationRefused as refused:
            if refused.refusal != "ended":
                raise

    async def _ask(self, method: str, path: str, body: msgspec.Struct) -> _Answer:
        answer = await self._caller.ask(method, path, msgspec.json.encode(body), "application/json")
        if answer.status in {200, 201}:
            return answer
        refused = _read(answer.body, words.Refused)
        if refused.code in _FOR_GOOD:
            raise CertificationRefused(refused.code)
        raise SigningUnavailable(f"certification: {refused.code}")


class EjbcaCertification:
    """EJBCA: EST for certificates, its REST API to end them.

    What a certificate says and how long it holds is decided by the profiles of the EST alias that `url` names.
    """

    def __init__(self, caller: _Caller, place: str, authorities: Sequence[x509.Certificate]) -> None:
        self._caller = caller
        self._place = place
        """Path of the EST alias."""
        self._authorities = authorities

    async def certify(self, request: bytes, subject: Subject, *, valid_seconds: int, profile: str) -> tuple[bytes, ...]:
        """As `OwnCertification.certify`; the names and the time are those of the request and of the profile there."""
        del subject, valid_seconds, profile  # they stand in the request, and in the profiles behind the alias
        body, path = encodebytes(request), f"{self._place}/simpleenroll"
        answer = await self._caller.ask("POST", path, body, words.PKCS10_TYPE, encoding="base64")
        if answer.status in {400, 409, 422}:
            raise CertificationRefused("wrong_request")
        if answer.status != 200:
            raise SigningUnavailable(f"certification: status {answer.status}")
        try:
            issued = pkcs7.load_der_pkcs7_certificates(b64decode(answer.body))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise SigningUnavailable("certification answers something else than PKCS #7") from error
        if len(issued) != 1:
            raise SigningUnavailable(f"certification answers {len(issued)} certificates instead of one")
        return tuple(each.public_bytes(Encoding.DER) for each in (issued[0], *self._issuers(issued[0])))

    async def hold(self, serial: str) -> None:
        """As `OwnCertification.hold`."""
        await self._end(serial, "CERTIFICATE_HOLD")

    async def resume(self, serial: str) -> None:
        """As `OwnCertification.resume`."""
        await self._end(serial, "REMOVE_FROM_CRL")

    async def revoke(self, serial: str, reason: Reason) -> None:
        """As `OwnCertification.revoke`."""
        await self._end(serial, _EJBCA_REASONS[reason])

    async def close(self) -> None:
        """Let go."""
        await self._caller.close()

    async def _end(self, serial: str, reason: str) -> None:
        if not _SERIAL.fullmatch(serial):
            raise CertificationRefused("unknown_certificate")
        issuer = quote(self._issuing.subject.rfc4514_string(), safe="")
        answer = await self._caller.ask("PUT", f"{_EJBCA_REST}/{issuer}/{serial}/revoke?reason={reason}")
        if answer.status == 404:
            raise CertificationRefused("unknown_certificate")
        if answer.status not in {200, 409}:  # 409: it is revoked already
            raise SigningUnavailable(f"certification: status {answer.status}")

    @property
    def _issuing(self) -> x509.Certificate:
        return next(each for each in self._authorities if each.subject != each.issuer)

    def _issuers(self, certificate: x509.Certificate) -> list[x509.Certificate]:
        """Those above it, from the authorities we were given, without the root."""
        found: list[x509.Certificate] = []
        last = certificate
        while len(found) < len(self._authorities):
            above = [each for each in self._authorities if each.subject == last.issuer and each.subject != each.issuer]
            if not above:
                return found
            last = above[0]
            found.append(last)
        return found


CertificationClient = OwnCertification | EjbcaCertification


def open_certification(settings: Certification, environment: Environment) -> CertificationClient:
    """Whoever the settings name.

    Raises:
        SettingsError: an address, a file of credentials or of authorities that cannot be used.
    """
    authorities = read_authorities(settings.authorities, environment)
    auth, context = _credentials(settings.credentials)
    if not settings.url.startswith(("unix:/", "https://")):
        raise SettingsError("signing.certification.url must be unix:/path/socket or https://…")
    if settings.revocation == "own":
        return OwnCertification(_Caller(settings.url, auth, context))
    if not any(each.subject != each.issuer for each in authorities):
        raise SettingsError("signing.certification.authorities holds no issuing authority below its root")
    parts = urlsplit(settings.url)
    place = parts.path.rstrip("/") or words.EST_PATH
    return EjbcaCertification(_Caller(f"{parts.scheme}://{parts.netloc}", auth, context), place, authorities)


def _credentials(path: str) -> tuple[tuple[str, str], ssl.SSLContext | None]:
    """`name:password`, and perhaps `certificate=/path.pem`: what TLS proves us with, certificate and key."""
    found = _CREDENTIALS.fullmatch(read_private(Path(path), what="signing.certification.credentials").decode("latin-1"))
    if found is None:
        raise SettingsError(f"signing.certification.credentials {path} must hold one line, name:password")
    if found[3] is None:
        return (found[1], found[2]), None
    context = ssl.create_default_context()
    try:
        context.load_cert_chain(found[3])
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(f"signing.certification.credentials: {found[3]} is no certificate with its key") from error
    return (found[1], found[2]), context


def _place(serial: str) -> str:
    if not _SERIAL.fullmatch(serial):
        raise CertificationRefused("unknown_certificate")
    return f"{words.CERTIFICATES_PATH}/{serial}/status"


def _read(octets: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(octets, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise SigningUnavailable("certification answers something else than agreed") from error
