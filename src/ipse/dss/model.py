"""Visits, and the words of the interface."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

DOOR: Final = "dss"
PATH: Final = "/qes-partners/1.0.0"
MOST_DOCUMENTS: Final = 70
VISIT_SECONDS: Final = 600
"""How long a browser may take to come; afterwards its request lives as every other."""
ANSWER_SECONDS: Final = 86_400
"""How long a partner may ask for what came of it."""
SHA256_URI: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
LANGUAGES: Final = ("EN", "FR", "NL", "DE")

_PENDING: Final = "urn:oasis:names:tc:dss:1.0:profiles:asynchronousprocessing:resultmajor:Pending"
_MAJOR: Final = "urn:oasis:names:tc:dss:1.0:resultmajor:"
PENDING, SUCCESS = _PENDING, _MAJOR + "Success"
REQUESTER_ERROR, RESPONDER_ERROR = _MAJOR + "RequesterError", _MAJOR + "ResponderError"
"""Major results (OASIS DSS Core 1.0 §2.6, and its asynchronous processing profile §3.1)."""


class Kind(StrEnum):
    """What a visit is for."""

    IDENTIFICATION = "identification"
    SIGNATURE = "signature"


class DigestInfo(msgspec.Struct, frozen=True):
    """One digest of one document; `value` is base64 or base64url."""

    id: str
    value: bytes


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner asked, as its row keeps it sealed."""

    reference: str
    """The end of the visit's address."""
    redirect_url: str
    language: str
    """`en`, `fr`, `nl`, `de`; empty: as the browser says."""
    user_code: str = ""
    """The subject of whom the partner means; empty: whoever comes."""
    request_id: str = ""
    description: Mapping[str, str] = {}
    """By language."""
    documents: tuple[DigestInfo, ...] = ()
    role: str = ""
    commitment: str = ""
    policy: str = ""


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A row; times in microseconds UTC."""

    visit_id: str
    kind: Kind
    partner_id: str
    service_code: str
    sealed_asked: bytes
    browser_hash: bytes | None
    action_id: str | None
    created_at: int
    expires_at: int


COMMITMENT_TYPES: Final[Mapping[str, Mapping[str, str]]] = {
    "1.2.840.113549.1.9.16.6.1": {
        "EN": "Proof of origin",
        "FR": "Preuve d’origine",
        "NL": "Bewijs van oorsprong",
        "DE": "Nachweis der Herkunft",
    },
    "1.2.840.113549.1.9.16.6.2": {
        "EN": "Proof of receipt",
        "FR": "Preuve de réception",
        "NL": "Bewijs van ontvangst",
        "DE": "Nachweis des Empfangs",
    },
    "1.2.840.113549.1.9.16.6.3": {
        "EN": "Proof of delivery",
        "FR": "Preuve de remise",
        "NL": "Bewijs van aflevering",
        "DE": "Nachweis der Zustellung",
    },
    "1.2.840.113549.1.9.16.6.4": {
        "EN": "Proof of sender",
        "FR": "Preuve de l’expéditeur",
        "NL": "Bewijs van afzender",
        "DE": "Nachweis des Absenders",
    },
    "1.2.840.113549.1.9.16.6.5": {
        "EN": "Proof of approval",
        "FR": "Preuve d’approbation",
        "NL": "Bewijs van goedkeuring",
        "DE": "Nachweis der Zustimmung",
    },
    "1.2.840.113549.1.9.16.6.6": {
        "EN": "Proof of creation",
        "FR": "Preuve de création",
        "NL": "Bewijs van opmaak",
        "DE": "Nachweis der Erstellung",
    },
}
"""What signing can mean, by OID (ETSI TS 119 172-1 annex B)."""

POLICY_TEXTS: Final[Mapping[str, str]] = {
    "EN": "The person was shown what is signed on their phone and approved it there with their five-digit code.",
    "FR": "La personne a vu sur son téléphone ce qui est signé et l’y a approuvé avec son code à cinq chiffres.",
    "NL": "De persoon zag op de telefoon wat getekend wordt en keurde het daar goed met de vijfcijferige code.",
    "DE": "Die Person sah auf ihrem Telefon, was signiert wird, und stimmte dort mit ihrem fünfstelligen Code zu.",
}
POLICY_OID: Final = "2.25.329800735698586629295641978511506172918"
"""Of the one policy: an OID of a random UUID (ITU-T X.667), so that it is nobody else's."""
POLICY_DEFAULT: Final = "ITSME_DEFAULT"
"""How partners that migrate call the default policy."""


