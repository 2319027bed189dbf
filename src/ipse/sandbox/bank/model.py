"""The four banks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """A bank: a registrar of the scheme, and an OpenID provider that people log in at."""

    id: str
    name: str
    country: str
    """ISO 3166-1 alpha-2."""
    country_code: str
    """ISO 3166-1 alpha-3."""
    organization: str
    trust_framework: str
    """An identifier of this sandbox: no notified scheme stands behind it."""
    slogan: str
    assurance_level: str = "substantial"
    """What it claims, and what the scheme's row of it allows."""
    minors: bool = False
    """Whether the scheme lets it vouch for persons of 16 and 17."""


BANKS = (
    Bank(
        id="bank-vesta",
        name="Vesta Bank",
        country="BE",
        country_code="BEL",
        organization="Vesta Bank NV",
        trust_framework="be_bank_idv",
        slogan="Home is where the hearth is",
    ),
    Bank(
        id="bank-meridiaan",
        name="Meridiaan",
        country="NL",
        country_code="NLD",
        organization="Meridiaan Bank N.V.",
        trust_framework="nl_bank_idv",
        slogan="Steady on every course",
    ),
    Bank(
        id="bank-lys",
        name="Banque du Lys",
        country="BE",
        country_code="BEL",
        organization="Banque du Lys SA",
        trust_framework="be_bank_idv",
        slogan="Depuis 1874",
        assurance_level="high",
        minors=True,
    ),
    Bank(
        id="bank-aurora",
        name="Aurora",
        country="LU",
        country_code="LUX",
        organization="Aurora Bank S.A.",
        trust_framework="lu_bank_idv",
        slogan="The bank that gets up early",
    ),
)


def bank(bank_id: str) -> Bank | None:
    """The bank of that id."""
    return next((one for one in BANKS if one.id == bank_id), None)
