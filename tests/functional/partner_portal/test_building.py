"""Registering, keys and services: what is taken, what is refused beside which field, and whose it is."""

from __future__ import annotations

import json

import httpx

from ipse.kernel.ids import RandomIds
from ipse.partner_portal.service.credentials import Credentials
from ipse.partner_portal.service.organisations import Organisations
from ipse.staff import Organisation
from ipse.standards import jose
from tests.functional.partner_portal.counter import Counter, Visitor

PRIVATE = [jose.new_private_jwk(alg, kid=alg) for alg in ("ES256", "ECDH-ES")]
KEYS = json.dumps({"keys": [jose.public_jwk(jwk) for jwk in PRIVATE]})


def problem_at(answer: httpx.Response, field: str) -> bool:
    return answer.status_code == 422 and f'id="problem-{field}"' in answer.text


async def with_keys(visitor: Visitor) -> str:
    """Bring keys; the client id."""
    assert (await visitor.send("/partners/keys", do="bring", keys=KEYS)).status_code == 303
    return await visitor.client_id()


async def test_an_organisation_becomes_a_partner_with_its_first_keys(counter: Counter) -> None:
    invitation = await counter.registered("Bakery")
    async with counter.visitor(invitation) as visitor:
        client_id = await visitor.client_id()
        assert await counter.desk.partners.fresh(client_id) is None
        first = await visitor.http.get("/partners/services/new")
        assert first.status_code == 303
        assert "/partners/keys" in first.headers["location"]
        await with_keys(visitor)
        partner = await counter.desk.partners.fresh(client_id)
        assert partner
        assert (partner.state, partner.name, partner.contacts) == ("active", "Bakery", ("ann@bakery.example",))


async def test_a_private_key_is_refused_and_not_shown_again(counter: Counter) -> None:
    async with counter.visitor(await counter.registered("Mill")) as visitor:
        for brought in (json.dumps({"keys": PRIVATE}), "-----BEGIN PRIVATE KEY-----\nMIG…\n-----END PRIVATE KEY-----"):
            answer = await visitor.send("/partners/keys", do="bring", keys=brought)
            assert problem_at(answer, "keys")
            assert "treat it as leaked" in answer.text
            assert PRIVATE[0]["d"] not in answer.text
        assert await counter.desk.partners.fresh(await visitor.client_id()) is None


async def test_keys_rotate_with_overlap(counter: Counter) -> None:
    async with counter.visitor(await counter.registered("Forge")) as visitor:
        client_id = await with_keys(visitor)
        counter.desk.uses.used(client_id, "ES256")
        newer = json.dumps(jose.public_jwk(jose.new_private_jwk("ES256", kid="newer")))
        assert (await visitor.send("/partners/keys", do="bring", keys=newer)).status_code == 303
        page = (await visitor.http.get("/partners/keys")).text
        assert "This one can go once it has not been used for a day" in page
        other = json.dumps(jose.public_jwk(jose.new_private_jwk("ES256", kid="newer")))
        assert problem_at(await visitor.send("/partners/keys", do="bring", keys=other), "keys")
        assert (await visitor.send("/partners/keys", do="drop", kid="ES256")).status_code == 303
        assert problem_at(await visitor.send("/partners/keys", do="drop", kid="newer"), "keys")
        partner = await counter.desk.partners.fresh(client_id)
        assert partner
        assert partner.jwks
        assert [jwk["kid"] for jwk in partner.jwks["keys"]] == ["ECDH-ES", "newer"]


async def test_a_secret_is_shown_once(counter: Counter) -> None:
    async with counter.visitor(await counter.registered("Inn")) as visitor:
        answer = await visitor.send("/partners/keys", do="secret")
        partner = await counter.desk.partners.fresh(await visitor.client_id())
        assert partner
        assert counter.desk.partners.secret(partner) in answer.text
        after = await visitor.http.get("/partners/keys")
        assert counter.desk.partners.secret(partner) not in after.text
        # Another language would be another page, without the secret.
        assert 'class="tongues"' in after.text
        assert 'class="tongues"' not in answer.text
        made = await visitor.send("/partners/api", do="make", name="Nightly")
        assert 'id="management-key"' in made.text
        assert 'class="tongues"' not in made.text


async def test_whoever_has_registered_may_read_on_in_another_language(counter: Counter) -> None:
    async with counter.office.desk() as stranger:
        page = await stranger.http.get("/partners/register?lang=fr")
        assert page.status_code == 200
        assert "Une invitation est en route" in page.text


async def test_a_person_is_refused_with_a_page_and_a_script_with_a_problem(counter: Counter) -> None:
    async with counter.visitor(await counter.registered("Smithy")) as visitor:
        for accept, kind in (("text/html,*/*", "text/html"), ("*/*", "application/problem+json")):
            answer = await visitor.http.get("/partners/services/NOBODYS", headers={"accept": accept})
            assert answer.status_code == 404
            assert answer.headers["content-type"].startswith(kind)


