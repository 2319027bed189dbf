"""`ipse keys`: the installation's keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from ipse.app import keystores
from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, actor, load, opened
from ipse.kernel.clock import text
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import SIGNING_KEY_USES
from ipse.kernel.settings import SettingsError
from ipse.keyring.model import Plan
from ipse.keyring.service import KeyRing
from ipse.storage.migrations import pending

app = App(name="keys", help="Make, list and rotate the installation's keys.")
console = Console()


@app.command
def init(config: Config = DEFAULT_CONFIG) -> None:
    """Make the keys the settings name, as a file or sealed by a security module. They are never overwritten."""
    path = keystores.create_keystore(load(config).keystore, RandomIds())
    console.print(f"made {path}; keep a copy where no backup of the database is", soft_wrap=True)


@app.command
def complete(config: Config = DEFAULT_CONFIG) -> None:
    """Add the keys that this release needs and an older one did not make; those there are stay as they are."""
    added = keystores.complete_keystore(load(config).keystore, RandomIds())
    told = f"added {', '.join(added)}; keep a new copy of the keystore" if added else "nothing is missing"
    console.print(told, soft_wrap=True)


@app.command(name="list")
async def list_keys(config: Config = DEFAULT_CONFIG) -> None:
    """List the signing and decryption keys with state and times (UTC); nothing secret is printed."""
    table = Table("set", "kid", "algorithm", "use", "state", "published", "in use", "leaves", "gone", box=None)
    async with _ring(config) as ring:
        for key_set in SIGNING_KEY_USES:
            for key, state in ring.states(key_set):
                moments = (key.published_at, key.current_at, key.leaves_at, key.gone_at)
                cells = (text(moment)[:-4] if moment else "" for moment in moments)
                table.add_row(key_set, key.kid, key.algorithm, key.purpose, state, *cells)
    Console(width=None if console.is_terminal else 240).print(table)


@app.command
async def rotate(
    *,
    key_set: Annotated[str, Parameter(name="--set", help="oidc, registrar or phone_channel.")] = "oidc",
    now: Annotated[
        bool,
        Parameter(negative="", help="A key is in wrong hands: all older keys of the set are gone in fifteen seconds."),
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Announce the next keys of a set. Running processes take them up by themselves; no login fails.

    With --now logins under way fail, and partners that still keep the old key set refuse tokens until they fetch it.
    """
    async with _ring(config) as ring:
        rotated = await ring.rotate(key_set, urgent=now, actor=actor())
    console.print(
        f"{key_set}: new keys {', '.join(rotated.kids)}, in use from {text(rotated.current_at)} on", soft_wrap=True
    )


@asynccontextmanager
async def _ring(config: Config) -> AsyncIterator[KeyRing]:
    """The installation's key ring, read."""
    async with opened(config) as (settings, database, keystore):
        if await pending(database):
            raise SettingsError("the database lacks migrations; run: ipse migrate")
        ring = KeyRing(database, keystore, CLOCK, Plan.of(settings))
        await ring.load()
        yield ring
