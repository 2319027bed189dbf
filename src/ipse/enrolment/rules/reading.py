"""Turn a registrar's verified claims into facts.

A claim of a wrong type is a registrar's error; a missing one is None.
"""

from __future__ import annotations

import unicodedata
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ipse.attributes.model import (
    NATIONAL_NUMBER_COUNTRIES,
    Address,
    Document,
    Facts,
    NationalNumber,
    Picture,
    Place,
)
from ipse.enrolment.errors import RefusedByPersonError, RegistrarError, UnacceptableIdentityError
from ipse.enrolment.model import OLDEST_CHECK_DAYS, Registrar, RegistrarAnswer
from ipse.kernel.clock import SECOND
from ipse.standards import ida
from ipse.standards.birthdates import born
from ipse.standards.countries import alpha_2, alpha_3
from ipse.standards.ida import DocumentDetails, VerifiedClaims
from ipse.standards.national_numbers import compact, is_belgian_card
from ipse.standards.phone_numbers import normalised

OWN: Final = "urn:ipse:claim:"
"""Prefix of the claims that OpenID Connect for Identity Assurance has no name for."""

CLAIMS: Final[Mapping[str, bool]] = {
    "family_name": True,
    "given_name": False,
    "birthdate": True,
    "gender": False,
    "place_of_birth": False,
    "nationalities": False,
    "address": False,
    "phone_number": False,
    OWN + "national_number": False,
    OWN + "card_number": False,
    OWN + "photo": False,
    OWN + "official_gender": False,
    OWN + "birthdate_as_string": False,
    OWN + "issuance_locality": False,
}
"""What a registrar is asked for; True is essential. No e-mail address: the person gives one if they like."""

_RECOGNISING: Final = ("family_name", "given_name", "birthdate", OWN + "birthdate_as_string", OWN + "national_number")
RECOGNISING: Final[Mapping[str, bool]] = {name: CLAIMS[name] for name in _RECOGNISING}
"""What a bank is asked for to know a person again: what `judging.identity` reads, and no more."""

_KINDS: Final = {"idcard": "I", "residence_permit": "I", "passport": "P"}
_IMAGES: Final = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n", "image/jp2": b"\x00\x00\x00\x0cjP"}
_LARGEST_IMAGE: Final = 100_000
_LONGEST: Final = 200
_SKEW_SECONDS: Final = 60


def verified_claims(said: RegistrarAnswer, registrar: Registrar, *, now: int) -> VerifiedClaims:
    """What a bank has verified of a person, with evidence that is good at `now` (microseconds).

    Raises:
        RegistrarError: not as the Identity Assurance schema says, or without such evidence.
    """
    try:
        verified = ida.parse(said.verified_claims, trust_framework=registrar.framework)
    except ida.IdaError as error:
        raise RegistrarError(str(error)) from error
    check_evidence(verified, now=now)
    return verified


def code_of(parameters: Mapping[str, str], issuer: str) -> str:
    """The authorization code in a bank's answer (RFC 6749 §4.1.2, RFC 9207 §2.4).

    Raises:
        RegistrarError: of another issuer, or without a code.
        RefusedByPersonError: the person has refused at the bank.
    """
    if parameters.get("iss") != issuer:
        raise RegistrarError("the answer is of another issuer (RFC 9207)")
    if "code" not in parameters:
        if parameters.get("error") == "access_denied":
            raise RefusedByPersonError("access_denied")
        raise RegistrarError("an answer without a code")
    return parameters["code"]


def facts(verified: VerifiedClaims, *, email: str | None) -> Facts:
    """Return the facts in an answer, except the phone number, which counts only if it is the person's (`same_number`).

    Address, place of birth and national number are kept only where a partner could ever be told them.

    Raises:
        RegistrarError: a claim has a wrong type or format.
        UnacceptableIdentityError: no name, or no identity document of a kind and country we know.
    """
    claims = verified.claims
    document = _document(verified, _text(claims, OWN + "issuance_locality"))
    family_name = _text(claims, "family_name")
    if family_name is None:
        raise UnacceptableIdentityError("no family name")
    birthdate, printed = _birth(claims)
    belgian = document.country == "BE"
    return Facts(
        family_name=family_name,
        given_name=_text(claims, "given_name"),
        birthdate=birthdate,
        birthdate_as_string=printed,
        official_gender=_text(claims, OWN + "official_gender"),
        gender=_text(claims, "gender"),
        nationalities=_nationalities(claims),
        place_of_birth=_place(claims) if belgian else None,
        address=_address(claims) if belgian else None,
        document=document,
        national_number=_national_number(claims, document.country),
        card_number=_card_number(claims) if belgian else None,
        photo=_photo(claims),
        email=email,
    )


def same_number(verified: VerifiedClaims, typed: str) -> bool:
    """Whether the verified claims hold the very number the person typed (both as `+CC number`)."""
    said = _text(verified.claims, "phone_number")
    if said is None:
        return False
    try:
        return normalised(said) == typed
    except ValueError as error:
        raise RegistrarError("phone_number is not in international form") from error


def register_number(verified: VerifiedClaims) -> str | None:
    """Return the number in a population register, whether or not partners may ask for it."""
    number = _text(verified.claims, OWN + "national_number")
    return None if number is None else compact(number)


