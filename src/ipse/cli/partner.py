"""`ipse partner`: partners and their services."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, actor, opened
from ipse.kernel.ids import RandomIds
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.partners.service import Partners
from ipse.web.languages import LANGUAGES

app = App(name="partner", help="Register partners and services, stop and start them.")
service_app = App(name="service", help="A partner's services.")
app.command(service_app)
console = Console()


@app.command
async def add(
    client_id: str,
    name: str,
    *,
    jwks: Annotated[Path | None, Parameter(help="Public keys (JWK set), one sig and one enc: a key client.")] = None,
    preset: Literal["migrating", "new"] = "new",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Register a partner. Without --jwks it gets a client secret, printed once."""
    keys = msgspec.json.decode(jwks.read_bytes()) if jwks else None
    secret = None if jwks else RandomIds().secret()
    method = AuthMethod.PRIVATE_KEY_JWT if jwks else AuthMethod.CLIENT_SECRET_POST
    key_type = next((key["kty"] for key in (keys or {}).get("keys", []) if key.get("use") == "enc"), None)
    algorithms = preset_algorithms(Preset(preset), method, encryption_key_type=key_type)
    partner = Partner(client_id, name, "active", method, keys, algorithms)
    async with opened(config) as (settings, database, keystore):
        partners = Partners(database, keystore, CLOCK, settings.environment)
        await partners.register_partner(partner, secret=secret, actor=actor())
    console.print(f"registered {client_id} ({method}, preset {preset})")
    if secret:
        console.print(f"client_secret: {secret}", soft_wrap=True)


@service_app.command(name="add")
async def add_service(  # noqa: PLR0913 - one option for each fact of a registration
    client_id: str,
    code: str,
    kind: Literal["authentication", "identification"],
    *,
    redirect_uri: Annotated[list[str], Parameter(help="Exact address; may be given several times.")],
    name: Annotated[str, Parameter(help="What people read, in every language.")],
    purpose: str = "",
    required: Annotated[list[str] | None, Parameter(help="Attribute the service may ask and needs.")] = None,
    voluntary: Annotated[list[str] | None, Parameter(help="Attribute it may ask and people may leave out.")] = None,
    pkce: bool = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Register a service: its type, redirect URIs and attribute contract."""
    contract = dict.fromkeys(voluntary or [], "voluntary") | dict.fromkeys(required or [], "required")
    service = Service(
        code=code,
        partner_id=client_id,
        type=ServiceType(kind),
        state="active",
        name=dict.fromkeys(LANGUAGES, name),
        purpose=dict.fromkeys(LANGUAGES, purpose) if purpose else {},
        redirect_uris=tuple(redirect_uri),
        contract=contract,
        pkce_required=pkce,
    )
    async with opened(config) as (settings, database, keystore):
        partners = Partners(database, keystore, CLOCK, settings.environment)
        await partners.register_service(service, actor=actor())
    console.print(f"registered service {code} of {client_id}")


@app.command(name="list")
async def list_partners(config: Config = DEFAULT_CONFIG) -> None:
    """List partners and services."""
    table = Table("client_id", "name", "state", "method", "services")
    async with opened(config) as (settings, database, keystore):
        partners = Partners(database, keystore, CLOCK, settings.environment)
        for partner in await partners.partners():
            services = await partners.services(partner.partner_id)
            names = ", ".join(f"{service.code} ({service.type})" for service in services)
            table.add_row(partner.partner_id, partner.name, partner.state, partner.auth_method, names)
    console.print(table)


@app.command
async def stop(client_id: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Stop a partner: its requests are refused within two seconds."""
    await _set_state(client_id, "stopped", config)


@app.command
async def start(client_id: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Let a stopped partner work again."""
    await _set_state(client_id, "active", config)


async def _set_state(client_id: str, state: str, config: Path) -> None:
    async with opened(config) as (settings, database, keystore):
        partners = Partners(database, keystore, CLOCK, settings.environment)
        changed = await partners.set_state(client_id, state, actor=actor())
    if not changed:
        console.print(f"{client_id} is not known, or is {state} already")
        sys.exit(1)
    console.print(f"{client_id} is {state}")
