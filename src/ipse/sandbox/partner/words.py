"""How partners show what they received: names for claims, and values that people can read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ipse.sandbox.partner.client import Received
from ipse.sandbox.partner.model import CLAIM

NAMES: Final[Mapping[str, str]] = {
    "name": "Name",
    "given_name": "First name",
    "family_name": "Family name",
    "birthdate": "Date of birth",
    "birthdate_as_string": "Date of birth, as printed",
    "age_gte_16": "16 or older",
    "age_gte_18": "18 or older",
    "age_gte_21": "21 or older",
    "age_gte_30": "30 or older",
    "gender": "Gender",
    "official_gender": "Gender, as printed",
    "locale": "Language",
    "email": "E-mail",
    "email_verified": "E-mail verified",
    "phone_number": "Phone number",
    "phone_number_verified": "Phone number verified",
    "address": "Address",
    "claim_citizenship": "Nationality",
    "claim_citizenship_as_iso": "Nationality",
    "place_of_birth": "Place of birth",
    "BENationalNumber": "National number",
    "RONationalNumber": "Romanian personal number",
    "BEeidSn": "Card number",
    "IDDocumentSN": "Document number",
    "IDDocumentType": "Kind of document",
    "IDIssuingCountry": "Issued in",
    "validityFrom": "Valid from",
    "validityTo": "Valid until",
    "verificationDate": "Last verified",
    "issuance_locality": "Issued at",
    "physical_person_photo": "Photo",
    "picture": "Picture",
    "claim_device": "Phone",
    "app": "App",
    "account": "Account",
    "identification_mode": "How it was started",
    "transaction_ip": "Address of the phone",
}


_DOCUMENTS: Final = {"I": "Identity card", "P": "Passport"}
_MOMENT: Final = re.compile(r"(\d{4}-\d{2}-\d{2})T[0-9:.]+(Z|[+-]\d{2}:\d{2})")


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of a page: a name, the lines of its value, and where it came from."""

    name: str
    lines: tuple[str, ...]
    claim: str
    place: str


def shown(received: Received) -> list[Shown]:
    """Everything that was shared, in the order of `NAMES`; pictures apart."""
    found = []
    for claim, value in received.claims.items():
        short = claim.removeprefix(CLAIM)
        if short in {"picture", "physical_person_photo"}:
            continue
        place = "ID token" if claim in received.id_token else "UserInfo"
        lines = (_DOCUMENTS.get(str(value)[:1], str(value)),) if short == "IDDocumentType" else tuple(_lines(value))
        found.append(Shown(NAMES.get(short, short), lines, claim, place))
    order = list(NAMES.values())
    return sorted(found, key=lambda one: order.index(one.name) if one.name in order else len(order))


def photo(received: Received) -> str | None:
    """The person's photo as data URI, if one was shared."""
    value = received.claims.get(CLAIM + "physical_person_photo")
    if isinstance(value, dict) and value.get("format") in {"image/jpeg", "image/png"}:
        return f"data:{value['format']};base64,{value.get('value', '')}"
    return received.picture


def greeting(received: Received) -> str:
    """What to call the person."""
    claims = received.claims
    return str(claims.get("given_name") or claims.get("name") or claims.get("family_name") or "")


def _lines(value: Any) -> list[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, bool):
        return ["Yes" if value else "No"]
    if isinstance(value, dict):
        if "formatted" in value:
            return str(value["formatted"]).splitlines()
        return [
            f"{NAMES.get(name.removeprefix(CLAIM), name)}: {', '.join(_lines(each))}" for name, each in value.items()
        ]
    if isinstance(value, list):
        return [", ".join(str(each) for each in value)]
    moment = _MOMENT.fullmatch(str(value))
    return [moment[1] if moment else str(value)]
