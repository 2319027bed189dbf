"""What can be wrong with a token, its certificate, or what is said of its revocation. No text repeats a value."""

from __future__ import annotations


class WebEidError(ValueError):
    """The token proves nothing."""


class TokenSizeError(WebEidError):
    """Too short or too long to be a token."""


class TokenParseError(WebEidError):
    """No JSON object, or a member that is missing or of a wrong type."""


class TokenFormatError(WebEidError):
    """A format that is not read here, or members that its format does not have."""


class AlgorithmError(WebEidError):
    """An algorithm that is not of Web eID, or that does not fit the key."""


class CertificateParseError(WebEidError):
    """The certificate is none."""


class CertificateNotYetValidError(WebEidError):
    """The certificate begins later."""


class CertificateExpiredError(WebEidError):
    """The certificate has run out."""


class KeyUsageError(WebEidError):
    """The certificate is not for digital signatures."""


class ExtendedKeyUsageError(WebEidError):
    """The certificate is not for clients."""


class DisallowedPolicyError(WebEidError):
    """The certificate was issued under a policy that is not accepted, such as one for a SIM instead of a card."""


class UntrustedIssuerError(WebEidError):
    """None of the configured authorities issued the certificate."""


class SigningCertificateError(WebEidError):
    """A signing certificate of format 1.1 does not belong to the authentication certificate, or is not good."""


class CertificateRevokedError(WebEidError):
    """The certificate has been revoked."""


class SignatureError(WebEidError):
    """The signature is not over our origin and nonce, or not by this certificate's key."""


class OcspError(WebEidError):
    """Whether the certificate is revoked cannot be known from this answer."""


class OcspResponseError(OcspError):
    """No answer of the protocol, a refusal, or not exactly one statement."""


class OcspWrongCertificateError(OcspError):
    """The answer is about another certificate."""


class OcspResponderError(OcspError):
    """Whoever signed the answer may not speak for the authority."""


class OcspSignatureError(OcspError):
    """The answer is not as it was signed."""


class OcspStaleError(OcspError):
    """The answer is too old, or of the future."""


class OcspNonceError(OcspError):
    """The answer was made for another question."""


class OcspUnknownError(OcspError):
    """The responder does not know the certificate."""