def policy_document() -> bytes:
    """The policy as it is published, UTF-8; its digest names it for ever."""
    return ("".join(f"{language}: {text}\n" for language, text in POLICY_TEXTS.items())).encode()


def policy_digest() -> str:
    """SHA-256 of it as hexadecimal digits."""
    return hashlib.sha256(policy_document()).hexdigest()


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """A visit that a partner has begun."""

    visit_id: str
    url: str
    user_code: str = ""


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """Who came: their subject, and their certificates as PEM, the person's first."""

    user_code: str
    certificates: tuple[str, ...]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The signatures of one request: document id and value (PKCS #1 v1.5, or ECDSA in DER)."""

    request_id: str
    user_code: str
    signatures: tuple[tuple[str, bytes], ...]


class IdentificationRequest(msgspec.Struct, frozen=True, rename="camel"):
    """`POST /user_identification`."""

    partner_code: str = ""
    service_code: str = ""
    redirect_url: str = ""
    lang: str = ""
    user_code: str = ""


class StatusRequest(msgspec.Struct, frozen=True):
    """`POST /user_identification/status`; both spellings of the identifier are taken."""

    partner_code: str = msgspec.field(name="partnerCode", default="")
    service_code: str = msgspec.field(name="serviceCode", default="")
    async_resp_id: str = msgspec.field(name="asyncRespID", default="")
    other_async_resp_id: str = msgspec.field(name="asyncRespId", default="")


class SentDigest(msgspec.Struct, frozen=True):
    """`di` of a document."""

    alg: str = ""
    value: str = ""


class SentDocument(msgspec.Struct, frozen=True):
    """`docHash` of a request."""

    id: str = ""
    di: tuple[SentDigest, ...] = ()


class SentDocuments(msgspec.Struct, frozen=True, rename="camel"):
    """`inDocs`."""

    doc_hash: tuple[SentDocument, ...] = ()


class SentPolicy(msgspec.Struct, frozen=True, rename="camel"):
    """`signPolicy`."""

    sign_policy_ref: str = ""
    commitment_type_ref: str = ""
    signer_role: tuple[str, ...] = ()


class SentSigner(msgspec.Struct, frozen=True, rename="camel"):
    """`signer`."""

    user_code: str = ""


class SentDescription(msgspec.Struct, frozen=True):
    """One of `description`."""

    lang: str = ""
    value: str = ""


class SentDetails(msgspec.Struct, frozen=True, rename="camel"):
    """`optInp.itsme`: the member's name is the partner protocol's."""

    signer: SentSigner = SentSigner()
    partner_code: str = ""
    service_code: str = ""
    description: tuple[SentDescription, ...] = ()
    redirect_url: str = ""
    sign_policy: SentPolicy = SentPolicy()


class SentOptions(msgspec.Struct, frozen=True):
    """`optInp`."""

    lang: str | None = None
    itsme: SentDetails = SentDetails()


class SignRequest(msgspec.Struct, frozen=True):
    """`POST /sign_document`: new with `inDocs`, a question with `asyncRespID`."""

    in_docs: SentDocuments | None = msgspec.field(name="inDocs", default=None)
    request_id: str = msgspec.field(name="reqID", default="")
    async_resp_id: str | None = msgspec.field(name="asyncRespID", default=None)
    options: SentOptions = msgspec.field(name="optInp", default_factory=SentOptions)
