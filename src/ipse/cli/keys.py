"""`ipse keys`: the installation's keys."""

from __future__ import annotations

from cyclopts import App
from rich.console import Console
from rich.table import Table

from ipse.app import keystores
from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, actor, load, opened
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import SIGNING_KEY_USES

app = App(name="keys", help="Make, list and rotate the installation's keys.")
console = Console()


@app.command
def init(config: Config = DEFAULT_CONFIG) -> None:
    """Make the keys the settings name, as a file or sealed by a security module. They are never overwritten."""
    path = keystores.create_keystore(load(config).keystore, RandomIds())
    console.print(f"made {path}; keep a copy where no backup of the database is", soft_wrap=True)


@app.command(name="list")
def list_keys(config: Config = DEFAULT_CONFIG) -> None:
    """List the signing keys by set; nothing secret is printed."""
    keystore = keystores.open_keystore(load(config).keystore)
    table = Table("set", "kid", "algorithm", "use", "")
    for use in SIGNING_KEY_USES:
        seen: set[str] = set()
        for key in keystore.signing_keys(use):
            table.add_row(use, key["kid"], key["alg"], key["use"], "" if key["alg"] in seen else "current")
            seen.add(key["alg"])
    console.print(table)


@app.command
async def rotate(key_set: str = "oidc", *, config: Config = DEFAULT_CONFIG) -> None:
    """Put fresh keys before the current ones of a set; one older generation stays published for the overlap.

    Running processes take them at their next start.
    """
    from ipse.audit.service import auditing

    async with opened(config) as (settings, database, _):
        rotation = keystores.rotation(settings.keystore, key_set)
        details = {"kids": rotation.kids, "retired": rotation.retired}
        await database.transact(
            lambda: auditing(CLOCK.now(), actor=actor(), act="keys.rotate", subject=key_set, details=details)
        )
        # The line comes first: an audit log may tell of a rotation that failed, never miss one that happened.
        rotation.keep()
    console.print(f"{key_set}: new keys {', '.join(rotation.kids)}; restart the scheme to use them", soft_wrap=True)
