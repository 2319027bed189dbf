"""Which certificates are good: OCSP (RFC 6960) and revocation lists (RFC 5280 §5), with moods."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from ipse.kernel.clock import SECOND, Clock
from ipse.sandbox.eid import personal
from ipse.sandbox.eid.authorities import ISSUING, Authorities
from ipse.sandbox.eid.certificates import Issuer, hash_of

REQUEST_TYPE: Final = "application/ocsp-request"
RESPONSE_TYPE: Final = "application/ocsp-response"
_GOOD_FOR: Final = timedelta(minutes=30)
_LONG_AGO: Final = timedelta(days=3)


class Mood(StrEnum):
    """How the responder behaves."""

    WELL = "well"
    DOWN = "down"
    """Status 503, no OCSP answer."""
    SLOW = "slow"
    """A good answer, late."""
    GARBAGE = "garbage"
    """Bytes that are no answer."""
    REVOKED = "revoked"
    """Says of every certificate that it is revoked."""
    UNKNOWN = "unknown"
    """Knows no certificate."""
    STALE = "stale"
    """An answer of three days ago."""
    WRONG_SIGNER = "wrong_signer"
    """Signed by another authority's responder."""
    NO_NONCE = "no_nonce"
    """Leaves out the nonce it was sent."""


@dataclass(slots=True)
class Responder:
    """Answers for every authority that issues people's certificates. Moods and revocations end with the world."""

    authorities: Authorities
    clock: Clock
    mood: Mood = Mood.WELL
    seconds: float = 5.0
    """How late, when slow."""
    revoked: set[str] = field(default_factory=set)
    """The persons whose cards were reported lost."""

    def answer(self, request: bytes) -> bytes:
        """The answer to a question, DER. `DOWN` and `SLOW` are whoever serves it."""
        if self.mood is Mood.GARBAGE:
            return b"\x30\x03garbage, as asked on the card page"
        try:
            asked = ocsp.load_der_ocsp_request(request)
            issuing = self._issuing(asked)
        except (ValueError, LookupError):
            refused = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
            return refused.public_bytes(Encoding.DER)
        return self._answered(asked, issuing).public_bytes(Encoding.DER)

    def revocation_list(self, name: str) -> bytes:
        """The list of an authority, DER.

        Raises:
            LookupError: no such authority.
        """
        if name not in ISSUING:
            raise LookupError(name)
        issuer, now = self.authorities.pairs[name], self._now()
        built = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
        built = built.last_update(now).next_update(now + timedelta(days=1))
        for (authority, serial), person_id in personal.issued(self.authorities).items():
            if authority == name and (person_id in self.revoked or self.mood is Mood.REVOKED):
                entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - _LONG_AGO)
                built = built.add_revoked_certificate(entry.build())
        return built.sign(issuer.key, hash_of(issuer.key)).public_bytes(Encoding.DER)

    def _answered(self, asked: ocsp.OCSPRequest, issuing: str) -> ocsp.OCSPResponse:
        now = self._now() - (_LONG_AGO if self.mood is Mood.STALE else timedelta())
        status = self._status(issuing, asked.serial_number)
        is_revoked = status is ocsp.OCSPCertStatus.REVOKED
        built = ocsp.OCSPResponseBuilder().add_response_by_hash(
            issuer_name_hash=asked.issuer_name_hash,
            issuer_key_hash=asked.issuer_key_hash,
            serial_number=asked.serial_number,
            algorithm=asked.hash_algorithm,
            cert_status=status,
            this_update=now,
            next_update=now + _GOOD_FOR,
            revocation_time=now - _LONG_AGO if is_revoked else None,
            revocation_reason=None,
        )
        signer = self._signer(issuing)
        built = built.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        built = built.certificates([signer.certificate])
        if self.mood is not Mood.NO_NONCE and (nonce := _nonce(asked)) is not None:
            built = built.add_extension(nonce, critical=False)
        return built.sign(signer.key, hash_of(signer.key))

    def _issuing(self, asked: ocsp.OCSPRequest) -> str:
        for name in ISSUING:
            # Asked the same way about a certificate that it has surely issued: its responder's.
            known, issuer = self.authorities.responder(name).certificate, self.authorities.pairs[name].certificate
            ours = ocsp.OCSPRequestBuilder().add_certificate(known, issuer, asked.hash_algorithm).build()
            if (ours.issuer_name_hash, ours.issuer_key_hash) == (asked.issuer_name_hash, asked.issuer_key_hash):
                return name
        raise LookupError("another authority's certificate")

    def _status(self, issuing: str, serial: int) -> ocsp.OCSPCertStatus:
        holder = personal.issued(self.authorities).get((issuing, serial))
        if self.mood is Mood.UNKNOWN or holder is None:
            return ocsp.OCSPCertStatus.UNKNOWN
        if self.mood is Mood.REVOKED or holder in self.revoked:
            return ocsp.OCSPCertStatus.REVOKED
        return ocsp.OCSPCertStatus.GOOD

    def _signer(self, issuing: str) -> Issuer:
        if self.mood is Mood.WRONG_SIGNER:
            return self.authorities.responder(next(name for name in ISSUING if name != issuing))
        return self.authorities.responder(issuing)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now() / SECOND, UTC).replace(microsecond=0)


def _nonce(asked: ocsp.OCSPRequest) -> x509.OCSPNonce | None:
    try:
        return asked.extensions.get_extension_for_class(x509.OCSPNonce).value
    except x509.ExtensionNotFound:
        return None