def check_evidence(verified: VerifiedClaims, *, now: int) -> None:
    """Refuse an answer without a record of the bank's own, or checked in the future or too long ago.

    Raises:
        UnacceptableIdentityError: says which, without personal data.
    """
    kinds = {evidence.type for evidence in verified.evidence}
    for wanted in ("electronic_record", "document"):
        if wanted not in kinds:
            raise UnacceptableIdentityError(f"no evidence of type {wanted}")
    moments = [check.time for evidence in verified.evidence for check in evidence.checks if check.time]
    if verified.time is not None:
        moments.append(verified.time)
    if any(int(moment.timestamp()) * SECOND > now + _SKEW_SECONDS * SECOND for moment in moments):
        raise UnacceptableIdentityError("checked in the future")
    checked = read_at(verified)
    if checked is not None and checked < now - OLDEST_CHECK_DAYS * 86_400 * SECOND:
        raise UnacceptableIdentityError("checked too long ago")


def read_at(verified: VerifiedClaims) -> int | None:
    """Return when the document was last checked, in microseconds UTC."""
    evidence = verified.document()
    times = [check.time for check in evidence.checks if check.time] if evidence else []
    moment: datetime | None = max(times, default=verified.time)
    return None if moment is None else int(moment.astimezone(UTC).timestamp()) * SECOND


def _document(verified: VerifiedClaims, locality: str | None) -> Document:
    evidence = verified.document()
    details: DocumentDetails | None = evidence.document if evidence else None
    if details is None or details.number is None:
        raise UnacceptableIdentityError("no identity document with a number")
    country = alpha_2(details.issuer.country_code or "")
    kind = _KINDS.get(details.type)
    if country is None or kind is None:
        raise UnacceptableIdentityError("a document of an unknown kind or country")
    return Document(
        kind=kind,
        country=country,
        number=details.number,
        issued_on=details.issued_on.isoformat() if details.issued_on else None,
        expires_on=details.expires_on.isoformat() if details.expires_on else None,
        issuer=locality or details.issuer.locality,
    )


def _birth(claims: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The day of birth, and what the document prints; a year alone (OpenID Connect Core 5.1) is only the second."""
    said, printed = _text(claims, "birthdate"), _text(claims, OWN + "birthdate_as_string")
    if said is None or (born(said) and len(said) == len("YYYY-MM-DD")):
        return said, printed
    if len(said) == 4 and said.isascii() and said.isdigit():
        return None, printed or said
    raise RegistrarError("birthdate is neither a day nor a year")


def _nationalities(claims: Mapping[str, Any]) -> tuple[str, ...]:
    said = claims.get("nationalities", [])
    if not isinstance(said, list) or len(said) > 10 or not all(isinstance(code, str) for code in said):
        raise RegistrarError("nationalities is not a list of codes")
    return tuple(known for code in said if (known := alpha_3(code)))


def _place(claims: Mapping[str, Any]) -> Place | None:
    said = _members(claims, "place_of_birth")
    city, country = _text(said, "locality"), _text(said, "country")
    if city is None and country is None:
        return None
    return Place(formatted=_text(said, "formatted"), city=city, country=country)


def _address(claims: Mapping[str, Any]) -> Address | None:
    said = _members(claims, "address")
    if not said:
        return None
    return Address(
        formatted=_text(said, "formatted", lines=True),
        street_address=_text(said, "street_address", lines=True),
        postal_code=_text(said, "postal_code"),
        locality=_text(said, "locality"),
        country=_text(said, "country"),
    )


def _national_number(claims: Mapping[str, Any], country: str) -> NationalNumber | None:
    number = _text(claims, OWN + "national_number")
    if number is None or country not in NATIONAL_NUMBER_COUNTRIES:
        return None
    return NationalNumber(country=country, value=compact(number) if country == "BE" else number)


def _card_number(claims: Mapping[str, Any]) -> str | None:
    number = _text(claims, OWN + "card_number")
    if number is None:
        return None
    if not is_belgian_card(compact(number)):
        raise UnacceptableIdentityError("a card number with wrong check digits")
    return compact(number)


def _photo(claims: Mapping[str, Any]) -> Picture | None:
    said = _members(claims, OWN + "photo")
    if not said:
        return None
    format_, value = said.get("format"), said.get("value")
    if not isinstance(format_, str) or format_ not in _IMAGES or not isinstance(value, str):
        raise RegistrarError("the photo is not an image of a format we know")
    try:
        octets = b64decode(value, validate=True)
    except (Base64Error, ValueError) as error:
        raise RegistrarError("the photo is not base64") from error
    if len(octets) > _LARGEST_IMAGE or not octets.startswith(_IMAGES[format_]):
        raise RegistrarError("the photo is too large, or not of the format it says")
    return Picture(format=format_, value=value)


def _members(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = claims.get(name, {})
    if not isinstance(value, dict):
        raise RegistrarError(f"{name} is not an object")
    return value


def _text(claims: Mapping[str, Any], name: str, *, lines: bool = False) -> str | None:
    """A text in Unicode's composed form, trimmed; empty is None. Control characters are no part of a name."""
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise RegistrarError(f"{name} is not a text of at most {_LONGEST} characters")
    text = unicodedata.normalize("NFC", value).strip()
    allowed = "\n" if lines else ""
    if any(unicodedata.category(character) in {"Cc", "Cs", "Co"} and character not in allowed for character in text):
        raise RegistrarError(f"{name} holds control characters")
    return text or None
