"""The address that an invited person opens, and taking one's part."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ipse.envelopes.errors import InvitationRefused
from ipse.envelopes.http.desk import Desk
from ipse.envelopes.model import COOKIE, INVITATION, PAGE, EnvelopeState
from ipse.web import cookies
from ipse.web.forms import read_own_form
from ipse.web.pages import language_of

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_KEPT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Invitations:
    """`/envelopes/invitation`. The secret leaves the address at once: the browser carries it on as a cookie."""

    desk: Desk

    async def open(self, request: Request) -> Response:
        """Keep the secret, and go to the page without it."""
        token = request.path_params["token"]
        if not _TOKEN.fullmatch(token):
            raise InvitationRefused("no token", why="unknown")
        response = RedirectResponse(f"{INVITATION}?lang={language_of(request)}", 303)
        cookies.give_kept(request, response, COOKIE, token, seconds=_KEPT_SECONDS)
        return response

    async def page(self, request: Request) -> Response:
        """Who invites to what; then sign in, or go on."""
        full, signer = await self.desk.envelopes.parties.invited(_token(request))
        session = await self.desk.sessions.current(request)
        if session is not None and signer.account_id == session.account_id:
            return self.desk.to(request, f"{PAGE}/{full.envelope.envelope_id}")
        if full.envelope.state is not EnvelopeState.OPEN:
            raise InvitationRefused("ended", why="ended")
        if signer.account_id is not None and session is not None:
            raise InvitationRefused("taken", why="taken")
        return self.desk.render(
            request,
            "invitation",
            envelope=full.envelope,
            signer=signer,
            count=len(full.documents),
            name="" if session is None else await self.desk.envelopes.names.of(session.account_id),
            signed_in=session is not None,
        )

    async def accept(self, request: Request) -> Response:
        """Take one's part."""
        session, _ = await self.desk.who(request), await read_own_form(request)
        envelope_id = await self.desk.envelopes.parties.accept(_token(request), session.account_id)
        response = self.desk.to(request, f"{PAGE}/{envelope_id}")
        cookies.take_kept(request, response, COOKIE)
        return response


def _token(request: Request) -> str:
    token = cookies.read_kept(request, COOKIE)
    if token is None:
        raise InvitationRefused("no cookie", why="cookie")
    return token
