"""Rich authorization requests (RFC 9396): what a person confirms, as data with a schema.

The types are structures that are read strictly; the published JSON schemas are made from them. What is read becomes
`actions.model.Content`, which the phone shows; the digest of what the partner wrote goes beside it into the document
that the phone signs (PSD2 dynamic linking, B-41).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ipse.actions.model import Agreement, Content, DeviceAction, Payment, Signature, SignatureDocument
from ipse.kernel.ids import b64u_decode
from ipse.oidc.errors import InvalidAuthorizationDetails, InvalidRequest
from ipse.oidc.model import AuthorizationRequest
from ipse.partners.model import ServiceType
from ipse.standards.canonical_json import CanonicalJsonError, digest
from ipse.standards.currencies import DECIMALS
from ipse.standards.iban import is_iban
from ipse.standards.signature_activation import HASH_ALGORITHMS, MOST_DOCUMENTS
from ipse.standards.strict_json import JsonError, parse

MAX_BYTES: Final = 32_768
MAX_DETAILS: Final = 5
"""So many things can be confirmed by one code."""
_MAX_DEPTH: Final = 4
_PLACE: Final = re.compile(r" - at `\$((?:\.[A-Za-z]+)+)`")
_MISSING: Final = re.compile(r"missing required field `(\w+)`", re.ASCII)
_UNKNOWN: Final = re.compile(r"unknown field `([A-Za-z0-9_.-]{1,64})`")
_LINES: Final = "\n"


class Amount(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """An amount of money."""

    amount: Annotated[
        str,
        Meta(
            pattern=r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$",
            description="Decimal text in whole units, with a point and no more decimals than the currency has.",
        ),
    ]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217 code.")]


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """An account."""

    iban: Annotated[
        str, Meta(pattern="^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$", description="ISO 13616, without spaces, in capitals.")
    ]


class PaymentDetail(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", tag="payment", tag_field="type"
):
    """Money that moves when the person approves; members as in the example of RFC 9396 §2."""

    instructed_amount: Amount
    creditor_name: Annotated[str, Meta(min_length=1, max_length=70, description="The payee, as the person knows it.")]
    creditor_account: Account | UnsetType = UNSET
    remittance_information_unstructured: (
        Annotated[str, Meta(min_length=1, max_length=140, description="What the payee reads.")] | UnsetType
    ) = UNSET


class AgreementDetail(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", tag="agreement", tag_field="type"
):
    """Something to agree to."""

    title: Annotated[str, Meta(min_length=1, max_length=100)]
    text: Annotated[str, Meta(min_length=1, max_length=7500, description="Plain text; line feeds part its paragraphs.")]
    version: Annotated[str, Meta(min_length=1, max_length=40)] | UnsetType = UNSET
    sha256: (
        Annotated[
            str,
            Meta(
                pattern="^[A-Za-z0-9_-]{43}$",
                description="SHA-256 of the whole document where `text` is its summary, base64url without padding.",
            ),
        ]
        | UnsetType
    ) = UNSET


class DeviceActionDetail(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", tag="device_action", tag_field="type"
):
    """Something a device does when the person approves."""

    device: Annotated[str, Meta(min_length=1, max_length=70, description="As the person knows it: Front door.")]
    action: Literal["unlock", "lock", "turn_on", "turn_off", "set"]
    location: Annotated[str, Meta(min_length=1, max_length=70)] | UnsetType = UNSET
    details: Annotated[str, Meta(min_length=1, max_length=140, description="More of it: 21 °C.")] | UnsetType = UNSET


class DocumentDetail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to sign."""

    label: Annotated[str, Meta(min_length=1, max_length=255, description="Its name, as the person knows it.")]
    digest: Annotated[
        str, Meta(pattern="^[A-Za-z0-9_-]{43,86}$", description="Of `hash_algorithm`, base64url without padding.")
    ]


