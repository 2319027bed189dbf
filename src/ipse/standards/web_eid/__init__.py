"""Web eID: a browser's smart card signs origin and nonce, and hands over a token (formats 1.0 and 1.1).

`tokens.read` takes a token apart; `checks.CERTIFICATE_CHECKS` is what its certificate must pass, in order; `ocsp`
builds the question whether that certificate is revoked and judges the answer; `signatures.check` proves that the card
signed for our own origin and nonce. Fetching the answer is left to the caller (`ipse.eid`). Where we leave the
reference implementations: docs/divergences/web-eid.md.
"""

from ipse.standards.web_eid.checks import CERTIFICATE_CHECKS, Presented
from ipse.standards.web_eid.errors import (
    AlgorithmError,
    CertificateExpiredError,
    CertificateNotYetValidError,
    CertificateParseError,
    CertificateRevokedError,
    DisallowedPolicyError,
    ExtendedKeyUsageError,
    KeyUsageError,
    OcspError,
    OcspNonceError,
    OcspResponderError,
    OcspResponseError,
    OcspSignatureError,
    OcspStaleError,
    OcspUnknownError,
    OcspWrongCertificateError,
    SignatureError,
    SigningCertificateError,
    TokenFormatError,
    TokenParseError,
    TokenSizeError,
    UntrustedIssuerError,
    WebEidError,
)
from ipse.standards.web_eid.tokens import NONCE_OCTETS, NONCE_SECONDS, Token, read

__all__ = [
    "CERTIFICATE_CHECKS",
    "NONCE_OCTETS",
    "NONCE_SECONDS",
    "AlgorithmError",
    "CertificateExpiredError",
    "CertificateNotYetValidError",
    "CertificateParseError",
    "CertificateRevokedError",
    "DisallowedPolicyError",
    "ExtendedKeyUsageError",
    "KeyUsageError",
    "OcspError",
    "OcspNonceError",
    "OcspResponderError",
    "OcspResponseError",
    "OcspSignatureError",
    "OcspStaleError",
    "OcspUnknownError",
    "OcspWrongCertificateError",
    "Presented",
    "SignatureError",
    "SigningCertificateError",
    "Token",
    "TokenFormatError",
    "TokenParseError",
    "TokenSizeError",
    "UntrustedIssuerError",
    "WebEidError",
    "read",
]
