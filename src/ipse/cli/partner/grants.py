"""`ipse partner grant`: who allowed a service to ask for a protected attribute, why, and until when."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import App, Parameter
from rich.table import Table

from ipse.cli.configuration import DEFAULT_CONFIG, Config, actor
from ipse.cli.partner.desk import app, console, known_service, opened_desk, wide
from ipse.kernel.clock import read, text
from ipse.kernel.settings import Environment
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.service.grants import GrantRequest

grant_app = App(
    name="grant",
    help="Grants for protected attributes (national number, place of birth, card number, nationality, picture, …). "
    "Production lets a service ask for one only while a grant holds.",
)
app.command(grant_app)


@grant_app.command
async def add(  # noqa: PLR0913 - one option for each fact of a grant
    service: str,
    attribute: str,
    *,
    ground: Annotated[str, Parameter(help="Legal ground: the law, the decision and its number.")],
    purpose: Annotated[str, Parameter(help="What the attribute is used for.")],
    approver: Annotated[str, Parameter(help="Who allowed it.")],
    until: Annotated[str, Parameter(help="First day on which it holds no more: 2027-12-31.")],
    from_: Annotated[
        str | None, Parameter(name="--from", help="First day on which it holds; today if not said.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Record a grant. The attribute must stand in the contract of the service.

    Example: ipse partner grant add SHOP_LOGIN BENationalNumber --ground "Act of 8 August 1983, decision 12/2026"
    --purpose payroll --approver "A. Officer" --until 2027-12-31
    """
    wanted = GrantRequest(
        service_code=service,
        attribute=attribute,
        ground=ground,
        purpose=purpose,
        approver=approver,
        ends_at=_moment(until),
        starts_at=_moment(from_) if from_ else None,
    )
    async with opened_desk(config) as (settings, desk):
        grant = await desk.grants.record(wanted, actor=actor())
    console.print(
        f"{service} may ask for {attribute} until {text(grant.ends_at)}; grant {grant.grant_id}", soft_wrap=True
    )
    if settings.environment is not Environment.PRODUCTION:
        console.print(f"this is a {settings.environment} installation, which asks for no grants")


@grant_app.command(name="list")
async def list_grants(service: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """List a service's grants, ended and revoked ones too, and what is still missing."""
    table = Table(
        "grant", "attribute", "from", "until", "state", "ground", "purpose", "approver", "recorded by", box=None
    )
    async with opened_desk(config) as (_, desk):
        registered = await known_service(desk, service)
        now = desk.partners.clock.now()
        for grant in await desk.grants.of_service(service):
            if grant.revoked_at is not None:
                state = f"revoked {text(grant.revoked_at)[:10]}"
            elif grant.holds(now):
                state = "holds"
            else:
                state = "ended" if grant.ends_at <= now else "to come"
            days = (text(grant.starts_at)[:10], text(grant.ends_at)[:10])
            words = (grant.ground, grant.purpose, grant.approver, grant.recorded_by)
            table.add_row(grant.grant_id, grant.attribute, *days, state, *words)
        missing = await desk.grants.missing(registered)
    wide(table)
    if missing:
        console.print(f"without a grant: {', '.join(missing)}")


@grant_app.command
async def revoke(grant_id: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """End a grant: the attribute cannot be asked for any more within two seconds."""
    async with opened_desk(config) as (_, desk):
        revoked = await desk.grants.revoke(grant_id, actor=actor())
    if not revoked:
        console.print(f"there is no grant {grant_id}, or it was revoked before")
        sys.exit(1)
    console.print(f"revoked grant {grant_id}")


def _moment(written: str) -> int:
    try:
        return read(written)
    except ValueError as error:
        message = f"{written!r} is no day such as 2027-12-31"
        raise PartnerRegistrationError(message, public=message) from error
