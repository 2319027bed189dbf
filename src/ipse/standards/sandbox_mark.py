"""The mark of certificates that exist for play: no installation of production believes one, no sandbox any other.

A sandbox's authorities carry both, in the subject and as a certificate policy; one of them is enough to be known by.
The identifier lies under 2.25 (Rec. ITU-T X.667), which needs no registration.
"""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

UNIT: Final = "IPSE SANDBOX - NOT FOR PRODUCTION"
"""The organizational unit (OU) in the subject of each of a sandbox's authorities."""
POLICY: Final = x509.ObjectIdentifier("2.25.327130802533252398930391222303123762282")
"""The policy in the `certificatePolicies` of each of a sandbox's authorities."""


def is_marked(certificate: x509.Certificate) -> bool:
    """Whether the certificate carries either part of the mark: production refuses it."""
    return _has_unit(certificate) or _has_policy(certificate)


def is_fully_marked(certificate: x509.Certificate) -> bool:
    """Whether the certificate carries both parts of the mark: what a sandbox demands."""
    return _has_unit(certificate) and _has_policy(certificate)


def _has_unit(certificate: x509.Certificate) -> bool:
    units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    return any(unit.value == UNIT for unit in units)


def _has_policy(certificate: x509.Certificate) -> bool:
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return False
    return any(policy.policy_identifier == POLICY for policy in policies)
