"""Use cases of a person on our own pages.

`blocking`: an identity without login. Signed in: `acts` what costs an approval with the code, `relations` what partners
have and what is taken back from them, `news` telling them, `identity` the person's own phone, ways and data, `copies`
everything to take along.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ipse.actions.service.histories import Histories
from ipse.enrolment.service.deletions import Deletions
from ipse.portal.model import Paper
from ipse.portal.service.acts import Acts
from ipse.portal.service.blocking import Blocking
from ipse.portal.service.copies import Copies
from ipse.portal.service.identity import Identity
from ipse.portal.service.news import PartnerNews
from ipse.portal.service.relations import Relations
from ipse.signing.model import Credential

__all__ = ["Acts", "Blocking", "Copies", "Identity", "PartnerNews", "Portal", "Relations"]


@dataclass(frozen=True)
class Portal:
    """All of it."""

    acts: Acts
    histories: Histories
    relations: Relations
    identity: Identity
    copies: Copies
    news: PartnerNews
    deletions: Deletions
    credentials: Callable[[str], Awaitable[list[Credential]]]
    """What a person signs with, and has signed with, newest first."""
    papers: Callable[[str], Awaitable[list[Paper]]]
    """A person's documents on our own pages, newest first."""

    signs: bool = False
    """Whether people sign documents here."""

    async def forget_account(self, account_id: str) -> None:
        """A person has deleted their identity: what they asked here is forgotten, and partners are told."""
        await self.news.purge(account_id)
        await self.relations.forget_account(account_id)
        await self.acts.forget_account(account_id)
