"""Addresses under `/staff`: sign in, take an invitation, one's own passkeys, sign out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import Ids
from ipse.staff import rules
from ipse.staff.errors import InvitationOver, NotStaff, PasskeyRefused, StaffRefused, UnknownMember
from ipse.staff.model import COOKIE, JOIN, OWN, SIGN_IN, SIGN_OUT, Member, Organisation
from ipse.staff.service import Passkeys, StaffSessions
from ipse.standards.strict_json import JsonError, parse_object
from ipse.web import cookies
from ipse.web.errors import CrossSiteForm, MalformedForm
from ipse.web.forms import read_body, read_own_form
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Caller, Endpoint, Route

log = structlog.get_logger("ipse.staff")
_MOST_BYTES: Final = 65_536
REASONS: Final = ("unsupported", "cancelled", "refused", "over", "again", "tries", "stale", "other")
"""Everything the pages may have to say."""


def routes(passkeys: Passkeys, sessions: StaffSessions, pages: Pages, homes: Mapping[Organisation, str]) -> list[Route]:
    """All addresses; `homes` is where each organisation's members begin."""
    on = _Endpoints(passkeys, sessions, pages, homes)

    def route(path: str, endpoint: Endpoint, method: str = "GET") -> Route:
        return Route(path, endpoint, (method,), caller=Caller.STAFF, limit="page")

    return [
        route("/", on.front),
        route(SIGN_IN, on.page),
        route(SIGN_IN, on.sign_in, "POST"),
        route(JOIN + "/{ticket}", on.invitation),
        route(JOIN + "/{ticket}", on.join, "POST"),
        route(OWN, sessions.guarded(on.own)),
        route(OWN, on.change, "POST"),
        route(OWN + "/passkey", sessions.guarded(on.adding)),
        route(OWN + "/passkey", on.add, "POST"),
        route(SIGN_OUT, on.sign_out, "POST"),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    passkeys: Passkeys
    sessions: StaffSessions
    pages: Pages
    homes: Mapping[Organisation, str]

    @property
    def _ids(self) -> Ids:
        return self.passkeys.staff.ids

    async def front(self, request: Request) -> Response:
        """`GET /`: home, or the page to sign in."""
        member = await self.sessions.current(request)
        return RedirectResponse(SIGN_IN if member is None else self._home(member), 303)

    async def page(self, request: Request) -> Response:
        """`GET /staff/sign-in`: a fresh challenge for this browser's passkey."""
        browser = cookies.browser_hash(request, self._ids)
        return self._render(
            request, "sign_in", here=SIGN_IN, challenge=await self.passkeys.ask(browser),
            relying_party=self.passkeys.party.host, reasons=REASONS,
        )  # fmt: skip

    async def sign_in(self, request: Request) -> Response:
        """`POST /staff/sign-in`: what the passkey signed, as JSON; the answer says where the page goes."""
        content = await _content(request)
        try:
            member = await self.passkeys.prove(
                self._browser(request),
                challenge=_text(content, "challenge"),
                assertion=content.get("credential"),
            )
        except PasskeyRefused as error:
            log.info("passkey_refused", detail=str(error))
            return _json({"refused": "refused"}, error.status)
        token = await self.sessions.begin(member)
        response = _json({"to": self._onward(request, member)}, 200)
        cookies.give_kept(request, response, COOKIE, token, seconds=None, same_site="Strict")
        return response

    async def invitation(self, request: Request) -> Response:
        """`GET /staff/join/{ticket}`: who is invited to what, and the button that makes a passkey."""
        ticket = _ticket(request)
        try:
            member = await self.passkeys.invited(ticket)
            asked = await self.passkeys.asked(member, self.passkeys.joining_challenge(ticket))
        except (InvitationOver, UnknownMember) as error:
            return self._render(request, "over", status=error.status, here=SIGN_IN)
        return self._render(
            request, "join", here=f"{JOIN}/{ticket}", member=member, next=SIGN_IN, reasons=REASONS, **asked
        )

    async def join(self, request: Request) -> Response:
        """`POST /staff/join/{ticket}`: what the browser has made, as JSON."""
        content = await _content(request)
        try:
            await self.passkeys.join(_ticket(request), content.get("credential"))
        except PasskeyRefused as error:
            log.info("passkey_refused", detail=str(error))
            return _json({"refused": "refused"}, error.status)
        except (InvitationOver, UnknownMember) as error:
            return _json({"refused": "over"}, error.status)
        return _json({"made": True}, 200)

    async def own(self, request: Request) -> Response:
        """`GET /staff/account`: one's passkeys and sessions."""
        return await self._own(request, await self._member(request))

    async def change(self, request: Request) -> Response:
        """`POST /staff/account`: remove a passkey, or sign out everywhere else."""
        member, fields = await self._member(request), await read_own_form(request)
        do, _, which = fields.get("do", "").partition(":")
        try:
            if do == "remove":
                await self.passkeys.remove(member, which)
            elif do == "end_others":
                await self.sessions.end_others(request, member)
        except StaffRefused as error:
            return await self._own(request, member, error)
        return RedirectResponse(f"{OWN}?lang={language_of(request)}", 303)

    async def adding(self, request: Request) -> Response:
        """`GET /staff/account/passkey`: another passkey."""
        member = await self._member(request)
        if not await self.sessions.just_proved(request):
            return await self._own(request, member, stale=True)
        challenge = await self.passkeys.ask(cookies.browser_hash(request, self._ids))
        asked = await self.passkeys.asked(member, challenge.encode())
        return self._render(
            request, "add", here=f"{OWN}/passkey", member=member, next=OWN, reasons=REASONS,
            **{**asked, "challenge": challenge},
        )  # fmt: skip

    async def add(self, request: Request) -> Response:
        """`POST /staff/account/passkey`: what the browser has made, as JSON."""
        member, content = await self._member(request), await _content(request)
        if not await self.sessions.just_proved(request):
            return _json({"refused": "stale"}, 403)
        try:
            await self.passkeys.add(
                member,
                self._browser(request),
                challenge=_text(content, "challenge"),
                credential=content.get("credential"),
            )
        except PasskeyRefused as error:
            log.info("passkey_refused", detail=str(error))
            return _json({"refused": "refused"}, error.status)
        except StaffRefused as error:
            return _json({"refused": "tries"}, error.status)
        return _json({"to": f"{OWN}?lang={language_of(request)}"}, 200)

    async def sign_out(self, request: Request) -> Response:
        """`POST /staff/sign-out`."""
        await read_own_form(request)
        await self.sessions.end(request)
        response = RedirectResponse(f"{SIGN_IN}?lang={language_of(request)}", 303)
        cookies.take_kept(request, response, COOKIE)
        return response

    async def _member(self, request: Request) -> Member:
        member = await self.sessions.current(request)
        if member is None:
            raise NotStaff
        return member

    async def _own(
        self, request: Request, member: Member, problem: PlatformError | None = None, *, stale: bool = False
    ) -> Response:
        status = 403 if stale else 200 if problem is None else problem.status
        return self._render(
            request, "account", status=status, here=OWN, member=member, stale=stale,
            passkeys=await self.passkeys.listed(member), home=self._home(member),
            problem="" if problem is None else problem.public,
        )  # fmt: skip

    def _home(self, member: Member) -> str:
        return self.homes[member.organisation]

    def _onward(self, request: Request, member: Member) -> str:
        home = self._home(member)
        wanted = rules.onward(request.query_params.get("onward", ""), home)
        return wanted if wanted.startswith(home) else home

    def _browser(self, request: Request) -> bytes:
        known = cookies.known_hash(request)
        if known is None:
            raise CrossSiteForm("no browser cookie")
        return known

    def _render(self, request: Request, template: str, *, status: int = 200, **context: Any) -> Response:  # noqa: ANN401
        token = cookies.form_token(request, self._ids)
        response = self.pages.render(
            f"staff/{template}.html", language_of(request), status=status, form_token=token, **context
        )
        cookies.ensure(request, response, self._ids)
        return response


def _ticket(request: Request) -> str:
    ticket: str = request.path_params["ticket"]
    return ticket[:60]


def _text(content: Mapping[str, Any], name: str) -> str:
    found = content.get(name)
    if not isinstance(found, str):
        raise MalformedForm(f"{name} is a text")
    return found


def _json(content: Mapping[str, object], status: int) -> Response:
    return Response(msgspec.json.encode(content), status_code=status, media_type="application/json")


async def _content(request: Request) -> dict[str, Any]:
    try:
        return parse_object(await read_body(request, most=_MOST_BYTES), max_bytes=_MOST_BYTES, max_depth=4)
    except JsonError as error:
        raise MalformedForm(f"not JSON as it should be: {error}") from error
