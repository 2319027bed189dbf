"""A partner itself: add, show, update, list, stop, start, a new secret."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import msgspec
from cyclopts import Parameter
from rich.table import Table

from ipse.cli.configuration import DEFAULT_CONFIG, Config, actor
from ipse.cli.partner.desk import IDS, GivenKeys, app, console, given_keys, known_partner, opened_desk
from ipse.kernel.clock import text
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import (
    Algorithms,
    AuthMethod,
    Grant,
    Partner,
    Preset,
    Sector,
    Service,
    algorithms_anew,
    preset_algorithms,
)
from ipse.partners.service import PartnerDesk

Jwks = Annotated[Path | None, Parameter(help="File with its public keys (JWK set): one sig and one enc at least.")]
JwksUri = Annotated[str | None, Parameter(help="https address where it publishes them; fetched and judged now.")]
Contacts = Annotated[list[str] | None, Parameter(name="--contact", help="E-mail address; may be repeated.")]
Logo = Annotated[str | None, Parameter(help="https address of its logo.")]
TlsSubject = Annotated[
    str | None,
    Parameter(help="Client certificate: its subject (RFC 4514), or dns:, uri: or email: and one alternative name."),
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is said of a partner beside its keys."""

    contact: Contacts = None
    logo: Logo = None
    tls_subject: TlsSubject = None
    broker: Annotated[bool | None, Parameter(help="It asks on behalf of other partners.")] = None
    counterpart: Annotated[str | None, Parameter(help="Its client id in its other installation.")] = None
    sector: Annotated[Sector | None, Parameter(help="Where public figures list its services.")] = None

    algorithm: Annotated[
        list[str] | None,
        Parameter(help="NAME=VALUE: one algorithm by its registration name, several values with commas.", negative=""),
    ] = None

    def agreed(self, partner: Partner) -> Partner:
        """The partner with the algorithms that were said one by one."""
        document = msgspec.to_builtins(partner.algorithms)
        for each in self.algorithm or []:
            name, _, value = each.partition("=")
            if name not in Algorithms.__struct_fields__:
                _refuse(f"--algorithm: there is no {name!r}; there are {', '.join(Algorithms.__struct_fields__)}")
            several = name in {"token_endpoint_auth_signing_alg", "request_object_signing_alg"}
            # RFC 9864 writes Ed25519 for what is kept as EdDSA.
            values = ["EdDSA" if alg == "Ed25519" else alg for alg in value.split(",")]
            document[name] = values if several else values[0] if len(values) == 1 else value
        try:
            return msgspec.structs.replace(partner, algorithms=msgspec.convert(document, Algorithms))
        except msgspec.ValidationError as error:
            _refuse(f"--algorithm: {error}")

    def given(self) -> dict[str, object]:
        """Those that were said, by the names of the model."""
        contacts = None if self.contact is None else tuple(self.contact)
        said = {
            "contacts": contacts,
            "logo": self.logo,
            "tls_subject": self.tls_subject,
            "broker": self.broker,
            "counterpart": self.counterpart,
            "sector": self.sector,
        }
        return {name: value for name, value in said.items() if value is not None}


