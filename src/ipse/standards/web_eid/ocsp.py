"""Is a certificate revoked? The question, and how its answer is judged (RFC 6960, RFC 9654 for nonces)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, SignatureAlgorithmOID

from ipse.standards.web_eid.checks import extension, has_issued
from ipse.standards.web_eid.errors import (
    CertificateRevokedError,
    OcspNonceError,
    OcspResponderError,
    OcspResponseError,
    OcspSignatureError,
    OcspStaleError,
    OcspUnknownError,
    OcspWrongCertificateError,
)

NONCE_OCTETS: Final = 32
REQUEST_TYPE: Final = "application/ocsp-request"
RESPONSE_TYPE: Final = "application/ocsp-response"
SKEW: Final = timedelta(minutes=15)
"""How far a responder's clock may be from ours."""

_STRONG: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


@dataclass(frozen=True)
class Answered:
    """An answer, and the question it must fit. `nonce` is None where none was sent."""

    octets: bytes
    certificate: x509.Certificate
    issuer: x509.Certificate
    nonce: bytes | None
    now: datetime
    oldest: timedelta
    """How old a statement may be, whatever the responder says of its next one."""

    @cached_property
    def response(self) -> ocsp.OCSPResponse:
        """The answer, parsed.

        Raises:
            OcspResponseError: it is none.
        """
        try:
            return ocsp.load_der_ocsp_response(self.octets)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise OcspResponseError("not an OCSP response") from error

    @cached_property
    def single(self) -> ocsp.OCSPSingleResponse:
        """The one statement in it.

        Raises:
            OcspResponseError: the responder refused, or made none or several.
        """
        if self.response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise OcspResponseError(f"the responder answered {self.response.response_status.name}")
        try:
            statements = list(self.response.responses)
        except ValueError as error:
            raise OcspResponseError("statements that cannot be read") from error
        if len(statements) != 1:
            raise OcspResponseError(f"{len(statements)} statements instead of one")
        return statements[0]

    @cached_property
    def responder(self) -> x509.Certificate:
        """Whoever signed it: the authority itself, or somebody whose certificate came along.

        Raises:
            OcspResponderError: the signer's certificate is missing.
        """
        try:
            candidates = [self.issuer, *self.response.certificates]
        except ValueError as error:
            raise OcspResponderError("certificates that cannot be read") from error
        for candidate in candidates:
            if _names(self.response, candidate):
                return candidate
        raise OcspResponderError("the certificate of whoever signed it is missing")


def address(certificate: x509.Certificate) -> str | None:
    """Where the certificate says that its revocation can be asked (authority information access)."""
    for entry in extension(certificate, x509.AuthorityInformationAccess) or ():
        named = entry.access_location
        if entry.access_method == AuthorityInformationAccessOID.OCSP and isinstance(
            named, x509.UniformResourceIdentifier
        ):
            return named.value
    return None


