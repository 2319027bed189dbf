"""What the scheme and our certification service say to each other beyond EST: JSON, one struct each.

EST (RFC 7030) alone is enough to be given certificates, by our service or by another. It leaves open who the person is
beside what the request says, how long the certificate shall hold, and how one is put on hold or revoked: these do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

EST_PATH: Final = "/.well-known/est"
CERTIFICATES_PATH: Final = "/registration/certificates"
PKCS10_TYPE: Final = "application/pkcs10"
PKCS7_TYPE: Final = "application/pkcs7-mime"
TIMESTAMP_QUERY: Final = "application/timestamp-query"
TIMESTAMP_REPLY: Final = "application/timestamp-reply"
OCSP_REQUEST: Final = "application/ocsp-request"
OCSP_RESPONSE: Final = "application/ocsp-response"
LIST_TYPE: Final = "application/pkix-crl"

Status = Literal["good", "on_hold", "revoked"]
Reason = Literal[
    "unspecified",
    "key_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "privilege_withdrawn",
]
"""Why one is revoked (RFC 5280 §5.3.1)."""


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person as a certificate names them (ETSI EN 319 412-2 §4.2.4). The certification request says the same."""

    country: str
    """Two capital letters."""
    common_name: str
    """At most 64 characters."""
    given_name: str
    surname: str
    serial_number: str
    """A semantics identifier of ETSI EN 319 412-1 §5.1.3, such as `PNOBE-…`."""


class NewCertificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /registration/certificates`. The same request again gives the same certificate."""

    request: str
    """base64url: PKCS #10, DER."""
    subject: Subject
    valid_seconds: int
    profile: Literal["person", "short_term"] = "person"
    """`short_term`: says of itself that it is never revoked, for one signature."""


class Issued(msgspec.Struct, frozen=True):
    """Its answer."""

    certificate: str
    """base64url DER."""
    issuers: tuple[str, ...]
    """base64url DER: whoever issued it, without the root."""


class StatusChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /registration/certificates/{serial}/status`, the number in hexadecimal. The same again is no fault."""

    status: Status
    reason: Reason = "unspecified"
    """Of `revoked`."""


class StatusNow(msgspec.Struct, frozen=True):
    """Its answer, and that to `GET`."""

    serial: str
    status: Status
    reason: str
    changed_at: int
    """Microseconds UTC."""


class Refused(msgspec.Struct, frozen=True):
    """Any refusal."""

    code: str
    """One of `REFUSALS`."""
    detail: str


REFUSALS: Final[Mapping[str, tuple[int, str]]] = {
    "malformed": (400, "not a message of this interface"),
    "wrong_type": (415, "another content type than this address takes"),
    "too_large": (413, "more bytes than this address takes"),
    "wrong_credentials": (401, "unknown name, or another secret"),
    "not_found": (404, "nothing has this address"),
    "wrong_method": (405, "this address is called by another method"),
    "wrong_request": (400, "not a certification request that can be used"),
    "wrong_key": (400, "only RSA with 2048 to 4096 bits and P-256 are certified"),
    "wrong_subject": (400, "names that a certificate cannot carry, or not those of the request"),
    "wrong_validity": (400, "longer than this service certifies, or no time at all"),
    "other_request": (409, "this key was certified before, by a request that said something else"),
    "ended": (409, "the certificate is revoked, which is for ever"),
    "unknown_certificate": (404, "no such certificate was issued here"),
    "too_many_requests": (429, "this address asks too often"),
    "server_error": (500, "something went wrong here"),
    "keys_unavailable": (503, "the security module cannot be reached"),
    "database_unavailable": (503, "the database cannot be reached"),
}
"""Status and meaning of each refusal of the certification service."""
