"""Incidents put together: what the pages and the app say, what the status page reads, who is reminded of duties."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ipse.app.given import Given
from ipse.app.outcomes import Outcomes
from ipse.app.registry import open_registry
from ipse.enrolment.model import RegistrarKind, RegistrarState
from ipse.enrolment.service.registrars import Registrars
from ipse.incidents import CHANGED, DUTY_DUE, Duty
from ipse.incidents.jobs import remind_of_duties
from ipse.incidents.model import Announcement, Population, Refusal
from ipse.incidents.service import Incidents
from ipse.incidents.service.board import Board
from ipse.incidents.service.duties import Duties
from ipse.incidents.service.files import StatusFiles
from ipse.incidents.service.incidents import Component
from ipse.incidents.service.refusals import Refusals
from ipse.incidents.service.wording import Wording
from ipse.kernel.clock import Clock
from ipse.kernel.clock import text as moment
from ipse.kernel.ids import Ids
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Settings
from ipse.partners.service import RequestLog
from ipse.people.service import count_active
from ipse.sim.model import OperatorState
from ipse.sim.service.operators import Operators
from ipse.storage.database import Database
from ipse.storage.outbox import Event, Handler
from ipse.web import languages
from ipse.web.help import PATH as HELP
from ipse.web.help import HelpPage
from ipse.web.pages import Notice, Pages
from ipse.web.routes import Route

Job = Callable[[], Awaitable[object]]
Loop = Callable[[], Coroutine[Any, Any, None]]
Letter = Callable[..., Awaitable[bool]]


@dataclass(frozen=True)
class IncidentDesk:
    """Everything about incidents in one process."""

    incidents: Incidents
    duties: Duties
    board: Board
    files: StatusFiles | None
    refusals: Refusals
    settings: Settings
    letter: Letter

    def loops(self) -> list[Loop]:
        """What goes on as long as the process."""
        files = self.files
        loops: list[Loop] = [lambda: self.board.keep_up(self._publish)]
        return loops if files is None else [*loops, files.keep_up]

    def routes(self, pages: Pages) -> list[Route]:
        """The help centre."""
        return HelpPage(pages, lambda: self.board.document).routes()

    def jobs(self) -> list[tuple[str, Job]]:
        """What it does now and then."""
        return [
            ("incidents.remind", lambda: remind_of_duties(self.duties)),
            ("incidents.forget_refusals", self.refusals.forget),
        ]

    def news(self) -> Mapping[str, Mapping[str, Handler]]:
        """What it hears of."""
        return {
            CHANGED: {"incidents.publish": self._changed},
            DUTY_DUE: {
                f"incidents.remind.{address}": self._reminding(address) for address in self.settings.incidents.remind
            },
        }

    def notice(self) -> Mapping[str, Any] | None:
        """What the app is told: a sentence in four languages, and where to read more."""
        said = self.board.announcement
        return None if said is None else {"sentence": dict(said.sentence), "url": self.settings.base_url + HELP}

    def phone_is_down(self) -> bool:
        """Whether nobody can approve with the phone now."""
        return self.board.announcement is not None and self.board.announcement.without_phone

    def tell(self, pages: Pages) -> None:
        """Have pages say what is said, from now on."""

        def say(said: Announcement | None) -> None:
            pages.announce(None if said is None else Notice(said.sentence, HELP))

        self.board.listeners.append(say)

    async def _publish(self) -> None:
        if self.files is not None:
            await self.files.write_incidents()

    async def _changed(self, _event: Event) -> None:
        await self.board.refresh()
        await self._publish()

    def _reminding(self, address: str) -> Handler:
        async def remind(event: Event) -> None:
            standing = await self.duties.standing(event.payload["incident"])
            duty, percent = Duty(event.payload["duty"]), event.payload["percent"]
            due = next((clock.due_at for clock in standing.clocks if clock.duty is duty), None)
            language = next(iter(self.settings.incidents.languages), "en")
            say = self.incidents.wording.texts[language].text
            told = {"incident": standing.incident.incident_id, "duty": duty, "percent": percent}
            await self.letter(
                address,
                subject=say("incidents.reminder.subject", **told),
                text=say(
                    "incidents.reminder.text",
                    title=say(f"incidents.draft.title.{duty}"),
                    due="-" if due is None else moment(due),
                    **told,
                ),
                language=language,
            )

        return remind


def open_incidents(
    settings: Settings, database: Database, keystore: Keystore, clock: Clock, ids: Ids
) -> tuple[Incidents, Duties]:
    """The services, of one installation."""
    environment = settings.environment
    registrars, operators = Registrars(database, clock, environment), Operators(database, clock, environment)
    partners = open_registry(settings, database, keystore, clock)

    async def listing() -> tuple[Component, ...]:
        return (
            Component("sign-in"),
            Component("approval"),
            *(
                Component(f"enrolment-bank-{each.id}", each.name, offered=each.state is RegistrarState.ACTIVE)
                for each in await registrars.all()
                if each.kind is RegistrarKind.BANK
            ),
            Component("enrolment-card", offered=settings.eid is not None),
            Component("signing", offered=settings.signing is not None),
            Component("partner-api"),
            *(
                Component(f"mobile-operator-{each.operator_id}", each.name, each.state is OperatorState.ACTIVE)
                for each in await operators.all()
            ),
        )

    async def counting() -> Population:
        return Population(await count_active(database), len(await partners.partners()))

    wording = Wording(languages.load(("ipse.incidents",)))
    incidents = Incidents(database, clock, ids, wording, listing, counting)
    return incidents, Duties(incidents, settings.incidents.organisation or settings.name)


def open_refusals(database: Database, clock: Clock, requests: RequestLog) -> Refusals:
    """Refusals by reference: those that we keep, and those in partners' request logs."""

    async def elsewhere(reference: str) -> list[Refusal]:
        return [
            Refusal(
                reference=line.reference,
                at=line.at,
                status=0,
                code=line.error,
                route=line.endpoint,
                caller="partner",
                partner_id=line.partner_id,
                service_code=line.service_code,
                reason=line.description,
            )
            for line in await requests.found(reference)
        ]

    return Refusals(database, clock, elsewhere)


def open_incident_desk(given: Given, outcomes: Outcomes, letter: Letter) -> IncidentDesk:
    """Put them together."""
    settings = given.settings
    incidents, duties = open_incidents(settings, given.database, given.keystore, given.clock, given.ids)
    about = {
        "scheme": settings.name,
        "environment": settings.environment,
        "address": settings.base_url,
        "app_address": settings.app_origin,
        "help": {
            "channels": msgspec.to_builtins(settings.help.channels),
            "telephone_block": settings.panic.telephone,
            "status_address": settings.status.address,
        },
    }
    board = Board(incidents, about)
    folder = settings.status.folder
    files = StatusFiles(board, Path(folder), outcomes.count) if folder else None
    refusals = open_refusals(given.database, given.clock, outcomes.requests)
    return IncidentDesk(incidents, duties, board, files, refusals, settings, letter)
