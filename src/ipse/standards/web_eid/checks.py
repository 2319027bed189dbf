"""What the certificates of a token must be, as a list of small checks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ipse.standards.web_eid.errors import (
    CertificateExpiredError,
    CertificateNotYetValidError,
    DisallowedPolicyError,
    ExtendedKeyUsageError,
    KeyUsageError,
    SigningCertificateError,
    UntrustedIssuerError,
    WebEidError,
)
from ipse.standards.web_eid.tokens import Token

MOBILE_POLICIES: Final = ("1.3.6.1.4.1.10015.1.3", "1.3.6.1.4.1.10015.18.1", "1.3.6.1.4.1.10015.11.1")
"""Policies of certificates that live in a SIM or on a server, and so in no card: these, and all below them."""

Kind = TypeVar("Kind", bound=x509.ExtensionType)
_PERSON: Final = (NameOID.SERIAL_NUMBER, NameOID.GIVEN_NAME, NameOID.SURNAME)


@dataclass(frozen=True, slots=True)
class Presented:
    """A token and what it is held against."""

    token: Token
    authorities: Sequence[x509.Certificate]
    """The authorities that issue authentication certificates themselves; paths are not built (RFC 5280 §6)."""
    now: datetime
    disallowed_policies: Collection[str] = MOBILE_POLICIES


def valid_now(presented: Presented) -> None:
    """The certificate has begun and not run out."""
    certificate = presented.token.certificate
    if presented.now < certificate.not_valid_before_utc:
        raise CertificateNotYetValidError("the certificate begins later")
    if presented.now > certificate.not_valid_after_utc:
        raise CertificateExpiredError("the certificate has run out")


def key_usage(presented: Presented) -> None:
    """It is for digital signatures."""
    usage = extension(presented.token.certificate, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        raise KeyUsageError("the certificate is not for digital signatures")
    constraints = extension(presented.token.certificate, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise KeyUsageError("the certificate is an authority's")


def extended_key_usage(presented: Presented) -> None:
    """It is for clients, where it says what it is for."""
    uses = extension(presented.token.certificate, x509.ExtendedKeyUsage)
    if uses is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in uses:
        raise ExtendedKeyUsageError("the certificate is not for clients")


def policies(presented: Presented) -> None:
    """It was issued under no policy that is refused here."""
    stated = extension(presented.token.certificate, x509.CertificatePolicies) or ()
    for policy in stated:
        identifier = policy.policy_identifier.dotted_string
        if any(f"{identifier}.".startswith(f"{refused}.") for refused in presented.disallowed_policies):
            raise DisallowedPolicyError("the certificate was issued under a policy that is refused here")


def path(presented: Presented) -> None:
    """One of the configured authorities issued it, directly, and is good now."""
    issuer_of(presented)


def signing_certificates(presented: Presented) -> None:
    """Format 1.1: each signing certificate is the same person's, of the same authority, and good for its purpose."""
    for certificate in presented.token.signing_certificates:
        for wrong, found in _SIGNING_FAULTS:
            if found(presented, certificate):
                raise SigningCertificateError(f"a signing certificate {wrong}")


Check = Callable[[Presented], None]
CERTIFICATE_CHECKS: Final[tuple[Check, ...]] = (
    valid_now,
    key_usage,
    extended_key_usage,
    policies,
    path,
    signing_certificates,
)
"""What comes before asking about revocation, in this order."""


def issuer_of(presented: Presented) -> x509.Certificate:
    """The configured authority that issued the token's certificate.

    Raises:
        UntrustedIssuerError: none did.
    """
    for authority in presented.authorities:
        if _is_current(authority, presented.now) and has_issued(authority, presented.token.certificate):
            return authority
    raise UntrustedIssuerError("none of the configured authorities issued the certificate")


def has_issued(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Whether an authority signed a certificate, may do so, and is named in it as its issuer."""
    constraints = extension(authority, x509.BasicConstraints)
    usage = extension(authority, x509.KeyUsage)
    if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def person(certificate: x509.Certificate) -> tuple[str, ...] | None:
    """Serial number, given names and surname of a subject; None where one is missing or there twice."""
    values = [certificate.subject.get_attributes_for_oid(name) for name in _PERSON]
    if any(len(found) != 1 for found in values):
        return None
    return tuple(str(found[0].value) for found in values)


def _is_somebody_elses(presented: Presented, certificate: x509.Certificate) -> bool:
    """Belgian cards write the purpose into the common name, so the subjects as a whole always differ."""
    ours = person(presented.token.certificate)
    return ours is None or person(certificate) != ours


def _has_another_authority_key(presented: Presented, certificate: x509.Certificate) -> bool:
    ours = extension(presented.token.certificate, x509.AuthorityKeyIdentifier)
    theirs = extension(certificate, x509.AuthorityKeyIdentifier)
    if ours is None or theirs is None or ours.key_identifier is None:
        return True
    return ours.key_identifier != theirs.key_identifier


def _is_not_valid_now(presented: Presented, certificate: x509.Certificate) -> bool:
    return not _is_current(certificate, presented.now)


def _cannot_commit(_: Presented, certificate: x509.Certificate) -> bool:
    usage = extension(certificate, x509.KeyUsage)
    return usage is None or not usage.content_commitment


def _is_untrusted(presented: Presented, certificate: x509.Certificate) -> bool:
    return not has_issued(issuer_of(presented), certificate)


_SIGNING_FAULTS: Final[tuple[tuple[str, Callable[[Presented, x509.Certificate], bool]], ...]] = (
    ("is another person's", _is_somebody_elses),
    ("names another authority key", _has_another_authority_key),
    ("is not valid now", _is_not_valid_now),
    ("is not for signatures that commit", _cannot_commit),
    ("was issued by another authority", _is_untrusted),
)


def _is_current(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def extension(certificate: x509.Certificate, kind: type[Kind]) -> Kind | None:
    """One extension of a certificate; None where there is none of that kind.

    Raises:
        WebEidError: it cannot be read.
    """
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise WebEidError("an extension that cannot be read") from error
