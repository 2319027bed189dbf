"""What a bank knows of a person: claims, and the evidence it gathered when they opened an account.

Shapes and code words are those of OpenID Identity Assurance Schema Definition 1.0.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import date, timedelta
from typing import Any

from ipse.kernel import clock
from ipse.kernel.ids import b64u, sha256
from ipse.sandbox.bank.model import Bank
from ipse.sandbox.persons import Person, portrait

_ACCOUNT_OPENED_AFTER = timedelta(days=19)
"""The bank saw the document some days after it was issued."""


def claims(person: Person) -> dict[str, Any]:
    """Everything the bank can say about the person; what it does not know is absent."""
    known: dict[str, Any] = {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "name": person.name,
        "birthdate": person.known_birthdate,
        "gender": person.gender,
        "place_of_birth": {"locality": person.place_of_birth.locality, "country": person.place_of_birth.country},
        "nationalities": list(person.nationalities),
        "address": {
            "formatted": person.address.formatted,
            "street_address": person.address.street_address,
            "postal_code": person.address.postal_code,
            "locality": person.address.locality,
            "country": person.address.country,
        },
        "phone_number": person.bank_phone_number,
        "email": person.email,
        "urn:ipse:claim:national_number": person.national_number,
        "urn:ipse:claim:card_number": person.card_number,
        "urn:ipse:claim:photo": {"format": "image/jpeg", "value": b64encode(portrait(person.id)).decode()},
        "urn:ipse:claim:official_gender": person.official_gender,
        "urn:ipse:claim:citizenship": person.citizenship,
        "urn:ipse:claim:birthdate_as_string": person.birthdate_as_string,
        "urn:ipse:claim:issuance_locality": person.issuance_locality,
    }
    return {name: value for name, value in known.items() if value is not None}


def verification(person: Person, bank: Bank, now: int) -> dict[str, Any]:
    """How the bank came to know it."""
    seen = person.document.date_of_issuance + _ACCOUNT_OPENED_AFTER
    return {
        "trust_framework": bank.trust_framework,
        "assurance_level": bank.assurance_level,
        "assurance_process": {"policy": bank.trust_framework, "procedure": "branch_or_video"},
        "time": _noon(seen),
        "verification_process": _reference(bank.id, person.id, "process"),
        "evidence": [_record(person, bank, seen, now), _document(person, bank, seen)],
    }


def _record(person: Person, bank: Bank, seen: date, now: int) -> dict[str, Any]:
    """The account that the person has just logged in to."""
    return {
        "type": "electronic_record",
        "check_details": [
            {
                "check_method": "auth",
                "organization": bank.organization,
                "check_id": _reference(bank.id, person.id, str(now)),
                "time": clock.text(now),
            }
        ],
        "time": clock.text(now),
        "record": {
            "type": "bank_account",
            "created_at": _noon(seen),
            "source": {"name": bank.organization, "country_code": bank.country_code},
        },
    }


def _document(person: Person, bank: Bank, seen: date) -> dict[str, Any]:
    """The document that the bank saw."""
    document = person.document
    return {
        "type": "document",
        "check_details": [
            {
                "check_method": "vpip",
                "organization": bank.organization,
                "check_id": _reference(bank.id, person.id, "document"),
                "time": _noon(seen),
            }
        ],
        "time": _noon(seen),
        "document_details": {
            "type": document.type,
            "document_number": document.document_number,
            "date_of_issuance": document.date_of_issuance.isoformat(),
            "date_of_expiry": document.date_of_expiry.isoformat(),
            "issuer": {"name": document.issuer.name, "country_code": document.issuer.country_code},
        },
    }


def _noon(day: date) -> str:
    return f"{day.isoformat()}T12:00:00Z"


def _reference(*parts: str) -> str:
    return b64u(sha256("|".join(parts)))[:16]
