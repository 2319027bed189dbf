"""What may be said of an operator."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from ipse.kernel.hosts import names_loopback
from ipse.sim.errors import OperatorRefusedError
from ipse.sim.model import Operator
from ipse.standards.camara import Api

LEVELS: Final = ("low", "substantial", "high")
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_PREFIX: Final = re.compile(r"\+[1-9][0-9]{0,11}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_LONGEST_NAME: Final = 80
_LEAST, _MOST = 100, 10_000


def check(operator: Operator, *, production: bool) -> Operator:
    """Judge what is said of an operator and return it.

    Raises:
        OperatorRefusedError: says what is wrong and what would be right.
    """
    for wrong, mend in (
        (not _ID.fullmatch(operator.operator_id), "the id must be 1 to 40 small letters, digits, - and _"),
        (not 1 <= len(operator.name) <= _LONGEST_NAME, f"the name must be 1 to {_LONGEST_NAME} characters"),
        (not _COUNTRY.fullmatch(operator.country), "the country must be two capital letters (ISO 3166-1)"),
        (not operator.prefixes, "name one prefix at least, as +32470"),
        (not all(_PREFIX.fullmatch(each) for each in operator.prefixes), "a prefix is written as +32470"),
        (not operator.client_id.strip(), "the client id that the operator knows us by is missing"),
        (operator.cap not in LEVELS, "cap must be low, substantial or high"),
        (not _LEAST <= operator.timeout_milliseconds <= _MOST, f"the time-out must be {_LEAST} to {_MOST} ms"),
    ):
        if wrong:
            raise OperatorRefusedError(mend, public=mend)
    for name, address in (("issuer", operator.issuer), ("API root", operator.api_root)):
        _check_address(name, address, production=production)
    return operator


def apis(words: Sequence[str]) -> tuple[Api, ...]:
    """The APIs of some words, each once.

    Raises:
        OperatorRefusedError: one is no API that we know.
    """
    try:
        return tuple(dict.fromkeys(Api(word) for word in words))
    except ValueError as error:
        mend = f"an API is one of {', '.join(Api)}"
        raise OperatorRefusedError(mend, public=mend) from error


def _check_address(name: str, address: str, *, production: bool) -> None:
    parts = urlsplit(address)
    plain = parts.scheme == "http" and names_loopback(parts.hostname or "")
    if not parts.hostname or parts.query or parts.fragment or parts.username or address.endswith("/"):
        mend = f"the {name} must be an address such as https://id.example, without slash at the end"
        raise OperatorRefusedError(mend, public=mend)
    if parts.scheme != "https" and not plain:
        mend = f"the {name} must be https"
        raise OperatorRefusedError(mend, public=mend)
    if production and (plain or names_loopback(parts.hostname)):
        mend = f"the {name} is that of a sandbox, and this is production"
        raise OperatorRefusedError(mend, public=mend)