class SignatureDetail(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="ipse_signature", tag_field="type"):
    """Signatures of the person by the approval that identifies them."""

    documents: Annotated[tuple[DocumentDetail, ...], Meta(min_length=1, max_length=MOST_DOCUMENTS)]
    hash_algorithm: Literal["SHA-256", "SHA-384", "SHA-512"] = "SHA-256"
    description: (
        Annotated[str, Meta(min_length=1, max_length=255, description="What is signed, in one sentence.")] | UnsetType
    ) = UNSET


SIGNATURE: Final = "ipse_signature"
Detail: TypeAlias = PaymentDetail | AgreementDetail | DeviceActionDetail | SignatureDetail
TYPES: Final[Mapping[str, type[Detail]]] = {
    "payment": PaymentDetail,
    "agreement": AgreementDetail,
    "device_action": DeviceActionDetail,
    SIGNATURE: SignatureDetail,
}
"""The types that may be asked, by their name."""


def schema(name: str, address: str) -> dict[str, Any]:
    """The published JSON schema (draft 2020-12) of one type; `address` is its `$id`."""
    made = msgspec.json.schema(TYPES[name])
    parts: dict[str, Any] = made["$defs"]
    whole = parts.pop(TYPES[name].__name__)
    whole["title"] = name
    outside = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": address}
    return {**outside, **whole, **({"$defs": parts} if parts else {})}


def read_details(request: AuthorizationRequest) -> AuthorizationRequest:
    """The parameter `authorization_details`: a JSON array of objects, in limits of size and depth (RFC 9396 §2)."""
    text = request.parameters.get("authorization_details")
    if text is None:
        return request
    try:
        parsed = parse(text, max_bytes=MAX_BYTES, max_depth=_MAX_DEPTH)
    except JsonError as error:
        raise InvalidAuthorizationDetails(f"authorization_details: {error}") from error
    if not isinstance(parsed, list) or not all(isinstance(each, dict) for each in parsed):
        raise InvalidAuthorizationDetails("authorization_details is an array of objects")
    if not 1 <= len(parsed) <= MAX_DETAILS:
        raise InvalidAuthorizationDetails(f"authorization_details holds 1 to {MAX_DETAILS} objects")
    return replace(request, authorization_details=tuple(parsed))


def check_details_allowed(request: AuthorizationRequest) -> AuthorizationRequest:
    """Only a service for confirmations asks for them, and signatures only one whose contract has them (RFC 9396 §5)."""
    details, service = request.authorization_details, request.service
    signatures = [each for each in details if each.get("type") == SIGNATURE]
    if signatures:
        if not service.signs or len(details) > 1:
            raise InvalidAuthorizationDetails("this service signs nothing, or nothing beside other types")
        if request.source == "query":
            raise InvalidRequest("what is signed comes in a pushed request or a request object")
        documents = signatures[0].get("documents")
        if isinstance(documents, list) and len(documents) > service.batch:
            raise InvalidAuthorizationDetails(f"one approval of this service signs at most {service.batch} documents")
    elif details and service.type is not ServiceType.CONFIRMATION:
        raise InvalidAuthorizationDetails("this service confirms nothing: no type may be asked of it")
    return request


def check_details(request: AuthorizationRequest) -> AuthorizationRequest:
    """Each is of a known type and as its schema says; together they become the content to confirm."""
    if not request.authorization_details:
        return request
    content = contents_of(request.authorization_details)
    return replace(request, content=content, content_digest=digest_of(request.authorization_details))


DETAIL_CHECKS: Final[tuple[Callable[[AuthorizationRequest], AuthorizationRequest], ...]] = (
    read_details,
    check_details_allowed,
    check_details,
)


def contents_of(details: Sequence[Mapping[str, Any]]) -> tuple[Content, ...]:
    """What a person is shown for authorization details.

    Raises:
        InvalidAuthorizationDetails: one is not as its type prescribes; says which, and repeats no value.
    """
    return tuple(_content(f"authorization_details[{place}]", detail) for place, detail in enumerate(details))


