"""`ipse partner events`: where a partner hears what its people have taken back or deleted."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from ipse.cli.configuration import DEFAULT_CONFIG, Config, actor
from ipse.cli.partner.desk import app, console, known_partner, opened_desk


@app.command(name="events")
async def set_events(
    client_id: str,
    *,
    address: Annotated[str | None, Parameter(help="Where security event tokens are pushed (RFC 8935).")] = None,
    remove: Annotated[bool, Parameter(negative="", help="Push none any more.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Show or set where a partner hears what its people have taken back or deleted.

    Each token is signed with our published keys. The partner acknowledges with 202, and people see that on their pages.
    """
    async with opened_desk(config) as (_, desk):
        await known_partner(desk, client_id)
        if address or remove:
            await desk.events.put(client_id, "" if remove else address or "", actor=actor())
        now = await desk.events.of(client_id)
    console.print(f"{client_id} hears at {now}" if now else f"{client_id} has no event address")
