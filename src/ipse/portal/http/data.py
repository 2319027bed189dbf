"""Personal data: looking, taking along, leaving; and the way back from every approval with the code."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ipse.actions.model import Search
from ipse.attributes.errors import NoFactsError
from ipse.kernel.clock import text
from ipse.people.model import KEPT_YEARS
from ipse.portal.errors import NotOpened
from ipse.portal.http.desk import Desk
from ipse.portal.http.words import Words
from ipse.portal.model import HOME, Act, WithdrawalKind
from ipse.portal.service.acts import Approved
from ipse.portal.service.copies import table
from ipse.sessions import Session
from ipse.web import cookies
from ipse.web.forms import read_own_form
from ipse.web.pages import language_of

PAGE: Final = HOME + "/data"
DELETE: Final = HOME + "/delete"


@dataclass(frozen=True, slots=True)
class Data:
    """`/portal/data`, `/portal/delete`, `/portal/return`."""

    desk: Desk

    async def page(self, request: Request) -> Response:
        """Each attribute with where it comes from and how it is mended."""
        session = await self.desk.who(request)
        identity = self.desk.portal.identity
        try:
            facts, evidence = (
                await identity.facts(session.account_id),
                await identity.evidence(session.account_id),
            )
        except NoFactsError:
            facts, evidence = [], []
        return await self.desk.render(
            request,
            "data",
            "data",
            facts=facts,
            evidence=evidence,
            looks=await identity.looks(session.account_id),
            opened_until=await self.desk.opened(request, session),
        )

    async def open(self, request: Request) -> Response:
        """Ask for the code to show protected values, or have them hidden again."""
        session, fields = await self.desk.who(request), await read_own_form(request)
        if fields.get("do") == "close":
            await self.desk.portal.acts.close(session.account_id)
            return self.desk.to(request, PAGE, done="closed")
        return await self.desk.ask(request, session, Act.VALUES)

    async def archive(self, request: Request) -> Response:
        """Everything in one ZIP file."""
        session, language = await self._opened(request), language_of(request)
        document = await self.desk.portal.copies.document(session.account_id)
        every = self.desk.portal.histories.every(session.account_id, language, Search())
        history = table([past async for past in every], full=True)
        readable = await asyncio.to_thread(self._readable, language, document)
        pieces = self.desk.portal.copies.archive(session.account_id, document, readable, history)
        headers = {"content-type": "application/zip", "content-disposition": 'attachment; filename="my-data.zip"'}
        return StreamingResponse(pieces, headers=headers)

    async def leaving(self, request: Request) -> Response:
        """What deleting means: what goes, what is kept, why, and until when."""
        session = await self.desk.who(request)
        relations = await self.desk.portal.relations.all(session.account_id)
        return await self.desk.render(request, "delete", "data", relations=relations, years=KEPT_YEARS)

    async def leave(self, request: Request) -> Response:
        """Ask for the code to delete everything."""
        session = await self.desk.who(request)
        await read_own_form(request)
        return await self.desk.ask(request, session, Act.DELETE)

    async def come_back(self, request: Request) -> Response:
        """From the phone, with an approval: do what was approved, once."""
        session = await self.desk.who(request)
        code = request.query_params.get("code", "")
        approved = await self.desk.portal.acts.complete(session, code, self.desk.browser(request))
        return await self._done(request, session, approved)

    async def _done(self, request: Request, session: Session, approved: Approved) -> Response:
        portal, account_id = self.desk.portal, session.account_id
        if approved.act is Act.VALUES:
            await portal.acts.open(account_id, self.desk.browser(request))
            return self.desk.to(request, PAGE, done="opened")
        if approved.act is Act.UNLINK:
            await portal.relations.withdraw(account_id, approved.about, WithdrawalKind.LINK)
            return self.desk.to(request, f"{HOME}/partners/{approved.about}", done="unlinked")
        if approved.act is Act.REMOVE:
            await portal.identity.remove_way(account_id, approved.about)
            return self.desk.to(request, f"{HOME}/phone", done="way")
        if approved.act is Act.VOID:
            await portal.identity.void_sheet(account_id, approved.about)
            return self.desk.to(request, f"{HOME}/access", done="sheet")
        await portal.deletions.delete(account_id)
        return self.desk.pages.render(
            "portal/over.html",
            language_of(request),
            here=HOME,
            what="deleted",
            form_token=cookies.form_token(request, self.desk.ids),
        )

    async def _opened(self, request: Request) -> Session:
        session = await self.desk.who(request)
        if await self.desk.opened(request, session) is None:
            raise NotOpened
        return session

    def _readable(self, language: str, document: Mapping[str, Any]) -> str:
        """The same for people: a page that needs nothing from anywhere."""
        return self.desk.pages.html(
            "portal/copy.html",
            language,
            document=document,
            words=Words(self.desk.pages, language),
            made_at=text(self.desk.portal.copies.clock.now()),
        )
