"""A person with a life: partners that ask them things, on the scheme's own pages and past them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipse.actions.model import AskedAttribute, Content, NewAction, Request
from ipse.kernel.ids import sha256
from ipse.partners.model import AuthMethod, Partner, Preset, preset_algorithms
from tests.functional.oidc.handsets import CODE, Handset
from tests.functional.sessions.house import Browser, House

GIVEN = AskedAttribute("given_name", required=True, protected=False)
FAMILY = AskedAttribute("family_name", required=False, protected=False)
NUMBER = AskedAttribute("BENationalNumber", required=False, protected=True)


@dataclass
class Town:
    """Partners, and what they ask."""

    house: House

    async def settle(self, partner_id: str, name: str, *, events: str = "") -> None:
        """Register a partner."""
        partner = Partner(
            partner_id,
            name,
            "active",
            AuthMethod.CLIENT_SECRET_POST,
            None,
            preset_algorithms(Preset.NEW, AuthMethod.CLIENT_SECRET_POST, encryption_key_type=None),
        )
        await self.house.scheme.partners.register_partner(partner, secret="s" * 43, actor="test")
        if events:
            await self.house.works.features.desk.events.put(partner_id, events, actor="test")

    async def asks(
        self,
        phone: Handset,
        partner_id: str = "shop",
        *attributes: AskedAttribute,
        name: str = "The Shop",
        kind: str = "identification",
        outcome: str = "approved",
        content: tuple[Content, ...] = (),
    ) -> str:
        """A request of a partner and what becomes of it; its action."""
        actions = self.house.works.features.actions
        browser = sha256(f"browser of {partner_id}")
        request = Request(
            partner_name=name,
            service_name={"en": "Loyalty card", "nl": "Klantenkaart"},
            purpose={"en": "To greet you by name"},
            assurance="basic",
            attributes=attributes,
            protocol={"door": "test"},
            language="en",
        )
        action = await actions.begin(
            NewAction(
                kind=kind,
                partner_id=partner_id,
                service_code=f"{partner_id.upper()}_CARD",
                request=request,
                browser_hash=browser,
                content=content,
                address="192.0.2.7",
            )
        )
        claimed = await phone.claim(action.handle)
        if outcome in {"declined", "not_started"}:
            await phone.reject(claimed, outcome)
        elif outcome == "approved":
            await phone.approve(claimed, CODE)
            collected = await actions.collect(action.handle, browser)
            await actions.redeem(collected.code, partner_id)
        self.house.clock.advance(seconds=200 if outcome == "expired" else 1)
        return action.action_id

    async def hand_out(self) -> None:
        """Let all news reach everybody, with the tries that follow."""
        for _ in range(3):
            while await self.house.scheme.outbox.hand_out():
                pass
            self.house.clock.advance(seconds=2)

    async def approved(self, browser: Browser, address: str, phone: Handset, **fields: str) -> Any:
        """Press a button that asks the phone, approve with the code, come back; the last answer."""
        waiting = await browser.send(address, **fields)
        back = await browser.approved(waiting, phone)
        return await browser.http.get(back.headers["location"])
