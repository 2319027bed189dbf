"""What a service may ask: the attribute contract and the grants that production demands (T-10)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import Catalogue, Grant

CONTRACT_DEMANDS = ("required", "voluntary")
_LONGEST_GRANT_DAYS = 366 * 5
_DAY = 86_400_000_000


def check_contract(contract: Mapping[str, str], catalogue: Catalogue) -> None:
    """Each attribute of a contract is one that exists, and `required` or `voluntary`."""
    for name, demand in contract.items():
        if demand not in CONTRACT_DEMANDS:
            message = f"contract: {name} is {demand!r}; it must be required or voluntary"
            raise PartnerRegistrationError(message, public=message, field="contract")
        check_attribute(name, catalogue)


def check_attribute(name: str, catalogue: Catalogue) -> None:
    """The name is one of the attribute catalogue, without the claim prefix."""
    if not catalogue.known or name in catalogue.known:
        return
    near = get_close_matches(name.rpartition("/")[2], catalogue.known, n=1)
    message = f"there is no attribute {name!r}" + (f"; did you mean {near[0]}?" if near else "")
    raise PartnerRegistrationError(message, public=message, field="contract")


def check_grant(grant: Grant, contract: Mapping[str, str], catalogue: Catalogue) -> None:
    """A grant is about an attribute of the contract, says who, why and on which ground, and ends."""
    check_attribute(grant.attribute, catalogue)
    if grant.attribute not in contract:
        message = f"{grant.attribute} is not in the contract of {grant.service_code}: register it there first"
        raise PartnerRegistrationError(message, public=message)
    for name, text in (("legal ground", grant.ground), ("purpose", grant.purpose), ("approver", grant.approver)):
        if not text.strip():
            message = f"a grant needs its {name}"
            raise PartnerRegistrationError(message, public=message)
    if not grant.starts_at < grant.ends_at <= grant.starts_at + _LONGEST_GRANT_DAYS * _DAY:
        message = "a grant ends after it starts, and within five years"
        raise PartnerRegistrationError(message, public=message)


def granted_contract(contract: Mapping[str, str], granted: Collection[str], catalogue: Catalogue) -> dict[str, str]:
    """What is left of a contract in production: protected attributes only while a grant holds."""
    return {name: demand for name, demand in contract.items() if name in granted or not catalogue.needs_grant(name)}
