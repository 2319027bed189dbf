"""`ipse mobile-operator add`, `change`, `list`, `show`, `cap`, `stop` and `start`."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, actor, opened
from ipse.cli.mobile_operator.desk import app, console
from ipse.kernel.settings import SettingsError
from ipse.sim.model import Operator
from ipse.sim.service.operators import Operators
from ipse.standards.camara import Api
from ipse.storage.migrations import pending

Level = Literal["low", "substantial", "high"]
Json = Annotated[bool, Parameter(negative="", help="For programs.")]
Prefixes = Annotated[
    list[str] | None, Parameter(name="--prefix", negative="", help="Beginning of its numbers, as +32470; may repeat.")
]
Apis = Annotated[
    list[str] | None, Parameter(name="--api", negative="", help=f"What it serves; may repeat: {', '.join(Api)}.")
]


@asynccontextmanager
async def _register(config: Path) -> AsyncIterator[Operators]:
    async with opened(config) as (settings, database, _):
        if await pending(database):
            raise SettingsError("the database lacks migrations; run: ipse migrate")
        yield Operators(database, CLOCK, settings.environment)


@app.command
async def add(  # noqa: PLR0913 - one option for each fact of an operator
    operator_id: str,
    name: str,
    *,
    country: Annotated[str, Parameter(help="Two letters of ISO 3166-1.")],
    prefix: Prefixes = None,
    issuer: Annotated[str, Parameter(help="Its OpenID issuer; https in production.")],
    api_root: Annotated[str, Parameter(help="Before the path of each API; default: the issuer.")] = "",
    client_id: Annotated[str, Parameter(help="What it calls us.")],
    api: Apis = None,
    cap: Annotated[Level, Parameter(help="The highest level of a phone whose SIM it answers for.")] = "high",
    timeout_ms: Annotated[int, Parameter(help="Milliseconds that one question may take.")] = 5000,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Register a mobile operator. It is asked at once; check it before: ipse mobile-operator check.

    Example: ipse mobile-operator add lumo "Lumo Mobile" --country BE --prefix +3247 --issuer https://api.lumo.example
    --client-id ipse
    """
    operator = Operator(
        operator_id=operator_id,
        name=name,
        country=country,
        prefixes=tuple(prefix or ()),
        issuer=issuer,
        api_root=api_root or issuer,
        client_id=client_id,
        apis=Operators.apis(api) if api else tuple(Api),
        cap=cap,
        timeout_milliseconds=timeout_ms,
    )
    async with _register(config) as operators:
        added = await operators.add(operator, actor=actor())
    console.print(f"{added.operator_id} is registered and is asked from now on")


@app.command
async def change(  # noqa: PLR0913 - one option for each fact of an operator
    operator_id: str,
    *,
    name: str | None = None,
    country: str | None = None,
    prefix: Prefixes = None,
    issuer: str | None = None,
    api_root: str | None = None,
    client_id: str | None = None,
    api: Apis = None,
    timeout_ms: Annotated[int | None, Parameter(help="Milliseconds that one question may take.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say something else of a mobile operator; what is left out stays as it is.

    Example: ipse mobile-operator change lumo --prefix +3247 --prefix +32455
    """
    said = {"name": name, "country": country, "issuer": issuer, "api_root": api_root, "client_id": client_id}
    changes: dict[str, object] = {key: value for key, value in said.items() if value is not None}
    changes |= {"prefixes": tuple(prefix)} if prefix else {}
    changes |= {"apis": Operators.apis(api)} if api else {}
    changes |= {"timeout_milliseconds": timeout_ms} if timeout_ms is not None else {}
    async with _register(config) as operators:
        before = await operators.get(operator_id)
        await operators.change(replace(before, **changes), actor=actor())  # type: ignore[arg-type]
    console.print(f"{operator_id}: {', '.join(changes) or 'nothing'} changed")


@app.command(name="list")
async def list_(*, json: Json = False, config: Config = DEFAULT_CONFIG) -> None:
    """List every mobile operator.

    Example: ipse mobile-operator list
    """
    async with _register(config) as operators:
        found = await operators.all()
    if json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
        return
    table = Table("id", "name", "country", "prefixes", "serves", "cap", "state", box=None)
    for each in found:
        words = (", ".join(each.prefixes), ", ".join(each.apis), each.cap, each.state)
        table.add_row(each.operator_id, each.name, each.country, *words)
    # A file or a pipe has no width.
    Console(width=None if console.is_terminal else 240, markup=False, highlight=False).print(table)


@app.command
async def show(operator_id: str, *, json: Json = False, config: Config = DEFAULT_CONFIG) -> None:
    """Show one mobile operator.

    Example: ipse mobile-operator show lumo
    """
    async with _register(config) as operators:
        found = await operators.get(operator_id)
    if json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
        return
    for name, value in msgspec.to_builtins(found).items():
        console.print(f"{name:22} {', '.join(value) if isinstance(value, list | tuple) else value}")


@app.command
async def cap(operator_id: str, level: Level, *, config: Config = DEFAULT_CONFIG) -> None:
    """Cap the level of every phone whose SIM this operator answers for; running processes follow within a minute.

    Example: ipse mobile-operator cap lumo substantial
    """
    async with _register(config) as operators:
        await operators.limit(operator_id, level, actor=actor())
    console.print(f"{operator_id}: phones reach {level} at most")


@app.command
async def stop(operator_id: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Ask a mobile operator nothing any more; its numbers are as those of one that is not there.

    Example: ipse mobile-operator stop lumo
    """
    async with _register(config) as operators:
        await operators.stop(operator_id, actor=actor())
    console.print(f"{operator_id} is stopped: it is asked nothing more")


@app.command
async def start(operator_id: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Ask a stopped mobile operator again.

    Example: ipse mobile-operator start lumo
    """
    async with _register(config) as operators:
        await operators.start(operator_id, actor=actor())
    console.print(f"{operator_id} is asked again")
