"""The report for programs: ETSI TS 119 102-2, one for all formats."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from pyhanko.generated.etsi import ts_11910202 as etsi
from pyhanko.generated.etsi import xades
from pyhanko.generated.w3c import xmldsig_core as dsig
from xsdata.formats.dataclass.serializers import XmlSerializer
from xsdata.formats.dataclass.serializers.config import SerializerConfig
from xsdata.models.datatype import XmlDateTime

from ipse.documents.validation.chains import utc
from ipse.documents.validation.model import Indication, Judgement, TimeStamp, Validation

_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
_URN: Final = "urn:etsi:019102:"
_INDICATIONS: Final = {
    Indication.PASSED: _URN + "mainindication:total-passed",
    Indication.FAILED: _URN + "mainindication:total-failed",
    Indication.INDETERMINATE: _URN + "mainindication:indeterminate",
}
_NAMESPACES: Final = {
    "vr": "http://uri.etsi.org/19102/v1.2.1#",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xades": "http://uri.etsi.org/01903/v1.3.2#",
}


def report(validation: Validation) -> str:
    """The validation as XML. Certificates stand in it once, as validation objects."""
    certificates = {
        der: None for judgement in validation.signatures for der in (judgement.certificate, *judgement.chain) if der
    }
    whole = etsi.ValidationReport(
        signature_validation_report=tuple(_signature(each, validation) for each in validation.signatures),
        signature_validation_objects=etsi.ValidationObjectListType(tuple(_objects(certificates))),
    )
    return XmlSerializer(config=SerializerConfig(indent="  ")).render(whole, ns_map=dict(_NAMESPACES))


def _signature(judgement: Judgement, validation: Validation) -> etsi.SignatureValidationReportType:
    process = "LTVM" if judgement.proven_at is not None else "Basic"
    return etsi.SignatureValidationReportType(
        signature_identifier=etsi.SignatureIdentifierType(
            digest_alg_and_value=_digest(judgement.to_be_signed or hashlib.sha256(judgement.signature_value).digest()),
            signature_value=dsig.SignatureValue(judgement.signature_value) if judgement.signature_value else None,
            hash_only=False,
            doc_hash_only=False,
            daidentifier=judgement.name,
        ),
        validation_time_info=etsi.ValidationTimeInfoType(
            validation_time=_time(validation.judged_at),
            best_signature_time=etsi.POEType(
                poetime=_time(judgement.proven_at or validation.judged_at),
                type_of_proof=_URN + "poetype:validation",
            ),
        ),
        signers_document=_document(judgement, validation),
        signature_attributes=_attributes(judgement),
        signer_information=_signer(judgement),
        signature_quality=_quality(judgement),
        signature_validation_process=etsi.SignatureValidationProcessType(
            signature_validation_process_id=f"{_URN}validationprocess:{process}"
        ),
        signature_validation_status=etsi.ValidationStatusType(
            main_indication=_INDICATIONS[judgement.indication],
            sub_indication=(f"{_URN}subindication:{judgement.sub}",) if judgement.sub is not None else (),
            associated_validation_report_data=_data(judgement),
        ),
    )


def _document(judgement: Judgement, validation: Validation) -> etsi.SignersDocumentType:
    return etsi.SignersDocumentType(
        digest_alg_and_value=_digest(judgement.content_digest or bytes.fromhex(validation.sha256))
    )


def _attributes(judgement: Judgement) -> etsi.SignatureAttributesType:
    claimed, policy, text = judgement.claimed_at, judgement.policy, judgement.text
    return etsi.SignatureAttributesType(
        signing_time=() if claimed is None else (etsi.SASigningTimeType(signed=True, time=_time(claimed)),),
        commitment_type_indication=tuple(
            etsi.SACommitmentTypeIndicationType(signed=True, commitment_type_identifier=_uri(each))
            for each in judgement.commitment
        ),
        sig_policy_identifier=(etsi.SASigPolicyIdentifierType(signed=True, sig_policy_id=_uri(policy)),)
        if policy
        else (),
        signature_time_stamp=tuple(_stamp(each) for each in judgement.timestamps if each.at),
        reason=(etsi.SAReasonType(signed=True, reason_element=text),) if text else (),
    )


def _stamp(stamp: TimeStamp) -> etsi.SATimestampType:
    return etsi.SATimestampType(signed=False, time_stamp_value=_time(stamp.at))


def _signer(judgement: Judgement) -> etsi.SignerInformationType | None:
    if not judgement.certificate:
        return None
    return etsi.SignerInformationType(
        signer_certificate=_reference(judgement.certificate),
        signer=judgement.signer.name if judgement.signer else None,
        pseudonym=judgement.signer.pseudonym if judgement.signer else None,
    )


def _quality(judgement: Judgement) -> etsi.SignatureQualityType | None:
    if judgement.signer is None:
        return None
    return etsi.SignatureQualityType((f"urn:ipse:signature-quality:{judgement.signer.quality}",))


def _data(judgement: Judgement) -> tuple[etsi.ValidationReportDataType, ...]:
    """The chain, and the reasons in our own words."""
    chain = None
    if judgement.chain and judgement.certificate:
        chain = etsi.CertificateChainType(
            signing_certificate=_reference(judgement.certificate),
            intermediate_certificate=tuple(_reference(each) for each in judgement.chain[-2:0:-1]),
            trust_anchor=_reference(judgement.chain[0]),
        )
    told = tuple(
        etsi.TypedDataType(type_value="urn:ipse:reason", value=f"{each.code}{': ' if each.detail else ''}{each.detail}")
        for each in judgement.reasons
    )
    additional = etsi.AdditionalValidationReportDataType(told) if told else None
    if chain is None and additional is None:
        return ()
    return (etsi.ValidationReportDataType(certificate_chain=chain, additional_validation_report_data=additional),)


def _objects(certificates: Iterable[bytes]) -> Iterable[etsi.ValidationObjectType]:
    for der in certificates:
        yield etsi.ValidationObjectType(
            id=_identifier(der),
            object_type=_URN + "validationObject:certificate",
            validation_object_representation=etsi.ValidationObjectRepresentationType(base64=der),
        )


def _reference(certificate: bytes) -> etsi.VOReferenceType:
    return etsi.VOReferenceType(voreference=(_identifier(certificate),))


def _identifier(certificate: bytes) -> str:
    return f"vo-cert-{hashlib.sha256(certificate).hexdigest()}"


def _digest(digest: bytes) -> xades.DigestAlgAndValueType:
    return xades.DigestAlgAndValueType(
        digest_method=dsig.DigestMethod(algorithm=_SHA256), digest_value=dsig.DigestValue(digest)
    )


def _uri(identifier: str) -> str:
    return f"urn:oid:{identifier}" if identifier[:1].isdigit() else identifier


def _time(microseconds: int) -> XmlDateTime:
    return XmlDateTime.from_datetime(utc(microseconds).replace(microsecond=0))
