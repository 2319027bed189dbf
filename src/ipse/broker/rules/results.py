"""What a result looks like: the subject as members and as claims, or all of it as one token's claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from ipse.actions.model import Granted
from ipse.broker.model import Birthplace, NationalNumber, PostalAddress, Session, Subject
from ipse.broker.rules.names import NATIONAL_NUMBERS, claim
from ipse.kernel.clock import seconds

TYP: Final = "ipse-broker-result+jwt"
"""The `typ` of an encrypted result's signed token: it is no ID token (R-13)."""
_TOKEN_SECONDS: Final = 300


def subject(granted: Granted, prefix: str) -> Subject:
    """The person, with exactly what they approved; `prefix` is that of claim names."""
    values = granted.released
    return Subject(
        id=granted.subject,
        name=_text(values, "name"),
        first_name=_text(values, "given_name"),
        last_name=_text(values, "family_name"),
        date_of_birth=_text(values, "birthdate"),
        gender=_text(values, "gender"),
        nationality=_text(values, "claim_citizenship_as_iso"),
        place_of_birth=_object(values, "place_of_birth", Birthplace),
        nin=_national_number(values),
        email=_text(values, "email"),
        phone_number=_text(values, "phone_number"),
        address=_object(values, "address", PostalAddress),
        attributes={claim(name, prefix): value for name, value in sorted(values.items())},
    )


def token_claims(session: Session, granted: Granted, *, issuer: str, prefix: str, now: int) -> dict[str, Any]:
    """The claims of an encrypted result: for the final partner alone, and naming the broker (T-11).

    `now` in microseconds UTC.
    """
    issued = seconds(now)
    return {
        **{claim(name, prefix): value for name, value in granted.released.items()},
        "iss": issuer,
        "aud": session.partner_id,
        "sub": granted.subject,
        "iat": issued,
        "exp": issued + _TOKEN_SECONDS,
        "jti": session.session_id,
        "auth_time": seconds(granted.approved_at),
        "acr": f"{prefix}acr_{granted.request.assurance}",
        "loa": granted.level,
        "broker": session.broker_id,
        "service": session.service_code,
    }


def _text(values: Mapping[str, Any], name: str) -> str | UnsetType:
    value = values.get(name)
    return value if isinstance(value, str) else UNSET


def _object(values: Mapping[str, Any], name: str, kind: type[Any]) -> Any:  # noqa: ANN401 - one of the model's structs
    value = values.get(name)
    if not isinstance(value, Mapping):
        return UNSET
    names = {field.name for field in msgspec.structs.fields(kind)}
    return kind(**{member: text for member, text in value.items() if member in names and isinstance(text, str)})


def _national_number(values: Mapping[str, Any]) -> NationalNumber | UnsetType:
    for name in NATIONAL_NUMBERS:
        value = values.get(name)
        if isinstance(value, str):
            country = name.removesuffix("NationalNumber")
            return NationalNumber(value=value, issuing_country=country, type="NATIONAL_NUMBER")
    return UNSET
