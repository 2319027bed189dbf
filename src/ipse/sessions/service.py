"""Signing in to our own pages, whose browser it is, and signing out."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request

from ipse.actions.errors import CodeUsed, ResultFault, UnknownCode
from ipse.actions.model import Action, Collected, NewAction
from ipse.actions.model import Request as Asked
from ipse.actions.service import Actions
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import sha256
from ipse.people.errors import UnknownAccountError
from ipse.sessions import rules, store
from ipse.sessions.errors import NotSignedIn, SignInOver
from ipse.sessions.model import COOKIE, DOOR, MOST_SECONDS, PARTNER, RETURN, SERVICE, Opened, Session
from ipse.signin.model import Ended, WayBack
from ipse.storage.copies import copied
from ipse.storage.errors import DuplicateError
from ipse.web import cookies, languages
from ipse.web.languages import Texts

_KEPT: Final = "ipse.session"


@dataclass(frozen=True)
class Begun:
    """A session that has just begun: what the browser keeps, and where it goes."""

    token: str
    onward: str


class Sessions:
    """Use cases of sessions. As a `signin.model.Ending` it is the way back of its own sign-ins."""

    def __init__(self, actions: Actions, *, scheme: str, origin: str) -> None:
        self._actions = actions
        self._scheme = scheme
        self._origin = origin
        self._texts: Mapping[str, Texts] = languages.load(("ipse.sessions",))
        self.ids = actions.ids

    async def begin(self, browser_hash: bytes, *, language: str, onward: str, address: str = "") -> Action:
        """Begin signing in: an action by the scheme itself. Afterwards the browser goes on to a place of ours."""
        new = NewAction(
            kind="authentication",
            partner_id=PARTNER,
            service_code=SERVICE,
            request=Asked(
                partner_name=self._scheme,
                service_name=self._in_all("sessions.service"),
                purpose=self._in_all("sessions.purpose"),
                assurance="basic",
                attributes=(),
                protocol={"door": DOOR, "onward": rules.onward(onward)},
                language=language,
                level="low",
            ),
            browser_hash=browser_hash,
            address=address,
        )
        return await self._actions.begin(new)

    def destination(self, protocol: Mapping[str, object]) -> str:
        """Forms of the sign-in page lead to our own pages only."""
        return self._origin + rules.onward(str(protocol["onward"]))

    async def way_back(self, end: Collected | Ended) -> WayBack:
        """With a code to our own address; without approval straight to where the person was."""
        if isinstance(end, Ended):
            return WayBack(rules.onward(str(end.protocol["onward"])))
        return WayBack(f"{RETURN}?code={end.code}")

    async def complete(self, code: str, browser_hash: bytes) -> Begun:
        """Begin the session of an approved sign-in, in the browser that began it and nowhere else.

        Raises:
            SignInOver: the code is used, too old, or another browser's.
        """
        try:
            redeemed = await self._actions.redeem(code, PARTNER)
        except (UnknownCode, CodeUsed, ResultFault) as error:
            raise SignInOver(type(error).__name__) from error
        await self._actions.revoke(redeemed.access_token, PARTNER)
        action = (await self._actions.find(redeemed.action_id)).action
        mine = action.request.protocol.get("door") == DOOR
        if not mine or action.account_id is None or not hmac.compare_digest(action.browser_hash, browser_hash):
            raise SignInOver("another browser")
        token, now = self.ids.secret(), self._actions.clock.now()
        try:
            await self._actions.database.rows(
                store.BEGIN, sha256(token), action.account_id, action.action_id, redeemed.level, now,
                now + MOST_SECONDS * SECOND,
            )  # fmt: skip
        except DuplicateError as error:
            raise SignInOver("used") from error
        return Begun(token, rules.onward(str(redeemed.request.protocol["onward"])))

    async def current(self, request: Request) -> Session | None:
        """Whose browser this is; None where nobody has signed in, or not any more.

        The account is read after the session, each time: a block counts from the moment it is written.
        """
        if _KEPT not in request.scope:
            request.scope[_KEPT] = await self._read(cookies.read_kept(request, COOKIE))
        session: Session | None = request.scope[_KEPT]
        return session

    async def required(self, request: Request) -> Session:
        """Whose browser this is.

        Raises:
            NotSignedIn: nobody's.
        """
        session = await self.current(request)
        if session is None:
            raise NotSignedIn
        return session

    async def end(self, request: Request) -> None:
        """Sign out."""
        token = cookies.read_kept(request, COOKIE)
        if token is not None:
            await self._actions.database.rows(store.END, sha256(token))
        request.scope[_KEPT] = None

    async def of(self, request: Request, account_id: str) -> list[Opened]:
        """The sessions of a person, the one used last first."""
        token, now = cookies.read_kept(request, COOKIE), self._actions.clock.now()
        here = sha256(token) if token is not None else b""
        rows = await self._actions.database.rows(store.OF_ACCOUNT, account_id, now, rules.idle_since(now))
        return [
            Opened(
                row["action_id"],
                row["created_at"],
                row["seen_at"],
                row["expires_at"],
                hmac.compare_digest(bytes(row["session_hash"]), here),
            )
            for row in rows
        ]

    async def end_one(self, account_id: str, action_id: str) -> bool:
        """End the session of a person that this sign-in began; says whether there was one."""
        return await self._actions.database.row(store.END_ONE, account_id, action_id) is not None

    async def copy(self, account_id: str) -> list[dict[str, Any]]:
        """A person's sessions, to take along."""
        return copied(await self._actions.database.rows(store.COPY, account_id))

    async def end_all(self, account_id: str) -> None:
        """End and forget every session of a person."""
        await self._actions.database.rows(store.END_ALL, account_id)

    async def forget(self) -> int:
        """Delete what is over. A job; returns how many."""
        now = self._actions.clock.now()
        return len(await self._actions.database.rows(store.FORGET, now, rules.idle_since(now)))

    async def _read(self, token: str | None) -> Session | None:
        if token is None:
            return None
        database, hashed, now = self._actions.database, sha256(token), self._actions.clock.now()
        row = await database.row(store.CURRENT, hashed, now, rules.idle_since(now))
        if row is None:
            return None
        try:
            account = await self._actions.people.account(row["account_id"])
        except UnknownAccountError:
            return None
        if not rules.holds(account, row["created_at"]):
            await database.rows(store.END, hashed)
            return None
        if rules.to_be_noted(row["seen_at"], now):
            await database.rows(store.SEEN, hashed, now)
        return Session(account.account_id, account.language, row["level"], row["created_at"], row["expires_at"])

    def _in_all(self, id_: str) -> dict[str, str]:
        return {language: texts.text(id_, scheme=self._scheme) for language, texts in self._texts.items()}
