"""`ipse partner log`: why a partner's requests were refused."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.table import Table

from ipse.cli.configuration import DEFAULT_CONFIG, Config
from ipse.cli.partner.desk import app, console, known_partner, opened_desk, wide
from ipse.kernel.clock import read, text
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import Refusal


@app.command(name="log")
async def show_log(
    client_id: str,
    *,
    limit: Annotated[int, Parameter(help="The newest so many, at most 1000.")] = 50,
    since: Annotated[str | None, Parameter(help="Only later ones: 2026-11-21, or 2026-11-21T23:00:00Z.")] = None,
    json: Annotated[bool, Parameter(negative="", help="For programs: one object a line.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Show why a partner's requests were refused: the check that failed and the error that was answered.

    The last thousand of thirty days are kept; nothing in them is about a person. The partner reads the same at
    /v2/partner/log.
    """
    async with opened_desk(config) as (_, desk):
        await known_partner(desk, client_id)
        lines = await desk.log.lines(client_id, after=_moment(since), most=min(limit, 1000))
    if json:
        sys.stdout.writelines(msgspec.json.encode(_as_the_api(line)).decode() + "\n" for line in lines)
        return
    if not lines:
        console.print(f"no request of {client_id} was refused")
        return
    table = Table("time (UTC)", "times", "service", "where", "check", "error", "why", box=None)
    for line in reversed(lines):
        where = f"{line.endpoint} ({line.source})" if line.source else line.endpoint
        why = f"{line.description} (kid {line.kid})" if line.kid else line.description
        table.add_row(text(line.at)[:-1], str(line.times), line.service_code, where, line.check, line.error, why)
    wide(table)


def _as_the_api(line: Refusal) -> dict[str, object]:
    """The members that the partner reads at /v2/partner/log."""
    members = msgspec.structs.asdict(line)
    return {"at": text(members.pop("at")), "service": members.pop("service_code"), **members}


def _moment(since: str | None) -> int:
    try:
        return read(since) if since else 0
    except ValueError as error:
        message = f"{since!r} is no time such as 2026-11-21T23:00:00Z"
        raise PartnerRegistrationError(message, public=message) from error
