"""Metadata claims: objects about the other attributes of the same answer, keyed by their names (protocol 1.6).

Asked alone they say nothing and are absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ipse.attributes.model import Facts, Json
from ipse.kernel import clock
from ipse.standards.countries import alpha_3

_OF_DOCUMENT: Final = ("BEeidSn", "IDDocumentSN", "IDDocumentType")
_ON_NO_DOCUMENT: Final = frozenset({"phone_number", "phone_number_verified", "email", "email_verified"})
_DATED: Final = ("BEeidSn", "IDDocumentSN")

# The facts an attribute is made of, where the name is not the same.
_MADE_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("given_name", "family_name"),
    "gender": ("gender", "official_gender"),
    "picture": ("photo",),
    "physical_person_photo": ("photo",),
    "email_verified": ("email",),
    "phone_number_verified": ("phone_number",),
    "claim_citizenship": ("citizenship", "nationalities"),
    "claim_citizenship_as_iso": ("nationalities",),
    "BEeidSn": ("card_number",),
    "IDDocumentSN": ("document",),
    "IDDocumentType": ("document",),
    **{f"age_gte_{years}": ("birthdate",) for years in (16, 18, 21, 30)},
}

_Answer = Mapping[str, Json]
_Rule = Callable[[Facts, _Answer], Mapping[str, str | bool]]


def _asked(answer: _Answer, keys: tuple[str, ...], value: str | None) -> dict[str, str | bool]:
    return {key: value for key in keys if key in answer} if value else {}


def _start_of(day: str | None) -> str | None:
    return f"{day}T00:00:00Z" if day else None


def _issuing_country(facts: Facts, answer: _Answer) -> Mapping[str, str | bool]:
    """Which country's document tells each asked attribute; a phone number and an e-mail address are on none."""
    country = alpha_3(facts.document.country) if facts.document else None
    told = (*_OF_DOCUMENT, *(name for name in _vouched(facts, answer) if name not in _ON_NO_DOCUMENT))
    return _asked(answer, tuple(dict.fromkeys(told)), country)


def _validity_from(facts: Facts, answer: _Answer) -> Mapping[str, str | bool]:
    """Keyed by the card number; by the document number where only that was asked."""
    document = facts.document
    if document is None:
        return {}
    keys = ("BEeidSn",) if "BEeidSn" in answer else ("IDDocumentSN",)
    return _asked(answer, keys, _start_of(document.issued_on))


def _validity_to(facts: Facts, answer: _Answer) -> Mapping[str, str | bool]:
    return _asked(answer, _DATED, _start_of(facts.document.expires_on if facts.document else None))


def _issuance_locality(facts: Facts, answer: _Answer) -> Mapping[str, str | bool]:
    return _asked(answer, ("BEeidSn",), facts.document.issuer if facts.document else None)


def _verification_date(facts: Facts, answer: _Answer) -> Mapping[str, str | bool]:
    """When each asked attribute was last read by a registrar; what the person states was never verified."""
    return {name: clock.text(verified) for name, verified in _vouched(facts, answer).items()}


def _vouched(facts: Facts, answer: _Answer) -> dict[str, int]:
    """When a registrar last read each asked attribute that one has read: the oldest of the facts it is made of."""
    moments: dict[str, int] = {}
    for name in answer:
        if name.endswith("NationalNumber"):
            members: tuple[str, ...] = ("national_number",)
        else:
            members = _MADE_OF.get(name, (name,))
        sources = [facts.sources[member] for member in members if member in facts.sources]
        verified = [source.verified_at for source in sources if source.evidence]
        if verified:
            moments[name] = min(verified)
    return moments


RULES: Final[Mapping[str, _Rule]] = {
    "IDIssuingCountry": _issuing_country,
    "validityFrom": _validity_from,
    "validityTo": _validity_to,
    "verificationDate": _verification_date,
    "issuance_locality": _issuance_locality,
}
