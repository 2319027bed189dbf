"""The registrars of an installation as commands open them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cyclopts import App
from rich.console import Console

from ipse.actions.service import Messages
from ipse.attributes.service import Attributes
from ipse.cli.configuration import CLOCK, opened
from ipse.enrolment.errors import RegistrarRefusedError
from ipse.enrolment.model import Registrar
from ipse.enrolment.service.registrars import Registrars
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Settings, SettingsError
from ipse.notices.service import Notices
from ipse.people.service import People
from ipse.phones.service import Phones
from ipse.storage.migrations import pending

app = App(
    name="registrar",
    help="Banks and cards that vouch for identities: add, limit, stop, start and check them. Begin with: "
    "ipse registrar add",
)
console = Console(markup=False, highlight=False)
IDS = RandomIds()


@dataclass(frozen=True)
class Desk:
    """What the commands use."""

    settings: Settings
    registrars: Registrars
    people: People
    attributes: Attributes
    messages: Messages

    async def known(self, registrar_id: str) -> Registrar:
        """A registrar that exists.

        Raises:
            RegistrarRefusedError: it does not.
        """
        found = await self.registrars.get(registrar_id)
        if found is None:
            raise RegistrarRefusedError(f"there is no registrar {registrar_id}; ipse registrar list shows all")
        return found


@asynccontextmanager
async def opened_desk(config: Path) -> AsyncIterator[Desk]:
    """Everything about registrars of an installation, closed at the end.

    Raises:
        SettingsError: it cannot be opened; says why and how to mend it.
    """
    async with opened(config) as (settings, database, keystore):
        if await pending(database):
            raise SettingsError("the database lacks migrations; run: ipse migrate")
        people = People(database, keystore, CLOCK, IDS)
        phones, notices = Phones(database, keystore, CLOCK, IDS), Notices(keystore, IDS)
        yield Desk(
            settings,
            Registrars(database, CLOCK, settings.environment),
            people,
            Attributes(database, people.person_key, CLOCK),
            Messages(database, people, phones, CLOCK, settings.tries, notices),
        )
