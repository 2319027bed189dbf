"""Turn a card, believed, into facts and the record of what they rest on."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, Final

import msgspec

from ipse.attributes.model import Address, Document, Evidence, Facts, NationalNumber, Picture, Place
from ipse.eid.model import Holder, Read
from ipse.enrolment.errors import UnacceptableIdentityError
from ipse.enrolment.model import Registrar
from ipse.enrolment.rules import judging
from ipse.enrolment.rules.evidence import last_moment
from ipse.kernel.clock import text
from ipse.standards.eid_card.identity import CardIdentity, DocumentFamily
from ipse.standards.national_numbers import is_belgian_card

ADAPTER: Final = "eid-card/1"
"""The program that reads cards; a new number when it judges otherwise."""

_BELGIAN: Final = frozenset({"belg", "belge", "belgier", "belgierin", "belgische", "belgisch"})
_NOT_FOR_IDENTITY: Final = frozenset({DocumentFamily.TECHNICAL, DocumentFamily.UNKNOWN})
_IDA_FORMS: Final[Mapping[DocumentFamily, str]] = {
    DocumentFamily.FOREIGNER: "residence_permit",
    DocumentFamily.KIDS_FOREIGNER: "residence_permit",
}


def facts(read: Read, *, email: str | None, today: date) -> Facts:
    """Return the facts on a card, without a phone number: no card knows one.

    Raises:
        UnacceptableIdentityError: no identity document, not valid yet, or a card number that is none.
    """
    identity = read.identity
    _check_document(identity, today)
    return Facts(
        family_name=identity.surname,
        given_name=identity.given_names,
        birthdate=identity.birthdate.isoformat() if identity.birthdate else None,
        birthdate_as_string=identity.birth_printed,
        official_gender=identity.sex_printed,
        gender=identity.sex,
        nationalities=("BEL",) if (identity.nationality or "").casefold() in _BELGIAN else (),
        citizenship=identity.nationality,
        place_of_birth=Place(city=identity.birthplace) if identity.birthplace else None,
        address=_address(read),
        document=Document(
            kind="I",
            country="BE",
            number=identity.card_number,
            issued_on=identity.valid_from.isoformat(),
            expires_on=identity.valid_to.isoformat(),
            issuer=identity.municipality,
        ),
        national_number=NationalNumber(country="BE", value=identity.national_number),
        card_number=identity.card_number,
        photo=Picture(format="image/jpeg", value=b64encode(read.files.photo).decode()),
        email=email,
    )


def record(read: Read, holder: Holder, facts: Facts, *, evidence_id: str, registrar: Registrar, now: int) -> Evidence:
    """Return the record of an enrolment by card: `high` by chip, PIN and revocation check, capped by the row (B-2)."""
    return Evidence(
        evidence_id=evidence_id,
        registrar=registrar.id,
        route="eid_card",
        adapter=ADAPTER,
        assurance=judging.assurance("high", cap=registrar.assurance),
        trust_framework=_framework(registrar),
        process=evidence_id,
        references=(f"certificate {holder.certificate_serial}", f"card {read.identity.card_number}"),
        source_check="files signed by the National Register; certificate good by OCSP; signed with the card's PIN",
        result="accepted",
        verified_at=holder.checked_at,
        received_at=now,
        expires_at=last_moment(facts, registrar, now=now),
        original=msgspec.json.encode(
            {
                "verified_claims": _verified_claims(read, holder, facts, evidence_id, registrar),
                "token": holder.token,
                "files": {
                    name: b64encode(octets).decode()
                    for name, octets in asdict(read.files).items()
                    if octets is not None
                },
            }
        ).decode(),
    )


def _check_document(identity: CardIdentity, today: date) -> None:
    if identity.family in _NOT_FOR_IDENTITY:
        raise UnacceptableIdentityError("a card that is no identity document")
    if identity.valid_from > today:
        raise UnacceptableIdentityError("the card is not valid yet")
    if not is_belgian_card(identity.card_number):
        raise UnacceptableIdentityError("a card number with wrong check digits")


def _address(read: Read) -> Address | None:
    address = read.address
    if not (address.street or address.postcode or address.town):
        return None
    return Address(street_address=address.street, postal_code=address.postcode, locality=address.town, country="BE")


def _framework(registrar: Registrar) -> str:
    return registrar.trust_framework or "eidas"


def _verified_claims(
    read: Read, holder: Holder, facts: Facts, evidence_id: str, registrar: Registrar
) -> dict[str, Any]:
    """The same in the words of OpenID Connect for Identity Assurance, beside what it was made from."""
    identity, moment = read.identity, text(holder.checked_at)
    return {
        "verification": {
            "trust_framework": _framework(registrar),
            "assurance_level": judging.assurance("high", cap=registrar.assurance),
            "time": moment,
            "verification_process": evidence_id,
            "evidence": [
                {
                    "type": "document",
                    "check_details": [{"check_method": "vcrypt", "organization": registrar.id, "time": moment}],
                    "document_details": {
                        "type": _IDA_FORMS.get(identity.family, "idcard"),
                        "document_number": identity.card_number,
                        "date_of_issuance": identity.valid_from.isoformat(),
                        "date_of_expiry": identity.valid_to.isoformat(),
                        "issuer": {"country_code": "BEL", "name": identity.municipality or "Belgium"},
                    },
                },
                {
                    "type": "electronic_signature",
                    "check_details": [{"check_method": "auth", "organization": registrar.id, "time": moment}],
                    "signature_type": f"{holder.format} {holder.algorithm}",
                    "issuer": holder.certificate_issuer,
                    "serial_number": holder.certificate_serial,
                    "created_at": moment,
                },
            ],
        },
        "claims": _claims(facts),
    }


def _claims(facts: Facts) -> dict[str, Any]:
    said = {
        "family_name": facts.family_name,
        "given_name": facts.given_name,
        "birthdate": facts.birthdate,
        "gender": facts.gender,
        "nationalities": list(facts.nationalities) or None,
        "place_of_birth": {"locality": facts.place_of_birth.city} if facts.place_of_birth else None,
    }
    return {name: value for name, value in said.items() if value is not None}
