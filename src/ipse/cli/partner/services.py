"""`ipse partner service`: a partner's services."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter

from ipse.cli.configuration import DEFAULT_CONFIG, Config, actor
from ipse.cli.partner.desk import app, console, known_partner, known_service, opened_desk, texts
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import Service, ServiceType

service_app = App(name="service", help="A partner's services: each is one user flow.")
app.command(service_app)

Kind = Literal["authentication", "identification", "confirmation", "data_sharing", "signing"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Options:
    """What is said of a service. A list that is said replaces the whole list that was there."""

    name: Annotated[
        list[str] | None,
        Parameter(help="What people read, in every language; or nl=…, repeated for fr, de, en.", negative=""),
    ] = None
    purpose: Annotated[list[str] | None, Parameter(help="Why it asks; like --name.")] = None
    redirect_uri: Annotated[list[str] | None, Parameter(help="Exact address; may be repeated.")] = None
    required: Annotated[
        list[str] | None, Parameter(help="Attribute it may ask and needs, as docs/reference/attributes.md names it.")
    ] = None
    voluntary: Annotated[list[str] | None, Parameter(help="Attribute it may ask and people may leave out.")] = None
    pkce: Annotated[bool | None, Parameter(help="Demand PKCE.")] = None
    profile: Annotated[
        Literal["default", "fapi2"] | None, Parameter(help="fapi2: pushed requests, bound tokens, no client secret.")
    ] = None
    message_signing: Annotated[bool | None, Parameter(help="Demand signed requests, answer signed.")] = None
    request_uri: Annotated[
        list[str] | None, Parameter(help="Where request objects are fetched: https://host:443/…; may be repeated.")
    ] = None
    callback_url: Annotated[
        list[str] | None, Parameter(help="Where sessions of the REST API may call back; may be repeated.")
    ] = None
    backchannel: Annotated[
        Literal["none", "poll", "ping"] | None, Parameter(help="How it learns the end of back-channel requests.")
    ] = None
    notification_endpoint: Annotated[str | None, Parameter(help="Where it is pinged.")] = None
    match_optional: Annotated[bool | None, Parameter(help="People need not type the two digits it shows.")] = None
    fallback: Annotated[
        list[str] | None,
        Parameter(help="What may stand in for the phone: eid_card, bank, passkey, totp, sheet; may be repeated."),
    ] = None
    essential: Annotated[bool | None, Parameter(help="People must reach it whatever breaks.")] = None
    pause_during_calls: Annotated[
        bool | None, Parameter(help="Approvals are refused while a call is running on the phone.")
    ] = None
    batch: Annotated[int | None, Parameter(help="Documents that one approval may sign, 1 to 70.")] = None
    signs: Annotated[bool | None, Parameter(help="People who identify themselves may sign with it.")] = None
    final_partner: Annotated[str | None, Parameter(help="The partner for whom a broker's service asks.")] = None

    def given(self) -> dict[str, object]:
        """What was said, by the names of the model."""
        said: dict[str, object | None] = {
            "name": None if self.name is None else texts(self.name),
            "purpose": None if self.purpose is None else texts(self.purpose),
            "redirect_uris": _several(self.redirect_uri),
            "contract": self._contract(),
            "pkce_required": self.pkce,
            "profile": self.profile,
            "message_signing": self.message_signing,
            "request_uris": _several(self.request_uri),
            "callback_urls": _several(self.callback_url),
            "backchannel_mode": "" if self.backchannel == "none" else self.backchannel,
            "notification_endpoint": "" if self.backchannel in {"none", "poll"} else self.notification_endpoint,
            "match_optional": False if self.backchannel == "none" else self.match_optional,
            "fallbacks": _several(self.fallback),
            "essential": self.essential,
            "pause_during_calls": self.pause_during_calls,
            "batch": self.batch,
            "signs": self.signs,
            "final_partner": self.final_partner,
        }
        return {name: value for name, value in said.items() if value is not None}

    def _contract(self) -> dict[str, str] | None:
        if self.required is None and self.voluntary is None:
            return None
        return dict.fromkeys(self.voluntary or [], "voluntary") | dict.fromkeys(self.required or [], "required")


@service_app.command
async def add(
    client_id: str,
    code: str,
    kind: Kind,
    *,
    options: Options = Options(),
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Register a service: its type, addresses and attribute contract.

    Example: ipse partner service add shop SHOP_LOGIN authentication --name "Sign in at the shop"
    --redirect-uri https://shop.example/back --voluntary email
    """
    empty = Service(code, client_id, ServiceType(kind), "active", {}, {}, (), {})
    service = msgspec.structs.replace(empty, **options.given())
    async with opened_desk(config) as (_, desk):
        await known_partner(desk, client_id)
        if await desk.partners.registered(code) is not None:
            message = f"{code} is registered already; change it with: ipse partner service update {code}"
            raise PartnerRegistrationError(message, public=message)
        await desk.partners.register_service(service, actor=actor())
        missing = await desk.grants.missing(service)
    console.print(f"registered service {code} of {client_id}")
    for attribute in missing:
        console.print(
            f"{attribute} is protected: nobody can ask for it before: ipse partner grant add {code} {attribute}"
        )
    if kind != "signing" and not (service.redirect_uris or service.backchannel_mode or service.callback_urls):
        console.print("it has no address yet: no request can be answered")
    if kind in {"identification", "data_sharing"} and not service.contract:
        console.print("its contract is empty: services of this type ask for one attribute at least")


@service_app.command
async def update(
    code: str,
    *,
    kind: Annotated[Kind | None, Parameter(name="--type")] = None,
    options: Options = Options(),
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Change a service. What is not said stays; of --required and --voluntary say both lists whole."""
    async with opened_desk(config) as (_, desk):
        service = await known_service(desk, code)
        changed = msgspec.structs.replace(service, **options.given())
        if kind:
            changed = msgspec.structs.replace(changed, type=ServiceType(kind))
        await desk.partners.register_service(changed, actor=actor(), instead_of=service)
        missing = await desk.grants.missing(changed)
    console.print(f"changed service {code}")
    for attribute in missing:
        console.print(
            f"{attribute} is protected: nobody can ask for it before: ipse partner grant add {code} {attribute}"
        )


@service_app.command
async def remove(code: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Remove a service and revoke its grants. Requests for it are refused within two seconds."""
    async with opened_desk(config) as (_, desk):
        await desk.partners.remove_service(await known_service(desk, code), actor=actor())
    console.print(f"removed service {code}")


@service_app.command
async def stop(code: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Stop a service: requests for it are refused within two seconds."""
    await _set_state(code, "stopped", config)


@service_app.command
async def start(code: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Let a stopped service work again."""
    await _set_state(code, "active", config)


async def _set_state(code: str, state: str, config: Config) -> None:
    async with opened_desk(config) as (_, desk):
        service = await known_service(desk, code)
        if service.state == state:
            console.print(f"{code} is {state} already")
            sys.exit(1)
        changed = msgspec.structs.replace(service, state=state)
        await desk.partners.register_service(changed, actor=actor(), instead_of=service)
    console.print(f"{code} is {state}")


def _several(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
