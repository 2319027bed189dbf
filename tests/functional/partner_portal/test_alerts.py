"""Alerts: a partner whose requests go wrong hears of it, in its member's language and once a day."""

from __future__ import annotations

import json

from ipse.partner_portal.service.contacts import QUIET
from ipse.standards import jose
from tests.functional.partner_portal.counter import Counter

KEYS = json.dumps({"keys": [jose.public_jwk(jose.new_private_jwk(alg, kid=alg)) for alg in ("ES256", "ECDH-ES")]})


async def go_wrong(counter: Counter, client_id: str) -> None:
    for number in range(30):
        counter.desk.log.refused(client_id, "", "token", f"check_{number}", "invalid_grant", "used")
    await counter.desk.log.flush()
    counter.clock.advance(seconds=60)


async def test_a_partner_hears_of_its_alerts_once_a_day(counter: Counter) -> None:
    jobs = dict(counter.parts.jobs())
    async with counter.visitor(await counter.registered("Press")) as visitor:
        await visitor.send("/partners/keys", do="bring", keys=KEYS)
        client_id = await visitor.client_id()
        before = len(counter.office.letters)
        await jobs["partner_portal.tell_alerts"]()
        assert len(counter.office.letters) == before
        await go_wrong(counter, client_id)
        for _ in range(2):
            await jobs["partner_portal.tell_alerts"]()
        (letter,) = counter.office.letters[before:]
        assert letter["to"] == "ann@press.example"
        assert "Press: 100% of the requests of the last hour were errors" in letter["text"]
        page = (await visitor.http.get("/partners/figures?span=day")).text
        assert "100% of the requests of the last hour were errors" in page
        counter.clock.advance(seconds=QUIET / 1_000_000)
        await go_wrong(counter, client_id)
        await jobs["partner_portal.tell_alerts"]()
        assert len(counter.office.letters) == before + 2
