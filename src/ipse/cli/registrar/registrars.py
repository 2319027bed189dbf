"""`ipse registrar add`, `list`, `show`, `cap`, `limit`, `stop`, `start` and `identities`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from ipse.cli.configuration import DEFAULT_CONFIG, Config, actor
from ipse.cli.registrar.desk import Desk, app, console, opened_desk
from ipse.enrolment.errors import RegistrarRefusedError
from ipse.enrolment.model import Registrar, RegistrarKind, Vouched
from ipse.enrolment.service.registrars import enrolled_through
from ipse.kernel.clock import read, text
from ipse.people.model import BlockReason
from ipse.phones.model import StopReason

Level = Literal["low", "substantial", "high"]
Since = Annotated[str, Parameter(help="2026-11-21, or 2026-11-21T23:00:00Z.")]
Json = Annotated[bool, Parameter(negative="", help="For programs.")]


@app.command
async def add(  # noqa: PLR0913 - one option for each fact of a registrar
    registrar_id: str,
    name: str,
    *,
    country: Annotated[str, Parameter(help="Two letters of ISO 3166-1.")],
    issuer: Annotated[str, Parameter(help="A bank's OpenID issuer; https in production.")] = "",
    client_id: Annotated[str, Parameter(help="What the bank calls us.")] = "",
    kind: Literal["bank", "eid_card"] = "bank",
    trust_framework: Annotated[str, Parameter(help="Default: the country, then _bank_idv: be_bank_idv.")] = "",
    cap: Annotated[Level, Parameter(help="The highest level its identities can have.")] = "substantial",
    minors: Annotated[bool, Parameter(help="It may vouch for persons of 16 and 17.")] = False,
    term_days: Annotated[int, Parameter(help="How long its word counts.")] = 1826,
    per_hour: Annotated[int, Parameter(help="The most identities in an hour.")] = 1000,
    per_day: Annotated[int, Parameter(help="The most identities in a day.")] = 10_000,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Register a bank, or the eID card. People can choose it at once; check it before: ipse registrar check.

    Example: ipse registrar add bank-vesta "Vesta Bank" --country BE --issuer https://login.vesta.example
    --client-id ipse
    """
    registrar = Registrar(
        id=registrar_id,
        name=name,
        country=country,
        kind=RegistrarKind(kind),
        issuer=issuer,
        client_id=client_id,
        trust_framework=trust_framework,
        assurance=cap,
        minors=minors,
        term_days=term_days,
        per_hour=per_hour,
        per_day=per_day,
    )
    async with opened_desk(config) as desk:
        await desk.registrars.add(registrar, actor=actor())
    console.print(f"added {registrar_id}: level {cap} at most, {per_hour} identities an hour, {per_day} a day")


@app.command(name="list")
async def list_registrars(*, json: Json = False, config: Config = DEFAULT_CONFIG) -> None:
    """List all, stopped ones too."""
    async with opened_desk(config) as desk:
        found = await desk.registrars.all()
    if json:
        _write([asdict(each) for each in found])
        return
    table = Table("id", "name", "country", "kind", "state", "cap", "minors", "an hour", "a day", box=None)
    for each in found:
        minors = "yes" if each.minors else "no"
        limits = (str(each.per_hour), str(each.per_day))
        table.add_row(each.id, each.name, each.country, each.kind, each.state, each.assurance, minors, *limits)
    # A file or a pipe has no width.
    Console(width=None if console.is_terminal else 240, markup=False, highlight=False).print(table)


@app.command
async def show(registrar_id: str, *, json: Json = False, config: Config = DEFAULT_CONFIG) -> None:
    """Show one."""
    async with opened_desk(config) as desk:
        found = await desk.known(registrar_id)
    if json:
        _write(asdict(found))
        return
    for name, value in asdict(found).items():
        if value != "":
            console.print(f"{name:16} {value}", soft_wrap=True)


