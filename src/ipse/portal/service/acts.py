"""What a session alone is too weak for: the person's phone is asked, and the code decides.

What shows values in full, or cannot be undone, begins an action by the scheme itself, for this person's phone alone. It
counts once, in the browser that began it and for the person who is signed in there.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from ipse.actions.errors import CodeUsed, ResultFault, UnknownCode
from ipse.actions.model import Action, Agreement, Collected, Method, NewAction
from ipse.actions.model import Request as Asked
from ipse.actions.service import Actions
from ipse.actions.service.histories import Histories
from ipse.audit.service import auditing
from ipse.kernel.clock import SECOND
from ipse.portal.errors import ApprovalOver
from ipse.portal.model import DOOR, HOME, OPEN_SECONDS, RETURN, SERVICE, Act
from ipse.portal.store import own as store
from ipse.sessions import PARTNER, Session
from ipse.signin.model import Ended, WayBack
from ipse.storage.copies import copied
from ipse.storage.statement import Transaction, one, run
from ipse.web import languages
from ipse.web.languages import Texts


@dataclass(frozen=True)
class Approved:
    """What somebody has approved with the code."""

    act: Act
    about: str
    """Of which partner, way or sheet; empty where there is only one thing it can be."""


@dataclass(frozen=True)
class Wanted:
    """What the phone is asked for."""

    act: Act
    about: str = ""
    named: str = ""
    """The same as people read it."""


@dataclass(frozen=True)
class Acts:
    """Use cases of approvals. As a `signin.model.Ending` it is the way back of its own requests."""

    actions: Actions
    histories: Histories
    scheme: str
    origin: str
    _texts: Mapping[str, Texts] = field(default_factory=lambda: languages.load(("ipse.portal",)))

    async def begin(
        self, session: Session, wanted: Wanted, browser_hash: bytes, *, language: str, address: str = ""
    ) -> Action:
        """Ask the phone of whoever is signed in here."""
        words = {"scheme": self.scheme, "named": wanted.named}
        said = self._texts[session.language if session.language in self._texts else languages.DEFAULT]
        content = Agreement(
            title=said.text(f"portal.act.{wanted.act}.title", **words),
            text=said.text(f"portal.act.{wanted.act}.text", **words),
        )
        new = NewAction(
            kind="confirmation",
            partner_id=PARTNER,
            service_code=SERVICE,
            request=Asked(
                partner_name=self.scheme,
                service_name=self._in_all("portal.act.service"),
                purpose=self._in_all(f"portal.act.{wanted.act}.purpose"),
                assurance="advanced",
                attributes=(),
                protocol={"door": DOOR, "act": wanted.act, "about": wanted.about, "language": language},
                language=language,
                assurance_essential=True,
            ),
            browser_hash=browser_hash,
            meant_for=session.account_id,
            content=(content,),
            address=address,
        )
        return await self.actions.begin(new)

    def destination(self, protocol: Mapping[str, object]) -> str:
        """Forms of the sign-in page lead to our own pages only."""
        return f"{self.origin}{HOME}?lang={protocol['language']}"

    async def way_back(self, end: Collected | Ended) -> WayBack:
        """With a code to our own address; without approval to where it began."""
        language = end.protocol["language"]
        if isinstance(end, Ended):
            page = _PAGES[Act(str(end.protocol["act"]))]
            return WayBack(f"{page}?lang={language}&ended={end.outcome}")
        return WayBack(f"{RETURN}?code={end.code}&lang={language}")

    async def complete(self, session: Session, code: str, browser_hash: bytes) -> Approved:
        """What was approved, once: by the person who is signed in, in the browser that began, with the code.

        Raises:
            ApprovalOver: the code is used, too old, another browser's or person's.
        """
        try:
            redeemed = await self.actions.redeem(code, PARTNER)
        except (UnknownCode, CodeUsed, ResultFault) as error:
            raise ApprovalOver(type(error).__name__) from error
        await self.actions.revoke(redeemed.access_token, PARTNER)
        action = (await self.actions.find(redeemed.action_id)).action
        protocol = action.request.protocol
        mine = protocol.get("door") == DOOR and action.account_id == session.account_id
        if not mine or redeemed.method is not Method.CODE or not hmac.compare_digest(action.browser_hash, browser_hash):
            raise ApprovalOver("another browser, person, or way of approving")
        return Approved(Act(str(protocol["act"])), str(protocol["about"]))

    # --- protected values ------------------------------------------------------------------------------------

    async def open(self, account_id: str, browser_hash: bytes) -> None:
        """Let this browser show protected values for some minutes."""
        now = self.actions.clock.now()

        def opening() -> Transaction[None]:
            yield from run(store.OPEN, browser_hash, account_id, now + OPEN_SECONDS * SECOND)
            yield from auditing(now, actor="person", act="portal.open", subject=account_id)

        await self.actions.database.transact(opening)

    async def opened_until(self, account_id: str, browser_hash: bytes) -> int | None:
        """Until when this browser may show them; None where nobody has given the code for it lately."""
        row = await self.actions.database.row(store.IS_OPEN, browser_hash, account_id, self.actions.clock.now())
        return None if row is None else int(row["until"])

    async def close(self, account_id: str) -> None:
        """Have no browser show them any more."""
        await self.actions.database.rows(store.CLOSE, account_id)

    # --- "this was not me" -----------------------------------------------------------------------------------

    async def disown(self, session: Session, action_id: str) -> bool:
        """Report a past request, once; what came of it is worth nothing any more. Says whether it is the first time.

        Raises:
            UnknownAction: none of this person's.
        """
        past = await self.histories.one(session.account_id, action_id, session.language)
        now = self.actions.clock.now()

        def reporting() -> Transaction[bool]:
            if (yield from one(store.REPORT, action_id, session.account_id, now)) is None:
                return False
            yield from self.histories.disowning(past, session.account_id, now=now)
            return True

        return await self.actions.database.transact(reporting)

    async def disowned_at(self, account_id: str, action_id: str) -> int | None:
        """When a person said so of a request (microseconds)."""
        row = await self.actions.database.row(store.REPORTED, action_id, account_id)
        return None if row is None else int(row["at"])

    # --- the rest --------------------------------------------------------------------------------------------

    async def copy(self, account_id: str) -> dict[str, object]:
        """What is kept of this, to take along."""
        rows = self.actions.database.rows
        return {
            "reports": copied(await rows(store.REPORTS, account_id)),
            "openings": copied(await rows(store.COPY_OPENINGS, account_id)),
        }

    async def forget_account(self, account_id: str) -> None:
        """A person is gone."""
        await self.close(account_id)
        await self.actions.database.rows(store.FORGET_REPORTS, account_id)

    async def forget(self) -> int:
        """Delete openings that are over. A job; returns how many."""
        return len(await self.actions.database.rows(store.FORGET_OPENINGS, self.actions.clock.now()))

    def _in_all(self, id_: str) -> dict[str, str]:
        return {language: texts.text(id_, scheme=self.scheme) for language, texts in self._texts.items()}


_PAGES: Mapping[Act, str] = {
    Act.VALUES: f"{HOME}/data",
    Act.UNLINK: f"{HOME}/partners",
    Act.REMOVE: f"{HOME}/phone",
    Act.VOID: f"{HOME}/access",
    Act.DELETE: f"{HOME}/delete",
}
"""Where each begins."""