@app.command
async def add(  # noqa: PLR0913 - one option for each fact of a registration
    client_id: str,
    name: str,
    *,
    jwks: Jwks = None,
    jwks_uri: JwksUri = None,
    preset: Annotated[
        Literal["migrating", "new"], Parameter(help="Algorithms: new is ES256, migrating RS256 as before a move.")
    ] = "new",
    self_signed: Annotated[
        bool, Parameter(negative="", help="It authenticates by a certificate of its own, in x5c of its keys.")
    ] = False,
    final_of: Annotated[
        str | None, Parameter(help="The broker that asks for it: a final partner, which needs no credentials.")
    ] = None,
    facts: Facts = Facts(),
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Register a partner: by key, by certificate, or else with a client secret that is printed once.

    With --jwks or --jwks-uri it proves itself by key, with --tls-subject or --self-signed by certificate.

    Example: ipse partner add shop "The Shop" --jwks shop.json --contact it@shop.example
    """
    async with opened_desk(config) as (_, desk):
        if await desk.partners.partner(client_id) is not None:
            _refuse(f"{client_id} is registered already; change it with: ipse partner update {client_id}")
        keys = await given_keys(desk, jwks, jwks_uri)
        method = _method(keys, facts.tls_subject, self_signed=self_signed, final=final_of is not None)
        partner = _partner(client_id, name, method, keys, Preset(preset))
        partner = msgspec.structs.replace(partner, registered_by=final_of or "", **facts.given())
        partner = facts.agreed(partner)
        secret = IDS.secret() if method is AuthMethod.CLIENT_SECRET_POST else None
        await desk.partners.register_partner(partner, secret=secret, actor=actor(), published=keys.published)
    console.print(f"registered {client_id} ({method}, preset {preset})")
    if secret:
        console.print(f"client_secret: {secret}", soft_wrap=True)
    if final_of is None:
        console.print(f"next: ipse partner service add {client_id} CODE TYPE --name … --redirect-uri …")


@app.command
async def update(
    client_id: str,
    *,
    name: str | None = None,
    preset: Annotated[Literal["migrating", "new"] | None, Parameter(help="Choose the algorithms anew.")] = None,
    facts: Facts = Facts(),
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Change what is registered of a partner. What is not said stays; its keys change with: ipse partner keys set."""
    async with opened_desk(config) as (_, desk):
        partner = await known_partner(desk, client_id)
        changed = msgspec.structs.replace(partner, name=name or partner.name, **facts.given())
        if preset:
            keys = GivenKeys(jwks=await desk.keys.raw(partner))
            algorithms = algorithms_anew(
                partner.algorithms, Preset(preset), partner.auth_method, encryption_key_type=keys.key_type
            )
            changed = msgspec.structs.replace(changed, preset=Preset(preset), algorithms=algorithms)
        changed = facts.agreed(changed)
        secret = desk.partners.secret(partner) if partner.sealed_secret else None
        await desk.partners.register_partner(changed, secret=secret, actor=actor(), instead_of=partner)
    console.print(f"changed {client_id}")


@app.command
async def rotate_secret(client_id: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Give a partner a new client secret, printed once. The old one is refused within two seconds."""
    async with opened_desk(config) as (_, desk):
        partner = await known_partner(desk, client_id)
        if partner.auth_method is not AuthMethod.CLIENT_SECRET_POST:
            _refuse(f"{client_id} authenticates by {partner.auth_method} and has no secret")
        secret = IDS.secret()
        await desk.partners.register_partner(partner, secret=secret, actor=actor(), instead_of=partner)
    console.print(f"client_secret: {secret}", soft_wrap=True)


@app.command
async def show(
    client_id: str,
    *,
    json: Annotated[bool, Parameter(negative="", help="For programs.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Show a partner, its services and the grants they have. Nothing secret is printed."""
    async with opened_desk(config) as (_, desk):
        partner = msgspec.structs.replace(await known_partner(desk, client_id), sealed_secret=None)
        services = await desk.partners.services(client_id)
        grants = {service.code: await desk.grants.of_service(service.code) for service in services}
        jwks = await desk.keys.raw(partner) if partner.jwks_uri else partner.jwks
        if not json:
            now = desk.partners.clock.now()
            _print_partner(partner, [key.get("kid") for key in (jwks or {}).get("keys", [])])
            for service in services:
                _print_service(service, [grant for grant in grants[service.code] if grant.holds(now)])
            return
    document = {"partner": partner, "services": services, "grants": grants}
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


@app.command(name="list")
async def list_partners(config: Config = DEFAULT_CONFIG) -> None:
    """List partners and services."""
    table = Table("client_id", "name", "state", "method", "services")
    async with opened_desk(config) as (_, desk):
        for partner in await desk.partners.partners():
            services = await desk.partners.services(partner.partner_id)
            names = ", ".join(f"{service.code} ({service.type})" for service in services)
            table.add_row(partner.partner_id, partner.name, partner.state, partner.auth_method, names)
    console.print(table)


@app.command
async def stop(client_id: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Stop a partner: its requests are refused within two seconds."""
    async with opened_desk(config) as (_, desk):
        await _set_state(desk, client_id, "stopped")


@app.command
async def start(client_id: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Let a stopped partner work again."""
    async with opened_desk(config) as (_, desk):
        await _set_state(desk, client_id, "active")


async def _set_state(desk: PartnerDesk, client_id: str, state: str) -> None:
    if not await desk.partners.set_state(client_id, state, actor=actor()):
        console.print(f"{client_id} is not known, or is {state} already")
        sys.exit(1)
    console.print(f"{client_id} is {state}")


def _method(keys: GivenKeys, tls_subject: str | None, *, self_signed: bool, final: bool) -> AuthMethod:
    if tls_subject and self_signed:
        _refuse("give --tls-subject or --self-signed, not both")
    if tls_subject:
        return AuthMethod.TLS_CLIENT_AUTH
    if self_signed:
        return AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH
    by_key = keys.jwks or keys.jwks_uri or final
    return AuthMethod.PRIVATE_KEY_JWT if by_key else AuthMethod.CLIENT_SECRET_POST


def _partner(client_id: str, name: str, method: AuthMethod, keys: GivenKeys, preset: Preset) -> Partner:
    algorithms = preset_algorithms(preset, method, encryption_key_type=keys.key_type)
    jwks = dict(keys.jwks) if keys.jwks else None
    return Partner(client_id, name, "active", method, jwks, algorithms, jwks_uri=keys.jwks_uri, preset=preset)


def _print_partner(partner: Partner, kids: list[object]) -> None:
    agreed = partner.algorithms
    rows = (
        ("name", partner.name),
        ("state", partner.state),
        ("authenticates by", partner.auth_method),
        ("certificate", partner.tls_subject),
        ("keys", partner.jwks_uri or ("inline" if partner.jwks else "")),
        ("kids", ", ".join(str(kid) for kid in kids)),
        ("preset", partner.preset),
        ("signed for it", f"{agreed.id_token_signed_response_alg}, UserInfo {agreed.userinfo_signed_response_alg}"),
        ("encrypted to it", f"{agreed.id_token_encrypted_response_alg} {agreed.id_token_encrypted_response_enc}"),
        ("signs with", ", ".join(agreed.token_endpoint_auth_signing_alg)),
        ("contacts", ", ".join(partner.contacts)),
        ("logo", partner.logo),
        ("broker", "yes" if partner.broker else ""),
        ("final partner of", partner.registered_by),
        ("client id elsewhere", partner.counterpart),
        ("sector", partner.sector),
    )
    _print_rows(partner.partner_id, rows)


def _print_service(service: Service, grants: list[Grant]) -> None:
    granted = (f"{grant.attribute} until {text(grant.ends_at)[:10]}" for grant in grants)
    rows = (
        ("type", service.type),
        ("state", service.state),
        ("name", " | ".join(dict.fromkeys(service.name.values()))),
        ("purpose", " | ".join(dict.fromkeys(service.purpose.values()))),
        ("profile", service.profile + (", message signing" if service.message_signing else "")),
        ("PKCE", "required" if service.pkce_required else ""),
        ("required", ", ".join(name for name, demand in service.contract.items() if demand == "required")),
        ("voluntary", ", ".join(name for name, demand in service.contract.items() if demand == "voluntary")),
        ("granted", ", ".join(granted)),
        ("redirect URIs", "\n".join(service.redirect_uris)),
        ("request URIs", "\n".join(service.request_uris)),
        ("callback URLs", "\n".join(service.callback_urls)),
        ("back channel", f"{service.backchannel_mode} {service.notification_endpoint}".strip()),
        ("without digits", "allowed" if service.match_optional else ""),
        ("during a call", "no approvals" if service.pause_during_calls else ""),
        ("instead of the phone", ", ".join(service.fallbacks)),
        ("essential", "people must reach it whatever breaks" if service.essential else ""),
        ("signed at once", f"{service.batch} documents" if service.batch > 1 else ""),
        ("signs", "with the identification, by one approval" if service.signs else ""),
        ("asks for", service.final_partner),
    )
    _print_rows(f"service {service.code}", rows)


def _print_rows(title: str, rows: tuple[tuple[str, str], ...]) -> None:
    console.print(f"\n{title}", style="bold")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in rows:
        if value:
            table.add_row(name, value)
    console.print(table)


def _refuse(message: str) -> NoReturn:
    raise PartnerRegistrationError(message, public=message)