async def test_each_bad_address_of_a_service_is_named(counter: Counter) -> None:
    async with counter.visitor(await counter.registered("Loom")) as visitor:
        await with_keys(visitor)
        fields = {"type": "authentication", "name_en": "Sign in", "redirect_uris": "localhost:8765/a\nloom.example/b"}
        answer = await visitor.send("/partners/services/new", **fields)
        assert problem_at(answer, "redirect_uris")
        assert "localhost:8765/a does not say how: write http:// in front." in answer.text
        assert "loom.example/b does not say how: begin with https://" in answer.text


async def test_the_own_program_is_ticked_by_what_did_not_come_from_the_portal(counter: Counter) -> None:
    async with counter.visitor(await counter.registered("Kiln")) as visitor:
        client_id = await with_keys(visitor)
        credentials = Credentials(counter.desk, RandomIds())
        organisations = Organisations(counter.desk, RandomIds())
        standing = await organisations.standing(client_id)
        assert standing

        credentials.after_trial(standing)  # one that never came to the token endpoint
        assert not await credentials.has_been_used(standing)

        async def used(*, trial: bool) -> bool:
            if trial:
                await credentials.before_trial(standing)
            counter.office.clock.advance(seconds=1)
            counter.desk.uses.used(client_id, "ES256")
            if trial:
                credentials.after_trial(standing)
            return await credentials.used_by_own_program(standing)

        assert [await used(trial=True), await used(trial=False), await used(trial=True)] == [False, True, True]


async def test_mistakes_in_a_service_stand_beside_their_field(counter: Counter) -> None:
    async with counter.visitor(await counter.registered("Press")) as visitor:
        await with_keys(visitor)
        good = {"type": "authentication", "name_en": "Sign in", "redirect_uris": "https://press.example/back"}
        wrong = {
            "name_en": {"name_en": " "},
            "redirect_uris": {"redirect_uris": "press.example/back"},
            "type": {"type": "login"},
            "batch": {"batch": "many"},
            "code": {"code": "no spaces"},
            "fallbacks": {"type": "confirmation", "fallback_bank": "yes"},
        }
        for field, change in wrong.items():
            answer = await visitor.send("/partners/services/new", **{**good, **change})
            assert problem_at(answer, field), (field, answer.status_code)
        answer = await visitor.send("/partners/services/new", **good, code="PRESS_LOGIN")
        assert "/partners/services/PRESS_LOGIN" in answer.headers["location"]
        assert problem_at(await visitor.send("/partners/services/new", **good, code="PRESS_LOGIN"), "code")
        service = await counter.desk.partners.registered("PRESS_LOGIN")
        assert service
        assert service.name == dict.fromkeys(("nl", "fr", "de", "en"), "Sign in")
        assert problem_at(await visitor.send("/partners/services/PRESS_LOGIN", do="remove", sure="PRESS"), "sure")
        assert (
            await visitor.send("/partners/services/PRESS_LOGIN", do="remove", sure="PRESS_LOGIN")
        ).status_code == 303
        assert await counter.desk.partners.registered("PRESS_LOGIN") is None


async def test_nobody_sees_or_changes_what_is_anothers(counter: Counter) -> None:
    async with (
        counter.visitor(await counter.registered("First")) as first,
        counter.visitor(await counter.registered("Second")) as second,
    ):
        await with_keys(first)
        await with_keys(second)
        fields = {"type": "authentication", "name_en": "Mine", "redirect_uris": "https://first.example/back"}
        await first.send("/partners/services/new", **fields, code="FIRST_LOGIN")
        for path in ("", "/try", "/code"):
            assert (await second.http.get(f"/partners/services/FIRST_LOGIN{path}")).status_code == 404
        assert (
            await second.send("/partners/services/FIRST_LOGIN", page="/partners/keys", do="stop")
        ).status_code == 404
        mine = (await counter.parts.staff.members(Organisation.PARTNER, await first.client_id()))[0]
        answer = await second.send("/partners/team", do=f"remove:{mine.member_id}")
        assert answer.status_code == 422
        async with counter.office.desk() as stranger:
            for path in ("keys", "services", "team", "requests", "figures", "production", "api"):
                assert (await stranger.http.get(f"/partners/{path}")).status_code == 303


async def test_a_member_looks_and_changes_nothing(counter: Counter) -> None:
    async with counter.visitor(await counter.registered("Guild")) as manager:
        await with_keys(manager)
        await manager.send("/partners/team", do="invite", name="Bo", email="bo@guild.example", role="member")
        assert (await manager.send("/partners/team", do="member:" + await own_id(counter, manager))).status_code == 422
        async with counter.visitor(await counter.invitation()) as member:
            for path in ("keys", "services", "team", "requests", "figures", "production", "api"):
                assert (await member.http.get(f"/partners/{path}")).status_code == 200
            for path, do in (("keys", "secret"), ("team", "invite"), ("api", "make"), ("production", "production")):
                answer = await member.send(f"/partners/{path}", page="/staff/account", do=do)
                assert answer.status_code == 403, path


async def own_id(counter: Counter, visitor: Visitor) -> str:
    members = await counter.parts.staff.members(Organisation.PARTNER, await visitor.client_id())
    return members[0].member_id
