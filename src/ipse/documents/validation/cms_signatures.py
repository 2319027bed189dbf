"""A CMS signature (CAdES, and inside PDF): its cryptography, and what its attributes say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, core, crl, x509
from pyhanko.sign.general import (
    CMSExtractionError,
    MultivaluedAttributeError,
    NonexistentAttributeError,
    SigningError,
    find_cms_attribute_iter,
    find_unique_cms_attribute,
)
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import (
    cms_basic_validation,
    extract_certs_for_validation,
    extract_self_reported_ts,
    get_signing_cert_attr,
    message_imprint_checker,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints

from ipse.documents.validation.algorithms import ALLOWED
from ipse.documents.validation.chains import Knowledge
from ipse.documents.validation.model import Sub, Why
from ipse.documents.validation.stamps import Token, is_weak, untrusting

_FAULTS = (SignatureValidationError, CMSExtractionError, SigningError, ValueError, KeyError, TypeError)


class Broken(Exception):
    """The signature is none: a sub-indication, and why."""

    def __init__(self, sub: Sub, why: Why) -> None:
        super().__init__(why)
        self.sub = sub
        self.why = why


@dataclass(frozen=True)
class CmsSignature:
    """A signature whose cryptography holds."""

    signed_data: cms.SignedData
    signer_info: cms.SignerInfo
    certificate: x509.Certificate
    knowledge: Knowledge
    tokens: tuple[Token, ...]
    claimed_at: datetime | None
    named: bool
    """Whether the certificate's hash is signed, as CAdES demands."""
    commitment: tuple[str, ...]
    roles: tuple[str, ...]
    policy: str
    place: str
    archived: bool
    """Whether it carries revocation answers of its own."""

    @property
    def value(self) -> bytes:
        """The signature value."""
        return bytes(self.signer_info["signature"].native)

    @property
    def to_be_signed(self) -> bytes:
        """SHA-256 of what the key signed."""
        return hashlib.sha256(self.signer_info["signed_attrs"].untag().dump()).digest()


def load_signed_data(der: bytes, *, padded: bool) -> cms.SignedData:
    """The SignedData of a CMS message that nothing follows, but zeros where it is `padded`.

    Raises:
        Broken: it is none.
    """
    try:
        message = cms.ContentInfo.load(der)
        length = len(message.dump())
        if message["content_type"].native != "signed_data":
            raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED)
        signed_data: cms.SignedData = message["content"]
        signers = len(signed_data["signer_infos"])
    except (ValueError, KeyError, TypeError) as error:
        raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED) from error
    rest = der[length:]
    if signers == 0 or (rest.strip(b"\0") if padded else rest):
        raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED)
    return signed_data


def each_signer(signed_data: cms.SignedData) -> Iterable[cms.SignedData]:
    """The message once for each of its signers, alone."""
    signers = signed_data["signer_infos"]
    if len(signers) == 1:
        yield signed_data
        return
    names = ("version", "digest_algorithms", "encap_content_info", "certificates", "crls")
    parts = {name: signed_data[name] for name in names if not isinstance(signed_data[name], core.Void)}
    for signer in signers:
        yield cms.SignedData({**parts, "signer_infos": [signer]})


async def check(signed_data: cms.SignedData, digest: bytes | None, now: datetime) -> CmsSignature:
    """Verify a message with one signer, over what has this `digest` (None: over what it holds).

    Raises:
        Broken: it does not hold.
    """
    try:
        signer_info = signed_data["signer_infos"][0]
        if isinstance(signer_info["signed_attrs"], core.Void):
            raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED)
        certificates = extract_certs_for_validation(signed_data)
        attribute = get_signing_cert_attr(signer_info["signed_attrs"])
        known = await cms_basic_validation(
            signed_data,
            raw_digest=digest,
            validation_context=untrusting(now),
            key_usage_settings=KeyUsageConstraints(),
            algorithm_policy=ALLOWED,
        )
    except SignatureValidationError as error:
        name = getattr(error.ades_subindication, "name", "")
        if name == "NO_SIGNING_CERTIFICATE_FOUND":
            raise Broken(Sub.NO_SIGNING_CERTIFICATE_FOUND, Why.OTHER_CERTIFICATE) from error
        raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED) from error
    except CMSExtractionError as error:
        raise Broken(Sub.NO_SIGNING_CERTIFICATE_FOUND, Why.NO_SIGNING_CERTIFICATE) from error
    except _FAULTS as error:
        raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED) from error
    if not known["valid"]:
        raise Broken(Sub.SIG_CRYPTO_FAILURE, Why.SIGNATURE_WRONG)
    if not known["intact"]:
        raise Broken(Sub.HASH_FAILURE, Why.CONTENT_CHANGED)
    if is_weak(known):
        raise Broken(Sub.CRYPTO_CONSTRAINTS_FAILURE, Why.WEAK_ALGORITHM)
    return _read(signed_data, signer_info, certificates.signer_cert, list(certificates.other_certs), attribute)


