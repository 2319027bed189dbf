"""`ipse signing`: what the operator does to a person's signing certificates. Each command is in the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ipse.audit.service import auditing
from ipse.cli.account import Who, found
from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, actor, opened
from ipse.kernel.clock import text
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.people.service import People
from ipse.signing.model import CredentialState, EndReason
from ipse.signing.service.credentials import Credentials

app = App(name="signing", help="People's signing certificates: look at those of one identity, end one.")
console = Console(highlight=False)


@asynccontextmanager
async def _credentials(config: Path) -> AsyncIterator[Credentials]:
    async with opened(config) as (_, database, keystore):
        ids = RandomIds()
        yield Credentials(database, People(database, keystore, CLOCK, ids), CLOCK, ids)


@app.command
async def credentials(who: Who, /, *, config: Config = DEFAULT_CONFIG) -> None:
    """The signing certificates of one identity, newest first: nothing about the person. Looking is written down."""
    async with _credentials(config) as kept:
        account_id, now = (await found(kept.people, who)).account_id, CLOCK.now()
        await kept.database.transact(lambda: auditing(now, actor=actor(), act="signing.show", subject=account_id))
        held = await kept.of(account_id)
    for each in held:
        until = text(each.valid_until) if each.valid_until else "never certified"
        state = f"{each.state}{f' ({each.why})' if each.why else ''}"
        console.print(f"{each.credential_id}  {state}  {each.algorithm}  until {until}  {each.serial}", soft_wrap=True)
    if not held:
        console.print("no signing certificate")


@app.command
async def end(
    credential: Annotated[str, Parameter(help="Its identifier, as `ipse signing credentials` prints it.")],
    /,
    *,
    because: Annotated[str, Parameter(help="Why, for the audit log: a case number, never a name.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """End one signing key for ever: nothing is signed with it any more, its certificate is revoked within seconds.

    The identity lives on; its next signature makes a new certificate.
    """
    async with _credentials(config) as kept:
        if (await kept.find(credential)).state is CredentialState.ENDED:
            raise SettingsError(f"{credential} has ended before")
        await kept.end(credential, EndReason.BY_OPERATOR, actor=actor(), because=because)
    console.print(f"{credential} has ended; running processes revoke its certificate now", soft_wrap=True)
