"""`ipse partner invite`: the first person of a partner that the operator has registered."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from ipse.app.given import Given
from ipse.app.staff import build_staff
from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, actor, opened
from ipse.cli.partner.desk import IDS, app, console, known_partner, opened_desk
from ipse.kernel.clock import text
from ipse.kernel.settings import SettingsError
from ipse.keyring.model import Plan
from ipse.keyring.service import KeyRing
from ipse.staff import Invitee, Organisation


async def _no_letter(_to: str, **_letter: str) -> bool:
    """The invitation is printed instead."""
    return False


@app.command
async def invite(
    client_id: str,
    email: str,
    name: str,
    *,
    role: Annotated[
        Literal["manager", "member"], Parameter(help="A manager changes things, a member looks.")
    ] = "manager",
    language: Annotated[Literal["nl", "fr", "de", "en"], Parameter(help="Of the pages and letters.")] = "en",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Invite somebody of a partner to the partners' portal.

    The address that is printed works once: hand it over yourself. Partners that register themselves there need no
    invitation of yours.
    """
    async with opened_desk(config) as (_, desk):
        partner = await known_partner(desk, client_id)
    async with opened(config) as (settings, database, keystore):
        if settings.staff is None:
            raise SettingsError("staff have no origin here; add the table [staff] to the settings")
        given = Given(settings, KeyRing(database, keystore, CLOCK, Plan.of(settings)), database, CLOCK, IDS)
        staff = build_staff(given, _no_letter, origin=settings.staff.origin)
        invitee = Invitee(name, email, (role,), language)
        invited = await staff.invite(Organisation.PARTNER, client_id, invitee, actor=actor(), where=partner.name)
    console.print(f"works once, until {text(invited.expires_at)}:")
    console.print(invited.url, soft_wrap=True)
