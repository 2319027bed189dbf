"""`ipse operator`: the scheme's own staff, by command line: the first administrator, and whoever is locked out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from ipse.app.given import Given
from ipse.app.staff import build_staff
from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, actor, opened
from ipse.kernel.clock import text
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.keyring.model import Plan
from ipse.keyring.service import KeyRing
from ipse.staff import Invitation, Invitee, Organisation
from ipse.staff.service import Staff
from ipse.storage.migrations import pending
from ipse.web.languages import LANGUAGES

app = App(name="operator", help="The scheme's own staff. Begin with: ipse operator invite EMAIL NAME")
console = Console(highlight=False, markup=False)
Role = Literal["administrator", "auditor", "reviewer", "security", "support"]


async def _no_letter(_to: str, **_letter: str) -> bool:
    """The invitation is printed instead."""
    return False


@asynccontextmanager
async def _staff(config: Path) -> AsyncIterator[Staff]:
    async with opened(config) as (settings, database, keystore):
        if settings.staff is None:
            raise SettingsError("staff have no origin here; add the table [staff] to the settings")
        if await pending(database):
            raise SettingsError("the database lacks migrations; run: ipse migrate")
        ring = KeyRing(database, keystore, CLOCK, Plan.of(settings))
        given = Given(settings, ring, database, CLOCK, RandomIds())
        yield build_staff(given, _no_letter, origin=settings.staff.origin)


@app.command
async def invite(
    email: str,
    name: str,
    *,
    role: Annotated[tuple[Role, ...], Parameter(negative="", help="May be repeated. An auditor has no other role.")] = (
        "administrator",
    ),
    language: Annotated[Literal["nl", "fr", "de", "en"], Parameter(help="Of the pages and letters.")] = "en",
    again: Annotated[
        bool, Parameter(negative="", help="A new invitation for a member with this address whose passkeys are lost.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Invite somebody to the console, the first administrator above all. The address that is printed works once.

    Whoever opens it makes a passkey: hand it over yourself. Invite two administrators and two of security, because what
    one of them asks for another one decides; everybody else can be invited from the console.

    Example: ipse operator invite ann@scheme.example "Ann Peeters"
    """
    async with _staff(config) as staff:
        if again:
            member_id = await _known(staff, email)
            invited = await staff.invite_again(member_id, actor=actor())
        else:
            invitee = Invitee(name, email, role, language if language in LANGUAGES else "en")
            invited = await staff.invite(Organisation.SCHEME, "", invitee, actor=actor())
    _tell(invited)


@app.command(name="list")
async def list_members(*, config: Config = DEFAULT_CONFIG) -> None:
    """List the scheme's staff, invited ones too."""
    table = Table("id", "name", "e-mail", "roles", "state", "since", box=None)
    async with _staff(config) as staff:
        for each in await staff.members(Organisation.SCHEME):
            roles = " ".join(sorted(each.roles))
            table.add_row(each.member_id, each.name, each.email, roles, each.state, text(each.created_at))
    # A file or a pipe has no width.
    Console(width=None if console.is_terminal else 240, highlight=False, markup=False).print(table)


@app.command
async def remove(
    email: Annotated[str, Parameter(help="E-mail address or id of the member.")], /, *, config: Config = DEFAULT_CONFIG
) -> None:
    """Let a member go at once: sessions and passkeys end, name and address are forgotten."""
    async with _staff(config) as staff:
        await staff.remove(await _known(staff, email), actor=actor())
    console.print(f"{email} is a member no more")


async def _known(staff: Staff, who: str) -> str:
    for each in await staff.members(Organisation.SCHEME):
        if who in {each.email, each.member_id}:
            return each.member_id
    raise SettingsError(f"{who} is no member; ipse operator list shows all")


def _tell(invited: Invitation) -> None:
    console.print(f"works once, until {text(invited.expires_at)}:")
    console.print(invited.url, soft_wrap=True)
