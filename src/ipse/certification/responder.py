"""Whether a certificate holds: OCSP (RFC 6960, nonces of RFC 9654), answered by a key of its own."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from ipse.certification import store
from ipse.certification.errors import KeysUnavailableError
from ipse.certification.keys import PublicKey, hash_of
from ipse.certification.lists import reason_of
from ipse.certification.profiles import Issuing, Pair, moment
from ipse.kernel.clock import Clock
from ipse.storage.database import Database
from ipse.storage.errors import DatabaseUnavailableError

MOST_BYTES: Final = 4096
"""Of a question."""
_GOOD_FOR: Final = timedelta(minutes=15)
_NONCE: Final = range(1, 129)
_STATUS: Final = {
    "good": ocsp.OCSPCertStatus.GOOD,
    "on_hold": ocsp.OCSPCertStatus.REVOKED,
    "revoked": ocsp.OCSPCertStatus.REVOKED,
}
_HASHES: Final = (hashes.SHA1, hashes.SHA256, hashes.SHA384, hashes.SHA512)


@dataclass(frozen=True)
class Responder:
    """Answers for the issuing authority alone."""

    database: Database
    by: Issuing
    signer: Callable[[], Awaitable[Pair]]
    """Its key, with a certificate that holds now."""
    clock: Clock

    async def answer(self, octets: bytes) -> bytes:
        """The answer to a question, DER; a refusal is an answer as well."""
        try:
            asked = ocsp.load_der_ocsp_request(octets)
            nonce, about = _nonce(asked), asked.serial_number
            is_ours = self._is_ours(asked)
        except (ValueError, TypeError, NotImplementedError, UnsupportedAlgorithm):
            return _refused(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        if not is_ours:
            return _refused(ocsp.OCSPResponseStatus.UNAUTHORIZED)
        try:
            row = await store.certificate(self.database, f"{about:x}") if about > 0 else None
            signer = await self.signer()
            return await asyncio.to_thread(self._answered, asked, nonce, row, signer)
        except (DatabaseUnavailableError, KeysUnavailableError):
            return _refused(ocsp.OCSPResponseStatus.TRY_LATER)

    def _is_ours(self, asked: ocsp.OCSPRequest) -> bool:
        if not isinstance(asked.hash_algorithm, _HASHES):
            return False
        name, key = self.by.subject.public_bytes(), _bits(self.by.pair.key.public_key())
        ours = tuple(hashlib.new(asked.hash_algorithm.name, octets).digest() for octets in (name, key))
        return ours == (asked.issuer_name_hash, asked.issuer_key_hash)

    def _answered(
        self, asked: ocsp.OCSPRequest, nonce: x509.OCSPNonce | None, row: store.Certified | None, signer: Pair
    ) -> bytes:
        now = moment(self.clock.now())
        is_known = row is not None and row.certificate is not None
        status = _STATUS[row.status] if row is not None and is_known else ocsp.OCSPCertStatus.UNKNOWN
        is_revoked = row is not None and status is ocsp.OCSPCertStatus.REVOKED
        built = ocsp.OCSPResponseBuilder().add_response_by_hash(
            issuer_name_hash=asked.issuer_name_hash,
            issuer_key_hash=asked.issuer_key_hash,
            serial_number=asked.serial_number,
            algorithm=asked.hash_algorithm,
            cert_status=status,
            this_update=now,
            next_update=now + _GOOD_FOR,
            revocation_time=moment(row.changed_at) if row is not None and is_revoked else None,
            revocation_reason=reason_of(row.status, row.reason) if row is not None and is_revoked else None,
        )
        built = built.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        built = built.certificates([signer.certificate])
        if nonce is not None:
            built = built.add_extension(nonce, critical=False)
        return built.sign(signer.key, hash_of(signer.key)).public_bytes(Encoding.DER)


def _nonce(asked: ocsp.OCSPRequest) -> x509.OCSPNonce | None:
    try:
        nonce = asked.extensions.get_extension_for_class(x509.OCSPNonce).value
    except x509.ExtensionNotFound:
        return None
    if len(nonce.nonce) not in _NONCE:
        raise ValueError("a nonce has 1 to 128 octets")
    return nonce


def _bits(key: PublicKey) -> bytes:
    """A public key as its certificate holds it, without the algorithm: what a question names the issuer by."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _refused(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
