"""`ipse partner keys`: a partner's public keys."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter
from rich.table import Table

from ipse.cli.configuration import DEFAULT_CONFIG, Config, actor
from ipse.cli.partner.desk import app, console, given_keys, known_partner, opened_desk
from ipse.cli.partner.partners import Jwks, JwksUri
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import AuthMethod, algorithms_anew

keys_app = App(name="keys", help="A partner's public keys.")
app.command(keys_app)


@keys_app.command(name="set")
async def set_keys(
    client_id: str, *, jwks: Jwks = None, jwks_uri: JwksUri = None, config: Config = DEFAULT_CONFIG
) -> None:
    """Replace a partner's keys; the algorithms of its preset are chosen anew.

    A partner with a secret loses the secret and proves itself by key from now on. To rotate a signature key without a
    pause: publish old and new together, switch, then take the old one away.
    """
    async with opened_desk(config) as (_, desk):
        partner = await known_partner(desk, client_id)
        keys = await given_keys(desk, jwks, jwks_uri)
        if not (keys.jwks or keys.jwks_uri):
            message = "give --jwks FILE or --jwks-uri ADDRESS"
            raise PartnerRegistrationError(message, public=message)
        by_secret = partner.auth_method is AuthMethod.CLIENT_SECRET_POST
        method = AuthMethod.PRIVATE_KEY_JWT if by_secret else partner.auth_method
        changed = msgspec.structs.replace(
            partner,
            auth_method=method,
            jwks=keys.jwks,
            jwks_uri=keys.jwks_uri,
            sealed_secret=None,
            algorithms=algorithms_anew(partner.algorithms, partner.preset, method, encryption_key_type=keys.key_type),
        )
        await desk.partners.register_partner(
            changed, secret=None, actor=actor(), published=keys.published, instead_of=partner
        )
    console.print(f"{client_id} has new keys")
    _print((keys.jwks or keys.published or {}).get("keys", []))


@keys_app.command(name="test")
async def try_address(
    client_id: str | None = None,
    *,
    jwks_uri: Annotated[str | None, Parameter(help="An address to try before it is registered.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Fetch the keys at a partner's jwks_uri, or at any address, as a login would, and say what is usable there."""
    async with opened_desk(config) as (_, desk):
        address = jwks_uri or (await known_partner(desk, client_id or "")).jwks_uri
        if not address:
            message = f"{client_id} has no jwks_uri; name an address with --jwks-uri"
            raise PartnerRegistrationError(message, public=message)
        published = await desk.keys.fetch(address)
    console.print(f"{address} answers well", soft_wrap=True)
    _print(published["keys"])


def _print(keys: list[dict[str, Any]]) -> None:
    table = Table("kid", "use", "type", "algorithm", box=None)
    for key in keys:
        cells = (key.get("kid"), key.get("use", "sig"), key.get("kty"), key.get("alg") or "any that fits")
        table.add_row(*(str(cell) for cell in cells))
    console.print(table)
