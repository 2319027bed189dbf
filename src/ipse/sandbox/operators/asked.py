"""Request bodies, read by hand: CAMARA names for each mistake which error it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ipse.sandbox.operators.errors import (
    invalid,
    missing_number,
    not_applicable,
    out_of_range,
    unknown_number,
    unnecessary_number,
)
from ipse.sandbox.operators.model import Operator
from ipse.sandbox.operators.network import Network, Sim, State
from ipse.sandbox.operators.oauth import Grant
from ipse.standards.camara import DEFAULT_HOURS, OLDEST_HOURS, PHONE_NUMBER

_HEX: Final = re.compile(r"[a-fA-F0-9]{64}")


def json_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        ApiError: INVALID_ARGUMENT.
    """
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid("The body must be a JSON object.") from error


def number(body: Mapping[str, Any], member: str = "phoneNumber") -> str | None:
    """A phone number, where the body has one.

    Raises:
        ApiError: INVALID_ARGUMENT.
    """
    if member not in body:
        return None
    value = body[member]
    if not isinstance(value, str) or not PHONE_NUMBER.fullmatch(value) or not value.isascii():
        raise invalid(f"{member} must be a number as +32470123456.")
    return value


def text(body: Mapping[str, Any], member: str, *, most: int) -> str:
    """A text that must be there.

    Raises:
        ApiError: INVALID_ARGUMENT.
    """
    value = body.get(member)
    if not isinstance(value, str) or len(value) > most:
        raise invalid(f"{member} must be a text of at most {most} characters.")
    return value


def to_verify(body: Mapping[str, Any]) -> tuple[str, str]:
    """`("phoneNumber" or "hashedPhoneNumber", its value)`: exactly one member.

    Raises:
        ApiError: INVALID_ARGUMENT.
    """
    if len(body) != 1:
        raise invalid("Exactly one of phoneNumber and hashedPhoneNumber is needed.")
    plain = number(body)
    if plain is not None:
        return "phoneNumber", plain
    hashed = body.get("hashedPhoneNumber")
    if not isinstance(hashed, str) or not _HEX.fullmatch(hashed):
        raise invalid("hashedPhoneNumber must be 64 hexadecimal digits.")
    return "hashedPhoneNumber", hashed.lower()


def max_age(body: Mapping[str, Any], monitored_days: int) -> int:
    """Hours.

    Raises:
        ApiError: INVALID_ARGUMENT for what is no whole number, OUT_OF_RANGE beyond what may be told.
    """
    hours = body.get("maxAge", DEFAULT_HOURS)
    if isinstance(hours, float) and hours.is_integer():
        hours = int(hours)
    if not isinstance(hours, int) or isinstance(hours, bool):
        raise invalid("maxAge must be a whole number of hours.")
    most = min(OLDEST_HOURS, monitored_days * 24)
    if not 1 <= hours <= most:
        raise out_of_range(f"maxAge must be between 1 and {most}.")
    return hours


def subject(grant: Grant, named: str | None) -> str:
    """The number that a call is about: by the token, or named in the request, never both.

    Raises:
        ApiError: UNNECESSARY_IDENTIFIER or MISSING_IDENTIFIER.
    """
    if grant.number is not None and named is not None:
        raise unnecessary_number()
    found = grant.number or named
    if found is None:
        raise missing_number()
    return found


def own_sim(network: Network, operator: Operator, phone_number: str, *, checkable: bool) -> Sim:
    """The SIM of one of the operator's own numbers; with `checkable` one that the service works for.

    Raises:
        ApiError: IDENTIFIER_NOT_FOUND or SERVICE_NOT_APPLICABLE.
    """
    sim = network.sim(phone_number)
    if sim is None or sim.operator != operator.id:
        raise unknown_number()
    if checkable and sim.state is State.NOT_READY:
        raise not_applicable()
    return sim
