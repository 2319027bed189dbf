"""`ipse account`: what the scheme operator does to one identity. Every command writes a line in the audit log."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ipse.actions.service import Messages
from ipse.attributes.service import Attributes
from ipse.audit.service import Audit, auditing
from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, actor, opened
from ipse.enrolment.service.deletions import ACT as DELETION
from ipse.enrolment.service.deletions import Deletions
from ipse.kernel.clock import text
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.notices.service import Notices
from ipse.people.model import Account, AccountState, BlockReason
from ipse.people.service import People
from ipse.phones.service import Phones
from ipse.standards.phone_numbers import normalised

app = App(
    name="account",
    help="Look at one identity, block it, let a blocked one be activated again; delete again after a restore.",
)
console = Console(highlight=False)
Who = Annotated[str, Parameter(help="Id of the account, or its phone number as +32485694175.")]


@asynccontextmanager
async def _messages(config: Path) -> AsyncIterator[Messages]:
    async with opened(config) as (settings, database, keystore):
        ids = RandomIds()
        people = People(database, keystore, CLOCK, ids)
        phones = Phones(database, keystore, CLOCK, ids)
        yield Messages(database, people, phones, CLOCK, settings.tries, Notices(keystore, ids))


async def found(people: People, who: str) -> Account:
    """The account that an operator means.

    Raises:
        SettingsError, UnknownAccountError: there is none.
    """
    if not who.startswith("+"):
        return await people.account(who)
    try:
        accounts = await people.accounts_of_number(normalised(who))
    except ValueError as error:
        raise SettingsError(f"{who}: {error}") from error
    if not accounts:
        raise SettingsError("no identity has this number")
    return accounts[0]


@app.command
async def show(who: Who, /, *, config: Config = DEFAULT_CONFIG) -> None:
    """State, level and dates of an identity: nothing about the person. Looking is written down, too."""
    async with _messages(config) as messages:
        account = await found(messages.people, who)
        now, account_id = CLOCK.now(), account.account_id
        await messages.database.transact(lambda: auditing(now, actor=actor(), act="account.show", subject=account_id))
    console.print(f"account    {account.account_id}")
    console.print(f"state      {account.state}{f' ({account.why})' if account.why else ''}")
    console.print(f"level      {account.level}")
    console.print(f"created    {text(account.created_at)}")
    console.print(f"activated  {text(account.activated_at) if account.activated_at else 'never'}")


@app.command
async def block(
    who: Who,
    /,
    *,
    because: Annotated[str, Parameter(help="Why, for the audit log: a case number, never a name.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Block an identity at once, on every process. Only `unblock` lets its person activate it again."""
    async with _messages(config) as messages:
        account = await found(messages.people, who)
        account_id = account.account_id
        await messages.hold(account_id, because=because, actor=actor())
    console.print(f"{account_id} is blocked; only ipse account unblock lets it be activated again", soft_wrap=True)


@app.command
async def unblock(
    who: Who,
    /,
    *,
    second: Annotated[str, Parameter(help="Login of the second person who decided this with you.")],
    because: Annotated[str, Parameter(help="Why, for the audit log: a case number, never a name.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Let the person of an identity that the operator blocked activate it again. Two people decide it.

    Nothing can be approved with it before: the person proves who they are once more, at the same level (B-8).
    """
    first = actor()
    if not second.strip() or first.removeprefix("operator:") == second.strip():
        raise SettingsError("two people decide this: --second names somebody other than you")
    async with _messages(config) as messages:
        account = await found(messages.people, who)
        if account.state is not AccountState.BLOCKED or account.why != BlockReason.BY_OPERATOR:
            raise SettingsError(f"{account.account_id} is not blocked by the operator")
        account_id, other = account.account_id, f"operator:{second.strip()}"
        await messages.database.transact(
            lambda: messages.releasing(account_id, because=because, second=other, actor=first)
        )
    console.print(f"{account_id} can be activated again, by the person and a registrar", soft_wrap=True)


@app.command
async def deleted(*, config: Config = DEFAULT_CONFIG) -> None:
    """List the ids of identities that were deleted, one a line: keep the list outside, beside the newest backup."""
    async with opened(config) as (_, database, _keystore):
        async for line in Audit(database).lines():
            if line.act == DELETION:
                sys.stdout.write(line.subject + "\n")


@app.command
async def delete_again(list_: Path, /, *, config: Config = DEFAULT_CONFIG) -> None:
    """Delete again whoever stands on a list of `ipse account deleted`: after a restore, before the scheme starts.

    Whoever is gone stays gone; nobody is told. What other features keep goes as soon as the scheme runs.
    """
    gone, listed = 0, await asyncio.to_thread(list_.read_text, encoding="ascii")
    async with _messages(config) as messages:
        attributes = Attributes(messages.database, messages.people.person_key, CLOCK)
        deletions = Deletions(messages.people, attributes, messages)
        for account_id in listed.split():
            gone += await deletions.again(account_id, actor=actor())
    console.print(f"deleted again: {gone}")
