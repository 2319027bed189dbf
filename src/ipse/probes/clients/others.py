"""Everybody else on whom people depend: whether they answer as themselves."""

from __future__ import annotations

import ssl
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from asn1crypto import algos, tsp
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from ipse.kernel.ids import Ids, sha256
from ipse.probes.clients.calls import Caller, expect
from ipse.probes.clients.login import published
from ipse.probes.model import Effect, FailedError, Tried

_OCSP_REQUEST: Final = "application/ocsp-request"
_OCSP_ANSWER: Final = "application/ocsp-response"
_STAMP_QUERY: Final = "application/timestamp-query"
_STAMP_REPLY: Final = "application/timestamp-reply"
_OVERLOADED: Final = {ocsp.OCSPResponseStatus.INTERNAL_ERROR, ocsp.OCSPResponseStatus.TRY_LATER}


@dataclass(frozen=True, slots=True)
class Others:
    """Asks others."""

    seconds: float
    tls: ssl.SSLContext | None
    ids: Ids

    def page(self, url: str, *, socket: str | None = None) -> Tried:
        """Whether an address answers with status 200."""
        with closing(Caller(self.seconds, self.tls, socket)) as caller:
            expect("answer", caller.call("answer", "GET", url), 200)
        return Tried()

    def provider(self, issuer: str, *, with_keys: bool = True) -> Tried:
        """Whether an OpenID provider publishes its configuration, and its keys."""
        with closing(Caller(self.seconds, self.tls)) as caller:
            found = published(caller, issuer)
            if with_keys and not caller.document("keys", str(found.get("jwks_uri", ""))).get("keys"):
                raise FailedError("keys", "publishes no key")
        return Tried()

    def responders(self, addresses: tuple[str, ...]) -> Tried:
        """Whether OCSP responders answer as such (RFC 6960), whatever they know of a certificate that is none."""
        asked = (
            ocsp.OCSPRequestBuilder()
            .add_certificate_by_hash(bytes(20), bytes(20), x509.random_serial_number(), SHA1())  # noqa: S303 - RFC 6960
            .build()
            .public_bytes(Encoding.DER)
        )
        failed: list[FailedError] = []
        for address in addresses:
            try:
                self._respond(address, asked)
            except FailedError as error:
                failed.append(error)
        if failed:
            effect: Effect = "full" if len(failed) == len(addresses) else "partial"
            raise FailedError(failed[0].step, failed[0].reason, effect)
        return Tried()

    def _respond(self, address: str, asked: bytes) -> None:
        with closing(Caller(self.seconds, self.tls)) as caller:
            headers = {"Content-Type": _OCSP_REQUEST}
            answer = expect("ocsp", caller.call("ocsp", "POST", address, content=asked, headers=headers), 200)
        try:
            status = ocsp.load_der_ocsp_response(answer.body).response_status
        except ValueError as error:
            raise FailedError("ocsp", "did not answer as a responder") from error
        if answer.media_type != _OCSP_ANSWER or status in _OVERLOADED:
            raise FailedError("ocsp", f"answered {status.name.lower()}")

    def stamp(self, address: str) -> Tried:
        """Whether a time-stamping authority stamps (RFC 3161). Without it signatures are finished later."""
        imprint = tsp.MessageImprint(
            {
                "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                "hashed_message": sha256(self.ids.secret()),
            }
        )
        asked = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": False}).dump()
        with closing(Caller(self.seconds, self.tls)) as caller:
            headers = {"Content-Type": _STAMP_QUERY}
            answer = caller.call("stamp", "POST", address, content=asked, headers=headers, effect="degraded")
        expect("stamp", answer, 200, "degraded")
        try:
            status = tsp.TimeStampResp.load(answer.body, strict=True)["status"]["status"].native
        except (ValueError, TypeError) as error:
            raise FailedError("stamp", "did not answer as an authority", "degraded") from error
        if answer.media_type != _STAMP_REPLY or status not in {"granted", "granted_with_mods"}:
            raise FailedError("stamp", f"answered {status}", "degraded")
        return Tried()