@app.command
async def cap(
    registrar_id: str,
    level: Level,
    *,
    minors: Annotated[bool | None, Parameter(help="Whether it may vouch for persons of 16 and 17.")] = None,
    term_days: Annotated[int | None, Parameter(help="How long its word counts.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Change how far it is trusted. Identities that it vouched for before keep the level they have."""
    said = {"assurance": level, "minors": minors, "term_days": term_days}
    async with opened_desk(config) as desk:
        changed = {name: value for name, value in said.items() if value is not None}
        await desk.registrars.change(registrar_id, actor=actor(), **changed)
    console.print(f"{registrar_id}: level {level} at most")


@app.command
async def limit(
    registrar_id: str,
    *,
    per_hour: Annotated[int | None, Parameter(help="The most identities in an hour.")] = None,
    per_day: Annotated[int | None, Parameter(help="The most identities in a day.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Change how many identities it may vouch for. Whoever comes too many is asked to try later."""
    said = {name: value for name, value in (("per_hour", per_hour), ("per_day", per_day)) if value is not None}
    if not said:
        raise RegistrarRefusedError("give --per-hour, --per-day or both")
    async with opened_desk(config) as desk:
        changed = await desk.registrars.change(registrar_id, actor=actor(), **said)
    console.print(f"{registrar_id}: {changed.per_hour} identities an hour, {changed.per_day} a day")


@app.command
async def stop(
    registrar_id: str,
    *,
    identities_since: Annotated[str | None, Parameter(help="List the identities it vouched for since then.")] = None,
    block: Annotated[bool, Parameter(negative="", help="Block all that are listed.")] = False,
    json: Json = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Stop one at once, on every process: nobody is sent there, every activation through it ends.

    Identities that it vouched for stay as they are, unless you block them.
    """
    if block and identities_since is None:
        raise RegistrarRefusedError("say since when with --identities-since")
    since = None if identities_since is None else _moment(identities_since)
    async with opened_desk(config) as desk:
        ended = await desk.registrars.stop(registrar_id, actor=actor())
        found = [] if since is None else await _enrolled(desk, registrar_id, since)
        if block:
            await _block(desk, found)
            found = [] if since is None else await _enrolled(desk, registrar_id, since)
    if not json:
        console.print(f"{registrar_id} is stopped; {ended} activations ended")
    if since is not None:
        _tell(found, json=json)


@app.command
async def start(registrar_id: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Let a stopped one vouch again."""
    async with opened_desk(config) as desk:
        await desk.registrars.start(registrar_id, actor=actor())
    console.print(f"{registrar_id} is active")


@app.command
async def identities(registrar_id: str, *, since: Since, json: Json = False, config: Config = DEFAULT_CONFIG) -> None:
    """List the identities it vouched for since then: account, when, level, state. No personal data."""
    moment = _moment(since)
    async with opened_desk(config) as desk:
        await desk.known(registrar_id)
        _tell(await _enrolled(desk, registrar_id, moment), json=json)


async def _enrolled(desk: Desk, registrar_id: str, since: int) -> list[Vouched]:
    return await enrolled_through(registrar_id, since=since, attributes=desk.attributes, people=desk.people)


async def _block(desk: Desk, found: list[Vouched]) -> None:
    for each in found:
        if each.state in {"active", "pending"}:
            await desk.messages.block(each.account_id, BlockReason.REGISTRAR_STOPPED, StopReason.BLOCKED, actor=actor())


def _tell(found: list[Vouched], *, json: bool) -> None:
    if json:
        _write([asdict(each) | {"at": text(each.at)} for each in found])
        return
    for each in found:
        console.print(f"{text(each.at)}  {each.account_id}  {each.level:12} {each.state}", soft_wrap=True)
    console.print(f"{len(found)} identities")


def _write(document: object) -> None:
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def _moment(since: str) -> int:
    try:
        return read(since)
    except ValueError as error:
        raise RegistrarRefusedError(f"{since!r} is no time such as 2026-11-21T23:00:00Z") from error
