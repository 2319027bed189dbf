"""`ipse reference`: what a reference stands for that somebody reads out."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from ipse.app.incidents import open_refusals
from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, opened
from ipse.kernel.clock import text
from ipse.kernel.ids import RandomIds
from ipse.partners.service import RequestLog

console = Console(highlight=False)


async def reference(
    typed: Annotated[str, Parameter(help="As 7QK2-M4PX; small letters, and O for 0, do.")],
    /,
    *,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say what a reference stands for that somebody reads from an error page, the app or a partner's log."""
    async with opened(config) as (_, database, _keystore):
        refusals = open_refusals(database, CLOCK, RequestLog(database, CLOCK, RandomIds()))
        found = await refusals.find(typed)
    for each in found:
        status = f" {each.status}" if each.status else ""
        console.print(f"{text(each.at)} {each.reference}{status} {each.code}", soft_wrap=True, markup=False)
        console.print(f"  at {each.route}, called by {each.caller}", soft_wrap=True, markup=False)
        if each.partner_id:
            service = f", service {each.service_code}" if each.service_code else ""
            console.print(f"  partner {each.partner_id}{service}: {each.reason}", soft_wrap=True, markup=False)
    if not found:
        console.print("Nothing is kept under this reference: mistyped, or older than 30 days")
        raise SystemExit(1)
