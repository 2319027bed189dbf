"""The register of partners as commands open it, and how they read what is typed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from cyclopts import App
from rich.console import Console
from rich.table import Table

from ipse.app.registry import open_registry
from ipse.cli.configuration import CLOCK, opened
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Settings, SettingsError
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import Partner, Service, encryption_key_type
from ipse.partners.service import PartnerDesk
from ipse.storage.migrations import pending
from ipse.web.languages import LANGUAGES

app = App(
    name="partner",
    help="Register partners and services, say what they may ask, stop and start them. Begin with: ipse partner add",
)
console = Console(markup=False, highlight=False)
"""Prints what partners have written as it stands: nothing in it is a command to the terminal."""
IDS = RandomIds()


class Desk(NamedTuple):
    """The settings and everything about partners."""

    settings: Settings
    services: PartnerDesk


class GivenKeys(NamedTuple):
    """Keys as the operator gives them: in a file, or at an address whose answer is judged now."""

    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    published: Mapping[str, Any] | None = None

    @property
    def key_type(self) -> str | None:
        """The kty of the encryption key, by which algorithms are chosen."""
        return encryption_key_type(self.jwks or self.published)


@asynccontextmanager
async def opened_desk(config: Path) -> AsyncIterator[Desk]:
    """Everything about partners of an installation, closed at the end.

    Raises:
        SettingsError: it cannot be opened; says why and how to mend it.
    """
    async with opened(config) as (settings, database, keystore):
        if await pending(database):
            raise SettingsError("the database lacks migrations; run: ipse migrate")
        desk = PartnerDesk.around(open_registry(settings, database, keystore, CLOCK), IDS)
        try:
            yield Desk(settings, desk)
        finally:
            await desk.close()


async def known_partner(desk: PartnerDesk, client_id: str) -> Partner:
    """A partner that exists.

    Raises:
        PartnerRegistrationError: it does not.
    """
    partner = await desk.partners.partner(client_id)
    if partner is None:
        message = f"there is no partner {client_id}; ipse partner list shows all"
        raise PartnerRegistrationError(message, public=message)
    return partner


async def known_service(desk: PartnerDesk, code: str) -> Service:
    """A service that exists, as it was registered.

    Raises:
        PartnerRegistrationError: it does not.
    """
    service = await desk.partners.registered(code)
    if service is None:
        message = f"there is no service {code}; ipse partner list shows all"
        raise PartnerRegistrationError(message, public=message)
    return service


async def given_keys(desk: PartnerDesk, jwks: Path | None, jwks_uri: str | None) -> GivenKeys:
    """Read the file, or fetch from the address.

    Raises:
        PartnerRegistrationError, KeysNotFetched: both, or nothing usable there.
    """
    if jwks and jwks_uri:
        message = "give --jwks or --jwks-uri, not both"
        raise PartnerRegistrationError(message, public=message)
    if jwks_uri:
        return GivenKeys(jwks_uri=jwks_uri, published=await desk.keys.fetch(jwks_uri))
    return GivenKeys(jwks=read_jwks(jwks)) if jwks else GivenKeys()


def wide(table: Table) -> None:
    """Print a table whole: a file or a pipe has no width."""
    Console(width=None if console.is_terminal else 240, markup=False, highlight=False).print(table)


def read_jwks(path: Path) -> dict[str, Any]:
    """A key set in a file.

    Raises:
        PartnerRegistrationError: it cannot be read, or is no JSON object.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise PartnerRegistrationError(message, public=message) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"{path} holds no JWK set: {error}"
        raise PartnerRegistrationError(message, public=message) from error


def texts(values: list[str]) -> dict[str, str]:
    """Texts by language: `nl=Winkel` says one, a text without a language all that are not said."""
    said = {value[:2]: value[3:] for value in values if value[:2] in LANGUAGES and value[2:3] == "="}
    others = [value for value in values if not (value[:2] in LANGUAGES and value[2:3] == "=")]
    if len(others) > 1:
        message = "say one text for every language, or one each: nl=… fr=… de=… en=…"
        raise PartnerRegistrationError(message, public=message)
    everywhere = dict.fromkeys(LANGUAGES, others[0]) if others else {}
    return everywhere | said
