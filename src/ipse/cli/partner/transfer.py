"""Moving a partner to another installation: `ipse partner export` there, `ipse partner import` here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ipse.cli.configuration import DEFAULT_CONFIG, Config, actor
from ipse.cli.partner.desk import IDS, app, console, given_keys, opened_desk
from ipse.cli.partner.partners import Jwks, JwksUri
from ipse.kernel.ids import alphanumerics
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import AuthMethod
from ipse.partners.service.transfer import Arrival, Transfer, read_registration


@app.command
async def export(
    client_id: str,
    *,
    output: Annotated[Path | None, Parameter(help="File to write; else CLIENT_ID.json.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write a partner and its services to a file, without secrets and grants."""
    path = output or Path(f"{client_id}.json")
    async with opened_desk(config) as (settings, desk):
        document = await Transfer(desk.partners, settings.issuer).export(client_id)
    path.write_bytes(document)
    console.print(f"wrote {path}; register it elsewhere with: ipse partner import {path}", soft_wrap=True)


@app.command(name="import")
async def take(
    file: Path,
    *,
    client_id: Annotated[str | None, Parameter(help="Its client id here; a new one is drawn if not said.")] = None,
    jwks: Jwks = None,
    jwks_uri: JwksUri = None,
    replace: Annotated[
        list[str] | None,
        Parameter(
            help="OLD=NEW: beginnings of addresses, http://127.0.0.1:8001=https://shop.example; may be repeated."
        ),
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Register what another installation has exported, under a client id of its own and with keys of its own.

    Services keep their codes. A partner with a secret gets a new one, printed once, or brings keys from now on. Grants
    are recorded anew. Imported again for the same client id, a file adds the services that are not there yet.
    """
    document = _document(file)
    came = read_registration(document)
    by_secret = came.partner.auth_method is AuthMethod.CLIENT_SECRET_POST and not (jwks or jwks_uri)
    async with opened_desk(config) as (settings, desk):
        keys = await given_keys(desk, jwks, jwks_uri)
        arrival = Arrival(
            client_id=client_id or alphanumerics(IDS.octets(16), 10),
            jwks=keys.jwks,
            jwks_uri=keys.jwks_uri,
            published=keys.published,
            secret=IDS.secret() if by_secret else None,
            replace=[_pair(each) for each in replace or []],
        )
        taken = await Transfer(desk.partners, settings.issuer).take(document, arrival, actor=actor())
        missing = {service.code: await desk.grants.missing(service) for service in taken.services}
    console.print(f"registered {arrival.client_id} with {', '.join(missing) or 'no new service'}")
    for service in taken.left_out:
        console.print(f"left out {service.code}: import {service.final_partner}, then this file again", soft_wrap=True)
    if arrival.secret and taken.is_new:
        console.print(f"client_secret: {arrival.secret}", soft_wrap=True)
    for code, attributes in missing.items():
        for attribute in attributes:
            console.print(f"{attribute} is protected: ipse partner grant add {code} {attribute} …")
    there = came.partner.partner_id
    console.print(f"tell the other installation: ipse partner update {there} --counterpart {arrival.client_id}")


def _document(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}"
        raise PartnerRegistrationError(message, public=message) from error


def _pair(each: str) -> tuple[str, str]:
    old, equals, new = each.partition("=")
    if not (old and equals):
        message = f"--replace {each} is not of the form OLD=NEW"
        raise PartnerRegistrationError(message, public=message)
    return old, new
