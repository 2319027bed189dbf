"""The desk, its two final partners, and their services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ipse.sandbox.partner.model import PartnerRegistration, ServiceRegistration


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalPartner:
    """Somebody the desk asks for. `id` is its client id."""

    id: str
    name: str
    what: str
    """What a visitor comes for."""
    button: str
    service: str
    asks: tuple[str, ...]
    """By the names of the REST API."""
    encrypted: bool
    """Whether the desk may not read the results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The broker. `id` is its client id and its path in the world."""

    id: str
    name: str
    finals: tuple[FinalPartner, ...]

    def final(self, final_id: str) -> FinalPartner | None:
        """The final partner of that id."""
        return next((final for final in self.finals if final.id == final_id), None)


LIBRARY: Final = FinalPartner(
    id="library",
    name="Harbour Library",
    what="Borrow books, with your name on the card.",
    button="Get a library card",
    service="DESK_LIBRARY",
    asks=("firstName", "lastName", "email"),
    encrypted=False,
)
MUSEUM: Final = FinalPartner(
    id="museum",
    name="Museum of Clay",
    what="A year of free entry, at the price of your age.",
    button="Get a year’s pass",
    service="DESK_MUSEUM",
    asks=("firstName", "lastName", "dateOfBirth", "address"),
    encrypted=True,
)
DESK: Final = Desk(id="desk", name="Loket", finals=(LIBRARY, MUSEUM))

_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "DESK_LIBRARY": {
        "nl": "Bibliotheekkaart",
        "fr": "Carte de bibliothèque",
        "de": "Bibliotheksausweis",
        "en": "Library card",
    },
    "DESK_MUSEUM": {"nl": "Jaarkaart", "fr": "Abonnement annuel", "de": "Jahreskarte", "en": "Year’s pass"},
}
_PURPOSES: Final[Mapping[str, Mapping[str, str]]] = {
    "DESK_LIBRARY": {
        "nl": "Om uw bibliotheekkaart te maken",
        "fr": "Pour établir votre carte de bibliothèque",
        "de": "Um Ihren Bibliotheksausweis auszustellen",
        "en": "To make your library card",
    },
    "DESK_MUSEUM": {
        "nl": "Om uw jaarkaart op naam te maken",
        "fr": "Pour établir votre abonnement à votre nom",
        "de": "Um Ihre Jahreskarte auf Ihren Namen auszustellen",
        "en": "To make a year’s pass in your name",
    },
}
_CONTRACTS: Final[Mapping[str, Mapping[str, str]]] = {
    "DESK_LIBRARY": {"given_name": "required", "family_name": "required", "email": "voluntary"},
    "DESK_MUSEUM": {
        "given_name": "required",
        "family_name": "required",
        "birthdate": "required",
        "address": "voluntary",
    },
}


def registrations(
    secret: str, museum_keys: Mapping[str, object], callbacks: tuple[str, ...]
) -> tuple[PartnerRegistration, ...]:
    """What the scheme must be told: the broker, and whom it asks for."""
    desk = PartnerRegistration(
        client_id=DESK.id,
        name=DESK.name,
        auth_method="client_secret_post",
        preset="migrating",
        secret=secret,
        broker=True,
        services=tuple(_service(final, callbacks) for final in DESK.finals),
    )
    finals = tuple(
        PartnerRegistration(
            client_id=final.id,
            name=final.name,
            auth_method="private_key_jwt",
            preset="new",
            jwks=museum_keys if final.encrypted else None,
            registered_by=DESK.id,
        )
        for final in DESK.finals
    )
    return (desk, *finals)


def _service(final: FinalPartner, callbacks: tuple[str, ...]) -> ServiceRegistration:
    contract = _CONTRACTS[final.service]
    return ServiceRegistration(
        code=final.service,
        type="identification",
        name=_NAMES[final.service],
        purpose=_PURPOSES[final.service],
        redirect_uris=(),
        contract=contract,
        scopes=(),
        claims=tuple(contract),
        pkce_required=False,
        callback_urls=callbacks,
        final_partner=final.id,
    )
