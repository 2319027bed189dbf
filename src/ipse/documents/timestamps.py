"""Time stamps (RFC 3161): asked of the parent, and judged before they go into a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ipse.documents.certificates import BY_LENGTH, check, digest_of, read
from ipse.documents.cms import certificates_of
from ipse.documents.evidence import Gathering, Unproven
from ipse.documents.model import Hash, Missing
from ipse.documents.worker.asking import Asking
from ipse.kernel.clock import SECOND
from ipse.kernel.errors import PlatformError
from ipse.standards.web_eid.checks import extension

_CONTENT: Final = "tst_info"


@dataclass(frozen=True)
class Token:
    """A time stamp that is what it should be."""

    der: bytes
    at: int
    """When it says."""
    certificates: tuple[bytes, ...]
    """The authority's first."""


def stamp(digest: bytes, asking: Asking, gathering: Gathering) -> Token:
    """Have a digest stamped.

    Raises:
        Unproven: no answer, or one that proves nothing.
    """
    try:
        der = asking.timestamp(digest)
        token = opened(der)
        _check_imprint(der, digest)
        gathering.chain(token.certificates)
    except (Unproven, ValueError, TypeError, KeyError, PlatformError) as error:
        raise Unproven(Missing.TIMESTAMP) from error
    return token


def opened(der: bytes) -> Token:
    """A time stamp whose signature holds, by a certificate made for that; who issued it is not judged.

    Raises:
        ValueError, TypeError, KeyError, PlatformError: it is none.
    """
    content = cms.ContentInfo.load(der, strict=True)
    signed = content["content"]
    certificates = certificates_of(content)
    (signer,) = signed["signer_infos"]
    hash_ = Hash(signer["digest_algorithm"]["algorithm"].native)
    attributes = {attribute["type"].native: attribute["values"][0] for attribute in signer["signed_attrs"]}
    stated = bytes(signed["encap_content_info"]["content"])
    if signed["encap_content_info"]["content_type"].native != _CONTENT:
        raise ValueError("not a time stamp")
    if attributes["message_digest"].native != digest_of(stated, hash_):
        raise ValueError("what it says was changed")
    certificate = read(certificates[:1])[0]
    usage = extension(certificate, x509.ExtendedKeyUsage)
    if usage is None or ExtendedKeyUsageOID.TIME_STAMPING not in usage:
        raise ValueError("the certificate is not for time stamps")
    check(certificate, signer["signature"].native, signer["signed_attrs"].untag().dump(), hash_)
    at = tsp.TSTInfo.load(stated)["gen_time"].native
    return Token(der, round(at.timestamp() * SECOND), certificates)


def _check_imprint(der: bytes, digest: bytes) -> None:
    """See to it that a time stamp is over this digest, by the hash that its length tells.

    Raises:
        ValueError, KeyError: it is not.
    """
    stated = bytes(cms.ContentInfo.load(der)["content"]["encap_content_info"]["content"])
    imprint = tsp.TSTInfo.load(stated)["message_imprint"]
    if imprint["hashed_message"].native != digest:
        raise ValueError("over something else")
    if imprint["hash_algorithm"]["algorithm"].native != BY_LENGTH[len(digest)].value:
        raise ValueError("by another hash")
