"""Places, calls, reports and bursts, as a scammer and a person at two ends meet them (T-6, T-7, T-8)."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ipse.actions.model import Action, NewAction
from ipse.actions.model import Request as Asked
from ipse.actions.service import Actions
from ipse.kernel.ids import RandomIds
from ipse.softphone import Refused, Request
from ipse.softphone.state import Device
from tests.functional.fraud.scene import CODE, GHENT, LISBON, ONE_ENGINE, SOMEWHERE, Page, Scene, Visitor


def actions_of(scene: Scene) -> Actions:
    scheme = scene.stage.scheme
    people = scheme.people
    return Actions(scheme.database, people, scheme.keys, scene.stage.clock, RandomIds(), scheme.settings.lifetimes)


async def account_of(scene: Scene) -> str:
    return await scene.stage.scheme.people.account_of_number(scene.number)


async def asked_by(scene: Scene, partner: str = "shop") -> Action:
    """A partner's back end asks Ada's phone, without any browser."""
    request = Asked(partner, {"en": "Pay"}, {}, "basic", (), {"door": "test"}, "en", match=True)
    new = NewAction(
        kind="authentication", partner_id=partner, service_code="PAY", request=request,
        account_id=await account_of(scene),
    )  # fmt: skip
    return await actions_of(scene).begin(new)


async def relayed(scene: Scene, start: str = "qr", **more: str) -> tuple[Visitor, Page, Request]:
    """A scammer in Lisbon begins, and shows the moving code within a second to Ada in Ghent."""
    scammer = scene.browser(LISBON)
    page = await scammer.start(**more)
    return scammer, page, await scene.claim(page.qr if start == "qr" else page.link)


@ONE_ENGINE
class TestPlaces:
    async def test_a_relayed_code_is_flagged_warned_of_and_worth_less(self, scene: Scene) -> None:
        """T-7: the residual risk of every code on a screen, made visible and made smaller."""
        scammer, page, request = await relayed(scene, acr_values="http://itsme.services/v2/claim/acr_advanced")
        assert request.places == {
            "browser": {"name": "Lisbon", "country": "PT"}, "phone": {"name": "Ghent", "country": "BE"},
        }  # fmt: skip
        assert request.warnings == ["far"]
        content = request.content
        assert (content["level"], content["assurance"], content["code_needed"]) == ("low", "basic", True)
        await scene.approve(request, remember=True)
        back = await scammer.finish(page)
        assert "set-cookie" not in back.headers
        assert await scene.known() == [], "nobody trusts a browser that is far away"
        code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
        redeemed = await actions_of(scene).redeem(code, "shop")
        assert redeemed.request.assurance == "basic"

    async def test_the_same_phone_is_near_itself(self, scene: Scene) -> None:
        """T-7: a link on the phone proves that browser and phone are together, whatever their addresses say."""
        _, _, request = await relayed(scene, "link", acr_values="http://itsme.services/v2/claim/acr_advanced")
        assert (request.warnings, request.places) == ([], {})
        assert request.content["assurance"] == "advanced"

    async def test_a_demanded_manner_is_not_lowered_but_refused(self, scene: Scene) -> None:
        prefix = "http://itsme.services/v2/claim/acr_advanced"
        claims = json.dumps({"id_token": {"acr": {"essential": True, "value": prefix}}})
        with pytest.raises(Refused) as refused:
            await relayed(scene, claims=claims)
        assert refused.value.code == "level_too_low"

    async def test_near_is_shown_without_a_warning(self, scene: Scene) -> None:
        page = await scene.browser("127.0.1.9").start()
        request = await scene.claim(page.qr)
        assert (request.places["browser"]["name"], request.warnings) == ("Liège", [])
        assert request.content["level"] == "substantial"

    async def test_what_nobody_knows_is_absent(self, scene: Scene) -> None:
        page = await scene.browser(SOMEWHERE).start()
        request = await scene.claim(page.qr)
        assert (request.places, request.warnings) == ({}, [])

    async def test_no_address_is_kept(self, scene: Scene) -> None:
        await scene.browser(SOMEWHERE).start()
        rows = await scene.stage.scheme.database.rows("select request from actions_actions")
        assert SOMEWHERE not in repr([row["request"] for row in rows])
        assert "203.0.113" not in repr([row["request"] for row in rows])


@ONE_ENGINE
class TestBoundToTheBrowser:
    async def test_a_link_sent_to_somebody_else_logs_nobody_in(self, scene: Scene) -> None:
        """T-8: the attacker's browser waits and asks in vain; the victim's browser is told plainly."""
        attacker = scene.browser(LISBON)
        page = await attacker.start()
        outcome = await scene.approve(await scene.claim(page.link))
        waiting = await attacker.finish(page)
        assert waiting.headers["location"].endswith(page.handle), "no code, the page again"
        assert outcome.return_url is not None
        victim = await scene.browser().http.get(outcome.return_url)
        assert (victim.status_code, 'data-state="foreign"' in victim.text) == (403, True)
        assert (await attacker.finish(page)).headers["location"].endswith(page.handle)

    async def test_the_victims_browser_on_the_attackers_request(self, scene: Scene) -> None:
        """T-8: every address of a request refuses a browser that did not begin it."""
        page = await scene.browser(LISBON).start()
        victim = scene.browser()
        await victim.start()
        for path in ("", "/finish", "/number"):
            answer = await victim.http.get(f"/v2/sign-in/{page.handle}{path}")
            assert (answer.status_code, 'data-state="foreign"' in answer.text) == (403, True)


@ONE_ENGINE
class TestCalls:
    def calling(self, scene: Scene, *, on_call: bool = True) -> None:
        scene.phone._device = Device(on_call=on_call)

    async def test_a_call_is_said_first(self, scene: Scene) -> None:
        self.calling(scene)
        page = await scene.browser().start()
        request = await scene.claim(page.qr)
        assert (request.warnings, request.content["code_needed"]) == (["call"], True)
        await scene.approve(request)

    async def test_a_service_can_refuse_approvals_during_calls(self, scene: Scene) -> None:
        """The server judges, costs no try of the code, and takes the same approval after hanging up."""
        self.calling(scene)
        page = await scene.browser().start(service="PAUSED")
        request = await scene.claim(page.qr)
        for _ in range(4):
            with pytest.raises(Refused) as refused:
                await scene.approve(request)
            assert refused.value.code == "call_running"
            request = request.renewed(str(refused.value.fields["challenge"]))
        self.calling(scene, on_call=False)
        assert (await scene.approve(request)).outcome == "approved"

    async def test_what_a_phone_does_not_know_stops_nothing(self, scene: Scene) -> None:
        page = await scene.browser().start(service="PAUSED")
        assert (await scene.approve(await scene.claim(page.qr))).outcome == "approved"


class TestReports:
    @pytest.fixture
    def guards(self) -> dict[str, Any]:
        return {"reports_warn": 0.5, "reports_refuse": 0.5, "half_life_hours": 1}

    async def test_not_started_flags_partner_and_network(self, scene: Scene) -> None:
        """One tap: refused, counted, told to other features and by the second channel; others are warned."""
        database = scene.stage.scheme.database
        page = await scene.browser(GHENT).start()
        request = await scene.claim(page.qr)
        await asyncio.to_thread(lambda: scene.phone.reject(request, not_started=True))
        rows = await database.rows("select kind, partner_id, weight from fraud_flags order by kind")
        assert [(row["kind"], row["partner_id"], row["weight"]) for row in rows] == [
            ("network", "", 1000), ("pair", "shop", 1000), ("partner", "shop", 1000),
        ]  # fmt: skip
        event = await database.row("select payload from storage_outbox where name = 'fraud.reported'")
        assert event is not None
        payload = json.loads(event["payload"])
        assert (payload["partner"], payload["kind"]) == ("shop", "qr")
        assert await scene.stage.count("select count(*) as n from notices_notices where kind = 'not_started'") == 1
        scene.stage.clock.advance(seconds=6)
        again = await scene.claim((await scene.browser(GHENT).start()).qr)
        other = await scene.claim((await scene.browser(GHENT).start("bank")).qr)
        assert (again.warnings, other.warnings) == (["reported"], [])
        scene.stage.clock.advance(seconds=3700)
        later = await scene.claim((await scene.browser(GHENT).start()).qr)
        assert later.warnings == []

    @ONE_ENGINE
    async def test_one_person_counts_once_a_day(self, scene: Scene) -> None:
        for _ in range(3):
            request = await scene.claim((await scene.browser(GHENT).start()).qr)
            await asyncio.to_thread(scene.phone.reject, request, not_started=True)
        assert await scene.stage.count("select reports as n from fraud_flags where kind = 'pair'") == 1

    @ONE_ENGINE
    async def test_reported_and_far_is_refused(self, scene: Scene) -> None:
        _, _, request = await relayed(scene)
        await asyncio.to_thread(lambda: scene.phone.reject(request, not_started=True))
        scene.stage.clock.advance(seconds=6)
        scammer = scene.browser(LISBON)
        page = await scammer.start()
        with pytest.raises(Refused) as refused:
            await scene.claim(page.qr)
        assert refused.value.code == "risk_too_high"
        assert "This request was ended" in (await scammer.page(page.handle)).text

    async def test_reported_pairs_reach_nobody_by_number(self, scene: Scene) -> None:
        """Quietly, for a time; and the browser in which the number was typed is trusted no more."""
        visitor, second = await scene.trusted(), await scene.trusted()
        await visitor.by_number(scene.number)
        (entry,) = await scene.listed()
        await asyncio.to_thread(scene.phone.refuse_addressed, entry["action"])
        assert len(await scene.known()) == 1
        await second.by_number(scene.number)
        assert await scene.listed() == []
        scene.stage.clock.advance(seconds=7300)
        await visitor.by_number(scene.number)
        assert await scene.listed() == []
        await second.by_number(scene.number)
        assert len(await scene.listed()) == 1


class TestBursts:
    async def test_after_two_refusals_the_partner_waits(self, scene: Scene) -> None:
        """Withheld without a word; another partner is not held back, nor is what the person scans."""
        for _ in range(2):
            action = await asked_by(scene)
            await asyncio.to_thread(scene.phone.refuse_addressed, action.action_id, not_started=False)
            scene.stage.clock.advance(seconds=200)
        withheld = await asked_by(scene)
        assert (withheld.state, await scene.listed()) == ("waiting", [])
        page = await scene.browser().start()
        await asyncio.to_thread(scene.phone.reject, await scene.claim(page.qr))
        await asked_by(scene, "bank")
        assert [entry["partner"] for entry in await scene.listed()] == ["bank"]
        scene.stage.clock.advance(seconds=400 + 1)
        await asked_by(scene)
        assert [entry["partner"] for entry in await scene.listed()] == ["shop"]

    @ONE_ENGINE
    async def test_refused_scans_are_not_counted(self, scene: Scene) -> None:
        for _ in range(3):
            page = await scene.browser().start()
            await asyncio.to_thread(scene.phone.reject, await scene.claim(page.qr))
        await asked_by(scene)
        assert len(await scene.listed()) == 1


@ONE_ENGINE
async def test_an_older_phone_approves_as_before(scene: Scene) -> None:
    """What is new in the shown bytes is additive; a phone that ignores it signs the same digest."""
    page = await scene.browser("127.0.1.9").start()
    request = await scene.claim(page.qr)
    assert request.strange is None
    assert (await asyncio.to_thread(scene.phone.approve, request, CODE)).outcome == "approved"
