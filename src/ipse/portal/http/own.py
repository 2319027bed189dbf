"""One's own identity: overview, documents, notices, phone and ways, browsers and sheets, blocking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.actions.model import Search
from ipse.attributes.errors import NoFactsError
from ipse.portal.errors import UnknownEntry
from ipse.portal.http.desk import Desk
from ipse.portal.model import HOME, Act
from ipse.portal.service.identity import SOON
from ipse.web import cookies
from ipse.web.forms import read_own_form
from ipse.web.pages import language_of

_NEWEST: Final = 4
_SIGNED: Final = 50


@dataclass(frozen=True, slots=True)
class Own:
    """Pages below `/portal` that show one's own identity."""

    desk: Desk

    async def overview(self, request: Request) -> Response:
        """Where things stand: state, phone, level, evidence, last use, what waits."""
        session, language = await self.desk.who(request), language_of(request)
        identity, account_id = self.desk.portal.identity, session.account_id
        account, phone = await identity.account(account_id), await identity.phone(account_id)
        now = identity.actions.clock.now()
        newest, _ = await self.desk.portal.histories.search(account_id, language, Search(), most=_NEWEST)
        ends = account.evidence_expires_at
        return await self.desk.render(
            request,
            "overview",
            "overview",
            account=account,
            level=account.level_at(now),
            phone=phone,
            ends=ends,
            ending=ends is not None and ends < now + SOON,
            newest=newest,
            moving=await identity.waiting(account_id),
            papers=[each for each in await self.desk.portal.papers(account_id) if each.waits],
            sheets=await identity.sheets(account_id),
            ways=await identity.ways(account_id),
        )

    async def documents(self, request: Request) -> Response:
        """What was signed: on our own pages, and at partners; and with which certificate."""
        session, language = await self.desk.who(request), language_of(request)
        account_id = session.account_id
        search = Search(kind="signing", outcome="approved")
        signed, _ = await self.desk.portal.histories.search(account_id, language, search, most=_SIGNED)
        return await self.desk.render(
            request,
            "documents",
            "documents",
            papers=await self.desk.portal.papers(account_id),
            signed=[past for past in signed if any(each["type"] == "signature" for each in past.entry.confirmed)],
            signs=self.desk.portal.signs,
            credentials=await self.desk.portal.credentials(account_id),
        )

    async def notices(self, request: Request) -> Response:
        """What was sent by the second channel, and where that goes."""
        session = await self.desk.who(request)
        identity = self.desk.portal.identity
        return await self.desk.render(
            request,
            "notices",
            "notices",
            told=await identity.told(session.account_id),
            reachable=await identity.reachable(session.account_id),
        )

    async def phone(self, request: Request) -> Response:
        """Phone, SIM, and every way to sign in."""
        session = await self.desk.who(request)
        identity = self.desk.portal.identity
        phone = await identity.phone(session.account_id)
        try:
            facts = {fact.name: fact for fact in await identity.facts(session.account_id)}
        except NoFactsError:
            facts = {}
        number = facts.get("phone_number") or facts.get("stated_phone_number")
        return await self.desk.render(
            request,
            "phone",
            "phone",
            phone=phone,
            number=number.value if number else "",
            operator=await identity.operator(phone),
            touches=await identity.touches(phone),
            ways=await identity.ways(session.account_id),
            moving=await identity.waiting(session.account_id),
        )

    async def change_phone(self, request: Request) -> Response:
        """Take away a fingerprint, or with the code a way that stands in for the phone."""
        session, fields = await self.desk.who(request), await read_own_form(request)
        identity = self.desk.portal.identity
        if touch := fields.get("touch"):
            await identity.remove_touch(session.account_id, touch)
            return self.desk.to(request, f"{HOME}/phone", done="touch")
        way = next((e for e in await identity.ways(session.account_id) if e["setup"] == fields.get("way")), None)
        if way is None:
            raise UnknownEntry
        named = self.desk.pages.text(session.language, f"portal.method.{way['method']}")
        return await self.desk.ask(request, session, Act.REMOVE, about=way["setup"], named=named)

    async def access(self, request: Request) -> Response:
        """Where one is signed in, which browsers are trusted, who may block the identity."""
        session = await self.desk.who(request)
        identity = self.desk.portal.identity
        return await self.desk.render(
            request,
            "access",
            "access",
            sessions=await self.desk.sessions.of(request, session.account_id),
            browsers=await identity.browsers(session.account_id),
            sheets=await identity.sheets(session.account_id),
        )

    async def change_access(self, request: Request) -> Response:
        """End sessions, trust a browser no more, or with the code make a sheet worth nothing."""
        session, fields = await self.desk.who(request), await read_own_form(request)
        identity, here = self.desk.portal.identity, f"{HOME}/access"
        if one := fields.get("session"):
            if not await self.desk.sessions.end_one(session.account_id, one):
                raise UnknownEntry
            return self.desk.to(request, here, done="session")
        if fields.get("sessions") == "all":
            await self.desk.sessions.end_all(session.account_id)
            await self.desk.portal.acts.close(session.account_id)
            return self.desk.to(request, HOME)
        if browser := fields.get("browser"):
            await identity.forget_browser(session.account_id, browser)
            return self.desk.to(request, here, done="browser")
        sheet = next((e for e in await identity.sheets(session.account_id) if e.sheet_id == fields.get("sheet")), None)
        if sheet is None:
            raise UnknownEntry
        own = self.desk.pages.text(session.language, "portal.access.sheet.own")
        return await self.desk.ask(request, session, Act.VOID, about=sheet.sheet_id, named=sheet.name or own)

    async def block_page(self, request: Request) -> Response:
        """Whether to block."""
        return await self.desk.render(request, "stop", "block")

    async def block(self, request: Request) -> Response:
        """Block at once. With the identity the session is over."""
        session = await self.desk.who(request)
        await read_own_form(request)
        await self.desk.portal.identity.block(session.account_id)
        return self._over(request, "blocked")

    def _over(self, request: Request, what: str) -> Response:
        language = language_of(request)
        return self.desk.pages.render(
            "portal/over.html",
            language,
            here=HOME,
            what=what,
            form_token=cookies.form_token(request, self.desk.ids),
        )
