"""Judge what an operator says of a registrar."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from ipse.enrolment.errors import RegistrarRefusedError
from ipse.enrolment.model import Registrar, RegistrarKind
from ipse.kernel.hosts import names_loopback
from ipse.kernel.settings import Environment
from ipse.standards.countries import alpha_3

LEVELS: Final = ("low", "substantial", "high")
MOST_TERM_DAYS: Final = 3653
MOST_IDENTITIES: Final = 10_000_000
_ID: Final = re.compile(r"[a-z][a-z0-9_-]{1,39}")
_LONGEST: Final = 200


def check(registrar: Registrar, environment: Environment) -> None:
    """Refuse a registrar that can never work, or that this environment may not trust.

    Raises:
        RegistrarRefusedError: says what is wrong.
    """
    if not _ID.fullmatch(registrar.id):
        raise RegistrarRefusedError("the id must be 2 to 40 of a-z, 0-9, hyphen and underscore, a letter first")
    if not registrar.name.strip() or len(registrar.name) > _LONGEST or not registrar.name.isprintable():
        raise RegistrarRefusedError(f"the name must be printable, of 1 to {_LONGEST} characters")
    if alpha_3(registrar.country) is None or registrar.country != registrar.country.upper():
        raise RegistrarRefusedError("the country must be two capital letters of ISO 3166-1")
    _check_trust(registrar)
    if registrar.kind is RegistrarKind.BANK:
        _check_bank(registrar, environment)


def _check_trust(registrar: Registrar) -> None:
    if registrar.assurance not in LEVELS:
        raise RegistrarRefusedError(f"the assurance cap must be one of {', '.join(LEVELS)}")
    if not 1 <= registrar.term_days <= MOST_TERM_DAYS:
        raise RegistrarRefusedError(f"its word counts 1 to {MOST_TERM_DAYS} days")
    for name, value in (("an hour", registrar.per_hour), ("a day", registrar.per_day)):
        if not 1 <= value <= MOST_IDENTITIES:
            raise RegistrarRefusedError(f"the most identities in {name} must be 1 to {MOST_IDENTITIES}")


def _check_bank(registrar: Registrar, environment: Environment) -> None:
    if not registrar.client_id or len(registrar.client_id) > _LONGEST:
        raise RegistrarRefusedError("say what the bank calls us: its client_id for this scheme")
    if len(registrar.trust_framework) > _LONGEST:
        raise RegistrarRefusedError("the trust framework is too long")
    check_issuer(registrar.issuer, environment)


def check_issuer(issuer: str, environment: Environment) -> None:
    """Refuse what cannot be an OpenID issuer here.

    Raises:
        RegistrarRefusedError: says what is wrong.
    """
    parts = urlsplit(issuer)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise RegistrarRefusedError(f"the issuer {issuer!r} is not an address such as https://login.bank.example")
    if issuer.endswith("/") or parts.username is not None:
        raise RegistrarRefusedError("the issuer is written without a slash at its end, and without a user")
    if environment is Environment.PRODUCTION and (parts.scheme != "https" or names_loopback(parts.hostname)):
        raise RegistrarRefusedError(f"the issuer {issuer} is one of a sandbox; production takes public https only")
