"""Proving oneself with an eID card and its PIN, by Web eID."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from ipse.actions.model import Action, Method
from ipse.actions.service.fallbacks import Proven
from ipse.eid.errors import RevocationUnknownError, why_refused
from ipse.eid.model import Holder
from ipse.eid.service import Cards
from ipse.enrolment.service.known import account_of_number
from ipse.fallback.errors import CardRefused
from ipse.fallback.model import LEVELS
from ipse.fallback.service.visits import Visits
from ipse.kernel.ids import b64u, sha256
from ipse.people.service import People
from ipse.standards.web_eid import NONCE_OCTETS, WebEidError

COUNTRY = "BE"
"""Whose register the cards are of."""


@dataclass(frozen=True)
class CardProofs:
    """Use cases of the card's page. `cards` is None where no trust anchors are configured."""

    visits: Visits
    people: People
    cards: Cards | None

    async def ask(self, action: Action, browser_hash: bytes) -> str:
        """A nonce for the card, for this browser and five minutes."""
        nonce = b64encode(self.visits.actions.ids.octets(NONCE_OCTETS)).decode()
        await self.visits.ask(action, browser_hash, Method.EID_CARD, nonce)
        return nonce

    async def prove(self, action: Action, browser_hash: bytes, *, nonce: str, token: str) -> Proven:
        """Judge what the card signed.

        Raises:
            CardRefused: `why` says what the person can do. A card of nobody we know is refused like one that is not
                accepted.
        """
        if self.cards is None:
            raise CardRefused("not_accepted")
        if not await self.visits.answered(action, browser_hash, Method.EID_CARD, nonce):
            raise CardRefused("again")
        holder = await self._validated(self.cards, token, nonce)
        account_id = await account_of_number(self.people, COUNTRY, holder.national_number)
        if account_id is None:
            raise CardRefused("unknown_person")
        evidence = {
            "certificate": holder.certificate_serial,
            "issuer": holder.certificate_issuer,
            "token_sha256": b64u(sha256(token)),
        }
        method = Method.EID_CARD
        return Proven(account_id=account_id, method=method, level=LEVELS[method], evidence=evidence)

    async def _validated(self, cards: Cards, token: str, nonce: str) -> Holder:
        try:
            return await cards.validate(token, nonce=nonce)
        except (RevocationUnknownError, WebEidError) as error:
            raise CardRefused(why_refused(error)) from error
