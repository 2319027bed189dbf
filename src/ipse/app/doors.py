"""Front doors of signing, each with its addresses, jobs, endings and what it forgets with a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from ipse.actions.service import Actions
from ipse.app.csc import open_csc
from ipse.app.envelopes import open_envelopes
from ipse.app.given import Given
from ipse.app.signing import SigningParts
from ipse.app.validation import open_validation
from ipse.attributes.service import Attributes
from ipse.csc import http as csc_http
from ipse.csc import jobs as csc_jobs
from ipse.csc.model import DOOR as CSC
from ipse.csc.service import Csc, Ground
from ipse.dss import http as dss_http
from ipse.dss.model import DOOR as DSS
from ipse.dss.service import Dss
from ipse.envelopes import ENDED, TURN
from ipse.envelopes import http as envelopes_http
from ipse.envelopes.model import DOOR as ENVELOPES
from ipse.envelopes.service import Envelopes
from ipse.envelopes.service.deleting import Deleting
from ipse.envelopes.service.parties import Letter
from ipse.envelopes.service.vault import Vault
from ipse.oidc.service import Provider
from ipse.partners.service import PartnerDesk
from ipse.sessions import DOOR as SESSION
from ipse.sessions import http as sessions_http
from ipse.sessions.service import Sessions
from ipse.signin.model import Ending
from ipse.signin.service import SignIn
from ipse.signing.ports import Papers
from ipse.storage.outbox import Handler
from ipse.validation import http as validation_http
from ipse.validation.service import Validations
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
    deleting: Deleting
    """Of envelopes, also where nothing is signed any more."""
    envelopes: Envelopes | None = None
    """None where nothing is signed."""
    validations: Validations | None = None
    """None where nothing is signed."""
    papers: Mapping[str, Papers] = field(default_factory=dict)
    """Those that hold documents which are read in the app before they are signed, by their name."""

    def endings(self) -> Mapping[str, Ending]:
        """Where browsers go when a request has ended."""
        found: dict[str, Ending] = {SESSION: self.sessions, CSC: self.csc.rounds, DSS: self.dss}
        return found if self.envelopes is None else {**found, ENVELOPES: self.envelopes}

    def routes(self, signin: SignIn, pages: Pages) -> list[Route]:
        """Their addresses."""
        ids = self.given.ids
        signed = [] if self.given.settings.signing is None else dss_http.routes(self.dss, signin=signin, ids=ids)
        if self.envelopes is not None:
            signed += envelopes_http.routes(self.envelopes, self.sessions, pages, ids)
        if self.validations is not None:
            signed += validation_http.routes(self.validations, pages)
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
            *([] if self.envelopes is None else self.envelopes.jobs()),
        ]

    def news(self) -> Mapping[str, Mapping[str, Handler]]:
        """What they hear of."""
        if self.envelopes is None:
            return {}
        parties = self.envelopes.parties
        return {
            TURN: {
                "envelopes.tell_turn": lambda event: parties.tell_turn(
                    event.payload["signer"], again=bool(event.payload.get("again"))
                )
            },
            ENDED: {"envelopes.tell_end": lambda event: parties.tell_end(event.payload["envelope"])},
        }

    def forgetting(self) -> Mapping[str, Callable[[str], Awaitable[object]]]:
        """What each does with an account that its person has deleted. Again is no harm."""
        found: dict[str, Callable[[str], Awaitable[object]]] = {
            "sessions.forget": self.sessions.end_all,
            "csc.forget": self.csc.tokens.forget_account,
            "envelopes.forget": self.deleting.forget_account,
        }
        return found

    async def close(self) -> None:
        """Let go."""
        await self.csc.responses.close()
        if self.validations is not None:
            await self.validations.close()
        await self.parts.close()


def open_doors(
    given: Given,
    parts: SigningParts,
    desk: PartnerDesk,
    provider: Provider,
    *,
    actions: Actions,
    attributes: Attributes,
    letter: Letter,
) -> Doors:
    """Put them together, on the services below them."""
    settings, people = given.settings, actions.people
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
    envelopes = open_envelopes(given, parts, actions, attributes, letter)
    deleting = Deleting(Vault(actions.database, actions.people, given.clock, given.ids))
    papers = {} if envelopes is None else {ENVELOPES: envelopes.reading}
    csc, validations = open_csc(ground, provider, parts), open_validation(given, parts)
    return Doors(given, parts, csc, dss, sessions, deleting, envelopes, validations, papers)
