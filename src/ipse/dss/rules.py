"""What is asked of a partner's request: a visible list of checks, each with the protocol's word for its refusal."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ipse.dss.errors import DssRefused
from ipse.dss.model import (
    COMMITMENT_TYPES,
    LANGUAGES,
    MOST_DOCUMENTS,
    POLICY_DEFAULT,
    POLICY_OID,
    SHA256_URI,
    DigestInfo,
    SentDescription,
    SentDocument,
    SentDocuments,
    SentPolicy,
)
from ipse.partners.model import Partner, Service, ServiceType

_MOST_PARTNER_CODE: Final = 10
_MOST_SERVICE_CODE: Final = 45
_MOST_URL: Final = 255
_MOST_DESCRIPTION: Final = 255
_MOST_ROLE: Final = 50
_MOST_ROLES: Final = 10
_MOST_ID: Final = 64
_USER_CODE: Final = re.compile(r"[0-9A-Za-z_-]{36}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who calls, in whose name, for which service, and where the person goes back to."""

    partner: Partner
    """Proven by the certificate of the connection."""
    service: Service | None
    partner_code: str
    service_code: str
    redirect_url: str | None
    """None where the call brings none."""
    lang: str
    user_code: str = ""


def check_partner_code(call: Call) -> None:
    """The partner is named, and is who the certificate says."""
    if not call.partner_code:
        raise DssRefused("MISSING_PARTNER_CODE", "partnerCode is missing")
    if len(call.partner_code) > _MOST_PARTNER_CODE or call.partner_code != call.partner.partner_id:
        raise DssRefused("INVALID_REQUESTOR", "partnerCode is not the partner of this certificate")


def check_service_code(call: Call) -> None:
    """The service is one of this partner's, for signing, and not stopped."""
    if not call.service_code:
        raise DssRefused("MISSING_SERVICE_CODE", "serviceCode is missing")
    service = call.service
    if service is None or len(call.service_code) > _MOST_SERVICE_CODE or service.partner_id != call.partner.partner_id:
        raise DssRefused("INVALID_REQUESTOR", "this partner has no such service")
    if service.type is not ServiceType.SIGNING or service.state != "active":
        raise DssRefused("INVALID_REQUESTOR", "the service is not an active service of type signing")


def check_redirect_url(call: Call) -> None:
    """The address to go back to is registered, letter by letter."""
    if call.redirect_url is None:
        return
    if not call.redirect_url.startswith(("https://", "http://")) or len(call.redirect_url) > _MOST_URL:
        raise DssRefused("INVALID_URL", f"redirectUrl must be an address of at most {_MOST_URL} characters")
    if call.service is None or call.redirect_url not in call.service.redirect_uris:
        raise DssRefused("UNAUTHORIZED_URL", "redirectUrl is not registered for this service")


def check_lang(call: Call) -> None:
    """One of four languages, or none."""
    if call.lang and call.lang.upper()[:2] not in LANGUAGES:
        raise DssRefused("INVALID_LANG", f"lang must be one of {', '.join(LANGUAGES)}")


def check_user_code(call: Call) -> None:
    """Whom the partner means, where it says so."""
    if call.user_code and not _USER_CODE.fullmatch(call.user_code):
        raise DssRefused("UNKNOWN", "userCode is none that this partner was given")


CALL_CHECKS: Final[tuple[Callable[[Call], None], ...]] = (
    check_partner_code,
    check_service_code,
    check_redirect_url,
    check_lang,
    check_user_code,
)
"""In this order; the first that fails is answered."""


def check_call(call: Call) -> Service:
    """Run `CALL_CHECKS`.

    Raises:
        DssRefused: the first that fails.
    """
    for check in CALL_CHECKS:
        check(call)
    if call.service is None:  # pragma: no cover - check_service_code has refused it
        raise DssRefused("INVALID_REQUESTOR", "this partner has no such service")
    return call.service


