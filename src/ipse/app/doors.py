"""Front doors of signing, each with its addresses, jobs, endings and what it forgets with a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from ipse.actions.service import Actions
from ipse.app.csc import open_csc
from ipse.app.given import Given
from ipse.app.signing import SigningParts
from ipse.csc import http as csc_http
from ipse.csc import jobs as csc_jobs
from ipse.csc.model import DOOR as CSC
from ipse.csc.service import Csc, Ground
from ipse.dss import http as dss_http
from ipse.dss.model import DOOR as DSS
from ipse.dss.service import Dss
from ipse.oidc.service import Provider
from ipse.partners.service import PartnerDesk
from ipse.people.service import People
from ipse.sessions import DOOR as SESSION
from ipse.sessions import http as sessions_http
from ipse.sessions.service import Sessions
from ipse.signin.model import Ending
from ipse.signin.service import SignIn
from ipse.signing.ports import Papers
from ipse.web.pages import Pages
from ipse.web.routes import Route

Job = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Doors:
    """The front doors by which people sign."""

    given: Given
    parts: SigningParts
    csc: Csc
    dss: Dss
    sessions: Sessions
    papers: Mapping[str, Papers] = field(default_factory=dict)
    """Those that hold documents which are read in the app before they are signed, by their name."""

    def endings(self) -> Mapping[str, Ending]:
        """Where browsers go when a request has ended."""
        return {SESSION: self.sessions, CSC: self.csc.rounds, DSS: self.dss}

    def routes(self, signin: SignIn, pages: Pages) -> list[Route]:
        """Their addresses."""
        ids = self.given.ids
        signed = [] if self.given.settings.signing is None else dss_http.routes(self.dss, signin=signin, ids=ids)
        return [
            *csc_http.routes(self.csc, signin=signin, pages=pages, ids=ids),
            *signed,
            *sessions_http.routes(self.sessions, signin),
        ]

    def jobs(self) -> list[tuple[str, Job]]:
        """What they do now and then."""
        return [
            ("csc.work_due", lambda: csc_jobs.work_due(self.csc)),
            ("csc.delete_old", lambda: csc_jobs.delete_old(self.csc)),
            ("dss.delete_old", self.dss.delete_old),
            ("sessions.forget", self.sessions.forget),
        ]

    def forgetting(self) -> Mapping[str, Callable[[str], Awaitable[object]]]:
        """What each does with an account that its person has deleted. Again is no harm."""
        return {"sessions.forget": self.sessions.end_all, "csc.forget": self.csc.tokens.forget_account}

    async def close(self) -> None:
        """Let go."""
        await self.csc.responses.close()
        await self.parts.close()


def open_doors(
    given: Given, parts: SigningParts, desk: PartnerDesk, people: People, actions: Actions, provider: Provider
) -> Doors:
    """Put them together, on the services below them."""
    settings = given.settings
    ground = Ground(
        settings=settings,
        database=given.database,
        keystore=given.keystore,
        desk=desk,
        people=people,
        signing=parts.signing,
        clock=given.clock,
        ids=given.ids,
    )
    dss = Dss(
        base_url=settings.base_url,
        database=given.database,
        keystore=given.keystore,
        desk=desk,
        people=people,
        actions=actions,
        signing=parts.signing,
        clock=given.clock,
        ids=given.ids,
    )
    sessions = Sessions(actions, scheme=settings.name, origin=settings.base_url)
    return Doors(given, parts, open_csc(ground, provider, parts), dss, sessions)