def digest_of(details: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of authorization details in canonical JSON (RFC 8785), base64url.

    Raises:
        InvalidAuthorizationDetails: they hold what has no canonical form.
    """
    try:
        return digest(list(details))
    except CanonicalJsonError as error:
        raise InvalidAuthorizationDetails(f"authorization_details: {error}") from error


def _content(place: str, written: Mapping[str, Any]) -> Content:
    kind = TYPES.get(written["type"]) if isinstance(written.get("type"), str) else None
    if kind is None:
        raise InvalidAuthorizationDetails(f"{place}: the type is not one of {', '.join(TYPES)}")
    try:
        detail: Detail = msgspec.convert(written, kind)
    except msgspec.ValidationError as error:
        raise InvalidAuthorizationDetails(place + _explained(str(error))) from error
    _check_characters(place, written)
    if isinstance(detail, SignatureDetail):
        return _signature(place, detail)
    if isinstance(detail, PaymentDetail):
        return _payment(place, detail)
    if isinstance(detail, AgreementDetail):
        return Agreement(
            title=detail.title, text=detail.text, version=_text(detail.version), sha256=_text(detail.sha256)
        )
    return DeviceAction(
        device=detail.device, action=detail.action, location=_text(detail.location), details=_text(detail.details)
    )


def _signature(place: str, detail: SignatureDetail) -> Signature:
    size = HASH_ALGORITHMS[detail.hash_algorithm][1]
    for number, document in enumerate(detail.documents):
        try:
            fits = len(b64u_decode(document.digest)) == size
        except ValueError:
            fits = False
        if not fits:
            raise InvalidAuthorizationDetails(f"{place}.documents[{number}].digest: no digest of hash_algorithm")
    documents = tuple(SignatureDocument(each.label, each.digest) for each in detail.documents)
    return Signature(documents, detail.hash_algorithm, "", description=_text(detail.description))


def _explained(why: str) -> str:
    """Which member is wrong, without its value; `why` is the decoder's text, which may hold one."""
    found = _PLACE.search(why)
    member = found[1] if found else ""
    if missing := _MISSING.search(why):
        return f"{member}: lacks {missing[1]}"
    if unknown := _UNKNOWN.search(why):
        return f"{member}: {unknown[1]} is no member of its type"
    return f"{member}: not as the schema of its type says"


def _payment(place: str, detail: PaymentDetail) -> Payment:
    money, account = detail.instructed_amount, detail.creditor_account
    decimals = DECIMALS.get(money.currency)
    if decimals is None:
        raise InvalidAuthorizationDetails(f"{place}.instructedAmount.currency: no currency of ISO 4217")
    if len(money.amount.partition(".")[2]) > decimals:
        raise InvalidAuthorizationDetails(f"{place}.instructedAmount.amount: more decimals than the currency has")
    if account is not UNSET and not is_iban(account.iban):
        raise InvalidAuthorizationDetails(f"{place}.creditorAccount.iban: not a valid IBAN")
    return Payment(
        amount=money.amount,
        currency=money.currency,
        creditor_name=detail.creditor_name,
        creditor_iban=account.iban if account is not UNSET else "",
        reference=_text(detail.remittance_information_unstructured),
    )


def _text(value: str | UnsetType) -> str:
    return "" if value is UNSET else value


def _check_characters(place: str, written: Mapping[str, Any]) -> None:
    """What a person reads shows as what it is: no control or formatting characters, nothing blank."""
    for name, value in written.items():
        if isinstance(value, Mapping):
            _check_characters(f"{place}.{name}", value)
            continue
        if isinstance(value, list):
            for number, each in enumerate(value):
                _check_characters(f"{place}.{name}[{number}]", each)
            continue
        allowed = _LINES if name == "text" else ""
        if not value.strip() or any(_hides(character) and character not in allowed for character in value):
            raise InvalidAuthorizationDetails(f"{place}.{name}: blank, or a character that does not show")


def _hides(character: str) -> bool:
    """Control, formatting (which turns the direction of text), surrogate, private, unassigned, line separators."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
