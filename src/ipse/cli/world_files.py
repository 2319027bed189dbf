"""What a sandbox needs before it runs: settings, keys, a database, and partners that the scheme knows."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import httpx
import msgspec

from ipse.app import keystores
from ipse.app.registry import open_registry
from ipse.cli.configuration import CLOCK, opened
from ipse.cli.probes import register as register_probe
from ipse.cli.world_signing import SigningWorld, prepare_signing
from ipse.cli.world_status import StatusWorld, prepare_status
from ipse.enrolment.model import Registrar, RegistrarKind
from ipse.enrolment.service.registrars import Registrars
from ipse.kernel.ids import RandomIds
from ipse.panic.service import Telephones
from ipse.partners.model import AuthMethod, Partner, Preset, Sector, Service, ServiceType, preset_algorithms
from ipse.partners.service import EventAddresses, Partners
from ipse.sandbox.eid.authorities import ISSUING, ROOTS
from ipse.sandbox.partner.model import PartnerRegistration, ServiceRegistration
from ipse.sandbox.places import Places
from ipse.sandbox.processes import Part
from ipse.sandbox.telephone import NUMBER as TELEPHONE
from ipse.sandbox.world import World
from ipse.sim.model import Operator
from ipse.sim.service.operators import Operators
from ipse.standards.camara import Api
from ipse.storage.migrations import migrate

_ACTOR = "sandbox"
_SECTORS = {"shop": Sector.COMMERCE, "portal": Sector.GOVERNMENT}
"""Where public figures list the services of the world's partners."""


CARD = Registrar(id="eid_card", kind=RegistrarKind.EID_CARD, name="eID", country="BE", assurance="high")
"""The eID card as a registrar: chip, PIN and revocation check reach `high`."""

_GENEROUS = {"burst": 5000, "per_minute": 10_000}
"""For one address: in a sandbox everybody, and every program, is this machine."""
_CHANNELS = [
    {"kind": "telephone", "value": "+32 2 555 01 00", "hours": "24/7"},
    {"kind": "email", "value": "help@ipse.example"},
]


@dataclass(frozen=True, slots=True)
class Beside:
    """What runs beside scheme and world."""

    signing: SigningWorld | None
    status: StatusWorld | None

    def settings(self) -> dict[str, object]:
        """The scheme's tables about them."""
        signing: dict[str, object] = {"signing": self.signing.settings()} if self.signing else {}
        return signing | ({"status": self.status.settings()} if self.status else {})

    def commands(self) -> list[str]:
        """How to start them by hand."""
        return [command for world in (self.signing, self.status) if world for command in world.commands()]

    def parts(self, logs: Path, environment: Mapping[str, str]) -> tuple[Part, ...]:
        """The processes to run."""
        return tuple(part for world in (self.signing, self.status) if world for part in world.parts(logs, environment))

    def ready(self, client: httpx.Client) -> bool:
        """Whether they answer."""
        return (self.signing is None or self.signing.ready()) and (self.status is None or self.status.ready(client))


def prepare(folder: Path, places: Places, *, signing: bool = True, given: Mapping[str, object] | None = None) -> Beside:
    """Write or refresh everything in `folder`; what is there already is kept. Gives what runs beside.

    `given` are settings of the scheme in place of ours.
    """
    world = World.create(folder / "world", places, RandomIds())
    config = folder / "ipse.toml"
    chosen = settings(folder, world)
    signs = prepare_signing(folder, places, makers(folder, world)) if signing else None
    beside = Beside(signs, prepare_status(folder, places, signs) if places.with_status else None)
    config.write_text(toml(chosen | dict(given or {}) | beside.settings()))
    if not (folder / "keystore.json").exists():
        keystores.create_keystore(f"file:{folder}/keystore.json", RandomIds())
    asyncio.run(_fill(config, world, beside))
    return beside


