"""How people are called, and where they read their mail: from what the scheme knows of them."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.attributes.errors import NoFactsError
from ipse.attributes.service import Attributes
from ipse.envelopes.model import LONGEST_NAME


@dataclass(frozen=True)
class Names:
    """Looks people up."""

    attributes: Attributes

    async def of(self, account_id: str) -> str:
        """First and last name; empty when they are not known."""
        try:
            facts = await self.attributes.facts(account_id)
        except NoFactsError:
            return ""
        return " ".join(part for part in (facts.given_name, facts.family_name) if part)[:LONGEST_NAME]

    async def email(self, account_id: str) -> str:
        """Their e-mail address; empty when none is known."""
        try:
            return (await self.attributes.facts(account_id)).email or ""
        except NoFactsError:
            return ""
