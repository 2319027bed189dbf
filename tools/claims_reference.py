"""The page about claims: what there is, how it is asked, and which country's documents give it."""

from __future__ import annotations

from typing import Final

from ipse.attributes.model import ATTRIBUTES, Attribute
from ipse.attributes.rules.availability import COUNTRIES, Availability, availability, documents

_PAGE: Final = """\
# Claims

Every claim a partner may ask for, from the catalogue and the table of availability that decide each answer; `make
reference` writes this page. `C/` stands for the installation's claim prefix. What each one holds:
[attributes](attributes.md).

A scope delivers by UserInfo, the `claims` parameter where it asks. *All* means on every document; *optional* means left
out where the document, the bank, the person or the phone does not tell it: absent, never null. The country that issued
the document decides.

| claim | type | scopes | protected | given by |
|---|---|---|---|---|
"""
_DOCUMENTS: Final = """
## Documents

| country | documents read |
|---|---|
"""


def claims_page() -> str:
    """List claims and documents."""
    rows = [_row(name, attribute) for name, attribute in ATTRIBUTES.items()]
    read = [f"| {country} | {', '.join(documents(country)).replace('_', ' ')} |\n" for country in COUNTRIES]
    return _PAGE + "".join(rows) + _DOCUMENTS + "".join(read)


def _row(name: str, attribute: Attribute) -> str:
    claim = f"C/{name}" if attribute.prefixed else name
    scopes = ", ".join(f"`{scope}`" for scope in attribute.scopes) or "–"
    protected = "yes" if attribute.protected else "–"
    return f"| `{claim}` | {attribute.kind} | {scopes} | {protected} | {_given_by(name)} |\n"


def _given_by(name: str) -> str:
    found = {country: availability(name, country) for country in COUNTRIES}
    given = [country for country, how in found.items() if how is not Availability.NEVER]
    optional = [country for country in given if found[country] is Availability.OPTIONAL]
    places = "all" if len(given) == len(COUNTRIES) else ", ".join(given)
    if not optional:
        return places
    return f"{places}, optional" if len(optional) == len(given) else f"{places}; optional in {', '.join(optional)}"