def settings(folder: Path, world: World) -> dict[str, object]:
    """The scheme's settings for this sandbox."""
    places = world.places
    chosen: dict[str, object] = {
        "environment": "sandbox",
        "name": "Ipse",
        "base_url": places.scheme,
        "app_origin": places.app,
        "database": f"sqlite:///{folder}/ipse.db",
        "keystore": f"file:{folder}/keystore.json",
        "listen": {"host": places.listen, "port": places.port},
        "app_listen": {"host": places.listen, "port": places.port + 2},
        "staff": {"origin": places.staff, "listen": {"host": places.listen, "port": places.port + 6}},
        "simulated": {"phones": f"{folder}/phones", "inbox": f"{places.world}/inboxes/"},
        "time_zone": "Europe/Brussels",
        "limits": dict.fromkeys(("page", "wait", "partner", "phone", "enrolment", "validation", "static"), _GENEROUS),
    }
    if places.tls_certificate and places.tls_key:
        chosen |= {"tls_certificate": places.tls_certificate, "tls_key": places.tls_key}
    inboxes = world.inboxes()
    chosen["mail"] = {**inboxes["smtp"], "sender": "ipse@ipse.example", "security": "none"}
    chosen["sms"] = inboxes["sms"]
    chosen["panic"] = {"telephone": TELEPHONE, "guesses": 500}
    chosen["help"] = {"channels": _CHANNELS}
    chosen["incidents"] = {"remind": ["duty@ipse.example"], "languages": ["nl", "fr", "de"]}
    chosen["status"] = {"folder": f"{folder}/status"}
    chosen["eid"] = eid_trust(folder, world)
    # Whoever makes a SIM ready wants to see it soon.
    chosen["sim"] = {"home_seconds": 2, "retry_seconds": 10}
    chosen["push"] = {"services": [places.world], "contact": "mailto:ipse@ipse.example"}
    chosen["phones"] = {"attestation_roots": makers(folder, world)}
    chosen["fraud"] = {"places": networks(folder), "network": {"burst": 5000, "per_hour": 100_000}}
    return chosen


def networks(folder: Path) -> str:
    """The table of places, by which each 127.0.x.0/24 of this machine is somewhere else; its path."""
    path = folder / "places.csv"
    path.write_bytes((resources.files("ipse.sandbox") / "networks.csv").read_bytes())
    return str(path)


def makers(folder: Path, world: World) -> str:
    """The root of the world's phone maker; its path."""
    path = folder / "makers.pem"
    path.write_bytes(world.maker.pem)
    return str(path)


def eid_trust(folder: Path, world: World) -> dict[str, object]:
    """The world's own authorities, and its card slot in place of a reader."""
    authorities, trust = world.authorities, folder / "eid"
    trust.mkdir(exist_ok=True)
    chosen: dict[str, object] = {}
    for name, content in (("issuing", authorities.pem(*ISSUING)), ("register", authorities.pem(*ROOTS))):
        path = trust / f"{name}-authorities.pem"
        path.write_bytes(content)
        chosen[f"{name}_authorities"] = str(path)
    if not world.places.secure:
        chosen["reader"] = world.eid()["api"]
    return chosen


