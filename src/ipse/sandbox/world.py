"""The world's secrets, and what the scheme must be told. Made once, kept in a folder, readable by its owner only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import msgspec

from ipse.kernel.clock import Clock, day
from ipse.kernel.ids import Ids
from ipse.sandbox import jose
from ipse.sandbox.bank import BANKS
from ipse.sandbox.desk import model as desk
from ipse.sandbox.eid import PIN, Authorities
from ipse.sandbox.house.model import ACT, HOUSE, PAIR
from ipse.sandbox.maker import PATH as MAKER
from ipse.sandbox.maker import Maker
from ipse.sandbox.notary import model as notary
from ipse.sandbox.operators import OPERATORS
from ipse.sandbox.operators.model import COUNTRY
from ipse.sandbox.partner.model import (
    PORTAL,
    SHOP,
    PartnerProfile,
    PartnerRegistration,
    ServiceProfile,
    ServiceRegistration,
)
from ipse.sandbox.persons import persons
from ipse.sandbox.places import CLIENT_ID, Places
from ipse.sandbox.telephone import NUMBER as TELEPHONE


class Secrets(msgspec.Struct, frozen=True):
    """Everything that only the second parties know."""

    shop_secret: str
    portal_sig: dict[str, Any]
    portal_enc: dict[str, Any]
    bank_keys: dict[str, dict[str, Any]]
    subject_salt: str
    house_sig: dict[str, Any]
    house_enc: dict[str, Any]
    desk_secret: str
    museum_enc: dict[str, Any]
    notary_secret: str
    sms_token: str
    telephone_token: str
    operator_keys: dict[str, dict[str, Any]]

    @classmethod
    def new(cls, ids: Ids) -> Self:
        """Fresh secrets."""
        return cls(
            shop_secret=ids.secret(),
            portal_sig=jose.generate("portal-sig-1", "sig", "ES256"),
            portal_enc=jose.generate("portal-enc-1", "enc", "ECDH-ES"),
            bank_keys={bank.id: jose.generate(f"{bank.id}-1", "sig", "ES256") for bank in BANKS},
            subject_salt=ids.secret(),
            house_sig=jose.generate("house-sig-1", "sig", "ES256"),
            house_enc=jose.generate("house-enc-1", "enc", "ECDH-ES"),
            desk_secret=ids.secret(),
            museum_enc=jose.generate("museum-enc-1", "enc", "ECDH-ES"),
            notary_secret=ids.secret(),
            sms_token=ids.secret(),
            telephone_token=ids.secret(),
            operator_keys={one.id: jose.generate(f"{one.id}-1", "sig", "ES256") for one in OPERATORS},
        )


@dataclass(frozen=True, slots=True)
class World:
    """The world at its places, with its secrets."""

    folder: Path
    places: Places
    secrets: Secrets

    @classmethod
    def create(cls, folder: Path, places: Places, ids: Ids) -> Self:
        """Load what is kept in `folder`, or make it; then keep `places`, which may have changed."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "secrets.json"
        kept = msgspec.json.decode(path.read_bytes(), type=dict[str, Any]) if path.exists() else {}
        # A party that came later finds no secrets of its own in a world that was made before.
        if missing := set(Secrets.__struct_fields__) - kept.keys():
            fresh = msgspec.to_builtins(Secrets.new(ids))
            kept |= {name: fresh[name] for name in missing}
            _write_private(path, msgspec.json.format(msgspec.json.encode(kept)))
        Authorities.create(folder / "eid", f"{places.world}/eid")
        Maker.create(folder / "maker")
        places.write(folder)
        return cls.load(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The world that was created in `folder`.

        Raises:
            FileNotFoundError: there is none.
        """
        secrets = msgspec.json.decode((folder / "secrets.json").read_bytes(), type=Secrets)
        return cls(folder, Places.read(folder), secrets)

    @property
    def authorities(self) -> Authorities:
        """Who issues the eID cards of this world."""
        return Authorities.load(self.folder / "eid")

    @property
    def maker(self) -> Maker:
        """Who makes phones that attest their keys."""
        return Maker.load(self.folder / "maker")

    def redirect_uris(self, partner: PartnerProfile) -> tuple[str, ...]:
        """Where logins of that partner may end: the demo itself first, then addresses for a program of your own."""
        own = self.places.port + 9
        mine = (f"http://localhost:{own}/callback", f"http://127.0.0.1:{own}/callback")
        return (f"{self.places.world}/{partner.id}/callback", *mine)

    def registrations(self) -> tuple[PartnerRegistration, ...]:
        """The partners, as the scheme must know them."""
        public = {"keys": [jose.public(self.secrets.portal_sig), jose.public(self.secrets.portal_enc)]}
        partners = (
            PartnerRegistration(
                client_id=partner.id,
                name=partner.name,
                auth_method=partner.auth_method,
                preset=partner.preset,
                secret=self.secrets.shop_secret if partner is SHOP else None,
                jwks=public if partner is PORTAL else None,
                services=tuple(self._service(partner, service) for service in partner.services),
                events=f"{self.places.world}/{partner.id}/events",
            )
            for partner in (SHOP, PORTAL)
        )
        return (*partners, self._house(), *self._desk(), self.notary)

    @property
    def notary(self) -> PartnerRegistration:
        """The notary, as the scheme must know it."""
        return notary.registration(self.secrets.notary_secret, self.places.world)

    def _desk(self) -> tuple[PartnerRegistration, ...]:
        museum = {"keys": [jose.public(self.secrets.museum_enc)]}
        return desk.registrations(self.secrets.desk_secret, museum, tuple(self.desk_callbacks.values()))

    @property
    def desk_callbacks(self) -> dict[str, str]:
        """Where the desk's sessions end."""
        back = f"{self.places.world}/{desk.DESK.id}/callback"
        return {"success": back, "abort": back + "/abort", "error": back + "/error"}

    def _house(self) -> PartnerRegistration:
        return PartnerRegistration(
            client_id=HOUSE.id,
            name=HOUSE.name,
            auth_method="private_key_jwt",
            preset="new",
            jwks={"keys": [jose.public(self.secrets.house_sig), jose.public(self.secrets.house_enc)]},
            services=(PAIR, ACT),
        )

    def _service(self, partner: PartnerProfile, service: ServiceProfile) -> ServiceRegistration:
        return ServiceRegistration(
            code=service.code,
            type=service.type,
            name=service.name,
            purpose=service.purpose,
            redirect_uris=self.redirect_uris(partner),
            contract=service.contract,
            scopes=tuple(service.scopes),
            claims=tuple(service.claims),
            fallbacks=service.fallbacks,
            essential=service.essential,
        )

    def registrars(self) -> list[dict[str, Any]]:
        """The banks, as the scheme's operator registers them."""
        return [
            {
                "id": bank.id,
                "name": bank.name,
                "country": bank.country,
                "issuer": self.places.bank_issuer(bank.id),
                "client_id": CLIENT_ID,
                "trust_framework": bank.trust_framework,
                "assurance": bank.assurance_level,
                "minors": bank.minors,
            }
            for bank in BANKS
        ]

    def description(self, clock: Clock) -> dict[str, Any]:
        """`world.json`: all of it for programs. Members are added, never renamed."""
        return {
            "issuer": self.places.issuer,
            "app": self.places.app,
            **({"status": self.places.status} if self.places.with_status else {}),
            "partners": [self._describe(each) for each in self.registrations() if not each.registered_by],
            "banks": [
                {
                    "id": bank.id,
                    "name": bank.name,
                    "country": bank.country,
                    "issuer": self.places.bank_issuer(bank.id),
                    "assurance": bank.assurance_level,
                    "minors": bank.minors,
                }
                for bank in BANKS
            ],
            "persons": [
                {
                    "id": person.id,
                    "name": person.name,
                    "country": person.country,
                    "birthdate": person.known_birthdate,
                    "phone_number": person.phone_number,
                    "login": person.id,
                    "bank": person.home_bank,
                    "eid_card": person.card.applet if person.card else None,
                }
                for person in persons(day(clock.now()))
            ],
            "world": self.places.world,
            "inboxes": self.inboxes(),
            "telephone": {"url": f"{self.places.world}/telephone/", "number": TELEPHONE},
            "eid": self.eid(),
            "push": f"{self.places.world}/push/subscriptions",
            "maker": f"{self.places.world}{MAKER}/attest",
            "operators": self.operators(),
            "sims": f"{self.places.world}/operators/api/sims",
        }

    def operators(self) -> list[dict[str, Any]]:
        """The mobile operators, as the scheme must know them."""
        return [
            {
                "id": one.id,
                "name": one.name,
                "country": COUNTRY,
                "prefixes": list(one.prefixes),
                "issuer": self.places.operator_issuer(one.id),
                "api_root": self.places.operator_issuer(one.id),
                "client_id": CLIENT_ID,
                "apis": sorted(str(api) for api in one.serves),
            }
            for one in OPERATORS
        ]

    def eid(self) -> dict[str, Any]:
        """The card slot: its page, what programs call, and the PIN of every card."""
        page = f"{self.places.world}/eid/"
        return {"page": page, "api": f"{page}api", "extension": f"{page}extension.zip", "pin": PIN}

    def inboxes(self) -> dict[str, Any]:
        """Where e-mail and text messages arrive, and where they can be read."""
        world = self.places.world
        return {
            "page": f"{world}/inboxes/",
            "api": f"{world}/inboxes/api",
            "smtp": {"host": "127.0.0.1", "port": self.places.mail_port},
            "sms": {"url": f"{world}/inboxes/sms", "token": self.secrets.sms_token},
        }

    def _private_keys(self, client_id: str) -> list[dict[str, Any]]:
        mine = self.secrets
        return [mine.house_sig, mine.house_enc] if client_id == HOUSE.id else [mine.portal_sig, mine.portal_enc]

    def _describe(self, registration: PartnerRegistration) -> dict[str, Any]:
        described: dict[str, Any] = {
            "name": registration.name,
            "client_id": registration.client_id,
            "token_endpoint_auth_method": registration.auth_method,
            "url": f"{self.places.world}/{registration.client_id}/",
        }
        if registration.secret is not None:
            described["client_secret"] = registration.secret
        if registration.jwks is not None:
            described["jwks"] = {"keys": self._private_keys(registration.client_id)}
        described["services"] = [
            {
                "code": service.code,
                "type": service.type,
                "redirect_uris": list(service.redirect_uris),
                "scopes": list(service.scopes),
                "claims": list(service.claims),
                **({"backchannel_mode": service.backchannel_mode} if service.backchannel_mode else {}),
            }
            | ({"final_partner": service.final_partner} if service.final_partner else {})
            | ({"batch": service.batch} if service.batch > 1 else {})
            | ({"callback_urls": list(service.callback_urls)} if service.callback_urls else {})
            for service in registration.services
        ]
        return described


def _write_private(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    fresh.replace(path)
