"""A bank's answer about one fictional person, as plain JSON, to be changed by tests."""

from __future__ import annotations

import copy
from typing import Any

from ipse.standards import ida

FRAMEWORK = "be_bank_idv"
OWN = "urn:ipse:claim:"

_BELGIAN: dict[str, Any] = {
    "verification": {
        "trust_framework": FRAMEWORK,
        "assurance_level": "substantial",
        "time": "2023-03-21T12:00:00Z",
        "verification_process": "p-1",
        "evidence": [
            {
                "type": "electronic_record",
                "check_details": [{"check_method": "auth", "organization": "Vesta Bank NV", "check_id": "c-1"}],
                "record": {"type": "bank_account", "source": {"name": "Vesta Bank NV"}},
            },
            {
                "type": "document",
                "check_details": [
                    {
                        "check_method": "vpip",
                        "organization": "Vesta Bank NV",
                        "check_id": "c-2",
                        "time": "2023-03-20T10:00:00Z",
                    }
                ],
                "document_details": {
                    "type": "idcard",
                    "document_number": "592001447102",
                    "date_of_issuance": "2023-03-02",
                    "date_of_expiry": "2033-03-02",
                    "issuer": {"name": "Kingdom of Belgium", "country_code": "BEL"},
                },
            },
        ],
    },
    "claims": {
        "family_name": "Lievens",
        "given_name": "Ada",
        "birthdate": "1988-05-17",
        "gender": "female",
        "place_of_birth": {"locality": "Gent", "country": "BEL"},
        "nationalities": ["BEL"],
        "address": {
            "formatted": "Visserskaai 12\n9000 Gent",
            "street_address": "Visserskaai 12",
            "postal_code": "9000",
            "locality": "Gent",
            "country": "BEL",
        },
        "phone_number": "+32400000101",
        OWN + "national_number": "88051700023",
        OWN + "card_number": "592001447102",
        OWN + "photo": {"format": "image/jpeg", "value": "/9j/4AAQ"},
        OWN + "official_gender": "V",
        OWN + "birthdate_as_string": "17.05.1988",
        OWN + "issuance_locality": "Gent",
    },
}


def answer(*, country: str = "BEL", without: tuple[str, ...] = (), **claims: object) -> dict[str, Any]:
    """The answer with other claims (`own_x` for `urn:ipse:claim:x`), some left out, or another issuing country."""
    changed = copy.deepcopy(_BELGIAN)
    for name, value in claims.items():
        changed["claims"][OWN + name.removeprefix("own_") if name.startswith("own_") else name] = value
    for name in without:
        del changed["claims"][OWN + name.removeprefix("own_") if name.startswith("own_") else name]
    details(changed)["issuer"]["country_code"] = country
    return changed


def details(changed: dict[str, Any]) -> dict[str, Any]:
    """The document of an answer."""
    found: dict[str, Any] = changed["verification"]["evidence"][1]["document_details"]
    return found


def verified(changed: dict[str, Any]) -> ida.VerifiedClaims:
    """The answer, read."""
    return ida.parse(changed, trust_framework=FRAMEWORK)