def _read(
    signed_data: cms.SignedData,
    signer_info: cms.SignerInfo,
    certificate: x509.Certificate,
    others: list[x509.Certificate],
    attribute: object,
) -> CmsSignature:
    signed = signer_info["signed_attrs"]
    knowledge = Knowledge(certificates=others)
    before = Knowledge()
    _revocation(signed_data, signer_info, before)
    knowledge.add(before)
    claimed = None
    try:
        claimed = extract_self_reported_ts(signer_info)
    except _FAULTS:
        claimed = None
    return CmsSignature(
        signed_data=signed_data,
        signer_info=signer_info,
        certificate=certificate,
        knowledge=knowledge,
        tokens=tuple(_tokens(signer_info)),
        claimed_at=claimed,
        named=attribute is not None,
        commitment=_commitment(signed),
        roles=_roles(signed),
        policy=_policy(signed),
        place=_place(signed),
        archived=before.tells_of(certificate),
    )


def _tokens(signer_info: cms.SignerInfo) -> Iterable[Token]:
    if isinstance(signer_info["unsigned_attrs"], core.Void):
        return
    imprint = message_imprint_checker(signer_info)
    for value in find_cms_attribute_iter(signer_info["unsigned_attrs"], "signature_time_stamp_token"):
        yield Token(value["content"], imprint, "signature")


def _revocation(signed_data: cms.SignedData, signer_info: cms.SignerInfo, knowledge: Knowledge) -> None:
    """Lists and answers beside the certificates, and in the attribute that Adobe and ETSI each have for them."""
    if not isinstance(signed_data["crls"], core.Void):
        for each in signed_data["crls"]:
            chosen = each.chosen
            if isinstance(chosen, crl.CertificateList):
                knowledge.crls.append(chosen)
            elif chosen["other_rev_info_format"].native == "ocsp_response":
                knowledge.ocsps.append(chosen["other_rev_info"])
    try:
        value = find_unique_cms_attribute(signer_info["signed_attrs"], "adobe_revocation_info_archival")
        knowledge.crls += value["crl"] or ()
        knowledge.ocsps += value["ocsp"] or ()
    except (NonexistentAttributeError, MultivaluedAttributeError, ValueError, KeyError, TypeError):
        return


def _commitment(signed: cms.CMSAttributes) -> tuple[str, ...]:
    try:
        return tuple(each["commitment_type_id"].dotted for each in find_cms_attribute_iter(signed, "commitment_type"))
    except (ValueError, KeyError, TypeError):
        return ()


def _roles(signed: cms.CMSAttributes) -> tuple[str, ...]:
    try:
        value = find_unique_cms_attribute(signed, "signer_attributes_v2")
        return tuple(
            str(text)
            for attribute in value["claimed_attributes"] or ()
            for text in attribute["values"].native
            if isinstance(text, str)
        )
    except (NonexistentAttributeError, MultivaluedAttributeError, ValueError, KeyError, TypeError):
        return ()


def _policy(signed: cms.CMSAttributes) -> str:
    try:
        chosen = find_unique_cms_attribute(signed, "signature_policy_identifier").chosen
        return "" if isinstance(chosen, core.Null) else str(chosen["sig_policy_id"].dotted)
    except (NonexistentAttributeError, MultivaluedAttributeError, ValueError, KeyError, TypeError):
        return ""


def _place(signed: cms.CMSAttributes) -> str:
    try:
        native = find_unique_cms_attribute(signed, "signer_location").native
        return ", ".join(str(native[key]) for key in ("locality_name", "country_name") if native.get(key))
    except (NonexistentAttributeError, MultivaluedAttributeError, ValueError, KeyError, TypeError):
        return ""