def toml(document: dict[str, object]) -> str:
    """TOML for what `settings` can hold: texts, numbers, small tables, and at the end lists of tables."""
    lines = ["# Written by `ipse sandbox` at each start; changes here are lost."]
    for name, value in document.items():
        if isinstance(value, list):
            for each in value:
                lines += ["", f"[[{name}]]", *(f"{key} = {_toml(member)}" for key, member in each.items())]
        else:
            lines.append(f"{name} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(member)}" for key, member in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # A JSON string or number is one of TOML, too.
    return msgspec.json.encode(value).decode()


async def _fill(config: Path, world: World, beside: Beside) -> None:
    async with opened(config) as (read, database, keystore):
        await migrate(database, now=CLOCK.now())
        registrars = Registrars(database, CLOCK, read.environment)
        await register_banks(registrars, world, actor=_ACTOR)
        await registrars.keep(CARD, actor=_ACTOR)
        await register_operators(Operators(database, CLOCK, read.environment), world, actor=_ACTOR)
        partners = open_registry(read, database, keystore, CLOCK)
        await register_partners(partners, world)
        if beside.status is not None:
            await register_probe(partners, beside.status.keys, beside.status.redirect_uri, actor=_ACTOR)
        await register_telephone(Telephones(database, CLOCK, RandomIds()), world.secrets.telephone_token, actor=_ACTOR)


async def register_partners(partners: Partners, world: World) -> None:
    """Tell the scheme of the world's partners and their services."""
    for registration in world.registrations():
        await _register(partners, registration)
    # Afterwards, because a broker's services name partners that come after it.
    for registration in world.registrations():
        await _register_services(partners, registration)


async def register_banks(registrars: Registrars, world: World, *, actor: str) -> None:
    """Tell a scheme of the simulated banks. One that somebody stopped stays so."""
    for members in world.registrars():
        await registrars.keep(Registrar(**members), actor=actor)


async def register_operators(operators: Operators, world: World, *, actor: str) -> None:
    """Tell the scheme of the world's mobile operators, where it does not know them so already."""
    known = {one.operator_id: one for one in await operators.all()}
    for each in world.operators():
        members = {name: value for name, value in each.items() if name not in {"id", "prefixes", "apis"}}
        apis = tuple(Api(api) for api in each["apis"])
        wanted = Operator(operator_id=each["id"], prefixes=tuple(each["prefixes"]), apis=apis, **members)
        before = known.get(wanted.operator_id)
        if before is None:
            await operators.add(wanted, actor=actor)
        elif before != replace(wanted, cap=before.cap, state=before.state):
            await operators.change(replace(wanted, cap=before.cap, state=before.state), actor=actor)


async def register_telephone(telephones: Telephones, token: str, *, actor: str) -> None:
    """Let the world's telephone bring codes of emergency sheets."""
    if not await telephones.knows(token):
        await telephones.add("The telephone of the sandbox", actor=actor, token=token)


async def _register(partners: Partners, registration: PartnerRegistration) -> None:
    """Tell the scheme of a partner, unless it knows all that already: every telling writes an audit line."""
    wanted = _partner(registration)
    known = await partners.partner(wanted.partner_id)
    if not _is_known(partners, known, wanted, registration):
        await partners.register_partner(wanted, secret=registration.secret, actor=_ACTOR)
    addresses = EventAddresses(partners.database, CLOCK, partners.environment)
    if registration.events and await addresses.of(wanted.partner_id) != registration.events:
        await addresses.put(wanted.partner_id, registration.events, actor=_ACTOR)


async def _register_services(partners: Partners, registration: PartnerRegistration) -> None:
    for each in registration.services:
        service = _service(registration.client_id, each)
        if await partners.service(service.code) != service:
            await partners.register_service(service, actor=_ACTOR)


def _is_known(partners: Partners, known: Partner | None, wanted: Partner, registration: PartnerRegistration) -> bool:
    if known is None or msgspec.structs.replace(known, sealed_secret=None) != wanted:
        return False
    return registration.secret is None or hmac.compare_digest(partners.secret(known), registration.secret)


def _partner(registration: PartnerRegistration) -> Partner:
    method = AuthMethod(registration.auth_method)
    jwks = msgspec.to_builtins(registration.jwks) if registration.jwks else None
    key_type = next((key["kty"] for key in (jwks or {}).get("keys", []) if key["use"] == "enc"), None)
    algorithms = preset_algorithms(Preset(registration.preset), method, encryption_key_type=key_type)
    partner = Partner(registration.client_id, registration.name, "active", method, jwks, algorithms)
    return msgspec.structs.replace(
        partner,
        preset=Preset(registration.preset),
        broker=registration.broker,
        registered_by=registration.registered_by,
        sector=_SECTORS.get(registration.client_id, ""),
    )


def _service(client_id: str, registration: ServiceRegistration) -> Service:
    return Service(
        code=registration.code,
        partner_id=client_id,
        type=ServiceType(registration.type),
        state="active",
        name=dict(registration.name),
        purpose=dict(registration.purpose),
        redirect_uris=registration.redirect_uris,
        contract=dict(registration.contract),
        pkce_required=registration.pkce_required,
        backchannel_mode=registration.backchannel_mode,
        callback_urls=registration.callback_urls,
        final_partner=registration.final_partner,
        fallbacks=registration.fallbacks,
        essential=registration.essential,
        batch=registration.batch,
    )