def request(certificate: x509.Certificate, issuer: x509.Certificate, *, nonce: bytes | None) -> bytes:
    """The question as DER. SHA-1 only names the issuer in it, and is what every responder understands."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def check(answered: Answered) -> None:
    """Run every check, in order: it returns only for a certificate that is good now.

    Raises:
        CertificateRevokedError: it is revoked.
        OcspError: this answer does not tell; its class says why.
    """
    for each in CHECKS:
        each(answered)


def one_statement(answered: Answered) -> None:
    """The responder answered, with exactly one statement."""
    _ = answered.single


def about_this_certificate(answered: Answered) -> None:
    """The statement is about the certificate that was asked about: serial number, name and key of its issuer."""
    asked = ocsp.OCSPRequestBuilder().add_certificate(answered.certificate, answered.issuer, _hash_of(answered.single))
    expected, said = asked.build(), answered.single
    if (said.serial_number, said.issuer_name_hash, said.issuer_key_hash) != (
        expected.serial_number,
        expected.issuer_name_hash,
        expected.issuer_key_hash,
    ):
        raise OcspWrongCertificateError("the answer is about another certificate")


def responder_may_speak(answered: Answered) -> None:
    """The authority itself signed, or somebody to whom it gave a certificate for that, good now (RFC 6960 §4.2.2.2)."""
    responder = answered.responder
    if not responder.not_valid_before_utc <= answered.now <= responder.not_valid_after_utc:
        raise OcspResponderError("the responder's certificate is not valid now")
    if responder == answered.issuer:
        return
    if not has_issued(answered.issuer, responder):
        raise OcspResponderError("the responder's certificate was issued by another authority")
    uses = extension(responder, x509.ExtendedKeyUsage)
    if uses is None or ExtendedKeyUsageOID.OCSP_SIGNING not in uses:
        raise OcspResponderError("the responder's certificate is not for signing answers")


def signed_by_responder(answered: Answered) -> None:
    """The signature fits the responder's key, with a hash that is still good."""
    response, key = answered.response, answered.responder.public_key()
    try:
        algorithm = response.signature_hash_algorithm
    except UnsupportedAlgorithm:
        algorithm = None
    if not isinstance(algorithm, _STRONG):
        raise OcspSignatureError("the answer is signed with a hash that is no longer good, or unknown")
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, response.tbs_response_bytes, _padding(response, algorithm), algorithm)
        else:
            raise OcspSignatureError("the responder has a key of another kind")
    except InvalidSignature as error:
        raise OcspSignatureError("the answer is not as it was signed") from error


def fresh(answered: Answered) -> None:
    """The statement has begun, is not past its end, and is not older than we allow."""
    said, now = answered.single, answered.now
    begin, end = said.this_update_utc, said.next_update_utc
    if begin > now + SKEW:
        raise OcspStaleError("the answer is of the future")
    if end is not None and (end < begin or end < now - SKEW):
        raise OcspStaleError("the answer is past its end")
    if begin < now - answered.oldest - SKEW:
        raise OcspStaleError("the answer is too old")


def answers_nonce(answered: Answered) -> None:
    """The answer was made for our question, where we sent a nonce."""
    if answered.nonce is None:
        return
    try:
        nonce = answered.response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except (x509.ExtensionNotFound, ValueError, x509.DuplicateExtension) as error:
        raise OcspNonceError("the answer holds no nonce") from error
    if not hmac.compare_digest(nonce, answered.nonce):
        raise OcspNonceError("the answer is to another question")


def good(answered: Answered) -> None:
    """The certificate is good."""
    status = answered.single.certificate_status
    if status is ocsp.OCSPCertStatus.REVOKED:
        raise CertificateRevokedError("the certificate is revoked")
    if status is not ocsp.OCSPCertStatus.GOOD:
        raise OcspUnknownError("the responder does not know the certificate")


CHECKS: Final[tuple[Callable[[Answered], None], ...]] = (
    one_statement,
    about_this_certificate,
    responder_may_speak,
    signed_by_responder,
    fresh,
    answers_nonce,
    good,
)
"""Everything that is asked of an answer, in this order."""


def _names(response: ocsp.OCSPResponse, candidate: x509.Certificate) -> bool:
    """Whether the response names this certificate as its signer's: by name, or by the SHA-1 of its key."""
    if response.responder_name is not None:
        return response.responder_name == candidate.subject
    key = x509.SubjectKeyIdentifier.from_public_key(candidate.public_key())
    return response.responder_key_hash == key.digest


def _hash_of(single: ocsp.OCSPSingleResponse) -> hashes.HashAlgorithm:
    try:
        algorithm = single.hash_algorithm
    except UnsupportedAlgorithm as error:
        raise OcspWrongCertificateError("the answer names its issuer by an unknown hash") from error
    if not isinstance(algorithm, (hashes.SHA1, *_STRONG)):
        raise OcspWrongCertificateError("the answer names its issuer by another hash")
    return algorithm


def _padding(response: ocsp.OCSPResponse, algorithm: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if response.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
        return padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
    return padding.PKCS1v15()
