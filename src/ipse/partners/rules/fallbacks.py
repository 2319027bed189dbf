"""What may stand in for the phone at a service, and what an essential service must offer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from ipse.kernel.settings import Environment
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import Service, ServiceType

COMPONENTS: Final[Mapping[str, frozenset[str]]] = {
    "eid_card": frozenset({"card reader", "revocation service of the card"}),
    "bank": frozenset({"the bank"}),
    "passkey": frozenset({"the person's device"}),
    "totp": frozenset({"the person's device"}),
    "sheet": frozenset({"paper"}),
}
"""What each fallback method cannot do without, beside this scheme's own server and the person's browser.

A passkey and an app for one-time codes usually live on the very phone that is out of order.
"""
PHONE_CHANNEL: Final = frozenset(
    {"the person's device", "the app's origin", "the phone channel", "push service", "mobile operator"}
)
"""What approving with the phone cannot do without."""
METHODS: Final = tuple(COMPONENTS)
NEEDED: Final = 2
"""How many independent methods an essential service offers."""
_PLAIN: Final = frozenset({ServiceType.AUTHENTICATION, ServiceType.IDENTIFICATION, ServiceType.DATA_SHARING})


def independent(methods: Collection[str]) -> list[str]:
    """The methods that share no component with the phone channel."""
    return [method for method in methods if not COMPONENTS[method] & PHONE_CHANNEL]


def check_fallbacks(service: Service, environment: Environment) -> None:
    """Known methods, for services that ask nothing more than who somebody is; two independent ones where essential.

    Raises:
        PartnerRegistrationError: says what is wrong and what would be right.
    """
    if unknown := [method for method in service.fallbacks if method not in COMPONENTS]:
        _refuse(f"{service.code}: {unknown[0]} is no fallback method; choose from {', '.join(METHODS)}")
    if service.fallbacks and service.type not in _PLAIN:
        _refuse(f"{service.code}: a {service.type} is approved with the phone only; leave out its fallback methods")
    if not service.essential or environment is not Environment.PRODUCTION:
        return
    apart = independent(service.fallbacks)
    if len(apart) < NEEDED:
        _refuse(
            f"{service.code} is essential: people must reach it when the phone channel is down. It needs {NEEDED} "
            f"fallback methods that share nothing with it ({', '.join(independent(METHODS))}), and has "
            f"{', '.join(apart) or 'none'}"
        )


def _refuse(message: str) -> None:
    raise PartnerRegistrationError(message, public=message, field="fallbacks")
