"""The two partners and their services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

CLAIM: Final = "http://itsme.services/v2/claim/"
"""Prefix of the partner protocol's own claims; the default of the scheme's setting."""
ACR_BASIC: Final = CLAIM + "acr_basic"
ACR_ADVANCED: Final = CLAIM + "acr_advanced"

_PROFILE: Final = ("family_name", "given_name", "name", "gender", "locale", "picture", "birthdate")
_SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    "profile": _PROFILE,
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "address": ("address",),
    "eid": (CLAIM + "BENationalNumber", CLAIM + "BEeidSn"),
    "idDocument": tuple(
        CLAIM + name for name in ("IDDocumentSN", "IDDocumentType", "IDIssuingCountry", "validityFrom", "validityTo")
    ),
}
_AGES: Final = ("age_gte_16", "age_gte_18", "age_gte_21", "age_gte_30")
_MORE: Final = tuple(
    CLAIM + name
    for name in (
        "birthdate_as_string",
        "official_gender",
        "physical_person_photo",
        "claim_citizenship",
        "claim_citizenship_as_iso",
        "place_of_birth",
        "RONationalNumber",
        "verificationDate",
        "issuance_locality",
        "claim_device",
        "app",
        "account",
        "identification_mode",
        "transaction_ip",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProfile:
    """One service: what it is called, what it may ask, and what the demo asks."""

    code: str
    type: Literal["authentication", "identification", "confirmation"]
    name: Mapping[str, str]
    purpose: Mapping[str, str]
    allowed_scopes: tuple[str, ...] = ()
    """Besides `openid` and the service's own."""
    allowed_claims: tuple[str, ...] = ()
    """Besides those of the scopes."""
    required: frozenset[str] = frozenset()
    asks_scopes: tuple[str, ...] = ()
    asks_in_id_token: tuple[str, ...] = ()
    asks_in_userinfo: tuple[str, ...] = ()
    acr: str = ACR_BASIC
    fallbacks: tuple[str, ...] = ()
    """What people may use instead of the phone."""
    essential: bool = False

    @property
    def fallback_acrs(self) -> tuple[str, ...]:
        """What `acr` may say of those who went without the phone."""
        return tuple(f"{CLAIM}acr_fallback_{method}" for method in self.fallbacks)

    @property
    def scope(self) -> str:
        """The `scope` parameter of the demo."""
        return " ".join(("openid", f"service:{self.code}", *self.asks_scopes))

    @property
    def scopes(self) -> list[str]:
        """Every scope that may be asked."""
        return ["openid", f"service:{self.code}", *self.allowed_scopes]

    @property
    def claims(self) -> list[str]:
        """Every claim that may be asked, by its name on the wire."""
        names = [name for scope in self.allowed_scopes for name in _SCOPES[scope]]
        return list(dict.fromkeys([*names, *self.allowed_claims]))

    @property
    def contract(self) -> dict[str, str]:
        """`required` or `voluntary` for each attribute, by its name without prefix."""
        return {name.removeprefix(CLAIM): "required" if name in self.required else "voluntary" for name in self.claims}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerProfile:
    """A partner. `id` is its `client_id` and its path in the world."""

    id: Literal["shop", "portal"]
    name: str
    auth_method: Literal["client_secret_post", "private_key_jwt"]
    preset: Literal["migrating", "new"]
    signed: str
    """Inner algorithm of ID token and UserInfo."""
    encrypted: tuple[str, str]
    """`alg` and `enc` around it."""
    login: ServiceProfile
    identify: ServiceProfile
    confirm: ServiceProfile | None = None

    @property
    def services(self) -> tuple[ServiceProfile, ...]:
        """All services."""
        return (self.login, self.identify, *([self.confirm] if self.confirm else []))

    def service(self, code: str) -> ServiceProfile | None:
        """The service of that code."""
        return next((service for service in self.services if service.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRegistration:
    """What the scheme must be told of a service."""

    code: str
    type: str
    name: Mapping[str, str]
    purpose: Mapping[str, str]
    redirect_uris: tuple[str, ...]
    contract: Mapping[str, str]
    scopes: tuple[str, ...]
    claims: tuple[str, ...]
    pkce_required: bool = True
    backchannel_mode: Literal["", "poll", "ping"] = ""
    """How it learns of the end of back-channel requests; empty: it makes none."""
    callback_urls: tuple[str, ...] = ()
    """Where sessions of the REST API end."""
    final_partner: str = ""
    """For whom a broker's service asks."""
    fallbacks: tuple[str, ...] = ()
    """What people may use instead of the phone."""
    essential: bool = False
    """Whether people must reach it whatever breaks."""
    batch: int = 1
    """How many documents one approval may sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRegistration:
    """What the scheme must be told of a partner. `secret` for a secret client, public `jwks` for a key client."""

    client_id: str
    name: str
    auth_method: str
    preset: str
    secret: str | None = field(default=None, repr=False)
    jwks: Mapping[str, object] | None = None
    services: tuple[ServiceRegistration, ...] = ()
    broker: bool = False
    registered_by: str = ""
    """The broker whose final partner it is."""
    events: str = ""
    """Where it hears what its people have taken back."""


SHOP: Final = PartnerProfile(
    id="shop",
    name="Pot & Linde",
    auth_method="client_secret_post",
    preset="migrating",
    signed="RS256",
    encrypted=("dir", "A256GCM"),
    login=ServiceProfile(
        code="SHOP_LOGIN",
        type="authentication",
        name={"nl": "Inloggen", "fr": "Connexion", "de": "Anmeldung", "en": "Log in"},
        purpose={
            "nl": "Om uw bestellingen te tonen",
            "fr": "Pour afficher vos commandes",
            "de": "Um Ihre Bestellungen zu zeigen",
            "en": "To show your orders",
        },
        allowed_scopes=("profile", "email"),
        asks_in_id_token=("given_name", "family_name"),
    ),
    identify=ServiceProfile(
        code="SHOP_IDENTIFY",
        type="identification",
        name={
            "nl": "Klantenkaart aanvragen",
            "fr": "Demander une carte de client",
            "de": "Kundenkarte beantragen",
            "en": "Get a customer card",
        },
        purpose={
            "nl": "Om uw klantenkaart te maken en uw bestellingen te leveren",
            "fr": "Pour créer votre carte de client et livrer vos commandes",
            "de": "Um Ihre Kundenkarte zu erstellen und Ihre Bestellungen zu liefern",
            "en": "To make your customer card and deliver your orders",
        },
        allowed_scopes=("profile", "email", "phone", "address"),
        allowed_claims=_AGES,
        required=frozenset({"family_name", "age_gte_18"}),
        asks_scopes=("email", "phone", "address"),
        asks_in_id_token=("given_name", "family_name", "age_gte_18"),
    ),
    confirm=ServiceProfile(
        code="SHOP_PAY",
        type="confirmation",
        name={"nl": "Bevestigen", "fr": "Confirmer", "de": "Bestätigen", "en": "Confirm"},
        purpose={
            "nl": "Zodat niemand anders in uw naam betaalt of tekent",
            "fr": "Pour que personne d’autre ne paie ou ne signe en votre nom",
            "de": "Damit niemand sonst in Ihrem Namen zahlt oder zustimmt",
            "en": "So that nobody else pays or agrees in your name",
        },
    ),
)

PORTAL: Final = PartnerProfile(
    id="portal",
    name="Havenrode",
    auth_method="private_key_jwt",
    preset="new",
    signed="ES256",
    encrypted=("ECDH-ES", "A256GCM"),
    login=ServiceProfile(
        code="PORTAL_LOGIN",
        type="authentication",
        name={"nl": "Mijn Havenrode", "fr": "Mon Havenrode", "de": "Mein Havenrode", "en": "My Havenrode"},
        purpose={
            "nl": "Om uw dossiers bij de stad te openen",
            "fr": "Pour ouvrir vos dossiers auprès de la ville",
            "de": "Um Ihre Vorgänge bei der Stadt zu öffnen",
            "en": "To open your files with the town",
        },
        allowed_scopes=("profile", "email"),
        asks_in_id_token=("given_name", "family_name"),
        acr=ACR_ADVANCED,
        fallbacks=("eid_card", "bank", "sheet", "totp", "passkey"),
        essential=True,
    ),
    identify=ServiceProfile(
        code="PORTAL_IDENTIFY",
        type="identification",
        name={
            "nl": "Bewonersvergunning",
            "fr": "Permis de riverain",
            "de": "Anwohnerausweis",
            "en": "Resident's permit",
        },
        purpose={
            "nl": "Om uw bewonersvergunning aan te vragen",
            "fr": "Pour demander votre permis de riverain",
            "de": "Um Ihren Anwohnerausweis zu beantragen",
            "en": "To apply for your resident's permit",
        },
        allowed_scopes=("profile", "email", "phone", "address", "eid", "idDocument"),
        allowed_claims=(*_AGES, *_MORE),
        required=frozenset({"family_name", "birthdate", CLAIM + "IDDocumentSN"}),
        asks_scopes=("address", "eid", "phone"),
        asks_in_id_token=("given_name", "family_name", "birthdate"),
        asks_in_userinfo=(
            CLAIM + "IDDocumentSN",
            CLAIM + "IDDocumentType",
            CLAIM + "validityTo",
            CLAIM + "place_of_birth",
            CLAIM + "claim_citizenship_as_iso",
            CLAIM + "physical_person_photo",
        ),
        acr=ACR_ADVANCED,
    ),
)