def read_documents(sent: SentDocuments, *, most: int) -> tuple[DigestInfo, ...]:
    """The digests of a request, as many as the contract allows.

    Raises:
        DssRefused: NO_HASH_PROVIDED, BATCH_TOO_LARGE, ONLY_SINGLE_HASH_SUPPORTED, NO_DIGEST_INFO_PROVIDED,
            ONLY_SINGLE_DIGEST_INFO_SUPPORTED, INVALID_DIGEST_INFO, INCOMPLETE_REQUEST.
    """
    documents = sent.doc_hash
    if not documents:
        raise DssRefused("NO_HASH_PROVIDED", "inDocs.docHash is empty")
    if len(documents) > MOST_DOCUMENTS:
        raise DssRefused("BATCH_TOO_LARGE", f"at most {MOST_DOCUMENTS} documents are signed at once")
    if len(documents) > most:
        reason = "ONLY_SINGLE_HASH_SUPPORTED" if most == 1 else "BATCH_TOO_LARGE"
        raise DssRefused(reason, f"the contract of this service allows {most} documents at once")
    read = tuple(_read_document(document) for document in documents)
    if len({document.id for document in read}) < len(read):
        raise DssRefused("INCOMPLETE_REQUEST", "two documents have one id")
    return read


def _read_document(document: SentDocument) -> DigestInfo:
    if not document.id or len(document.id) > _MOST_ID or not document.id.isprintable():
        raise DssRefused("INCOMPLETE_REQUEST", f"each document needs an id of at most {_MOST_ID} characters")
    if not document.di:
        raise DssRefused("NO_DIGEST_INFO_PROVIDED", "a document has no di")
    if len(document.di) > 1:
        raise DssRefused("ONLY_SINGLE_DIGEST_INFO_SUPPORTED", "a document has more than one di")
    (digest,) = document.di
    value = _octets(digest.value)
    if digest.alg != SHA256_URI or value is None or len(value) != 32:
        raise DssRefused("INVALID_DIGEST_INFO", f"di must hold alg {SHA256_URI} and 32 bytes as base64 in value")
    return DigestInfo(document.id, value)


def _octets(text: str) -> bytes | None:
    """base64 and base64url alike, with padding or without (section 6 of the partner protocol)."""
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        return urlsafe_b64decode(padded) if re.search(r"[-_]", text) else b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        return None


def read_description(sent: Sequence[SentDescription]) -> dict[str, str]:
    """What the signing is about, by language: all four or none at all.

    Raises:
        DssRefused: INCOMPLETE_REQUEST, INVALID_LANGUAGE.
    """
    texts: dict[str, str] = {}
    for each in sent:
        language = each.lang.upper()[:2]
        if language not in LANGUAGES:
            raise DssRefused("INVALID_LANGUAGE", f"description.lang must be one of {', '.join(LANGUAGES)}")
        if not 1 <= len(each.value) <= _MOST_DESCRIPTION or not _is_latin(each.value, "iso8859-15"):
            told = f"description.value must be 1 to {_MOST_DESCRIPTION} characters of ISO 8859-15"
            raise DssRefused("INCOMPLETE_REQUEST", told)
        texts[language.lower()] = each.value
    if texts and len(texts) < len(LANGUAGES):
        raise DssRefused("INCOMPLETE_REQUEST", f"description needs all of {', '.join(LANGUAGES)}")
    return texts


def check_policy(sent: SentPolicy) -> None:
    """A policy, a commitment and roles that we know.

    Raises:
        DssRefused: INVALID_POLICY, INCOMPLETE_REQUEST.
    """
    if sent.sign_policy_ref not in {"", POLICY_DEFAULT, POLICY_OID}:
        raise DssRefused("INVALID_POLICY", f"signPolicyRef must be {POLICY_DEFAULT} or {POLICY_OID}")
    if sent.commitment_type_ref and sent.commitment_type_ref not in COMMITMENT_TYPES:
        raise DssRefused("INVALID_POLICY", "commitmentTypeRef is not one of commitment_types_supported")
    roles = sent.signer_role
    if len(roles) > _MOST_ROLES or not all(
        1 <= len(role) <= _MOST_ROLE and role.isprintable() and _is_latin(role, "iso8859-1") for role in roles
    ):
        told = f"signerRole must hold at most {_MOST_ROLES} texts of 1 to {_MOST_ROLE} characters of ISO 8859-1"
        raise DssRefused("INCOMPLETE_REQUEST", told)


def _is_latin(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return all(character.isprintable() or character in "\n\t" for character in text)
