"""How a credential is told: key, certificate, who must agree, and how far that holds (SCAL)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from cryptography import x509

from ipse.csc.errors import InvalidRequest
from ipse.csc.model import Version
from ipse.csc.rules.algorithms import CURVE
from ipse.signing.model import Credential, CredentialState, EndReason

CERTIFICATES: Final = ("none", "single", "chain")
MOST_RESULTS: Final = range(1, 301)
_LENGTHS: Final = {"RSA-2048": 2048, "P-256": 256}


def check_certificates(value: str) -> str:
    """Which certificates are wanted: the person's alone where nothing is said.

    Raises:
        InvalidRequest: none of the three words.
    """
    if value and value not in CERTIFICATES:
        raise InvalidRequest("Invalid parameter certificates")
    return value or "single"


def check_most(value: int | None) -> None:
    """`maxResults` of version 1: everybody has one credential, so that any sensible number will do.

    Raises:
        InvalidRequest: it is not between 1 and 300.
    """
    if value is not None and value not in MOST_RESULTS:
        raise InvalidRequest("Invalid parameter maxResults")


def is_usable(credential: Credential, now: int) -> bool:
    """Whether something can be signed with it at this moment (microseconds UTC)."""
    return credential.state is CredentialState.ACTIVE and not is_expired(credential, now)


def is_expired(credential: Credential, now: int) -> bool:
    """Whether its certificate is over."""
    return credential.valid_until is not None and credential.valid_until <= now


def scal(credential: Credential) -> str:
    """`2` only where signature activation has itself proven the phone's key; `1` else."""
    return "2" if credential.attested else "1"


def described(  # noqa: PLR0913 - one parameter for each that the specification has
    credential: Credential,
    *,
    version: Version,
    certificates: str,
    with_info: bool,
    batch: int,
    language: str,
    qualifier: str,
    now: int,
) -> dict[str, Any]:
    """The members of `credentials/info`."""
    common: dict[str, Any] = {
        "key": _key(credential, now),
        "cert": _certificate(credential, certificates, with_info=with_info, now=now),
        "SCAL": scal(credential),
        "multisign": batch,
        "lang": language,
    }
    if version is Version.TWO:
        return {"signatureQualifier": qualifier, **common, "auth": {"mode": "oauth2code"}}
    return {
        "description": None,
        **common,
        "multiSign": batch > 1,
        "authMode": "oauth2code",
        "PIN": {"presence": "false"},
        "OTP": {"presence": "false"},
    }


def expired_words(credential: Credential, version: Version) -> str:
    """How an expired certificate is refused; version 1 names whom it was issued to."""
    if version is Version.TWO or not credential.certificates:
        return "Signing certificate is expired"
    name = read(credential.certificates[0]).subject
    organisation = _part(name, x509.NameOID.ORGANIZATION_NAME)
    return f"Signing certificate 'O={organisation},CN={_part(name, x509.NameOID.COMMON_NAME)}' is expired."


@lru_cache(maxsize=256)
def read(der: bytes) -> x509.Certificate:
    """A certificate."""
    return x509.load_der_x509_certificate(der)


def _key(credential: Credential, now: int) -> Mapping[str, Any]:
    described: dict[str, Any] = {
        "status": "enabled" if is_usable(credential, now) else "disabled",
        "algo": list(credential.sign_algorithms),
        "len": _LENGTHS[credential.algorithm],
    }
    return described | ({"curve": CURVE} if credential.algorithm == "P-256" else {})


def _certificate(credential: Credential, certificates: str, *, with_info: bool, now: int) -> Mapping[str, Any]:
    described: dict[str, Any] = {"status": _status(credential, now)}
    if not credential.certificates:
        return described
    if certificates != "none":
        told = credential.certificates if certificates == "chain" else credential.certificates[:1]
        described["certificates"] = [b64encode(der).decode() for der in told]
    if with_info:
        certificate = read(credential.certificates[0])
        described |= {
            "issuerDN": certificate.issuer.rfc4514_string(),
            "serialNumber": _hexadecimal(certificate.serial_number),
            "subjectDN": certificate.subject.rfc4514_string(),
            "validFrom": _time(certificate.not_valid_before_utc),
            "validTo": _time(certificate.not_valid_after_utc),
        }
    return described


def _status(credential: Credential, now: int) -> str:
    if credential.state is CredentialState.ENDED and credential.why != EndReason.EXPIRED:
        return "revoked"
    if is_expired(credential, now) or credential.state is CredentialState.ENDED:
        return "expired"
    return "suspended" if credential.state is CredentialState.SUSPENDED else "valid"


def _hexadecimal(number: int) -> str:
    text = f"{number:X}"
    return text if len(text) % 2 == 0 else f"0{text}"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%SZ")


def _part(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
