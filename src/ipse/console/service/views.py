"""A person's data before the eyes of one member, for a quarter of an hour, because two members allowed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ipse.attributes.errors import NoFactsError
from ipse.attributes.service import Attributes
from ipse.audit.service import auditing
from ipse.console import store
from ipse.console.errors import ViewOver
from ipse.console.model import VIEW_SECONDS
from ipse.kernel.clock import SECOND, Clock
from ipse.notices.model import NoticeKind
from ipse.notices.service import Notices
from ipse.people.service import People
from ipse.staff.model import Member
from ipse.storage.database import Database
from ipse.storage.statement import Transaction, run

_SHOWN: Final = (
    "family_name",
    "given_name",
    "birthdate",
    "birthdate_as_string",
    "phone_number",
    "stated_phone_number",
    "email",
    "citizenship",
    "national_number",
)
_MASKED: Final = frozenset({"citizenship", "national_number"})


@dataclass(frozen=True)
class Views:
    """Use cases of views."""

    database: Database
    people: People
    attributes: Attributes
    clock: Clock
    notices: Notices

    def opening(self, review_id: str, account_id: str, member_id: str) -> Transaction[None]:
        """Inside the decision of a second person: let the first one look, from now on. The person is told."""
        now = self.clock.now()
        yield from run(store.OPEN_VIEW, review_id, account_id, member_id, now + VIEW_SECONDS * SECOND)
        yield from self.notices.telling(account_id, NoticeKind.DATA_VIEWED, now=now)

    async def until(self, account_id: str, member: Member) -> int | None:
        """Until when this member may look at this person's data (microseconds); None: not at all."""
        row = await self.database.row(store.VIEW, account_id, member.member_id, self.clock.now())
        return None if row is None else int(row["until"])

    async def look(self, account_id: str, member: Member) -> Mapping[str, str]:
        """What registrars said of a person, protected values masked; never a document's picture. Each look is a line.

        Raises:
            ViewOver: nobody has allowed it, or not any more.
        """
        if await self.until(account_id, member) is None:
            raise ViewOver
        now, act = self.clock.now(), "account.view"
        await self.database.transact(lambda: auditing(now, actor=member.actor, act=act, subject=account_id))
        try:
            facts = await self.attributes.facts(account_id)
        except NoFactsError:
            return {}
        found: dict[str, str] = {}
        for name in _SHOWN:
            value = getattr(facts, name)
            text = "" if value is None else str(getattr(value, "value", value))
            if text:
                found[name] = masked(text) if name in _MASKED else text
        if facts.address is not None:
            parts = (
                getattr(facts.address, each, None) for each in ("street_address", "postal_code", "locality", "country")
            )
            found["address"] = ", ".join(str(part) for part in parts if part)
        return found


def masked(text: str) -> str:
    """A protected value but for its last two characters."""
    return "•" * max(len(text) - 2, 0) + text[-2:]
