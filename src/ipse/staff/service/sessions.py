"""Whose browser it is, on the staff's pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ipse.kernel.clock import SECOND
from ipse.kernel.ids import sha256
from ipse.staff import rules, store
from ipse.staff.errors import NotStaff
from ipse.staff.model import COOKIE, FRESH_SECONDS, MOST_SECONDS, Member, Organisation, Role
from ipse.staff.service.members import Staff
from ipse.web import cookies
from ipse.web.routes import Endpoint

_KEPT: Final = "ipse.staff"


@dataclass(frozen=True)
class StaffSessions:
    """Use cases of staff sessions: twelve hours at most, half an hour without use (B-26)."""

    staff: Staff

    async def begin(self, member: Member) -> str:
        """A fresh session; the value for the browser's cookie."""
        token, now = self.staff.ids.secret(), self.staff.clock.now()
        values = (sha256(token), member.member_id, now, now + MOST_SECONDS * SECOND)
        await self.staff.database.rows(store.BEGIN, *values)
        return token

    async def current(self, request: Request) -> Member | None:
        """Whose browser this is; None where nobody has signed in, or not any more. Read anew at each request."""
        if _KEPT not in request.scope:
            request.scope[_KEPT] = await self._read(cookies.read_kept(request, COOKIE))
        member: Member | None = request.scope[_KEPT]
        return member

    async def just_proved(self, request: Request) -> bool:
        """Whether this browser has signed in with a passkey within the last five minutes."""
        if await self.current(request) is None:
            return False
        token = cookies.read_kept(request, COOKIE) or ""
        since = self.staff.clock.now() - FRESH_SECONDS * SECOND
        return await self.staff.database.row(store.FRESH, sha256(token), since) is not None

    async def required(self, request: Request, organisation: Organisation, *roles: Role) -> Member:
        """Whose browser this is, of this organisation and with one of these roles, if some are named.

        Raises:
            NotStaff: nobody's.
            NotAllowed: another organisation's, or without such a role.
        """
        member = await self.current(request)
        if member is None:
            raise NotStaff
        rules.check_allowed(member, organisation, roles)
        return member

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint that sends whoever has not signed in to do so, and back."""

        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except NotStaff:
                if request.method != "GET":
                    raise
                return RedirectResponse(rules.sign_in_for(request.url.path), 303)

        return answer

    async def end(self, request: Request) -> None:
        """Sign out."""
        token = cookies.read_kept(request, COOKIE)
        if token is not None:
            await self.staff.database.rows(store.END, sha256(token))
        request.scope[_KEPT] = None

    async def end_others(self, request: Request, member: Member) -> int:
        """Sign a member out everywhere else; how many sessions that ended."""
        token = cookies.read_kept(request, COOKIE) or ""
        return len(await self.staff.database.rows(store.END_OTHERS, member.member_id, sha256(token)))

    async def forget(self) -> int:
        """Delete what is over. A job; returns how many."""
        now = self.staff.clock.now()
        return len(await self.staff.database.rows(store.FORGET_SESSIONS, now, rules.idle_since(now)))

    async def _read(self, token: str | None) -> Member | None:
        if token is None:
            return None
        database, hashed, now = self.staff.database, sha256(token), self.staff.clock.now()
        row = await database.row(store.CURRENT, hashed, now, rules.idle_since(now))
        if row is None:
            return None
        if rules.to_be_noted(row["seen_at"], now):
            await database.rows(store.SEEN, hashed, now)
        return self.staff.read(row)
